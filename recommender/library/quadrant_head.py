"""The four quadrants from the features: the mean of three answers, one linear and two by likeness to known clips.

The linear one is a logistic regression on what musicnn and the descriptors say. The others are kernel
ridge regressions: how like the clips that it was taught a stretch is (a Gaussian of the distance),
weighed by what these were; one likens by the same features, the other by Whisper's. They err on
different music, and their mean on less than each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

Probs = npt.NDArray[np.float64]

CLIP: Final = 4.0
"""Deviations beyond which a feature says nothing more: sound unlike any that the head was taught."""
SHARPNESS: Final = 5.0
"""From the kernel's answers, near 0 or 1, to probabilities: what lies 0.2 apart is e times as likely."""
PREFIX: Final = "quadrant_"


@dataclass(frozen=True, slots=True, eq=False)
class QuadrantHead:
    """Of d features the first k are musicnn's and the descriptors, the others Whisper's.

    ``mean`` and ``scale`` (d,); ``weights`` (k, 4) and ``bias`` (4,) of the linear answer; ``points``
    (n, d), normed; of both kernels the ``pull`` (2, n, 4) of the points and the ``width`` (2,), of one
    where there is nothing of Whisper's; the ``level`` (4,) without any.
    """

    mean: npt.NDArray[np.floating]
    scale: npt.NDArray[np.floating]
    weights: npt.NDArray[np.floating]
    bias: npt.NDArray[np.floating]
    points: npt.NDArray[np.floating]
    pull: npt.NDArray[np.floating]
    level: npt.NDArray[np.floating]
    width: npt.NDArray[np.floating]

    @classmethod
    def read(cls, arrays: Mapping[str, npt.NDArray[np.floating]]) -> QuadrantHead:
        head = cls(**{f.name: np.asarray(arrays[PREFIX + f.name], np.float64) for f in fields(cls)})
        return replace(head, points=head.points.astype(np.float32))  # most of the head's memory

    def arrays(self) -> dict[str, npt.NDArray[np.floating]]:
        """By the names that :meth:`read` knows."""
        return {PREFIX + f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    def normed(self, rows: npt.ArrayLike) -> Probs:
        return normed(rows, self.mean, self.scale)

    def probs(self, rows: npt.ArrayLike) -> Probs:
        """Features (n, d) to probabilities (n, 4)."""
        z, k = self.normed(rows), len(self.weights)
        answers = [softmax(z[:, :k] @ self.weights + self.bias)]
        for part, pull, width in zip((slice(k), slice(k, None)), self.pull, self.width, strict=False):
            alike = kernel(z[:, part], self.points[:, part], float(width)) @ pull + self.level
            answers.append(softmax(SHARPNESS * alike))
        return np.mean(answers, axis=0)


def normed(rows: npt.ArrayLike, mean: npt.ArrayLike, scale: npt.ArrayLike) -> Probs:
    """In deviations from the mean, at most :data:`CLIP`."""
    return np.clip((np.asarray(rows, np.float64) - np.asarray(mean)) / np.asarray(scale), -CLIP, CLIP)


def kernel(rows: npt.NDArray[np.floating], points: npt.NDArray[np.floating], width: float) -> Probs:
    """How like each row is each point, in (0, 1]; shape (rows, points)."""
    near = rows.astype(points.dtype, copy=False) @ points.T
    lengths = [np.einsum("ij,ij->i", of, of) for of in (rows, points)]  # no copy of either
    squares = lengths[0][:, None] + lengths[1] - 2 * near
    return np.exp(-width * np.maximum(squares, 0) / rows.shape[1])


def softmax(logits: npt.NDArray[np.floating]) -> Probs:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
