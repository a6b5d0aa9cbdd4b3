"""Clips of hours: read part by part, from where they lie, and the result is that of a short clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from emotion import errors, media, signals
from emotion.face import person, stretch, track
from emotion.media import fence
from emotion.media.sound_file import SoundFile
from emotion.pipeline import Progress, Readers, study
from emotion.time_left import SHARES, TimeLeft, in_words, rounded
from emotion.timeline import Adaptation, Box, EmotionScores, Segment, Sighting, SpokenWindow, Verdict
from emotion.voice.adapt import listen
from emotion.voice.speech import SpeechDetector, speech_segments, windows_over
from tests import clips
from tests.conftest import SAMPLES

EVEN = EmotionScores.from_array(np.ones(8))


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute counts as long, so that parts meet in clips that tests can afford."""
    monkeypatch.setattr(signals, "WHOLE_S", 20.0)
    monkeypatch.setattr(signals, "PART_S", 16.0)


@pytest.fixture(scope="module")
def minute() -> np.ndarray:
    """A minute of the samples' speech, one after the other."""
    said = [media.read_sound(SAMPLES / name) for name in ("good-news.mp4", "long-evening.mp4", "two-at-the-table.mp4")]
    said[1] = said[1][: 11 * 16_000]
    return np.concatenate([*said, *said])


def test_a_sound_file_is_an_array_that_lies_on_the_disk(tmp_path: Path, rng: np.random.Generator) -> None:
    y = rng.normal(0, 0.1, 50_000).astype(np.float32)
    with SoundFile(tmp_path) as stored:
        for block in np.array_split(y, 7):
            stored.append(block)
        assert len(stored) == len(y)
        for part in (slice(None), slice(10, 20), slice(-5, None), slice(49_990, 60_000), slice(30, 10)):
            np.testing.assert_array_equal(stored[part], y[part])
        stored[0:10][:] = 1.0  # a copy
        np.testing.assert_array_equal(stored[0:10], y[0:10])
        with pytest.raises(ValueError, match="whole stretches"):
            stored[::2]
    assert list(tmp_path.iterdir()) == []


def test_the_fence_stores_what_it_would_have_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path))
    told: list[float] = []
    with fence.opened(SAMPLES / "good-news.mp4", frames=False) as reading, reading.stored_sound(told.append) as stored:
        np.testing.assert_array_equal(stored[:], media.read_sound(SAMPLES / "good-news.mp4"))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0, abs=0.02)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 2.0), (3.0, 5.5), (7.5, 60.0), (0.0, 60.0), (100.0, 120.0)])
def test_a_stretch_of_the_sound_is_that_stretch(start_s: float, end_s: float) -> None:
    path, sr = SAMPLES / "good-news.mp4", 22_050
    whole = media.read_sound(path, sr)[round(start_s * sr) : round(end_s * sr)]
    np.testing.assert_array_equal(fence.read_stretch(path, sr, start_s, end_s), whole)


def test_drawing_and_silence_are_the_same_in_parts(in_parts: None, minute: np.ndarray) -> None:
    del in_parts
    whole = np.stack(signals.envelope(minute[: 19 * 16_000], 16_000)[1:])
    edges = np.linspace(0, len(minute), 1001).astype(int)
    times, low, high = signals.envelope(minute, 16_000)
    np.testing.assert_array_equal(low, np.minimum.reduceat(minute, edges[:-1]))
    np.testing.assert_array_equal(high, np.maximum.reduceat(minute, edges[:-1]))
    assert times[-1] == pytest.approx(len(minute) / 16_000, abs=0.1)
    assert whole.shape == (2, 1000)
    assert signals.is_silent(np.zeros(60 * 16_000, np.float32), 16_000)
    late = np.zeros(60 * 16_000, np.float32)
    late[-10] = 0.5
    assert not signals.is_silent(late, 16_000)


def test_speech_is_found_where_it_is_found_in_one_piece(minute: np.ndarray, request: pytest.FixtureRequest) -> None:
    detector = SpeechDetector.build()
    whole = speech_segments(minute, 16_000, detector=detector)
    request.getfixturevalue("in_parts")
    parts = speech_segments(minute, 16_000, detector=detector)
    ticks = np.arange(0, 59, 0.05)
    spoken = np.array([[any(s.start_s <= t < s.end_s for s in found) for t in ticks] for found in (whole, parts)])
    assert 0.5 < spoken[0].mean() < 0.95
    assert (spoken[0] == spoken[1]).mean() > 0.98
    with pytest.raises(errors.Cancelled):
        speech_segments(minute, 16_000, detector=detector, cancelled=lambda: True)


def test_voices_read_in_parts_are_read_as_in_one_piece(
    readers: Readers, minute: np.ndarray, request: pytest.FixtureRequest
) -> None:
    assert readers.voice is not None
    windows = windows_over(speech_segments(minute, 16_000))
    whole = listen(readers.voice, minute, 16_000, windows)
    request.getfixturevalue("in_parts")
    told: list[float] = []
    parts = listen(readers.voice, minute, 16_000, windows, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert parts.segments == whole.segments
    alike = np.mean(parts.general.argmax(axis=1) == whole.general.argmax(axis=1))
    assert alike > 0.85  # each part is brought to a level of its own, as each clip is
    assert np.abs(parts.general - whole.general).mean() < 0.05
    assert len(set(parts.who)) == len(set(whole.who))


def test_a_long_clip_ends_like_a_short_one(readers: Readers, in_parts: None, tmp_path: Path) -> None:
    del in_parts
    path = clips.joined(tmp_path / "long.mp4", [SAMPLES / "good-news.mp4", SAMPLES / "long-evening.mp4"] * 2)
    before = path.read_bytes()
    studied = study(path, readers, limits=media.Limits.in_place())
    timeline = studied.timeline
    assert timeline.clip.duration_s == pytest.approx(2 * (8.37 + 33.73), abs=0.5)
    assert timeline.moments[-1].segment.end_s == pytest.approx(timeline.clip.duration_s, abs=0.2)
    assert sum(m.voice is not None for m in timeline.moments) > 0.5 * len(timeline.moments)
    assert sum(m.face is not None for m in timeline.moments) > 0.4 * len(timeline.moments)
    assert path.read_bytes() == before


def test_a_long_clip_that_is_cancelled_stops_and_leaves_nothing(
    readers: Readers, in_parts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del in_parts
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path / "cache"))
    path = clips.joined(tmp_path / "long.mp4", [SAMPLES / "good-news.mp4"] * 4)
    for enough in (0.0, 0.05, 0.3):  # before the sound, while it is stored, while it is heard
        said: list[Progress] = []

        def over(said: list[Progress] = said, enough: float = enough) -> bool:
            return any(p.stage == "hearing" and p.fraction >= enough for p in said)

        with pytest.raises(errors.Cancelled):
            study(path, readers, limits=media.Limits.in_place(), on_progress=said.append, cancelled=over)
        assert all(p.stage != "looking" for p in said)
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file()] == []


def test_what_lies_here_may_be_large_and_long_but_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = media.Limits.in_place()
    assert limits.max_bytes > 10**15
    assert 7200 < limits.max_duration_s < 7300
    monkeypatch.setenv("MOODCUE_MAX_SECONDS", "9000")
    assert media.Limits.in_place().max_duration_s == 9000
    assert media.Limits.from_environment().max_bytes == media.Limits().max_bytes


def test_a_worker_has_time_for_what_is_long_and_large(tmp_path: Path) -> None:
    short, large = tmp_path / "short.mp4", tmp_path / "large.mov"
    short.write_bytes(b"1")
    with large.open("wb") as f:
        f.truncate(100 * 1024**3)  # a hole: it takes no room
    assert fence.READING.for_file(short, 600.0).cpu_s == fence.READING.cpu_s
    bounds = fence.READING.for_file(large, media.Limits.in_place().max_duration_s)
    assert bounds.cpu_s >= 12 * fence.READING.cpu_s
    assert bounds.stalled_s > 3600


def test_who_is_heard_at_a_moment_is_the_one_who_is_heard_most_in_it() -> None:
    windows = tuple(SpokenWindow(Segment(t, t + 3.0), int(t > 50) + 1, EVEN, EVEN) for t in np.arange(0.0, 100.0))
    verdict = Verdict(EVEN, False)
    told = Adaptation(True, (), windows, verdict, verdict)
    for second in range(102):
        segment = Segment(second, second + 1.0)
        heard = [sum(segment.overlap_s(w.segment) for w in windows if w.speaker == n) for n in (1, 2)]
        assert told.speaker_at(segment) == (1 if heard[0] >= heard[1] else 2)
    assert told.speaker_at(Segment(200.0, 201.0)) is None


class Portraits:
    """Looks that are the crop's shade: three people, surely told apart."""

    def embed(self, crops: Sequence[stretch.Image]) -> npt.NDArray[np.float32]:
        return np.eye(3, dtype=np.float32)[[int(c[0, 0, 0]) for c in crops]]


def test_people_in_a_thousand_shots_are_still_who_they_are_and_few_pictures_are_kept() -> None:
    tracker = track.Tracker(Portraits())
    shade = [np.full((144, 144, 3), k, np.uint8) for k in range(3)]
    boxes = [Box(100.0 + 150 * k, 100, 90, 110) for k in range(3)]
    time_s = 0.0
    for shot in range(900):
        for frame in range(4):
            here = Sighting(time_s, boxes[shot % 3], 0.95, EVEN, 0.9, shade[shot % 3])
            tracker.add(time_s, [here], (360, 640), cut=frame == 0 and shot > 0)
            time_s += 0.2
    held = sum(s.crop is not None for t in tracker._stretches for s in t.sightings)
    assert held <= (track.MOST_ENDED + 1) * stretch.CROPS_OF_ENDED + 3 * stretch.CROPS
    people = tracker.finish()
    assert [len(p.sightings) for p in people] == [1200] * 3
    for p in people:
        crops = [s.crop for s in p.sightings if s.crop is not None]
        assert 1 <= len(crops) <= stretch.CROPS
        assert len({int(c[0, 0, 0]) for c in crops}) == 1


def test_one_face_in_one_shot_for_an_hour_keeps_a_dozen_pictures_spread_over_it() -> None:
    tracker, crop = track.Tracker(Portraits()), np.zeros((64, 64, 3), np.uint8)
    for i in range(3 * 3600):
        tracker.add(i / 3, [Sighting(i / 3, Box(100, 100, 90, 110), 0.95, EVEN, 0.9, crop)], (360, 640))
    (one,) = tracker.finish()
    times = [s.time_s for s in one.sightings if s.crop is not None]
    assert len(times) == stretch.CROPS
    assert max(np.diff(times)) < 1800


def test_groups_of_many_stretches_are_those_of_few() -> None:
    vectors = [np.eye(4, dtype=np.float32)[[i % 4]] for i in range(40)]
    times = [frozenset({float(i)}) for i in range(40)]
    assert sorted(map(len, person.groups(vectors, times))) == [10] * 4


def test_the_time_left_is_the_time_that_is_left() -> None:
    """A reading of ten minutes whose stages take their usual shares, looked at every second from its first on."""
    at_s, guesses, ends = 0.0, {}, {}
    left, length_s = TimeLeft(), 600.0
    for stage, share in SHARES.items():
        for k in range(round(share * length_s)):
            guesses[at_s] = left.after(Progress(stage, k / (share * length_s)), at_s)  # type: ignore[arg-type]
            ends[at_s] = length_s - at_s
            at_s += 1.0
    said = {t: g for t, g in guesses.items() if g is not None}
    assert min(said) < 0.1 * length_s
    assert len(said) > 0.85 * length_s
    assert all(abs(g - ends[t]) < 0.06 * length_s for t, g in said.items())


def test_what_was_looked_at_while_the_sound_was_read_is_not_counted_twice() -> None:
    for beside, rest in ((0.0, 1.0), (0.5, 0.5), (1.0, 0.0)):
        left = TimeLeft()
        assert left.after(Progress("hearing", 0.0, beside=beside), 0.0) is None
        told = left.after(Progress("hearing", 0.5, beside=beside), 50.0)
        assert told == pytest.approx(50 + 100 * (SHARES["looking"] * rest + SHARES["matching"]) / SHARES["hearing"])


def test_who_comes_late_is_told_by_the_pace_since_then_and_nobody_too_early() -> None:
    left = TimeLeft()
    assert left.after(None, 0.0) is None
    assert left.after(Progress("looking", 0.5), 0.0) is None
    assert left.after(Progress("looking", 0.501), 60.0) is None
    half = left.after(Progress("looking", 0.75), 100.0)
    assert half == pytest.approx(100 + 400 * 0.03 / 0.67, abs=1)
    assert [rounded(v) for v in (0.2, 1.4, 5, 6, 12, 41)] == [(n, "seconds") for n in (1, 1, 5, 10, 15, 45)]
    assert [in_words(v) for v in (0.2, 5, 95)] == [f"about {n} left" for n in ("1 second", "5 seconds", "2 minutes")]
    assert [rounded(v) for v in (95, 290, 1000)] == [(2, "minutes"), (5, "minutes"), (20, "minutes")]
