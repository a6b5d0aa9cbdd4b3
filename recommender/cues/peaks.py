"""Marks inside the cues: the strongest moment, and a turn that is too short to be a cue of its own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

import numpy as np

from emotion.timeline import Moment, Segment
from recommender.cues.evidence import leading, plane
from recommender.cues.frames import on_grid
from recommender.cues.mood import Mood

Kind = Literal["strongest", "turn"]

APART_S: Final = 20
"""At most one mark in so long."""
STANDS_OUT: Final = 0.25
"""How far above its cue's mean energy a strongest moment lies, and how far a turn lies from it on the plane."""
TURN: Final = 0.55
EDGE_S: Final = 1.0
"""Beside an edge it is the edge that is marked."""
FLAT: Final = frozenset({"neutral", "calm"})


@dataclass(frozen=True, slots=True)
class Peak:
    """A moment worth an accent: when (exact seconds, on a frame), what kind, and what is shown there."""

    time: Fraction
    kind: Kind
    emotion: str


def peaks(moments: Sequence[Moment], cues: Sequence[tuple[Segment, Mood]], rate: Fraction) -> list[tuple[Peak, ...]]:
    """The marks of each cue, the most prominent winning; at most one in :data:`APART_S`, none for what is flat."""
    found: list[tuple[float, int, Peak]] = []
    for i, (segment, mood) in enumerate(cues):
        if mood.emotion is not None and mood.emotion not in FLAT:
            found += [(height, i, peak) for height, peak in _candidates(moments, segment, rate)]
    marks: list[list[Peak]] = [[] for _ in cues]
    taken: dict[int, Fraction] = {}  # each stretch of APART_S holds one mark at most: its neighbours alone are too near
    for _, i, peak in sorted(found, key=lambda f: (-f[0], f[2].time)):
        stretch = peak.time // APART_S
        near = (taken[k] for k in range(stretch - 1, stretch + 2) if k in taken)
        if all(abs(peak.time - other) >= APART_S for other in near):
            taken[stretch] = peak.time
            marks[i].append(peak)
    return [tuple(sorted(there, key=lambda p: p.time)) for there in marks]


def _candidates(moments: Sequence[Moment], here: Segment, rate: Fraction) -> list[tuple[float, Peak]]:
    first = bisect_left(moments, here.start_s + EDGE_S, key=lambda m: m.segment.start_s)
    last = bisect_right(moments, here.end_s - EDGE_S, key=lambda m: m.segment.end_s)
    there = [(m, s) for m in moments[first:last] if (s := leading(m)) is not None]
    if len(there) < 3:
        return []
    means, _ = plane(np.array([s.probs for _, s in there]))
    away = means - means.mean(axis=0)
    out: list[tuple[float, Peak]] = []
    for k, (moment, scores) in enumerate(there):
        if scores.label in FLAT:
            continue
        rise, distance = float(away[k, 1]), float(np.hypot(*away[k]))
        highest = rise == float(away[max(k - 2, 0) : k + 3, 1].max())
        if rise >= STANDS_OUT and highest:
            out.append((rise, Peak(on_grid(moment.segment.start_s, rate), "strongest", scores.label)))
        elif distance >= TURN:
            out.append((distance - TURN, Peak(on_grid(moment.segment.start_s, rate), "turn", scores.label)))
    return out
