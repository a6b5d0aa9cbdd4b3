"""What was measured of the reading of music's sound: read from the model's metrics.json, nothing typed in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    st.caption(t("evidence.sound.how", **{k: found[k] for k in ("clips", "artists", "draws")}))
    rows = [_row(t_plain(f"evidence.sound.{name}"), found[name]) for name in HEADS]
    rows += [_row(f"{name} *", {"macro_f1": f1}) for name, f1 in found["published_f1"].items()]
    st.dataframe(rows, hide_index=True, key="sound_quadrants")
    people = next(iter(metrics["people"].values()))
    st.caption(t("evidence.sound.published", happy=percent(people["happy"]), sad=percent(people["sad"])))
    st.caption(t("evidence.sound.moods.how"))
    moods = [
        {
            t_plain("evidence.sound.mood"): t_plain(f"sound.mood.{name}"),
            t_plain("evidence.sound.auc"): percent(values["auc_top_quarter"], 0),
        }
        for name, values in metrics["emotify"]["by_mood"].items()
    ]
    st.dataframe(moods, hide_index=True, key="sound_moods")
    _known_truth(metrics)


def _row(name: str, figures: Mapping[str, Any]) -> dict[str, str]:
    shown = [percent(figures[k], 1) if k in figures else "–" for k in ("macro_f1", "valence_sign", "energy_sign")]
    columns = ("evidence.sound.head", "evidence.sound.f1", "evidence.sound.valence", "evidence.sound.energy")
    return dict(zip([t_plain(c) for c in columns], [name, *shown], strict=True))


def _known_truth(metrics: Mapping[str, Any]) -> None:
    """Beats, tempo and key of rendered pieces; piano alone and in the light of its library."""
    for kind in ("unseen", "varied"):
        if pieces := metrics.get(f"rendered_{kind}"):
            beats, tempo, tonic = (percent(pieces[k], 1) for k in ("beat_f_measure", "tempo", "key"))
            octaves = percent(pieces["tempo_half_and_double_allowed"], 1)
            said = {"pieces": pieces["pieces"], "beats": beats, "tempo": tempo, "octaves": octaves, "tonic": tonic}
            st.caption(t(f"evidence.sound.rendered.{kind}", **said))
    if tempo := metrics.get("tempo"):
        right = {kind: percent(of["right"]) for kind, of in tempo["left_out"].items()}
        heard = {"ensembles": right["a chord a bar"], "written": right["written"], "songs": right["song"]}
        st.caption(t("evidence.sound.tempo", **heard))
    if piano := metrics.get("piano"):
        st.caption(
            t(
                "evidence.sound.piano",
                pieces=piano["pieces"],
                alone=percent(piano["alone"]["energy_sign"]),
                among=percent(piano["among_all"]["energy_sign"]),
                valence_alone=percent(piano["alone"]["valence_sign"]),
                valence_among=percent(piano["among_all"]["valence_sign"]),
            )
        )


def _metrics(evidence: Sequence[Evidence]) -> dict[str, Any]:
    paths = [e.weights.folder / "metrics.json" for e in evidence]
    return next((json.loads(p.read_text(encoding="utf-8")) for p in paths if p.is_file()), {})
