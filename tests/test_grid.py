"""The grid: what covers a step, which face is shown, and how long a picture counts."""

from __future__ import annotations

import pytest

from emotion import grid
from emotion.fusion import Reliability, disagreement, fuse, fuse_each
from emotion.timeline import Box, Clip, EmotionScores, FaceTrack, Segment, Sighting
from tests.test_fusion import EQUAL, peaked


def track(number: int, times: list[float], emotion: str, *, side: float = 50.0) -> FaceTrack:
    box = Box(0, 0, side, side)
    return FaceTrack(number, tuple(Sighting(t, box, 0.9, peaked(emotion)) for t in times), 0.5)


def talking(number: int, side: float, emotion: str, talks: tuple[float, float]) -> FaceTrack:
    """Somebody on screen for four seconds whose mouth moves from the first to the second of ``talks``."""
    opening = [0.02 * (i % 2) if talks[0] <= t < talks[1] else 0.001 * (i % 2) for i, t in enumerate(every(0, 4))]
    box = Box(0, 0, side, side)
    return FaceTrack(
        number,
        tuple(
            Sighting(t, box, 0.9, peaked(emotion), mouth_open=gap) for t, gap in zip(every(0, 4), opening, strict=True)
        ),
        1.0,
    )


def every(start_s: float, end_s: float, step_s: float = 0.2) -> list[float]:
    return [start_s + i * step_s for i in range(round((end_s - start_s) / step_s))]


def labels(scores: grid.Scores) -> list[str | None]:
    return [s and s.label for s in scores]


def test_a_picture_counts_until_the_next_one() -> None:
    """A screen recording with a picture every three seconds."""
    steps = grid.grid(12.0)
    times = [0.0, 3.0, 6.0, 9.0]
    shown = grid.Shown.of(times, [None] * 4, 12.0)
    row = grid.face_row(steps, [track(1, times, "happy")], shown)
    assert labels(row.scores) == ["happy"] * 12
    assert row.seen_s == pytest.approx(12.0)
    gone = grid.face_row(steps, [track(1, [0.0, 9.0], "happy")], shown)  # pictures at 3 and 6 s show nobody
    assert labels(gone.scores) == ["happy"] * 4 + [None] * 4 + ["happy"] * 4
    assert gone.seen_s == pytest.approx(6.0)


def test_a_known_end_is_believed() -> None:
    shown = grid.Shown.of([0.0, 1.0], [0.5, 2.0], 10.0)
    assert shown.end_s.tolist() == [0.5, 2.0]


def test_the_largest_face_is_shown_whoever_it_is() -> None:
    """Two people in turn, and a small third one all along: the row is never empty and never the small one's."""
    steps = grid.grid(10.0)
    row = grid.face_row(
        steps,
        [
            track(1, every(0, 5), "happy", side=100),
            track(2, every(5, 10), "sad", side=90),
            track(3, every(0, 10), "angry", side=30),
        ],
    )
    assert labels(row.scores) == ["happy"] * 5 + ["sad"] * 5
    assert row.whole is not None
    assert row.whole["angry"] < 0.1
    assert row.whole["happy"] == pytest.approx(row.whole["sad"], abs=0.02)


def test_who_speaks_is_shown_though_another_is_larger() -> None:
    steps = grid.grid(4.0)
    row = grid.face_row(steps, [talking(1, 200, "neutral", (0, 0)), talking(2, 60, "happy", (0, 2))])
    assert labels(row.scores) == ["happy", "happy", "neutral", "neutral"]
    turns = grid.face_row(steps, [talking(1, 200, "neutral", (0, 2)), talking(2, 60, "happy", (2, 4))])
    assert labels(turns.scores) == ["neutral", "neutral", "happy", "happy"]


def test_of_two_about_as_large_the_row_stays_with_one() -> None:
    first = tuple(Sighting(t, Box(0, 0, 100, 100 + i % 3), 0.9, peaked("happy")) for i, t in enumerate(every(0, 10)))
    other = tuple(Sighting(t, Box(0, 0, 100, 101), 0.9, peaked("sad")) for t in every(0, 10))
    row = grid.face_row(grid.grid(10.0), [FaceTrack(1, first, 1.0), FaceTrack(2, other, 1.0)])
    assert len(set(labels(row.scores))) == 1


def test_a_short_loss_is_bridged_and_a_long_one_is_not() -> None:
    row = grid.face_row(grid.grid(6.0), [track(1, [*every(0, 1.8), *every(3.2, 4)], "happy")])
    assert labels(row.scores) == ["happy", "happy", "happy", "happy", "happy", None]
    row = grid.face_row(grid.grid(6.0), [track(1, every(0, 1), "happy")])
    assert labels(row.scores) == ["happy", "happy", None, None, None, None]


def test_windows_speak_for_the_steps_that_they_half_cover() -> None:
    windows = [(Segment(0.0, 1.4), peaked("sad")), (Segment(2.5, 5.5), peaked("angry"))]
    assert labels(grid.voice_row(grid.grid(6.0), windows)) == ["sad", None, "angry", "angry", "angry", "angry"]
    assert grid.voice_row(grid.grid(3.0), []) == [None] * 3


def test_what_lies_after_the_end_still_counts_for_the_last_step() -> None:
    line = grid.of_clip(Clip("c", 2.0), [], [track(1, [0.1, 2.05], "happy")], EQUAL)
    assert len(line) == 2
    assert line[1].face is not None


def test_pairs_are_joined_alike_one_by_one_and_all_at_once() -> None:
    sides: list[tuple[EmotionScores | None, EmotionScores | None]] = [
        (peaked("sad", 0.7), peaked("neutral", 0.9)),
        (None, peaked("happy")),
        (peaked("calm"), None),
        (None, None),
        (peaked("calm", 0.6), peaked("neutral", 0.8)),
    ]
    reliability = Reliability(0.6, 0.8)
    fused, differ = fuse_each([v for v, _ in sides], [f for _, f in sides], reliability)
    for (voice, face), both, apart in zip(sides, fused, differ, strict=True):
        one = fuse(voice, face, reliability)
        assert (one is None) == (both is None)
        if one is not None and both is not None:
            assert both.probs == pytest.approx(one.probs, abs=1e-12)
        assert apart == pytest.approx(disagreement(voice, face))
