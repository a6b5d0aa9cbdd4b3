"""Measured tracks on the valence-arousal plane: a component of our own that draws on a canvas.

Every track goes to the browser once, as a file that it keeps; afterwards a filter is one bit a track. So
tens of thousands of points answer at once, and each is named under the mouse.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from emotion.labels import TABLE
from pages.music.plane import points
from pages.music.plane.points import Points
from pages.music.selection import Area
from pages.shared.language import t_plain
from pages.shared.ui.components import mounted

Words = Callable[..., str]
KEY: Final = "music_plane"


def show(tracks: Points, keep: npt.NDArray[np.bool_], area: Area | None, alt: str, on_area: Callable[[], None]) -> None:
    """The tracks that ``keep`` (shape (n,)) lets through; ``on_area`` is called when a region was drawn."""
    mounted(Path(__file__).with_name("plane"))(
        key=KEY, data=drawn(tracks, keep, area, alt, t_plain), on_area_change=on_area
    )


def chosen() -> Area | None:
    """The region that was drawn just now."""
    sides = st.session_state[KEY].get("area")
    return Area.of(sides[:2], sides[2:]) if sides else None


def drawn(tracks: Points, keep: npt.NDArray[np.bool_], area: Area | None, alt: str, words: Words) -> dict[str, Any]:
    """What the browser is told: where the tracks are had, which of them count, how emotions look."""
    counts = np.bincount(tracks.emotion[keep], minlength=len(TABLE))
    return {
        "songs": points.publish(tracks),
        "keep": None if keep.all() else base64.b64encode(np.packbits(keep, bitorder="little").tobytes()).decode(),
        "emotions": [
            {"name": words(f"emotion.{e.name}"), "colour": e.colour, "symbol": e.symbol, "count": int(n)}
            for e, n in zip(TABLE, counts, strict=True)
        ],
        "area": None if area is None else [area.left, area.right, area.bottom, area.top],
        "axes": [words("chart.valence"), words("chart.arousal")],
        "alt": alt,
        "select": words("library.plane.select"),
    }
