"""Teaching the quadrants' head (:mod:`recommender.library.quadrant_head`) from clips whose quadrants are known.

4Q names the quadrant of each clip. Emotify's listeners named moods: what they say of pleasantness and of
energy, each against the usual piece, gives shares of the four. The folds are of 4Q; what else is known
beside it is known to each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from recommender.library.hear import WHISPER_VALUES
from recommender.library.quadrant_head import QuadrantHead, kernel, normed
from recommender.library.track_sound import MOODS, Mood
from recommender.training.music_data import Clip

Rows = npt.NDArray[np.float32]
Array = npt.NDArray[Any]

PARTS: Final = (slice(-WHISPER_VALUES), slice(-WHISPER_VALUES, None))
"""Of the features: musicnn's values and the descriptors; Whisper's."""
STRENGTH: Final = 0.01
"""Inverse of how much the linear answer is held back (C)."""
WIDTH: Final = 0.4
RIDGE: Final = 0.3
"""How far likeness reaches, and how much the answers by likeness are held back."""
PLEASANT: Final[dict[Mood, int]] = {"joy": 1, "tenderness": 1, "calmness": 1, "tension": -1, "sadness": -1}
STIRRED: Final[dict[Mood, int]] = {"joy": 1, "power": 1, "tension": 1, "calmness": -1, "tenderness": -1}
"""How Emotify's moods count."""
STEEP: Final = 2.0
"""From deviations above the usual piece to shares: one deviation is 0.88 for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Clips and what is known of them: features ``x`` (n, d), ``shares`` (n, 4) of the quadrants, ``groups`` (n,)."""

    x: Rows
    shares: npt.NDArray[np.float64]
    groups: Array

    def __add__(self, other: Known) -> Known:
        both = ((getattr(of, name) for of in (self, other)) for name in self.__slots__)
        return Known(*(np.concatenate([*pair]) for pair in both))

    def where(self, rows: Array) -> Known:
        return Known(self.x[rows], self.shares[rows], self.groups[rows])

    @property
    def quadrant(self) -> npt.NDArray[np.int64]:
        return self.shares.argmax(axis=1)

    def folds(self, count: int, seed: int) -> Iterator[tuple[Array, Array]]:
        """What is learnt from and what is judged; no group is on both sides."""
        split = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        yield from split.split(self.x, self.quadrant, self.groups)


def named(clips: Sequence[Clip], x: Rows) -> Known:
    """Of clips with a quadrant."""
    shares = np.eye(4)[[c.quadrant for c in clips if c.quadrant is not None]]
    return Known(x, shares, np.array([c.group for c in clips]))


def felt(clips: Sequence[Clip], x: Rows) -> Known:
    """Of clips whose moods listeners named."""
    pleasant, stirred = (1 / (1 + np.exp(-STEEP * axis)) for axis in axes(clips))
    shares = [pleasant * stirred, (1 - pleasant) * stirred, (1 - pleasant) * (1 - stirred), pleasant * (1 - stirred)]
    return Known(x, np.stack(shares, axis=1), np.array([c.group for c in clips]))


def axes(clips: Sequence[Clip]) -> npt.NDArray[np.float64]:
    """Pleasantness and energy (2, n) by the moods that listeners named, in deviations from the usual clip."""
    told = dict(zip(MOODS, np.array([c.moods for c in clips]).T, strict=True))
    both = np.array([sum(sign * told[m] for m, sign in axis.items()) for axis in (PLEASANT, STIRRED)])
    return (both - both.mean(axis=1, keepdims=True)) / both.std(axis=1, keepdims=True)


def taught(known: Known, parts: Sequence[slice] = PARTS) -> QuadrantHead:
    """The head; the first of the parts is the linear answer's too."""
    norm = StandardScaler().fit(known.x)
    mean, scale = np.asarray(norm.mean_), np.asarray(norm.scale_)
    z = normed(known.x, mean, scale)
    linear, level = _linear(z[:, parts[0]], known.shares), known.shares.mean(axis=0)
    pull = np.stack([_pull(z[:, part], known.shares - level) for part in parts])
    width = np.full(len(parts), WIDTH)
    return QuadrantHead(mean, scale, np.asarray(linear.coef_).T, np.asarray(linear.intercept_), z, pull, level, width)


def _linear(z: Array, shares: Array) -> LogisticRegression:
    """A clip that is partly of a quadrant is learnt as one of it, with so much weight."""
    clip, quadrant = np.nonzero(shares > 1e-6)
    model = LogisticRegression(C=STRENGTH, max_iter=1000, tol=1e-3)
    return model.fit(z[clip], quadrant, sample_weight=shares[clip, quadrant])


def _pull(z: Array, wanted: Array) -> Array:
    """Of each known clip, (n, 4): kernel ridge regression."""
    return solve(kernel(z, z, WIDTH) + RIDGE * np.eye(len(z)), wanted, assume_a="pos")
