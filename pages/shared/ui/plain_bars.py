"""Eight bars without a chart library: while a clip is read, a browser has better things to do than to load one."""

from __future__ import annotations

from html import escape
from typing import Final

import streamlit as st

from emotion.labels import TABLE
from emotion.timeline import EmotionScores
from pages.shared.language import emotion_name, percent
from pages.shared.ui import verdict

ROOM: Final = 75
"""Per cent of the width that the longest bar may take: its number stands beside it."""


def show(side: str, scores: EmotionScores) -> None:
    """How likely each emotion is by one side; for a screen reader in one sentence."""
    st.html(markup(side, scores))


def markup(side: str, scores: EmotionScores) -> str:
    rows = "".join(_row(scores, e.name, e.colour) for e in TABLE)
    label = escape(verdict.spoken(side, scores), quote=True)
    grid = "display:grid;grid-template-columns:max-content 1fr;gap:.45rem .6rem;align-items:center;font-size:.875rem"
    return f'<div role="img" aria-label="{label}" style="{grid}">{rows}</div>'


def _row(scores: EmotionScores, emotion: str, colour: str) -> str:
    part, value = ROOM * scores[emotion], escape(percent(scores[emotion]))
    bar = f"width:{part:.1f}%;min-width:2px;height:1.1rem;border-radius:3px;background:{colour}"
    line = "display:flex;align-items:center;gap:.4rem"
    return (
        f'<span style="text-align:right">{escape(emotion_name(emotion))}</span>'
        f'<span style="{line}"><span style="{bar}"></span>{value}</span>'
    )
