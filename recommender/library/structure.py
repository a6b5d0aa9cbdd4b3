"""The track's form: where it begins and ends, stretches that sound alike, and what can be repeated."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library.descriptors import MEL_FPS

Array = npt.NDArray[np.floating]

QUIET: Final = -4.0
"""Powers of ten under the loud parts: -40 dB is silence at either end."""
SHORTEST_STEPS: Final = 3
"""A section has at least so many steps."""
PENALTY: Final = 1.6
"""What a further section must explain, in shares of a step's mean deviation times the logarithm of their number."""
LONGEST_STEPS: Final = 600
"""Of longer tracks, neighbouring steps are joined first."""

SHORTEST_LOOP_BARS: Final = 4
LONGEST_LOOP_BARS: Final = 32
ALIKE: Final = 0.85


def bounds(mel: Array) -> tuple[float, float]:
    """Seconds at which the music begins and at which it has died away."""
    level = np.log10(np.maximum((10.0 ** mel.astype(np.float32) - 1).sum(axis=1), 1e-6))
    there = np.flatnonzero(level > np.percentile(level, 95) + QUIET) if len(level) else []
    if len(there) == 0:
        return 0.0, len(mel) / MEL_FPS
    return round(float(there[0] / MEL_FPS), 3), round(float((there[-1] + 1) / MEL_FPS), 3)


def cuts(rows: Array) -> list[int]:
    """Where new sections begin, 0 first: the division of ``rows`` (steps, d) into stretches that sound alike.

    Least squares around each stretch's mean plus a price for every further one (dynamic programming).
    """
    joined = -(-len(rows) // LONGEST_STEPS) if len(rows) else 1
    if joined > 1:
        rows = np.stack([part.mean(axis=0) for part in np.array_split(rows, -(-len(rows) // joined))])
    n = len(rows)
    if n < 2 * SHORTEST_STEPS:
        return [0]
    scale = rows.std(axis=0)
    normed = (rows - rows.mean(axis=0))[:, scale > 1e-6] / scale[scale > 1e-6]
    if normed.shape[1] == 0:
        return [0]
    sums = np.concatenate([np.zeros((1, normed.shape[1])), np.cumsum(normed, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((normed**2).sum(axis=1))])
    price = PENALTY * np.log(n) * normed.shape[1] / 2
    best = np.full(n + 1, np.inf)
    best[0] = -price
    back = np.zeros(n + 1, int)
    for end in range(SHORTEST_STEPS, n + 1):
        starts = np.arange(0, end - SHORTEST_STEPS + 1)
        inside = squares[end] - squares[starts] - ((sums[end] - sums[starts]) ** 2).sum(axis=1) / (end - starts)
        cost = best[starts] + inside + price
        back[end] = int(cost.argmin())
        best[end] = cost[back[end]]
    found = []
    end = n
    while end > 0:
        end = int(back[end])
        found.append(end * joined)
    return found[::-1]


def loop(bars_s: tuple[float, ...], mel: Array, colours: Array, colour_fps: float) -> tuple[float, float] | None:
    """Two openings of bars between which the music can be repeated: what follows either sounds alike.

    The longest such stretch up to :data:`LONGEST_LOOP_BARS` whole bars, four at a time where possible.
    """
    if len(bars_s) < SHORTEST_LOOP_BARS + 1:
        return None
    rows = np.stack([_bar(a, b, mel, colours, colour_fps) for a, b in pairwise(bars_s)])
    rows -= rows.mean(axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    alike = rows @ rows.T
    n = len(rows)
    found: tuple[float, int, int] | None = None
    for start in range(n):
        for end in range(start + SHORTEST_LOOP_BARS, min(n - 1, start + LONGEST_LOOP_BARS) + 1):
            score = float(alike[start, end])
            if start and score > 0:
                score = (score + float(alike[start - 1, end - 1])) / 2
            bars = end - start
            score += 0.08 * np.log2(bars / SHORTEST_LOOP_BARS) + (0.1 if bars % 4 == 0 else 0.0)
            if alike[start, end] > ALIKE / 2 and (found is None or score > found[0]):
                found = (score, start, end)
    return None if found is None else (bars_s[found[1]], bars_s[found[2]])


def _bar(start_s: float, end_s: float, mel: Array, colours: Array, colour_fps: float) -> npt.NDArray[np.float64]:
    """The colour and the harmony of one bar, equally weighed."""
    tone = mel[int(start_s * MEL_FPS) : max(int(end_s * MEL_FPS), int(start_s * MEL_FPS) + 1)]
    chord = colours[int(start_s * colour_fps) : max(int(end_s * colour_fps), int(start_s * colour_fps) + 1)]
    parts = [np.zeros(mel.shape[1]), np.zeros(12)]
    for i, rows in enumerate((tone, chord)):
        if len(rows):
            mean = rows.astype(np.float64).mean(axis=0)
            parts[i] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return np.concatenate(parts)
