"""How moods of songs and expressed emotions meet: the table, its sources, and what was measured on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from emotion.labels import TABLE
from pages.evidence.sections import metric_name
from pages.shared.language import emotion_name, known, number, percent, t, t_plain
from recommender import paths
from recommender.songs import moods

METRICS = paths.ASSETS / "music" / "metrics.json"


def show() -> None:
    st.markdown(t("evidence.music.lead"))
    st.subheader(t("evidence.mapping"), anchor=False)
    st.caption(t("evidence.mapping.how"))
    st.dataframe(_mood_rows(), hide_index=True, height=36 * (len(moods.TABLE) + 1) + 2, key="mapping")
    st.subheader(t("evidence.seed_totals"), anchor=False)
    st.caption(t("evidence.seed_totals.how", cap=moods.SEED_CAP))
    st.dataframe(_total_rows(), hide_index=True, key="totals")
    st.subheader(t("evidence.plane"), anchor=False)
    st.caption(t("evidence.plane.how"))
    st.dataframe(_emotion_rows(), hide_index=True, key="plane")
    _measured(METRICS)


def mood_reason(mood: moods.Mood) -> str:
    key = f"evidence.reason.{mood.name}"
    return t_plain(key) if known(key) else mood.reason


def _mood_rows() -> list[dict[str, object]]:
    return [
        {
            t_plain("evidence.column.mood"): t_plain(f"music.mood.{m.name}"),
            t_plain("evidence.column.emotions"): " / ".join(emotion_name(e) for e in m.emotions),
            t_plain("evidence.column.reason"): mood_reason(m),
            t_plain("evidence.column.valence"): number(m.valence, 2),
            t_plain("evidence.column.arousal"): number(m.arousal, 2),
            t_plain("evidence.column.term"): m.term,
            t_plain("evidence.column.songs"): moods.SEED_COUNTS[m.name],
        }
        for m in moods.TABLE
    ]


def _total_rows() -> list[dict[str, object]]:
    """The seed's counts run through the rules, beside the totals that the seed states."""
    order = [mood for mood, count in moods.SEED_COUNTS.items() for _ in range(count)]
    found = _totals(tuple(order))
    return [
        {
            t_plain("evidence.column.emotion"): emotion_name(e),
            t_plain("evidence.column.by_rules"): found[e],
            t_plain("evidence.column.stated"): stated,
        }
        for e, stated in moods.SEED_TOTALS.items()
    ]


def _totals(order: tuple[str, ...]) -> dict[str, int]:
    return moods.assign(order).totals()


def _emotion_rows() -> list[dict[str, object]]:
    return [
        {
            t_plain("evidence.column.emotion"): emotion_name(e.name),
            t_plain("evidence.column.valence"): number(e.valence, 2),
            t_plain("evidence.column.arousal"): number(e.arousal, 2),
        }
        for e in TABLE
    ]


def _measured(path: Path) -> None:
    """What the music's evaluation wrote, where it has run."""
    if not path.is_file():
        return
    tree = json.loads(path.read_text(encoding="utf-8"))
    st.subheader(t("evidence.music.measured"), anchor=False)
    st.caption(t("evidence.music.measured.how"))
    _agreement(tree.get("agreement", {}))
    rows = [
        {t_plain("evidence.what"): metric_name(where), t_plain("evidence.value"): value}
        for where, value in _leaves(tree, ())
        if "labels" not in where
    ]
    st.dataframe(rows, hide_index=True, key="music_measured")


def _agreement(found: Mapping[str, Any]) -> None:
    """How often plane and table give a song the emotion that its own mood label has."""
    shown = [name for name in ("plane", "chance", "odd_even", "flipped") if isinstance(found.get(name), float)]
    if not shown or "songs" not in found:
        return
    st.markdown(t("evidence.agreement", songs=int(found["songs"]), split=int(found.get("split_songs", 0))))
    for column, name in zip(st.columns(len(shown)), shown, strict=True):
        column.metric(metric_name((name,)), percent(found[name], 1), border=True)


def _leaves(node: Any, where: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(node, dict):
        return [leaf for key, child in node.items() for leaf in _leaves(child, (*where, str(key)))]
    if isinstance(node, bool) or not isinstance(node, int | float | str):
        return []
    return [(where, node if isinstance(node, str) else number(node, 0 if isinstance(node, int) else 3))]
