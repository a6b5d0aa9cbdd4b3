"""The cue sheet as one strip under the player: a component of our own, as quick as the browser.

Seeking, playing a cue and moving an edge happen in the browser; the sheet changes on the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeGuard

import streamlit as st

from pages.shared.language import language, t_plain
from pages.shared.ui import cue_words, players
from pages.shared.ui.components import mounted
from recommender.cues import CueSheet
from recommender.cues.edits import SHORTEST
from recommender.cues.saved import LONGEST_S

KEY: Final = "cue_strip"
MOST_POINTS: Final = 400
"""Of the line of energy: more than a strip has pixels to show."""
COLOURS: Final = {
    "tense": "#e88a8f",
    "uneasy": "#d9a38b",
    "sombre": "#93add9",
    "energetic": "#eeb67a",
    "even": "#c3c5cb",
    "quiet": "#b9cbd3",
    "bright": "#f0cb62",
    "warm": "#e6cf9a",
    "calm": "#8fcabf",
    "mixed": "#c7abe0",
    "unclear": "#d5d5da",
    "silent": "#e6e6e9",
}
"""A colour for each mood's word, all light enough for dark text; the word stands in the block."""

Kind = Literal["open", "move", "split"]


@dataclass(frozen=True, slots=True)
class Edit:
    """What was done on the strip: ``cue`` for open and move, ``time_s`` for move and split."""

    kind: Kind
    cue: int = 0
    time_s: float = 0.0


def show(
    sheet: CueSheet,
    *,
    key: str = KEY,
    on_edit: Callable[[], None] | None = None,
    chosen: int | None = None,
    unsaved: bool = False,
    player: bool = True,
) -> None:
    """Without ``on_edit`` it can be looked at and played, and not changed."""
    data = drawn(sheet) | {
        "chosen": chosen,
        "editable": on_edit is not None,
        "unsaved": unsaved,
        "player": players.CLIP_KEY if player else None,
    }
    mounted(Path(__file__).with_name("strip"))(key=key, data=data, on_edit_change=on_edit or (lambda: None))


def edited(key: str = KEY) -> Edit | None:
    """What was done just now; None for what is none of it."""
    return parse(st.session_state[key].get("edit"))


def parse(told: Any) -> Edit | None:
    """What the browser sent, checked."""
    if not isinstance(told, dict):
        return None
    kind, value = told.get("kind"), told.get("value")
    if kind == "open" and isinstance(value, int):
        return Edit("open", cue=value)
    if kind == "split" and _is_time(value):
        return Edit("split", time_s=float(value))
    if kind == "move" and isinstance(value, dict):
        cue, time = value.get("id"), value.get("time")
        if isinstance(cue, int) and _is_time(time):
            return Edit("move", cue=cue, time_s=float(time))
    return None


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and abs(value) <= LONGEST_S


def drawn(sheet: CueSheet) -> dict[str, Any]:
    """What the browser is told of a sheet; times in seconds."""
    tag = language()
    return {
        "duration": float(sheet.end),
        "frame": float(1 / sheet.rate),
        "shortest": float(SHORTEST),
        "cues": [
            {
                "id": cue.id,
                "start": float(cue.start),
                "end": float(cue.end),
                "short": cue.title or cue.mood.short(tag),
                "words": cue.name(tag),
                "colour": COLOURS[cue.mood.word],
                "silenced": cue.direction.advice == "none",
            }
            for cue in sheet.cues
        ],
        "marks": [
            {"time": float(peak.time), "words": cue_words.peak(peak)} for cue in sheet.cues for peak in cue.peaks
        ],
        "energy": lines(sheet.energy_line()),
        "strings": {name: t_plain(f"cues.strip.{name}") for name in ("group", "play", "pause", "split", "edge")},
    }


def lines(points: list[tuple[float, float | None]]) -> list[list[list[float]]]:
    """Points as lines that break where nothing was read, thinned to what can be seen."""
    every = max(1, -(-len(points) // MOST_POINTS))
    out: list[list[list[float]]] = [[]]
    for k in range(0, len(points), every):
        some = [e for _, e in points[k : k + every] if e is not None]
        if some:
            out[-1].append([round(points[k][0], 3), round(sum(some) / len(some), 3)])
        elif out[-1]:
            out.append([])
    return [line for line in out if line]
