"""The seconds in which one person's face shows the most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emotion.timeline import FaceTrack

AT_REST: Final = frozenset({"neutral", "calm"})
"""A face at rest is not a peak."""
LEAST: Final = 0.4
"""Probability, along the smoothed track, from which on a peak is worth naming."""
CLEAR: Final = 0.3
"""Faces that can be read less well than this make no peaks."""
APART_S: Final = 2.0
MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Peak:
    """An emotion where it is strongest."""

    time_s: float
    emotion: str
    value: float
    """Its smoothed probability, in [0, 1]."""


def peaks(track: FaceTrack) -> tuple[Peak, ...]:
    """At most :data:`MOST` peaks in order of time: the strongest first choose their place, 2 s apart."""
    candidates = sorted(
        (
            Peak(s.time_s, s.scores.label, s.scores.confidence)
            for s in track.sightings
            if s.weight >= CLEAR and s.scores.label not in AT_REST and s.scores.confidence >= LEAST
        ),
        key=lambda p: -p.value,
    )
    chosen: list[Peak] = []
    for p in candidates:
        if len(chosen) < MOST and all(abs(p.time_s - q.time_s) >= APART_S for q in chosen):
            chosen.append(p)
    return tuple(sorted(chosen, key=lambda p: p.time_s))


def highest(track: FaceTrack) -> tuple[float, ...]:
    """The most that each of the eight emotions reaches along the track, in the order of ``labels.EMOTIONS``."""
    return tuple(max(column) for column in zip(*(s.scores.probs for s in track.sightings), strict=True))
