"""What counts most: how a voice is read that comes from recordings of a kind the model never met."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from pages.evidence.reading import Evidence
from pages.shared.language import known, number, percent, t, t_plain

ALONE: Final = "alone"
TOGETHER: Final = "12 others"
MEAN: Final = "mean"


def show(served: Evidence) -> bool:
    """Each corpus left out in turn, as the evaluation wrote it; False where it wrote nothing of the kind."""
    path = served.weights.folder / "metrics.json"
    left_out = json.loads(path.read_text(encoding="utf-8")).get("corpus_left_out", {}) if path.is_file() else {}
    alone, together = (left_out.get(known, {}).get("version_3", {}) for known in (ALONE, TOGETHER))
    if MEAN not in alone or MEAN not in together:
        return False
    st.subheader(t("evidence.strangers"), anchor=False)
    st.markdown(t("evidence.strangers.how"))
    cards = (
        ("one", percent(alone[MEAN]["uar"])),
        ("twelve", percent(together[MEAN]["uar"])),
        ("sure", _of_two(alone[MEAN]["sure"], together[MEAN]["sure"])),
        ("right", _of_two(alone[MEAN]["right_when_sure"], together[MEAN]["right_when_sure"])),
    )
    for column, (name, value) in zip(st.columns(len(cards)), cards, strict=True):
        column.metric(
            t_plain(f"evidence.strangers.{name}"), value, help=t(f"evidence.strangers.{name}.help"), border=True
        )
    st.dataframe(
        [_row(corpus, alone[corpus], together[corpus]) for corpus in alone if corpus in together],
        hide_index=True,
        key="strangers",
        alt=t_plain("evidence.strangers"),
    )
    return True


def _row(corpus: str, alone: Mapping[str, Any], together: Mapping[str, Any]) -> dict[str, str]:
    name = f"metric.{corpus}"
    return {
        t_plain("evidence.what"): t_plain(name) if known(name) else corpus,
        t_plain("evidence.strangers.one"): percent(alone["uar"]),
        t_plain("evidence.strangers.twelve"): percent(together["uar"]),
        t_plain("evidence.strangers.sure"): _of_two(alone["sure"], together["sure"]),
        t_plain("evidence.strangers.right"): _of_two(alone["right_when_sure"], together["right_when_sure"]),
        t_plain("evidence.strangers.pleasant"): percent(alone["valence_sign"]),
        t_plain("evidence.strangers.energy"): percent(alone["arousal_sign"]),
        t_plain("evidence.score.ece"): number(alone["ece"], 2),
        t_plain("evidence.score.n"): number(alone["n"]) if "n" in alone else "–",
    }


def _of_two(one: float, twelve: float) -> str:
    return " / ".join("–" if share != share else percent(share) for share in (one, twelve))
