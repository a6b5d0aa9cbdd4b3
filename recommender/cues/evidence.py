"""What can be read of a stretch of the clip: the means of its moments, and how far to trust them.

:func:`plane` is the one place where a moment's scores become valence and energy; where a reader
gives these numbers itself, with an interval, they take its place there and nothing else changes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.fusion import DISAGREE_FROM, disagreement
from emotion.labels import VALENCE_AROUSAL
from emotion.timeline import EmotionScores, Moment, Segment, Timeline

Array = npt.NDArray[np.float64]

FACE_ALONE: Final = 0.5
"""What a moment with a face and no voice counts beside one with a voice: energy is heard more than seen."""
LEAST_S: Final = 0.2
"""Less than so much of a reading says nothing of a stretch: the rim of a neighbour's moment, mostly."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Valence and energy (arousal) in [-1, 1]; ``valence_sd``: its standard deviation, how far it is in doubt."""

    valence: float
    energy: float
    valence_sd: float

    @classmethod
    def of(cls, scores: EmotionScores) -> Reading:
        means, variances = plane(scores.as_array()[None])
        return cls(float(means[0, 0]), float(means[0, 1]), float(np.sqrt(variances[0, 0])))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What voice and face say of one stretch. None where there is nothing to say.

    ``speech``: the part of the stretch, in [0, 1], in which somebody speaks.
    """

    scores: EmotionScores | None = None
    voice: EmotionScores | None = None
    face: EmotionScores | None = None
    speech: float = 0.0

    @property
    def divided(self) -> bool:
        """Whether voice and face say different things."""
        if self.voice is None or self.face is None or self.voice.label == self.face.label:
            return False
        return (disagreement(self.voice, self.face) or 0.0) >= DISAGREE_FROM


NOTHING_READ: Final = Evidence()


def plane(probs: Array) -> tuple[Array, Array]:
    """Means and variances of valence and energy under distributions of shape (n, 8): two of shape (n, 2)."""
    means = probs @ VALENCE_AROUSAL
    return means, np.maximum(probs @ VALENCE_AROUSAL**2 - means**2, 0.0)


def leading(moment: Moment) -> EmotionScores | None:
    """What a moment shows: both together, or the one side there is."""
    return moment.fused or moment.voice or moment.face


def weight(moment: Moment) -> float:
    """How much a second of this moment counts, in [0, 1]."""
    if leading(moment) is None:
        return 0.0
    return FACE_ALONE if moment.voice is None and moment.face is not None else 1.0


def speech_of(timeline: Timeline) -> tuple[Segment, ...]:
    """Where somebody speaks; of a timeline that does not say, where a voice was read."""
    if timeline.speech:
        return timeline.speech
    spoken: list[Segment] = []
    for m in timeline.moments:
        if m.voice is None:
            continue
        if spoken and m.segment.start_s <= spoken[-1].end_s:
            spoken[-1] = Segment(spoken[-1].start_s, m.segment.end_s)
        else:
            spoken.append(m.segment)
    return tuple(spoken)


def spoken_until(speech: Sequence[Segment], times: npt.ArrayLike) -> Array:
    """Seconds of speech from the clip's start to each time."""
    at = np.asarray(times, dtype=np.float64)
    if not speech:
        return np.zeros_like(at)
    starts = np.array([s.start_s for s in speech])
    ends = np.array([s.end_s for s in speech])
    total = np.concatenate([[0.0], np.cumsum(ends - starts)])
    begun = np.searchsorted(starts, at, side="right")
    last = np.maximum(begun - 1, 0)
    beyond = np.clip(ends[last] - at, 0.0, None)
    return total[begun] - np.where(begun > 0, beyond, 0.0)


def evidence(moments: Sequence[Moment], start_s: float, end_s: float, spoken_s: float) -> Evidence:
    """The evidence between two times, each moment counting by how much of it lies there.

    ``spoken_s``: the seconds of speech between them, by :func:`spoken_until`, which is asked for all stretches at once.
    """
    first = bisect_right(moments, start_s, key=lambda m: m.segment.end_s)
    last = bisect_left(moments, end_s, key=lambda m: m.segment.start_s)
    here = Segment(start_s, end_s)
    inside = [(m, here.overlap_s(m.segment)) for m in moments[first:last]]
    return Evidence(
        scores=_mean([(leading(m), s * weight(m)) for m, s in inside]),
        voice=_mean([(m.voice, s) for m, s in inside]),
        face=_mean([(m.face, s) for m, s in inside]),
        speech=min(1.0, spoken_s / max(end_s - start_s, 1e-9)),
    )


def _mean(weighed: Sequence[tuple[EmotionScores | None, float]]) -> EmotionScores | None:
    there = [(s, w) for s, w in weighed if s is not None and w > 0]
    if sum(w for _, w in there) < LEAST_S:
        return None
    return EmotionScores.mean([s for s, _ in there], [w for _, w in there]) if there else None
