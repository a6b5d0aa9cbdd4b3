"""What was measured of the reading of music's sound: read from the model's metrics.json, nothing typed in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from pages.evidence.reading import Evidence
from pages.shared.language import percent, t, t_plain

HEADS: Final = ("this_model", "musicnn_alone", "descriptors_alone", "mood_words_alone", "majority")


def show(evidence: Sequence[Evidence]) -> None:
    """Two tables, where the model's folder holds figures."""
    metrics = _metrics(evidence)
    found = metrics.get("four_quadrants")
    if not found:
        return
    st.subheader(t("evidence.sound"), anchor=False)
    st.caption(t("evidence.sound.how", clips=found["clips"], artists=found["artists"]))
    rows = [
        {
            t_plain("evidence.sound.head"): t_plain(f"evidence.sound.{name}"),
            t_plain("evidence.sound.f1"): percent(found[name]["macro_f1"], 1),
            t_plain("evidence.sound.valence"): percent(found[name]["valence_sign"], 1),
            t_plain("evidence.sound.energy"): percent(found[name]["energy_sign"], 1),
        }
        for name in HEADS
    ]
    st.dataframe(rows, hide_index=True, key="sound_quadrants")
    st.caption(t("evidence.sound.moods.how"))
    moods = [
        {
            t_plain("evidence.sound.mood"): t_plain(f"sound.mood.{name}"),
            t_plain("evidence.sound.auc"): percent(values["auc_top_quarter"], 0),
        }
        for name, values in metrics["emotify"]["by_mood"].items()
    ]
    st.dataframe(moods, hide_index=True, key="sound_moods")


def _metrics(evidence: Sequence[Evidence]) -> dict[str, Any]:
    paths = [e.weights.folder / "metrics.json" for e in evidence]
    return next((json.loads(p.read_text(encoding="utf-8")) for p in paths if p.is_file()), {})
