"""From what was heard to the plane and to mood words: heads on musicnn's values, descriptors and Whisper's.

Valence and energy are read off the four quadrants' probabilities, P(Q1) + P(Q4) - P(Q2) - P(Q3) and
P(Q1) + P(Q2) - P(Q3) - P(Q4): the sets that the head learnt from name quadrants, not degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.weights import Weights
from recommender.library import descriptors
from recommender.library.front_end import PATCH_S
from recommender.library.hear import Heard
from recommender.library.quadrant_head import QuadrantHead
from recommender.library.track_sound import MOODS, QUADRANTS, STEP_S, Mood, TrackSound

Array = npt.NDArray[np.float32]
Probs = npt.NDArray[np.float64]

CONTEXT_S: Final = 12.0
"""Each value of a curve is read from so many seconds around it."""
WHOLE_S: Final = 30.0
"""The whole track is judged in stretches of this length, as the head was taught, and their mean is taken."""
VALENCE: Final = np.array([1.0, -1.0, -1.0, 1.0])
ENERGY: Final = np.array([1.0, 1.0, -1.0, -1.0])
MAX_MOODS: Final = 4
TRUST: Final = 12
"""A library of so many tracks is read half in the light of itself; see :func:`among`."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """``quadrants`` (4,) and ``moods`` (9,) of the whole track; ``curve`` (steps, 4), quadrants over time."""

    quadrants: Probs
    moods: Probs
    curve: Probs


class MoodHead:
    """The heads of a model folder's ``head.npz``: the quadrants', and the moods', which is linear."""

    def __init__(self, weights: Weights) -> None:
        with np.load(weights.path("head.npz")) as arrays:
            self._quadrants = QuadrantHead.read(arrays)
            self._weights, self._bias = (arrays[n].astype(np.float64) for n in ("mood_weights", "mood_bias"))

    def judge(self, heard: Heard) -> Judged:
        """Read a whole track and its course; one call a track."""
        whole, steps = spans(heard.duration_s)
        rows = features(heard, [*whole, *steps])
        quadrants, moods = self.quadrants(rows), self.moods(rows[: len(whole)])
        return Judged(quadrants[: len(whole)].mean(axis=0), moods.mean(axis=0), quadrants[len(whole) :])

    def quadrants(self, rows: npt.ArrayLike) -> Probs:
        """Features (n, d) to probabilities (n, 4)."""
        return self._quadrants.probs(rows)

    def moods(self, rows: npt.ArrayLike) -> Probs:
        """Features (n, d) to scores (n, 9): above 0.5 where more listeners name the mood than of the usual track."""
        z = self._quadrants.normed(rows)[:, : len(self._weights)]
        return 1 / (1 + np.exp(-(z @ self._weights + self._bias)))


def spans(duration_s: float) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Stretches for the whole track, and those around each step of its curves."""
    count = max(1, round(duration_s / WHOLE_S))
    edges = np.linspace(0.0, duration_s, count + 1)
    whole = [(float(a), float(b)) for a, b in pairwise(edges)]
    middles = (np.arange(max(1, int(np.ceil(duration_s / STEP_S - 1e-6)))) + 0.5) * STEP_S
    starts = np.clip(middles - CONTEXT_S / 2, 0.0, max(0.0, duration_s - CONTEXT_S))
    return whole, [(float(a), float(min(duration_s, a + CONTEXT_S))) for a in starts]


def features(heard: Heard, stretches: Sequence[tuple[float, float]]) -> Array:
    """One row a stretch.

    Mean and deviation of musicnn's 200 values, its 50 tags (logarithm), the descriptors, Whisper's 1,024 values.
    """
    seen, spoken = [], []
    for start, end in stretches:
        first = min(round(start / PATCH_S), max(0, len(heard.embedding) - 1))
        last = max(first + 1, round(end / PATCH_S))
        part = heard.embedding[first:last]
        likely = np.log(heard.tags[first:last].mean(axis=0) + 1e-3)
        seen.append(np.concatenate([part.mean(axis=0), part.std(axis=0), likely]))
        spoken.append(heard.whisper[first:last].mean(axis=0))
    told = descriptors.describe(heard.frames, list(stretches))
    return np.hstack([np.stack(seen), told, np.stack(spoken)]).astype(np.float32)


def named(moods: Probs) -> tuple[Mood, ...]:
    """The moods that apply, likeliest first: those above one half, at most four, and never none."""
    order = np.argsort(-moods)
    applying = [int(i) for i in order if moods[i] >= 0.5][:MAX_MOODS]
    return tuple(MOODS[i] for i in applying or [int(order[0])])


def among(sounds: Sequence[TrackSound]) -> list[TrackSound]:
    """The same tracks, read in the light of their library: what is usual there no longer counts as a mood.

    All piano, or all strings, would otherwise lie in one corner of the plane. Each track's quadrants
    are divided by the library's mean, the more of it the more tracks there are (n / (n + 12) of the
    logarithm), and the curves move with it.
    """
    if not sounds:
        return []
    shifted = among_probs(np.array([s.quadrant_probs for s in sounds]))
    return [_moved(s, p) for s, p in zip(sounds, shifted, strict=True)]


def among_probs(probs: Probs) -> Probs:
    """The quadrants (n, 4) of a library's tracks in its own light; see :func:`among`."""
    weight = len(probs) / (len(probs) + TRUST)
    usual = np.maximum(probs.mean(axis=0), 1e-3) ** weight
    shifted = probs / usual
    return shifted / shifted.sum(axis=1, keepdims=True)


def _moved(sound: TrackSound, probs: Probs) -> TrackSound:
    valence, energy = float(probs @ VALENCE), float(probs @ ENERGY)
    return replace(
        sound,
        valence=round(valence, 3),
        energy=round(energy, 3),
        quadrant=QUADRANTS[int(probs.argmax())],
        quadrant_probs=tuple(round(float(p), 4) for p in probs),
        valence_curve=_shifted(sound.valence_curve, sound.valence, valence),
        energy_curve=_shifted(sound.energy_curve, sound.energy, energy),
    )


def _shifted(curve: tuple[float, ...], before: float, after: float) -> tuple[float, ...]:
    """The curve moved as its track was, by the same step on the scale of log odds."""
    step = _odds(after) - _odds(before)
    return tuple(round(float(np.tanh(_odds(v) + step)), 3) for v in curve)


def _odds(value: float) -> float:
    return float(np.arctanh(np.clip(value, -0.995, 0.995)))
