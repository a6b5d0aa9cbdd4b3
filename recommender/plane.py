"""Distances on the valence-arousal plane between songs and what a clip expresses.

A clip (or a stretch of it) is a distribution over the eight emotions, and each emotion is a point
(``emotion.labels.VALENCE_AROUSAL``). The distance of a song to a distribution is a soft minimum
over those points,

    D(song, p) = -T log sum_e p(e) exp(-|song - point(e)| / T),   T = TEMPERATURE,

which is the plain distance where one emotion has all the probability, is never negative, and adds
T log(1/p) for an emotion that is only p likely: a song that suits the second likeliest emotion
beats one that lies in the no man's land between two.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.labels import VALENCE_AROUSAL

TEMPERATURE: Final = 0.15

Array = npt.NDArray[np.float64]


def affinity(positions: Array, anchors: Array = VALENCE_AROUSAL) -> Array:
    """exp(-distance / T) of each position, shape (n, 2), to each anchor, shape (8, 2): shape (n, 8)."""
    dv = positions[:, 0, None] - anchors[None, :, 0]
    da = positions[:, 1, None] - anchors[None, :, 1]
    return np.exp(np.sqrt(dv * dv + da * da) / -TEMPERATURE)


def distance(affinities: Array, probs: Array) -> Array:
    """D of the module's formula: ``affinities`` (n, 8) and ``probs`` (s, 8) give shape (n, s)."""
    # single precision halves the time of a whole timeline and errs by less than 1e-5
    mixed = affinities.astype(np.float32) @ probs.T.astype(np.float32)
    return (np.log(mixed) * np.float32(-TEMPERATURE)).clip(min=0).astype(np.float64)


def mirrored() -> Array:
    """The emotions' points with valence turned over and arousal kept: what irony aims at."""
    return VALENCE_AROUSAL * np.array([-1.0, 1.0])


def path(start: tuple[float, float], end: tuple[float, float], steps: int) -> Array:
    """Points from ``start`` to ``end``, both included, at even distances: shape (steps, 2)."""
    along = np.linspace(0.0, 1.0, steps)[:, None] if steps > 1 else np.ones((1, 1))
    return np.array(start) * (1 - along) + np.array(end) * along
