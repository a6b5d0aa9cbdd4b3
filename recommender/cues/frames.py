"""The clip's frame grid: which rate an edit of it runs at, and times that fall on its frames.

Editors cut on frames, so every edge of a cue is a whole number of frames. Times are exact
fractions of a second: 30000/1001 frames a second never lands on a decimal.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

SOUND_ONLY: Final = Fraction(25)
"""The grid of a clip without pictures: any would do, and 25 has whole milliseconds."""
USUAL: Final = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48000, 1001),
    Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60), Fraction(100), Fraction(120000, 1001),
    Fraction(120),
)  # fmt: skip
"""Rates of sequences in editing programs."""
SLOWEST: Final = 8
"""Below so many pictures a second (a still with sound, slides) the pictures do not set the edit's rate."""
SAME: Final = Fraction(1, 5000)
"""Rates this close are one rate, written differently (29.97 and 30000/1001); 24 and 23.976 are five times apart."""


def edit_rate(frame_rate: Fraction | None) -> Fraction:
    """Frames a second of the sequence in which a clip of this (mean) rate is edited.

    A usual rate stays itself, an odd mean (variable rate) becomes the usual rate nearest to it.
    """
    if frame_rate is None or frame_rate < SLOWEST:
        return SOUND_ONLY
    nearest = min(USUAL, key=lambda usual: abs(usual - frame_rate) / usual)
    if frame_rate.denominator == 1 and frame_rate < 1000 and abs(nearest - frame_rate) / nearest > SAME:
        return frame_rate  # 12, 15 or 90 are steady rates too
    return nearest


def to_frame(time: Fraction | float, rate: Fraction) -> int:
    """The frame whose start is nearest to a time in seconds; halves go up."""
    return math.floor(Fraction(time) * rate + Fraction(1, 2))


def on_grid(time: Fraction | float, rate: Fraction) -> Fraction:
    """The nearest frame's start, in exact seconds."""
    return Fraction(to_frame(time, rate)) / rate


def length_of(duration_s: float) -> Fraction:
    """A clip's length in exact seconds, to the microsecond."""
    return Fraction(round(max(duration_s, 0.0) * 1_000_000), 1_000_000)
