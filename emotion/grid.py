"""Windows of voice and sightings of a face, brought onto one grid of equal steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

from emotion.fusion import Reliability, disagreement, fuse
from emotion.timeline import Clip, EmotionScores, FaceTrack, Moment, Segment

STEP_S: Final = 1.0
FACE_REACH_S: Final = 0.5
"""A face seen up to so long before or after a moment still speaks for it (a short loss, a blink)."""


def grid(duration_s: float, step_s: float = STEP_S) -> list[Segment]:
    """Steps that cover the clip; a rest shorter than half a step joins the last one."""
    count = max(1, math.floor(duration_s / step_s + 0.5))
    edges = [i * step_s for i in range(count)] + [max(duration_s, 1e-3)]
    return [Segment(a, b) for a, b in itertools.pairwise(edges)]


def of_clip(
    clip: Clip,
    windows: Sequence[tuple[Segment, EmotionScores]],
    tracks: Sequence[FaceTrack],
    reliability: Reliability,
) -> tuple[Moment, ...]:
    """One moment a step. ``windows`` and the sightings of ``tracks`` are in order of time."""
    end_s = max([clip.duration_s, *(w.end_s for w, _ in windows[-1:])])
    out = []
    for segment in grid(end_s):
        voice = _voice_at(segment, windows)
        face = _face_at(segment, tracks)
        out.append(Moment(segment, voice, face, fuse(voice, face, reliability), disagreement(voice, face)))
    return tuple(out)


def _voice_at(segment: Segment, windows: Sequence[tuple[Segment, EmotionScores]]) -> EmotionScores | None:
    """Mean of the windows that cover the step, those centred near it counting most."""
    weighed = [
        (scores, segment.overlap_s(w) / (1.0 + abs(w.middle_s - segment.middle_s)))
        for w, scores in windows
        if segment.overlap_s(w) >= min(STEP_S, segment.duration_s) / 2
    ]
    return EmotionScores.mean([s for s, _ in weighed], [w for _, w in weighed]) if weighed else None


def _face_at(segment: Segment, tracks: Sequence[FaceTrack]) -> EmotionScores | None:
    """Mean of the sightings in the step, by their weight; else of those just beside it."""
    sightings = [s for t in tracks for s in t.sightings]
    inside = [s for s in sightings if segment.start_s <= s.time_s < segment.end_s]
    near = inside or [s for s in sightings if segment.start_s - FACE_REACH_S <= s.time_s < segment.end_s + FACE_REACH_S]
    return EmotionScores.mean([s.scores for s in near], [s.weight for s in near]) if near else None
