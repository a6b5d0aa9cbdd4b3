"""Music to use, as a list that plays at once: a component of our own with one player, and each track's curve.

``data-started-ms`` on its element says how long it took from the press until something was heard, which the browser
tests read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from pages.shared.language import clock, t_plain
from pages.shared.ui import usable_words
from pages.shared.ui.components import mounted
from recommender.library.track_sound import STEP_S, TrackSound
from recommender.songs.usable import Usable

STRINGS: Final = ("play", "pause", "fetch", "fetching", "failed", "place", "energy", "pleasant", "scale")
MOST_POINTS: Final = 120
"""Of a curve in a list: more would not be seen."""


@dataclass(frozen=True, slots=True)
class Row:
    """One track of a list.

    Attributes:
        address: where the browser gets its sound; None where it must be fetched first, or cannot be had.
        cover: a small picture as an address of data.
        start_s: where playing begins.
    """

    track: Usable
    sound: TrackSound | None = None
    address: str | None = None
    cover: str | None = None
    start_s: float = 0.0


def show(rows: Sequence[Row], *, key: str, on_fetch: Callable[[str], None], said: str = "") -> None:
    """The rows; ``on_fetch`` gets the id of a track whose sound is asked for. ``said`` stands under the list."""

    def fetch() -> None:
        asked = st.session_state[key].get("fetch")
        if isinstance(asked, str) and any(r.track.id == asked for r in rows):
            on_fetch(asked)

    strings = {name: t_plain(f"tracks.{name}") for name in STRINGS}
    mounted(Path(__file__).with_name("tracks"))(
        key=key, data={"tracks": [_row(r) for r in rows], "strings": strings, "said": said}, on_fetch_change=fetch
    )


def _row(row: Row) -> dict[str, Any]:
    track = row.track
    return {
        "id": track.id,
        "title": track.title,
        "artist": track.artist,
        "facts": usable_words.facts(track),
        "licence": usable_words.licence(track),
        "note": usable_words.note(track),
        "path": row.address,
        "fetch": row.address is None and (track.url is not None or track.path is not None),
        "cover": row.cover,
        "duration": track.duration_s,
        "start": row.start_s,
        "curve": None if row.sound is None else curve(row.sound),
        "alt": "" if row.sound is None else in_words(row.sound),
    }


def curve(sound: TrackSound) -> dict[str, list[float]] | None:
    """Both curves with at most :data:`MOST_POINTS` values each; None where there is none."""
    if not sound.valence_curve:
        return None
    return {"valence": _thinned(sound.valence_curve), "energy": _thinned(sound.energy_curve)}


def _thinned(values: Sequence[float]) -> list[float]:
    parts = np.array_split(np.asarray(values, np.float64), min(len(values), MOST_POINTS))
    return [round(float(p.mean()), 3) for p in parts]


def in_words(sound: TrackSound) -> str:
    """What the curve shows, for those who do not see it: level and course of both, and where energy is greatest."""
    energy, pleasant = np.asarray(sound.energy_curve), np.asarray(sound.valence_curve)
    if not len(energy):
        return ""
    return t_plain(
        "tracks.alt",
        energy=t_plain(f"tracks.level.energy.{_level(float(energy.mean()))}"),
        energy_course=t_plain(f"tracks.course.{_course(energy)}"),
        pleasant=t_plain(f"tracks.level.pleasant.{_level(float(pleasant.mean()))}"),
        pleasant_course=t_plain(f"tracks.course.{_course(pleasant)}"),
        peak=clock(round(float(energy.argmax()) * STEP_S)),
    )


def _level(mean: float) -> str:
    return "low" if mean < -0.25 else "high" if mean > 0.25 else "middle"


def _course(values: np.ndarray) -> str:
    """How the last third lies to the first."""
    third = max(1, len(values) // 3)
    change = float(values[-third:].mean() - values[:third].mean())
    return "rises" if change > 0.2 else "falls" if change < -0.2 else "stays"
