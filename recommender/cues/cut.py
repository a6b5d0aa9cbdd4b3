"""Cuts a timeline into sections: where the mood changes to stay, and where speech stops.

Series: valence and energy of each moment, the shape of its distribution (both robustly smoothed),
and whether somebody speaks, on one grid of about a second. Change points: ``changes.py``. Two things
set the penalty: the noise of the series itself, so that a restless take of one speaker is not cut to
pieces, and the least change that is worth another music. The constants are the best ones of
``python -m tests.benchmarks cues --tune``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np

from emotion.labels import EMOTIONS
from emotion.timeline import Moment, Segment
from recommender.cues import changes, evidence
from recommender.cues.frames import on_grid

SHORTEST_S: Final = 8.0
"""Music needs so long to be music."""
SHORTEST: Final = Fraction(SHORTEST_S)
FEW: Final = 8
EACH_S: Final = 30.0
"""At most eight sections in four minutes, and one more for each further half minute."""

SMOOTH_S: Final = 5.0
"""The running median's width: a change that lasts less than half of it is no change."""
LAG_S: Final = 4.0
"""Readings that overlap are alike; so far apart they show the noise."""
LEAST_CHANGE: Final = 0.55
"""In the units of the series: less is not another mood. Counted for two stretches of the shortest length."""
NOISE: Final = 4.0
"""Penalty in units of the noise's variance, times the logarithm of :data:`REFERENCE_S`."""
REFERENCE_S: Final = 90.0
"""A clip of any length is judged as strictly as one of so long: with the logarithm of its own length, the same
material would be cut ever more coarsely the longer it goes on. Wrong cuts then keep to so many a minute."""
NOISIEST: Final = 0.27
"""Variance of the most restless takes of one mood: what moves more than that is moods that change, not noise."""
SHAPE: Final = 1.5
"""What the square roots of the eight probabilities count beside valence and energy (a Hellinger distance): a turn
is placed better by them, as one emotion gives way to another faster than the mean moves."""
SPEECH: Final = 0.5
"""How far speech and no speech are apart, in units of the plane."""
REACH_S: Final = 1.5
"""An edge moves up to so far, into the nearest pause of the speech."""
STEP_S: Final = 1.0
MOST_STEPS: Final = 3600
"""Steps are longer in a clip of more than an hour; the noise is measured in steps of a second all the same."""
READ: Final = 2 + len(EMOTIONS)
"""Columns of the series that are read from voice and face."""

Array = evidence.Array


def most_sections(length_s: float) -> int:
    """How many sections a clip may have."""
    return max(1, min(int(length_s // SHORTEST_S), max(FEW, int(length_s // EACH_S))))


def edges(
    moments: Sequence[Moment], speech: Sequence[Segment], length: Fraction, rate: Fraction
) -> tuple[Fraction, ...]:
    """The sections' edges in exact seconds, 0 and the clip's end among them; inner ones on frames."""
    length_s = float(length)
    most = most_sections(length_s)
    if most == 1 or not moments:
        return (Fraction(0), length)
    grid, fine = _grid(length_s, max(length_s / MOST_STEPS, STEP_S)), _grid(length_s, STEP_S)
    values, weights = _series(moments, speech, grid)
    # wider steps mix the moods on both sides of a turn, which looks like noise where turns are quick
    noise = (values, weights) if len(fine) == len(grid) else _series(moments, speech, fine)
    shortest = math.ceil(SHORTEST_S / (grid[1] - grid[0]) - 1e-9)
    found = changes.at_most(values, weights, _penalty(*noise, fine[1]), shortest, most)
    inner = _into_pauses([float(grid[k]) for k in found], speech, length_s)
    exact = [Fraction(0)]
    for time in inner:
        edge = max(on_grid(time, rate), math.ceil((exact[-1] + SHORTEST) * rate) / rate)
        if length - edge >= SHORTEST:
            exact.append(edge)
    return (*exact, length)


def _grid(length_s: float, step_s: float) -> Array:
    """The edges of the steps, each about ``step_s`` long."""
    return np.linspace(0.0, length_s, max(1, math.floor(length_s / step_s)) + 1)


def _series(moments: Sequence[Moment], speech: Sequence[Segment], grid: Array) -> tuple[Array, Array]:
    """Valence, energy, shape (eight) and speech of each step, shape (n, 11), and how much each counts."""
    n = len(grid) - 1
    total, weight = np.zeros((n, READ)), np.zeros(n)
    there = [(m, s) for m in moments if (s := evidence.leading(m)) is not None]
    if there:
        probs = np.array([s.probs for _, s in there])
        means = np.column_stack([evidence.plane(probs)[0], SHAPE * np.sqrt(np.maximum(probs, 0.0))])
        heavy = np.array([evidence.weight(m) * m.segment.duration_s for m, _ in there])
        middles = np.array([m.segment.middle_s for m, _ in there])
        step = np.clip(np.searchsorted(grid, middles, side="right") - 1, 0, n - 1)
        np.add.at(total, step, means * heavy[:, None])
        np.add.at(weight, step, heavy)
    known = weight > 0
    total[known] /= weight[known, None]
    total = _median(total, known, max(1, round(SMOOTH_S / (grid[1] - grid[0]))))
    spoken = np.diff(evidence.spoken_until(speech, grid)) / np.diff(grid)
    values = np.column_stack([total, SPEECH * np.round(spoken)])
    weights = np.column_stack([np.repeat(weight[:, None], READ, axis=1), np.diff(grid)])
    return values, weights


def _median(values: Array, known: np.ndarray, width: int) -> Array:
    """Running median over what is known, shape (n, d); 0 where nothing is."""
    half = width // 2
    padded = np.full((len(values) + 2 * half, values.shape[1]), np.nan)
    padded[half : half + len(values)] = np.where(known[:, None], values, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0)
    out = np.zeros_like(values)
    out[known] = np.nanmedian(windows[known], axis=-1)
    return out


def _penalty(values: Array, weights: Array, step_s: float) -> float:
    """What one more section costs: as much as the least change brings, or the noise would."""
    lag = max(1, round(LAG_S / step_s))
    least = LEAST_CHANGE**2 * SHORTEST_S / 2
    both = (weights[lag:, 0] > 0) & (weights[:-lag, 0] > 0)
    if not both.any():
        return least
    apart = np.abs(values[lag:, :READ] - values[:-lag, :READ])[both]
    sd = np.median(apart, axis=0) / (math.sqrt(2) * 0.6745)  # the median of |x| is 0.6745 of a normal's deviation
    noise = float((sd**2).sum()) * step_s
    return max(least, NOISE * min(noise, NOISIEST) * math.log(REFERENCE_S / step_s))


def _into_pauses(times: Sequence[float], speech: Sequence[Segment], length_s: float) -> list[float]:
    """Each time in the middle of the nearest pause within reach, else as it is; none nearer than allowed."""
    gaps = [(a.end_s, b.start_s) for a, b in pairwise(speech) if b.start_s > a.end_s]
    if speech:
        gaps = [(0.0, speech[0].start_s), *gaps, (speech[-1].end_s, length_s)]
    moved: list[float] = []
    for i, time in enumerate(times):
        after = times[i + 1] if i + 1 < len(times) else length_s
        best = min((_nearest(gap, time) for gap in gaps), key=lambda t: abs(t - time), default=time)
        fits = moved[-1] if moved else 0.0
        good = abs(best - time) <= REACH_S and best - fits >= SHORTEST_S and after - best >= SHORTEST_S
        moved.append(best if good else time)
    return moved


def _nearest(gap: tuple[float, float], time: float) -> float:
    """Where to cut at a pause: in its middle, at a long one where speech ends or begins again."""
    start, end = gap
    if end - start <= 2 * REACH_S:
        return (start + end) / 2
    return start if abs(start - time) <= abs(end - time) else end
