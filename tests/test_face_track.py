"""People are followed: through short losses, crossings and cuts; bystanders and ghosts are told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from emotion import errors, media
from emotion.face import shot_change
from emotion.face.frames import analyse_frames
from emotion.face.infer import FaceReader, build_reader
from emotion.face.peaks import highest, peaks
from emotion.face.people import smooth
from emotion.face.person import LINKED, OTHER, SAME, PersonEncoder, groups
from emotion.face.stretch import CROPS
from emotion.face.track import Tracker
from emotion.labels import EMOTIONS
from emotion.media import VideoFrame
from emotion.timeline import Box, EmotionScores, FaceTrack, Sighting

FRAME = (360, 640)
STEP_S = 0.2
EVEN = EmotionScores.from_array(np.ones(8))


def scores(emotion: str, p: float = 0.86) -> EmotionScores:
    return EmotionScores.from_array([p if e == emotion else (1 - p) / 7 for e in EMOTIONS])


def sighting(
    i: int, x: float, y: float = 100, size: float = 80, *, confidence: float = 0.9, weight: float = 1.0, crop=None
) -> Sighting:
    return Sighting(i * STEP_S, Box(x, y, size, size * 1.2), confidence, EVEN, weight, crop)


class Looks:
    """An encoder that knows faces by their colours, and counts how many it was shown."""

    def __init__(self) -> None:
        self.shown = 0

    def embed(self, crops) -> np.ndarray:
        self.shown += len(crops)
        small = [cv2.resize(c, (6, 6), interpolation=cv2.INTER_AREA).reshape(-1) / 127.5 - 1.0 for c in crops]
        return np.array([v / np.linalg.norm(v) for v in small], np.float32)


def follow(frames: list[list[Sighting]], cuts: frozenset[int] = frozenset(), looks: Looks | None = None):
    tracker = Tracker(looks or Looks())
    for i, found in enumerate(frames):
        tracker.add(i * STEP_S, found, FRAME, cut=i in cuts)
    return tracker.finish()


def portrait(seed: int) -> np.ndarray:
    """A made-up face crop, the same for the same seed."""
    rng = np.random.default_rng(seed)
    blobs = cv2.resize(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8), (96, 96), interpolation=cv2.INTER_CUBIC)
    return cv2.GaussianBlur(blobs, (0, 0), 5)


def test_two_moving_people_stay_two() -> None:
    frames = [[sighting(i, 60 + 12 * i), sighting(i, 500 - 6 * i, 180, 50)] for i in range(15)]
    tracks = follow(frames)
    assert [len(t.sightings) for t in tracks] == [15, 15]
    assert tracks[0].main and not tracks[1].main
    assert tracks[0].sightings[0].box.x == 60, "the larger one nearer the middle is the main person"
    assert [t.id for t in tracks] == [1, 2]


def test_a_short_loss_is_bridged_and_counts_less() -> None:
    (track,) = follow([[sighting(i, 200)] if not 4 <= i < 8 else [] for i in range(12)])
    assert track.share == pytest.approx(8 / 12)
    assert track.segment.end_s == pytest.approx(11 * STEP_S)


def test_somebody_elsewhere_after_a_long_loss_is_somebody_else() -> None:
    frames = [[sighting(i, 100)] if i < 5 else [sighting(i, 480)] if i >= 20 else [] for i in range(25)]
    assert len(follow(frames)) == 2


def test_a_cut_ends_a_track_even_in_the_same_place() -> None:
    frames = [[sighting(i, 200, crop=portrait(1 if i < 6 else 2))] for i in range(12)]
    assert len(follow(frames, cuts=frozenset({6}))) == 2


def test_another_face_in_the_same_place_is_somebody_else_though_no_cut_was_seen() -> None:
    """Interviews are cut before one wall: only the face changes."""
    who = [1] * 6 + [2] * 6 + [3] * 6
    tracks = follow([[sighting(i, 200 + 3 * i, crop=portrait(p))] for i, p in enumerate(who)])
    assert [len(t.sightings) for t in tracks] == [6, 6, 6]
    dark = follow([[sighting(i, 200, crop=portrait(p), weight=0.2)] for i, p in enumerate(who)])
    assert len(dark) == 3, "faces too dark to be compared by looks"


def test_light_that_changes_makes_nobody_else() -> None:
    frames = [[sighting(i, 200, crop=(portrait(1) * (1 - 0.09 * (i % 6))).astype(np.uint8))] for i in range(12)]
    assert len(follow(frames)) == 1


@pytest.mark.parametrize("every_s", [2.5, 10.0])
def test_sparse_frames_of_one_face_are_one_person(every_s: float) -> None:
    def tracks(still: bool, people: list[int]) -> tuple[FaceTrack, ...]:
        tracker = Tracker(Looks())
        for i, p in enumerate(people):
            crop = None if still and i else portrait(p)
            found = Sighting(i * every_s, Box(200 + i, 100, 80, 96), 0.9, EVEN, 1.0, crop)
            tracker.add(i * every_s, [found], FRAME, still=still and i > 0)
        return tracker.finish()

    for still in (True, False):
        (track,) = tracks(still, [1] * 6)
        assert track.share == 1 and len(track.sightings) == 6
    assert len(tracks(False, [1, 1, 1, 2, 2, 2])) == 2, "slides with two portraits in one place"


def test_who_comes_back_after_cuts_is_known_again() -> None:
    """A, B, A again: two people, not three."""
    who = [1] * 6 + [2] * 6 + [1] * 6
    frames = [[sighting(i, 200 if p == 1 else 400, crop=portrait(p))] for i, p in enumerate(who)]
    tracks = follow(frames, cuts=frozenset({6, 12}))
    assert sorted(len(t.sightings) for t in tracks) == [6, 12]


def test_people_seen_together_stay_apart_however_alike() -> None:
    frames = [[sighting(i, 60, crop=portrait(1)), sighting(i, 480, crop=portrait(1))] for i in range(12)]
    tracks = follow(frames, cuts=frozenset({6}))
    assert sorted(len(t.sightings) for t in tracks) == [12, 12]
    assert all(len({s.time_s for s in t.sightings}) == 12 for t in tracks)


def test_who_cross_keep_their_faces() -> None:
    """Two people walk through each other: by place alone they would swap."""
    frames = [
        [sighting(i, 100 + 20 * i, crop=portrait(1)), sighting(i, 400 - 20 * i, crop=portrait(2))] for i in range(16)
    ]
    tracks = follow(frames)
    assert [len(t.sightings) for t in tracks] == [16, 16]
    for t in tracks:
        steps = np.diff([s.box.x for s in t.sightings])
        assert np.all(steps == steps[0]), "each goes on in one direction"


def test_another_person_in_the_same_place_after_a_moment_is_another() -> None:
    frames = [[sighting(i, 200, crop=portrait(1 if i < 5 else 2))] if not 5 <= i < 10 else [] for i in range(15)]
    assert len(follow(frames)) == 2
    assert len(follow([[replace(s, crop=portrait(1)) for s in found] for found in frames])) == 1


def test_looks_are_not_asked_for_where_place_says_it_all() -> None:
    looks = Looks()
    follow([[sighting(i, 200 + i, crop=portrait(1))] for i in range(30)], looks=looks)
    assert looks.shown == 0


def test_a_person_is_known_in_another_light_size_and_pose() -> None:
    encoder = PersonEncoder()
    face = skimage.data.astronaut()[50:190, 155:295]
    height, width = face.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 15, 1.05)
    other_view = cv2.warpAffine(np.ascontiguousarray(face[:, ::-1]), turn, (width, height), borderMode=1)
    dim_and_small = cv2.resize((other_view * 0.6).astype(np.uint8), (60, 60), interpolation=cv2.INTER_AREA)
    sports, nobody = skimage.data.camera()[100:190, 185:275], skimage.data.coffee()[80:220, 250:390]
    camera_man = np.repeat(sports[..., None], 3, axis=2)
    pictures = [np.asarray(p, np.uint8) for p in (face, dim_and_small, camera_man, nobody)]
    first, again, man, cup = encoder.embed(pictures)
    assert first @ again >= SAME
    assert max(first @ man, first @ cup, again @ man) < OTHER
    assert encoder.embed([]).shape == (0, 1024)


def test_groups_are_joined_by_their_faces_and_never_across_one_moment(rng: np.random.Generator) -> None:
    def faces(person: int, n: int) -> np.ndarray:
        v = np.eye(1024)[person] + rng.normal(0, 0.01, (n, 1024))
        return (v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float32)

    stretches = [faces(0, 3), faces(1, 1), faces(0, 2), faces(2, 3), faces(1, 3), faces(0, 1)]
    times = [frozenset({float(i)}) for i in range(5)] + [frozenset({0.0})]
    assert groups(stretches, times) == [[0, 2], [1, 4], [3], [5]], "the last was seen together with the first"


def test_a_chain_of_similar_faces_does_not_lead_from_one_person_to_another() -> None:
    def at(deg: float) -> np.ndarray:
        v = np.zeros((1, 1024), np.float32)
        v[0, 0], v[0, 1] = np.cos(np.deg2rad(deg)), np.sin(np.deg2rad(deg))
        return v

    apart = [frozenset({float(i)}) for i in range(4)]
    assert at(0)[0] @ at(35)[0] > LINKED and at(0)[0] @ at(70)[0] < SAME
    found = groups([at(0), at(70), at(35), at(10)], apart)
    assert not any({0, 1} <= set(g) for g in found)
    assert any({0, 3} <= set(g) for g in found)


def test_ghosts_are_dropped_and_a_clear_face_of_one_frame_is_kept() -> None:
    steady = [[sighting(i, 200)] for i in range(10)]
    steady[3].append(sighting(3, 500, confidence=0.4))
    steady[6].append(sighting(6, 20, confidence=0.6))
    steady[8].append(sighting(8, 560, confidence=0.95))
    dark = [[*found, sighting(i, 380, weight=0.02)] for i, found in enumerate(steady)]
    assert sorted(len(t.sightings) for t in follow(dark)) == [1, 10]


def test_few_crops_are_kept_and_they_span_the_track() -> None:
    (track,) = follow([[sighting(i, 200, crop=portrait(0))] for i in range(60)])
    held = [s.time_s for s in track.sightings if s.crop is not None]
    assert len(held) == CROPS
    assert held[0] == 0 and held[-1] == pytest.approx(59 * STEP_S)
    assert max(np.diff(held)) < 3 * 60 * STEP_S / CROPS


def test_a_flicker_is_smoothed_and_a_change_is_kept() -> None:
    said = ["happy"] * 5 + ["angry"] + ["happy"] * 5 + ["sad"] * 10
    track = [Sighting(i * STEP_S, Box(0, 0, 80, 90), 0.9, scores(e)) for i, e in enumerate(said)]
    smoothed = [s.scores.label for s in smooth(track)]
    assert smoothed[:9] == ["happy"] * 9
    assert smoothed[-8:] == ["sad"] * 8


def test_what_can_hardly_be_read_hardly_counts() -> None:
    said = [scores("happy")] * 3 + [scores("fearful", 0.99)] * 2 + [scores("happy")] * 3
    track = [Sighting(i * STEP_S, Box(0, 0, 80, 90), 0.9, s, 0.05 if 3 <= i < 5 else 1.0) for i, s in enumerate(said)]
    assert {s.scores.label for s in smooth(track)} == {"happy"}


def test_still_moving_and_cut_frames_are_told_apart(rng: np.random.Generator) -> None:
    watch = shot_change.Watch()
    first = skimage.data.astronaut()
    noisy = np.clip(first + rng.normal(0, 4, first.shape), 0, 255).astype(np.uint8)
    assert watch.look(first) == shot_change.Change(False, False)
    assert watch.look(noisy).still
    assert watch.look(np.roll(first, 15, axis=1)) == shot_change.Change(False, False)
    assert watch.look(cv2.resize(skimage.data.coffee(), (512, 512))) == shot_change.Change(False, True)


class Counting:
    """A reader's detector that counts how often it is asked."""

    def __init__(self, inner) -> None:
        self.inner, self.used, self.calls = inner, inner.used, 0

    def detect(self, rgb):
        self.calls += 1
        return self.inner.detect(rgb)


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return build_reader("batch")


def test_a_still_stretch_is_read_once_and_seen_all_along(reader: FaceReader) -> None:
    detector, done = Counting(reader.detector), []
    counted = FaceReader(detector, reader.network, reader.threshold, reader.reliability)
    frames = (VideoFrame(i * STEP_S, skimage.data.astronaut()) for i in range(20))
    (track,) = analyse_frames(frames, counted, on_progress=done.append)
    assert detector.calls == 1
    assert len(track.sightings) == 20 and track.share == 1 and track.main
    assert track.scores.label == "happy"
    assert done == list(range(1, 21))


@pytest.mark.parametrize("fps", [0.4, 0.1])
def test_a_still_of_a_podcast_is_one_person_all_along(reader: FaceReader, fps: float) -> None:
    frames = (VideoFrame(i / fps, skimage.data.astronaut()) for i in range(round(50 * fps)))
    (track,) = analyse_frames(frames, reader)
    assert track.share == 1 and len(track.sightings) == round(50 * fps)


def test_nothing_to_see_gives_no_track(reader: FaceReader) -> None:
    assert analyse_frames([], reader) == ()
    assert analyse_frames([VideoFrame(0.0, skimage.data.coffee())], reader) == ()


def test_it_stops_when_asked(reader: FaceReader) -> None:
    frames = [VideoFrame(i * STEP_S, np.zeros((90, 160, 3), np.uint8)) for i in range(5)]
    with pytest.raises(errors.Cancelled):
        analyse_frames(frames, reader, cancelled=lambda: True)


class Failing(Counting):
    def detect(self, rgb):
        if self.calls == 3:
            raise RuntimeError("as asked")
        return super().detect(rgb)


def test_frames_read_side_by_side_come_in_their_order(reader: FaceReader) -> None:
    face = skimage.data.astronaut()[:300, 80:380]
    frames = [VideoFrame(i * STEP_S, np.roll(face, 9 * i, axis=1) if i % 5 else face // 3 * 2) for i in range(12)]
    alone, abreast = (analyse_frames(frames, replace(reader, abreast=n)) for n in (1, 3))
    assert [[s.scores for s in t.sightings] for t in alone] == [[s.scores for s in t.sightings] for t in abreast]
    assert [[(s.time_s, s.box) for s in t.sightings] for t in alone] == [
        [(s.time_s, s.box) for s in t.sightings] for t in abreast
    ]
    with pytest.raises(RuntimeError, match="as asked"):
        analyse_frames(frames, replace(reader, detector=Failing(reader.detector), abreast=2))


@pytest.mark.data
def test_the_stage_clip_shows_several_people(reader: FaceReader, data: Path) -> None:
    frames = media.read_frames(data / "video" / "short_hamilton_clip.mp4")
    tracks = analyse_frames(frames, reader)
    assert 6 <= len(tracks) <= 20
    assert tracks[0].main and tracks[0].segment.start_s == pytest.approx(0.8, abs=0.3), "far away at first"
    assert not [s for s in tracks[0].sightings if 1.6 < s.time_s < 3.4], "two shots of others between"
    assert tracks[0].segment.end_s == pytest.approx(7.8, abs=0.5), "the singer is gone after the last cut"
    assert sum(t.segment.start_s > 7.9 for t in tracks) >= 4, "the people listening"


@pytest.mark.data
def test_three_speakers_cut_together_before_one_wall_are_three(reader: FaceReader, data: Path) -> None:
    """Read commands of the GRID corpus: the same wall, light and framing; the first one comes back."""
    shots = [list(media.read_frames(data / "video" / f"{n}.mpg"))[:8] for n in ("bbaf2n", "lrwp9a", "swiz3n")]
    shots.append(list(media.read_frames(data / "video" / "bbaf2n.mpg"))[8:])
    frames = [VideoFrame(i * STEP_S, f.rgb) for i, f in enumerate(f for shot in shots for f in shot)]
    tracks = analyse_frames(frames, reader)
    who = [n for n, shot in zip("ABCA", shots, strict=True) for _ in shot]
    seen = [{who[round(s.time_s / STEP_S)] for s in t.sightings} for t in tracks]
    assert all(len(people) == 1 for people in seen), "a track with two people"
    assert set.union(*seen) == set("ABC") and len(tracks) <= 4


@pytest.mark.data
@pytest.mark.parametrize("name", ["01-01-01-01-01-01-01.mp4", "bbaf2n.mpg", "lrwp9a.mpg", "swiz3n.mpg"])
def test_one_speaker_is_one_track_and_neutral(reader: FaceReader, data: Path, name: str) -> None:
    (track,) = analyse_frames(media.read_frames(data / "video" / name), reader)
    assert track.share > 0.95
    assert track.scores.label == "neutral"


def test_peaks_are_named_where_a_readable_face_shows_most() -> None:
    def at(time_s: float, emotion: str, p: float, weight: float = 1.0) -> Sighting:
        return Sighting(time_s, Box(0, 0, 9, 9), 0.9, scores(emotion, p), weight)

    track = FaceTrack(
        1,
        (
            at(0.0, "neutral", 0.95),
            at(1.0, "happy", 0.6),
            at(2.0, "happy", 0.9),
            at(3.5, "happy", 0.8),
            at(9.0, "sad", 0.99, weight=0.1),
            at(12.0, "surprised", 0.5),
        ),
        1.0,
    )
    assert [(p.time_s, p.emotion) for p in peaks(track)] == [(2.0, "happy"), (12.0, "surprised")]
    reached = dict(zip(EMOTIONS, highest(track), strict=True))
    assert reached["happy"] == pytest.approx(0.9) and reached["sad"] == pytest.approx(0.99)
    assert peaks(FaceTrack(1, (at(0, "neutral", 0.9), at(1, "calm", 0.9)), 1.0)) == ()
