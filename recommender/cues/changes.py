"""Where a series changes: penalised change-point detection by dynamic programming.

The cost of a stretch is its weighted sum of squares about its mean; a partition costs the sum of
its stretches plus a penalty for each. The best partition is found exactly (Jackson et al. 2005,
"An algorithm for optimal partitioning of data on an interval", IEEE Signal Processing Letters
12(2)), with the pruning of Killick, Fearnhead and Eckley (2012), "Optimal detection of changepoints
with a linear computational cost", JASA 107(500).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


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
    """As :func:`partition`, with neighbours joined where it costs least until there are ``count`` stretches.

    Raising the penalty instead would drop all changes of one size at once: of moods that come again
    and again none would be left.
    """
    edges = [0, *partition(values, weights, penalty, shortest), len(values)]
    cost = _Cost(values, weights)

    def of(a: int, b: int) -> float:
        return float(cost(np.array([a]), b)[0])

    def gain(k: int) -> float:
        a, b, c = edges[k - 1 : k + 2]
        return of(a, c) - of(a, b) - of(b, c)

    gains = [gain(k) for k in range(1, len(edges) - 1)]
    while len(gains) >= max(count, 1):
        k = int(np.argmin(gains))
        del edges[k + 1], gains[k]
        for near in (k - 1, k):
            if 0 <= near < len(gains):
                gains[near] = gain(near + 1)
    return edges[1:-1]
