"""Which part of which track fits a stretch of the clip: curves on the plane against curves, not one point.

A track's curve (valence and energy, one value every few seconds) is laid at every place under the
clip's curve; the distance of a place is the mean squared distance on the plane, and the best place is
the part to use. After L. Pretet et al., "Video-to-music recommendation using temporal alignment of
segments" (2023): what is aligned in time fits better than what is alike on the whole.

All of it is sums over windows of running sums, so that tens of thousands of tracks take milliseconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

STEP_S: Final = 3.0
LEVELS: Final = 4
"""A stretch's curve is compared by so many levels at most, each the mean of its share of the time."""
LOOKED_AT: Final = 1500
"""So many tracks, nearest by their means, have their parts looked at."""


@dataclass(frozen=True, eq=False)
class Curves:
    """The curves of n tracks, repeated to one length of at least ``steps`` values.

    Attributes:
        sums: running sums of valence and energy, shape (2, n, steps + 1), float32.
        squares: running sums of their squares together, shape (n, steps + 1).
        steps: how many values are each track's own, shape (n,); beyond them it repeats.
        means: shape (n, 2).
    """

    sums: Array
    squares: Array
    steps: npt.NDArray[np.intp]
    means: Array

    @classmethod
    def of(cls, curves: Sequence[tuple[Sequence[float], Sequence[float]]], longest: int = 100) -> Curves:
        """From (valence, energy) curves with one value every :data:`STEP_S`; at least one value each."""
        n = len(curves)
        values = np.zeros((2, n, longest), np.float32)
        steps = np.zeros(n, np.intp)
        for i, pair in enumerate(curves):
            steps[i] = min(longest, len(pair[0]))
            for axis in (0, 1):
                own = np.asarray(pair[axis][: steps[i]], dtype=np.float32)
                values[axis, i] = np.resize(own, longest)
        means = np.array([[np.mean(v), np.mean(e)] for v, e in curves], np.float32).reshape(n, 2)
        sums = np.zeros((2, n, longest + 1), np.float32)
        np.cumsum(values, axis=2, out=sums[:, :, 1:])
        squares = np.zeros((n, longest + 1), np.float32)
        np.cumsum((values**2).sum(axis=0), axis=1, out=squares[:, 1:])
        return cls(sums, squares, steps, means)

    def __len__(self) -> int:
        return len(self.steps)


def nearest(
    curves: Curves, wanted: npt.NDArray[np.float64], keep: npt.NDArray[np.bool_]
) -> tuple[Array, npt.NDArray[np.intp]]:
    """How far each track's best part is from a wanted curve, and where that part begins.

    Args:
        wanted: valence and energy every :data:`STEP_S`, shape (k, 2), k at least 1.
        keep: which tracks may be used, shape (n,).

    Returns:
        distances on the plane, shape (n,), inf where not to be used or too far to be looked at, and
        first steps, shape (n,).
    """
    n = len(curves)
    distance, first = np.full(n, np.inf, np.float32), np.zeros(n, np.intp)
    rows = np.flatnonzero(keep)
    if not len(rows):
        return distance, first
    middle = wanted.mean(axis=0)
    far = np.linalg.norm(curves.means[rows] - middle, axis=1)
    if len(rows) > LOOKED_AT:
        rows = rows[np.argpartition(far, LOOKED_AT)[:LOOKED_AT]]
    width = min(len(wanted), curves.squares.shape[1] - 1)
    places = curves.squares.shape[1] - width
    squares, sums = curves.squares[rows], curves.sums[:, rows]  # gathered once: what follows are views of these
    error = squares[:, width:] - squares[:, :places]
    constant = 0.0
    step = np.empty_like(error)
    for a, b, level in _levels(wanted[:width]):
        for axis in (0, 1):
            np.subtract(sums[axis, :, b : b + places], sums[axis, :, a : a + places], out=step)
            step *= np.float32(2 * level[axis])
            error -= step
        constant += (b - a) * float((level**2).sum())
    # A part begins where the track has sound of its own, not in its repetition.
    error[np.arange(places)[None] >= curves.steps[rows, None]] = np.inf
    best = error.argmin(axis=1)
    distance[rows] = np.sqrt(np.maximum(error[np.arange(len(rows)), best] + constant, 0) / width)
    first[rows] = best
    return distance, first


def _levels(wanted: npt.NDArray[np.float64]) -> list[tuple[int, int, npt.NDArray[np.float64]]]:
    """The curve as a few levels: (first step, step after the last, mean)."""
    edges = np.unique(np.round(np.linspace(0, len(wanted), min(LEVELS, len(wanted)) + 1)).astype(int))
    return [(int(a), int(b), wanted[a:b].mean(axis=0)) for a, b in itertools.pairwise(edges)]
