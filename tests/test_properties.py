"""What holds for any input: hypothesis looks for one for which it does not."""

from __future__ import annotations

import itertools
import json
import math
import sys
import tracemalloc
import unicodedata
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from types import FrameType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion import grid, result
from emotion.face.track import Tracker
from emotion.timeline import Box, Clip, EmotionScores, FaceTrack, Moment, Segment, Sighting, Timeline, Verdict
from recommender.cues import frames, timecodes
from recommender.errors import BadTimecode
from recommender.songs import text
from tests.test_face_track import FRAME, Looks, portrait
from tests.test_fusion import EQUAL

seconds = st.floats(0, 1e5, allow_nan=False)


@st.composite
def segments(draw: st.DrawFn, longest: float = 1e5) -> Segment:
    start, end = sorted((draw(st.floats(0, longest)), draw(st.floats(0, longest))))
    return Segment(start, end)


@st.composite
def distributions(draw: st.DrawFn) -> EmotionScores:
    parts = draw(st.lists(st.integers(0, 1000), min_size=8, max_size=8).filter(any))
    return EmotionScores.from_array(parts)


# Time -------------------------------------------------------------------------------------------------


@given(segments(), segments())
def test_an_overlap_is_mutual_and_part_of_both(a: Segment, b: Segment) -> None:
    overlap = a.overlap_s(b)
    assert overlap == b.overlap_s(a)
    assert 0 <= overlap <= min(a.duration_s, b.duration_s)
    assert (overlap > 0) == (max(a.start_s, b.start_s) < min(a.end_s, b.end_s))
    assert a.start_s <= a.middle_s <= a.end_s
    assert a.overlap_s(a) == a.duration_s


@given(seconds, st.one_of(st.floats(max_value=-1e-3), st.just(math.nan)))
def test_time_never_runs_backwards(start_s: float, length_s: float) -> None:
    with pytest.raises(ValueError, match="not a stretch of time"):
        Segment(start_s, start_s + length_s if length_s < -1 else math.nan)


@given(st.lists(distributions(), min_size=1, max_size=5), st.data())
def test_a_mean_of_readings_is_a_reading_between_them(readings: list[EmotionScores], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(0, 9), min_size=len(readings), max_size=len(readings)))
    mean = EmotionScores.mean(readings, weights).as_array()
    every = np.array([r.probs for r in readings])
    assert math.isclose(mean.sum(), 1, abs_tol=1e-9)
    assert (mean >= every.min(axis=0) - 1e-9).all() and (mean <= every.max(axis=0) + 1e-9).all()


maybe = st.one_of(st.none(), distributions())


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """A clip of any length with any readings, as a reader could have made it."""
    duration_s = draw(st.floats(0.1, 12))
    rate = draw(st.one_of(st.none(), st.sampled_from(frames.USUAL)))
    moments = tuple(Moment(s, draw(maybe), draw(maybe), draw(maybe)) for s in grid.grid(duration_s))
    edges = sorted(draw(st.lists(st.floats(0, duration_s), max_size=6)))
    speech = tuple(Segment(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False))
    verdict = draw(maybe)
    said = Verdict(verdict, draw(st.booleans())) if verdict else None
    clip = Clip(draw(st.text(max_size=20)), duration_s, 48_000, rate)
    return Timeline(clip, moments, voice=said, speech=speech)


@given(timelines())
@settings(max_examples=25)
def test_a_saved_timeline_reads_back_whole(timeline: Timeline) -> None:
    """No time drifts and no rate is rounded, however often it is saved; what is derived may turn its last digit."""
    saved = json.loads(json.dumps(result.to_dict(timeline)))
    again = result.from_dict(saved)
    twice = result.to_dict(again)
    assert [twice[part] for part in ("clip", "speech")] == [saved[part] for part in ("clip", "speech")]
    assert again.clip.frame_rate == timeline.clip.frame_rate
    assert len(again.moments) == len(timeline.moments)
    for one, other in zip(again.moments, timeline.moments, strict=True):
        assert one.segment.start_s == pytest.approx(other.segment.start_s, abs=6e-4)
        for read, said in ((one.voice, other.voice), (one.face, other.face), (one.fused, other.fused)):
            assert (read is None) == (said is None)
            if read and said:
                np.testing.assert_allclose(read.probs, said.probs, atol=2e-6)
    assert all(a.segment.end_s == b.segment.start_s for a, b in itertools.pairwise(again.moments))


# Timecode ---------------------------------------------------------------------------------------------

rates = st.sampled_from([*frames.USUAL, Fraction(12), Fraction(15), Fraction(90)])


def day(rate: Fraction) -> int:
    """Frames of 24 hours of timecode: drop-frame skips 2 of 30 labels in 9 of 10 minutes."""
    skipped = 24 * 54 * 2 * timecodes.base(rate) // 30 if timecodes.drops(rate) else 0
    return 86_400 * timecodes.base(rate) - skipped


@given(rates, st.data())
def test_a_timecode_reads_back_as_its_frame(rate: Fraction, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, day(rate) - 1))
    label = timecodes.at(count, rate)
    assert timecodes.parse(label, rate) == count
    assert (";" in label) == timecodes.drops(rate)
    start = timecodes.at(data.draw(st.integers(0, day(rate) - 1)), rate)
    assert timecodes.label(count, rate, start) == timecodes.at((timecodes.parse(start, rate) + count) % day(rate), rate)


@given(st.sampled_from([r for r in frames.USUAL if timecodes.drops(r)]), st.data())
def test_drop_frame_keeps_to_the_clock_and_its_gaps_are_no_frames(rate: Fraction, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, day(rate) - 1))
    hours, minutes, whole, frame = (int(p) for p in timecodes.at(count, rate).replace(";", ":").split(":"))
    said_s = hours * 3600 + minutes * 60 + whole + Fraction(frame, timecodes.base(rate))
    assert abs(said_s - count / rate) < Fraction(1, 5)
    minute = data.draw(st.integers(0, 59).filter(lambda m: m % 10))
    gap = data.draw(st.integers(0, 2 * timecodes.base(rate) // 30 - 1))
    with pytest.raises(BadTimecode):
        timecodes.parse(f"{hours:02d}:{minute:02d}:00;{gap:02d}", rate)


@given(st.text(max_size=14), rates)
def test_any_text_is_a_timecode_or_is_refused(typed: str, rate: Fraction) -> None:
    try:
        count = timecodes.parse(typed, rate)
    except BadTimecode:
        return
    assert 0 <= count < day(rate)


@given(seconds, rates)
def test_the_nearest_frame_is_near_and_stays(time_s: float, rate: Fraction) -> None:
    frame = frames.to_frame(time_s, rate)
    place = frames.on_grid(time_s, rate)
    assert abs(place - Fraction(time_s)) <= 1 / (2 * rate)
    assert frames.on_grid(place, rate) == place
    assert frames.to_frame(place, rate) == frame
    assert frames.edit_rate(rate) == rate


# Grid -------------------------------------------------------------------------------------------------


@given(st.floats(0, 4000), st.sampled_from([0.25, 0.5, 1.0]))
def test_the_grid_has_no_gaps(duration_s: float, step_s: float) -> None:
    steps = grid.grid(duration_s, step_s)
    assert steps[0].start_s == 0 and steps[-1].end_s == max(duration_s, 1e-3)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(steps))
    assert all(s.duration_s == step_s for s in steps[:-1])
    assert len(steps) == 1 or step_s / 2 <= steps[-1].duration_s <= step_s * 1.5


@given(st.lists(distributions(), min_size=1, max_size=12), st.floats(0.3, 2.5), st.data())
def test_every_step_says_what_was_heard_in_it(heard: list[EmotionScores], each_s: float, data: st.DataObject) -> None:
    """Against the rule in plain words, one step after the other."""
    gaps = data.draw(st.lists(st.floats(0, 2), min_size=len(heard), max_size=len(heard)))
    starts = np.cumsum(gaps) + each_s * np.arange(len(heard))
    windows = [(Segment(float(t), float(t) + each_s), s) for t, s in zip(starts, heard, strict=True)]
    steps = grid.steps_of(Clip("clip", float(starts[-1]) + each_s), [w for w, _ in windows])
    for step, said in zip(steps, grid.voice_row(steps, windows), strict=True):
        least = min(grid.STEP_S, step.duration_s) / 2
        overlaps = [(w.overlap_s(step), w, s) for w, s in windows]
        if any(abs(o - least) < 1e-6 for o, _, _ in overlaps):
            continue  # on the edge of the rule
        covering = [(o / (1 + abs(w.middle_s - step.middle_s)), s) for o, w, s in overlaps if o >= least]
        assert (said is None) == (not covering)
        if said is not None:
            expected = EmotionScores.mean([s for _, s in covering], [weight for weight, _ in covering])
            np.testing.assert_allclose(said.probs, expected.probs, atol=1e-9)


def effort(task: Callable[[], object]) -> tuple[int, int]:
    """Calls made and bytes held at most: what a task costs on any machine."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, arg: object) -> None:
        calls[event] += 1

    task()
    tracemalloc.start()
    task()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        task()
    finally:
        sys.setprofile(before)
    return calls["call"] + calls["c_call"], most


def test_the_grid_grows_with_the_length_of_the_clip_and_no_faster() -> None:
    """Four times the clip costs about four times as much, where comparing all with all would cost sixteen."""

    def of_length(steps: int) -> Callable[[], object]:
        scores = [EmotionScores.from_array(np.eye(8)[i % 8] + 0.1) for i in range(steps)]
        windows = [(Segment(i, i + 2.0), s) for i, s in enumerate(scores)]
        sightings = tuple(Sighting(i / 2, Box(0, 0, 9, 9), 0.9, scores[i // 2]) for i in range(2 * steps))
        return lambda: grid.of_clip(Clip("clip", float(steps)), windows, [FaceTrack(1, sightings, 1.0)], EQUAL)

    short, long = effort(of_length(300)), effort(of_length(1200))
    assert [b / a < 6 for a, b in zip(short, long, strict=True)] == [True, True], (short, long)


# Faces ------------------------------------------------------------------------------------------------

PORTRAITS = [portrait(i) for i in range(4)]


@st.composite
def films(draw: st.DrawFn) -> list[list[Sighting]]:
    """Up to four people who stand, walk, cross and vanish; each sighting has a crop, or none."""
    pictures = []
    count = draw(st.integers(1, 25))
    step_s = draw(st.sampled_from([0.2, 0.5, 3.0]))
    for i in range(count):
        seen = draw(st.lists(st.integers(0, 3), max_size=4))
        pictures.append(
            [
                Sighting(
                    i * step_s,
                    Box(draw(st.integers(0, 500)), draw(st.integers(0, 200)), 80, 96),
                    draw(st.sampled_from([0.4, 0.9])),
                    EmotionScores.from_array(np.ones(8)),
                    draw(st.sampled_from([0.1, 1.0])),
                    PORTRAITS[who] if draw(st.booleans()) else None,
                )
                for who in seen
            ]
        )
    return pictures


@given(films(), st.sets(st.integers(0, 24), max_size=3))
@settings(max_examples=40)
def test_no_sighting_is_two_peoples(film: list[list[Sighting]], cuts: set[int]) -> None:
    tracker = Tracker(Looks())
    for i, found in enumerate(film):
        if found:
            tracker.add(found[0].time_s, found, FRAME, cut=i in cuts)
    tracks = tracker.finish()
    given_ = Counter((s.time_s, s.box, s.confidence, s.weight) for found in film for s in found)
    taken = Counter((s.time_s, s.box, s.confidence, s.weight) for t in tracks for s in t.sightings)
    assert taken <= given_, "a sighting in two tracks"
    for track in tracks:
        assert all(a.time_s < b.time_s for a, b in itertools.pairwise(track.sightings)), "one person twice in a picture"
        assert 0 < track.share <= 1
    assert [t.id for t in tracks] == list(range(1, len(tracks) + 1))
    assert [t.main for t in tracks] == [n == 0 for n in range(len(tracks))]


# Text -------------------------------------------------------------------------------------------------

KANA = [chr(c) for c in range(0x3041, 0x30FF) if unicodedata.combining(chr(c)) == 0 and chr(c).isalpha()]
names = st.one_of(
    st.text(max_size=20),
    st.text(st.sampled_from("aZé&'’_-()[]. ｶﾞがハ한글Ωßﬁℌ"), max_size=20),
    st.lists(st.sampled_from(["The", "the", "feat.", "(feat.", "ft.", "f'eat", "_feat", "a", "x)", "&"])).map(" ".join),
)


@given(names)
@settings(max_examples=300)
def test_folding_and_normalising_twice_changes_nothing(name: str) -> None:
    assert text.fold(text.fold(name)) == text.fold(name)
    key = text.normalise(name)
    assert text.fold(key) == key
    if not {"feat", "ft", "featuring"} & set(key.split()):  # what tells a guest from a band is the case
        assert text.normalise(key) == key


@given(names)
def test_case_and_the_way_of_writing_an_accent_do_not_count(name: str) -> None:
    for form in ("NFC", "NFD"):
        assert text.fold(unicodedata.normalize(form, name)) == text.fold(name)
        assert text.normalise(unicodedata.normalize(form, name)) == text.normalise(name)


@given(st.sampled_from(KANA), st.sampled_from(KANA))
def test_two_kana_are_never_one(a: str, b: str) -> None:
    """A voiced sound is another one: が is no か. Half-width signs are the same as full-width ones."""
    same = unicodedata.normalize("NFKC", a) == unicodedata.normalize("NFKC", b)
    assert (text.fold(a) == text.fold(b)) == same
    assert (text.normalise(a) == text.normalise(b)) == same


def test_every_voiced_kana_stays_apart_from_its_plain_one() -> None:
    voiced = [c for c in KANA if len(unicodedata.normalize("NFD", c)) == 2]
    assert len(voiced) > 40
    assert [c for c in voiced if text.fold(c) == text.fold(unicodedata.normalize("NFD", c)[0])] == []
    assert [c for c in voiced if text.fold(c) != c] == []


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=12))
def test_hangul_stays_whole(name: str) -> None:
    assert text.fold(name) == name
    assert text.normalise(name) == name
    assert text.fold(unicodedata.normalize("NFD", name)) == name
