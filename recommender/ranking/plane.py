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

Array = npt.NDArray[np.floating]
Single = npt.NDArray[np.float32]

GOALS: Final[dict[str, tuple[float, float]]] = {
    "hopeful": (0.51, 0.23),
    "joyful": (0.76, 0.48),
    "triumphant": (0.69, 0.57),
    "relaxed": (0.68, -0.46),
    "solemn": (0.03, -0.32),
    "tense": (-0.33, 0.58),
    "lonely": (-0.66, -0.43),
    "enraged": (-0.44, 0.72),
}
"""Where music may steer to: valence and arousal of these terms in Russell & Mehrabian (1977)."""
DEFAULT_GOAL: Final = "hopeful"


def affinity(positions: Array, anchors: Array = VALENCE_AROUSAL) -> Single:
    """exp(-distance / T) of each position, shape (n, 2), to each anchor, shape (8, 2): shape (n, 8).

    Single precision: it halves the time of a whole timeline and errs by less than 1e-5.
    """
    places, points = positions.astype(np.float32), anchors.astype(np.float32)
    squared = (places[:, 0, None] - points[:, 0]) ** 2
    squared += (places[:, 1, None] - points[:, 1]) ** 2
    away = np.sqrt(squared, out=squared)
    away *= np.float32(-1 / TEMPERATURE)
    return np.exp(away, out=away)


def distance(affinities: Single, probs: Array) -> Single:
    """D of the module's formula: ``affinities`` (n, 8) and ``probs`` (s, 8) give shape (n, s)."""
    mixed = affinities @ probs.T.astype(np.float32)
    np.log(mixed, out=mixed)
    mixed *= np.float32(-TEMPERATURE)
    return np.maximum(mixed, 0, out=mixed)


def mirrored() -> Array:
    """The emotions' points with valence turned over and arousal kept: what irony aims at."""
    return VALENCE_AROUSAL * np.array([-1.0, 1.0])


def path(start: tuple[float, float], end: tuple[float, float], steps: int) -> Array:
    """Points from ``start`` to ``end``, both included, at even distances: shape (steps, 2)."""
    along = np.linspace(0.0, 1.0, steps)[:, None] if steps > 1 else np.ones((1, 1))
    return np.array(start) * (1 - along) + np.array(end) * along
