"""Which faces are marked on the frame that is shown."""

from __future__ import annotations

import numpy as np

from emotion.timeline import Box, EmotionScores, FaceTrack, Sighting
from pages.analyse.faces import seen_at


def track(number: int, *times_s: float) -> FaceTrack:
    scores = EmotionScores.from_array(np.ones(8))
    return FaceTrack(number, tuple(Sighting(t, Box(0, 0, 9, 9), 0.9, scores) for t in times_s), 0.5)


def test_nobody_from_before_a_cut_stands_beside_who_came_after() -> None:
    before, other, after = track(1, 3.01, 3.21, 3.41), track(2, 3.21, 3.41), track(3, 3.61, 3.81)
    tracks = (before, other, after)
    assert [t.id for t, _ in seen_at(tracks, 3.6)] == [3]
    assert [t.id for t, _ in seen_at(tracks, 3.4)] == [1, 2]
    assert [(t.id, s.time_s) for t, s in seen_at(tracks, 3.0)] == [(1, 3.01)]
    assert seen_at(tracks, 9.0) == []
