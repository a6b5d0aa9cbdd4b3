"""Where a series changes: penalised change-point detection by dynamic programming.

The cost of a stretch is its weighted sum of squares about its mean; a partition costs the sum of
its stretches plus a penalty for each. The best partition is found exactly (Jackson et al. 2005,
"An algorithm for optimal partitioning of data on an interval", IEEE Signal Processing Letters
12(2)), with the pruning of Killick, Fearnhead and Eckley (2012), "Optimal detection of changepoints
with a linear computational cost", JASA 107(500).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MOST_JOINED: Final = 8
"""Where parts are joined to be fewer, none has more than so many times as many of them as there are for each."""


class _Cost:
    """Weighted squared error of any stretch in constant time: ``values`` (n, d), ``weights`` (n, d)."""

    def __init__(self, values: Array, weights: Array) -> None:
        zero = np.zeros((1, values.shape[1]))
        self._w = np.concatenate([zero, np.cumsum(weights, axis=0)])
        self._wx = np.concatenate([zero, np.cumsum(weights * values, axis=0)])
        self._wxx = np.concatenate([zero, np.cumsum(weights * values**2, axis=0)])

    def __call__(self, starts: npt.NDArray[np.intp], end: int) -> Array:
        w, wx, wxx = (total[end] - total[starts] for total in (self._w, self._wx, self._wxx))
        error = wxx - wx**2 / np.maximum(w, 1e-12)
        return np.maximum(error, 0.0).sum(axis=1)


def partition(values: Array, weights: Array, penalty: float, shortest: int) -> list[int]:
    """Where the best partition changes: indices of the first step of each stretch but the first.

    ``values`` and ``weights`` have shape (n, d), weight 0 where a value is missing (any finite
    number then stands there). Every stretch has at least ``shortest`` steps; a series shorter than
    two of them has no change.
    """
    n = len(values)
    if n < 2 * shortest:
        return []
    cost = _Cost(values, weights)
    best = np.full(n + 1, np.inf)
    best[0] = -penalty
    before = np.zeros(n + 1, dtype=np.intp)
    candidates = np.zeros(0, dtype=np.intp)
    beaten: dict[int, npt.NDArray[np.intp]] = {}
    for end in range(shortest, n + 1):
        opened = end - shortest
        if np.isfinite(best[opened]):
            candidates = np.append(candidates, opened)
        if opened in beaten:
            candidates = np.setdiff1d(candidates, beaten.pop(opened), assume_unique=True)
        total = best[candidates] + cost(candidates, end)
        k = int(np.argmin(total))
        best[end], before[end] = total[k] + penalty, candidates[k]
        # what a start at `end` beats by now it beats for good, once a stretch from `end` is long enough
        beaten[end] = candidates[total > best[end]]
    changes = []
    at = int(before[n])
    while at > 0:
        changes.append(at)
        at = int(before[at])
    return changes[::-1]


def at_most(values: Array, weights: Array, penalty: float, shortest: int, count: int) -> list[int]:
    """As :func:`partition`, with neighbours joined where that is too many, until there are ``count`` stretches.

    The change that matters least goes first, and joined stretches stay alike in length: what joining costs is the
    squared error of the joined stretch times its length, and the sum over all stretches is the least there is. The
    error alone would be least with one stretch that swallows what is too much, beside short ones that stay as they
    were; a higher penalty would drop all changes of one size at once.
    """
    edges = np.array([0, *partition(values, weights, penalty, shortest), len(values)])
    parts = len(edges) - 1
    if parts <= max(count, 1):
        return edges[1:-1].tolist()
    most = min(parts, MOST_JOINED * -(-parts // max(count, 1)))
    return edges[_joined(_costs(edges, values, weights, most), max(count, 1))].tolist()


def _costs(edges: npt.NDArray[np.intp], values: Array, weights: Array, most: int) -> Array:
    """What a stretch costs that ends at the k-th edge and has b + 1 parts: shape (parts + 1, most), inf for none."""
    error = _Cost(values, weights)
    out = np.full((len(edges), most), np.inf)
    for k in range(1, len(edges)):
        starts = edges[max(k - most, 0) : k][::-1]
        out[k, : len(starts)] = error(starts, int(edges[k])) * (edges[k] - starts)
    return out


def _joined(costs: Array, count: int) -> list[int]:
    """The inner edges, by number, of the cheapest ``count`` stretches over all parts (dynamic programming)."""
    parts, most = len(costs) - 1, costs.shape[1]
    best = np.full(most + parts + 1, np.inf)  # as many that lie before the beginning, which cost too much
    best[most] = 0.0
    back: list[npt.NDArray[np.intp]] = []
    for _ in range(count):
        before = np.lib.stride_tricks.sliding_window_view(best[1:-1], most)[:, ::-1]
        total = before + costs[1:]
        back.append(total.argmin(axis=1))
        best = np.concatenate([np.full(most + 1, np.inf), total.min(axis=1)])
    at, inner = parts, []
    for choice in reversed(back):
        at -= int(choice[at - 1]) + 1
        inner.append(at)
    return inner[-2::-1]
