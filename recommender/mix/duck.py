"""How far the music goes down under speech: solved from measured loudness, never a fixed number of decibels.

The wanted difference holds between the loudness of the speech and of the music *under it*. The
curve is the smoothest one that keeps it: a least-squares smoother whose errors on the loud side
count more (asymmetric least squares, P. H. C. Eilers, "A perfect smoother", Analytical Chemistry
75, 2003), so that it leans to the side on which words stay clear. It looks ahead by being solved
for the whole clip at once: the music has gone down when the first syllable comes.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.timeline import Segment
from recommender.mix.levels import STEP_S, lufs

Array = npt.NDArray[np.float64]

BRIDGE_S: Final = 0.7
"""Pauses shorter than this do not let the music up: it would pump."""
LOOK_AHEAD_S: Final = 0.25
RELEASE_S: Final = 0.35
WINDOW_STEPS: Final = 10
"""Speech and music are compared over one second, as a listener does."""
SMOOTHNESS: Final = 60.0
LOUD_SIDE: Final = 0.97
"""How much an error on the loud side counts against one on the quiet side (which counts the rest)."""
ROUNDS: Final = 12
CENTRING: Final = 3
MENDING: Final = 3
TOLERATED_LU: Final = 2.5
"""A second that misses by more is taken down by itself: a smooth curve cannot follow a single struck note."""
DEEPEST_DB: Final = -40.0
HIGHEST_DB: Final = 12.0
OPEN_LU: Final = 6.0
"""In a pause the music stands this much above where it stood under the words, at most."""


@dataclass(frozen=True, slots=True)
class GainCurve:
    """Decibels over time: linear between the points; held before the first and after the last."""

    times_s: tuple[float, ...]
    db: tuple[float, ...]

    def at(self, times_s: npt.ArrayLike) -> Array:
        """Decibels at these times, in the shape of ``times_s``."""
        return np.interp(np.asarray(times_s, dtype=np.float64), self.times_s, self.db)


FLAT: Final = GainCurve((0.0,), (0.0,))


def speaking(speech: Sequence[Segment], steps: int) -> npt.NDArray[np.bool_]:
    """Which steps of 100 ms lie in speech, by half of their length or more; shape (steps,)."""
    share = np.zeros(steps)
    for s in speech:
        first, last = s.start_s / STEP_S, s.end_s / STEP_S
        i, j = max(0, int(first)), min(steps, int(np.ceil(last)))
        edges = np.arange(i, j)
        share[i:j] += np.minimum(edges + 1, last) - np.maximum(edges, first)
    return share >= 0.5


def bridged(inside: npt.NDArray[np.bool_], pause_s: float = BRIDGE_S) -> npt.NDArray[np.bool_]:
    """The same with pauses shorter than ``pause_s`` filled."""
    out = inside.copy()
    at = np.flatnonzero(inside)
    for a, b in itertools.pairwise(at):
        if 1 < b - a <= pause_s / STEP_S + 1:
            out[a:b] = True
    return out


def level_a_second(powers: Array, inside: npt.NDArray[np.bool_]) -> Array:
    """Loudness around each step over one second, of the steps ``inside`` alone; -inf where none is."""
    weights = inside.astype(np.float64)
    kernel = np.ones(WINDOW_STEPS)
    count = np.convolve(weights, kernel, mode="same")
    total = np.convolve(powers * weights, kernel, mode="same")
    return lufs(np.divide(total, count, out=np.zeros_like(total), where=count > 0))


def solve(speech_powers: Array, music_powers: Array, inside: npt.NDArray[np.bool_], under_lu: float) -> GainCurve:
    """The gain of the music, so that speech stands ``under_lu`` above it wherever somebody speaks.

    Args:
        speech_powers: K-weighted power of the clip's own sound, one value a step of 100 ms.
        music_powers: the same of the music, as it would play without ducking.
        inside: which steps are speech, see :func:`speaking`.
        under_lu: the wanted difference in LU.

    Returns:
        A curve with a point a step. Where nobody speaks it opens by at most :data:`OPEN_LU` above the
        level under the words; without any speech it is one gain, see :func:`plan`.
    """
    if not inside.any():
        return FLAT
    music_powers = np.maximum(music_powers, 1e-12)
    held = _widened(bridged(inside), LOOK_AHEAD_S, RELEASE_S)
    curve = _leaning(speech_powers, music_powers, inside, held, under_lu)

    def heard(curve: Array) -> tuple[Second, ...]:
        return measure(speech_powers, music_powers * 10 ** (curve / 10), inside)

    for _ in range(CENTRING):  # what is solved a step is heard a second: the two medians differ a little
        if seconds := heard(curve):
            curve = curve + np.where(held, float(np.median([s.under_lu for s in seconds])) - under_lu, 0.0)
    curve = _smooth(curve, np.ones(len(curve)), 1.0)
    moments: Array = np.arange(len(curve), dtype=np.float64) * STEP_S + STEP_S / 2
    for _ in range(MENDING):
        for s in heard(curve):
            if s.under_lu < under_lu - TOLERATED_LU:
                curve = lowered(moments, curve, s.start_s, under_lu - TOLERATED_LU + 0.5 - s.under_lu)
    curve = np.clip(curve, DEEPEST_DB, HIGHEST_DB)
    return GainCurve(tuple(np.round(moments, 3).tolist()), tuple(np.round(curve, 3).tolist()))


def _leaning(
    speech_powers: Array,
    music_powers: Array,
    inside: npt.NDArray[np.bool_],
    held: npt.NDArray[np.bool_],
    under_lu: float,
) -> Array:
    """The smooth curve that leans to the quiet side; ``held`` are the steps in which the music stays down."""
    n = len(speech_powers)
    music = level_a_second(music_powers, np.ones(n, dtype=bool))
    speech = level_a_second(speech_powers, inside)
    wanted = np.where(inside & np.isfinite(speech), speech - music - under_lu, np.nan)
    typical = float(np.nanmedian(np.where(inside, speech, np.nan))) - under_lu
    # A pause between words belongs to what surrounds it; a long one lets the music breathe.
    open_db = np.minimum(typical - music + OPEN_LU, 0.0)
    known = np.where(held, np.nan, open_db)
    known = np.where(inside, wanted, known)
    where = np.flatnonzero(np.isfinite(known))
    target = np.interp(np.arange(n), where, known[where])
    weight = np.where(inside, 1.0, np.where(held, 0.02, 0.15))
    return _asymmetric(target, weight, inside)


def lowered(moments_s: Array, db: Array, second_s: float, lu: float) -> Array:
    """The curve with one second taken down by ``lu``, and half a second on both sides to get there and back."""
    away = np.maximum(0.0, np.abs(moments_s - (second_s + 0.5)) - 0.5)
    return db - lu * np.clip(1 - away / 0.5, 0.0, 1.0)


def _widened(inside: npt.NDArray[np.bool_], before_s: float, after_s: float) -> npt.NDArray[np.bool_]:
    out = inside.copy()
    for k in range(1, round(before_s / STEP_S) + 1):
        out[:-k] |= inside[k:]
    for k in range(1, round(after_s / STEP_S) + 1):
        out[k:] |= inside[:-k]
    return out


def _asymmetric(target: Array, weight: Array, inside: npt.NDArray[np.bool_]) -> Array:
    w, curve = weight.copy(), target
    for _ in range(ROUNDS):
        curve = _smooth(target, w, SMOOTHNESS)
        loud = curve > target  # the music would be too loud here
        w = weight * np.where(inside, np.where(loud, LOUD_SIDE, 1 - LOUD_SIDE) * 2, 1.0)
    return curve


def _smooth(target: Array, weight: Array, smoothness: float) -> Array:
    """Whittaker's smoother: weighted errors plus squared second differences; linear in length."""
    from scipy.linalg import solveh_banded

    n = len(target)
    if n < 3:
        return target.copy()
    bands = np.zeros((3, n))
    bands[2] = weight
    second = np.array([1.0, -2.0, 1.0])
    for i in range(3):
        for j in range(i, 3):
            bands[2 - (j - i), j : n - 2 + j] += smoothness * second[i] * second[j]
    return solveh_banded(bands, weight * target)


@dataclass(frozen=True, slots=True)
class Second:
    """The meter: one second of the clip in which somebody speaks."""

    start_s: float
    under_lu: float
    """How far the speech stands above the music, as it will be heard."""


def measure(speech_powers: Array, music_powers: Array, inside: npt.NDArray[np.bool_]) -> tuple[Second, ...]:
    """Speech against music for each second with at least 300 ms of speech."""
    steps = round(1 / STEP_S)
    seconds = []
    for i in range(0, len(speech_powers) - steps + 1, steps):
        mine = inside[i : i + steps]
        if mine.sum() < 3:
            continue
        speech = float(lufs(speech_powers[i : i + steps][mine].mean()))
        music = float(lufs(max(music_powers[i : i + steps][mine].mean(), 1e-12)))
        if np.isfinite(speech):
            seconds.append(Second(round(i * STEP_S, 3), round(speech - music, 2)))
    return tuple(seconds)
