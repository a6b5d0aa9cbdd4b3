"""The cue sheet: it covers the clip, cuts where the mood turns, says what is known, and survives edits and saving."""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest

from emotion.errors import UnknownEmotion
from emotion.fusion import Reliability, fuse
from emotion.labels import EMOTIONS
from emotion.messages import LANGUAGES, catalogue
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline, Verdict
from pages.shared.ui import verdict
from recommender import load_catalogue
from recommender.cues import (
    MOODS,
    Cue,
    CueSheet,
    Song,
    edits,
    from_dict,
    make_sheet,
    peaks,
    reasons,
    to_dict,
    with_songs,
)
from recommender.cues.changes import at_most, partition
from recommender.cues.course import TOLD
from recommender.cues.cut import SHORTEST, most_sections
from recommender.cues.evidence import Evidence
from recommender.cues.export import render
from recommender.cues.export.marks import marks
from recommender.cues.frames import on_grid
from recommender.cues.mood import mood_of
from recommender.errors import CannotEdit, FirstCue, LastCue, NoSuchCue, NotAnAlternative, SheetFileError, UnknownChoice
from recommender.mix import sources
from recommender.ranking.shelf import Shelf, rank
from recommender.songs import installed
from tests.cue_timelines import NTSC, scores, timeline

TURNS = (("angry", 20), ("calm", 25), ("happy", 15))


def gapless(sheet: CueSheet, length_s: float) -> None:
    assert sheet.cues[0].start == 0
    assert float(sheet.end) == pytest.approx(length_s, abs=1e-6)
    assert all(a.end == b.start for a, b in pairwise(sheet.cues))


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), NTSC, Fraction(60000, 1001), None])
def test_turns_are_found_on_frames_and_told(rate: Fraction | None) -> None:
    sheet = make_sheet(timeline(TURNS, rate=rate))
    gapless(sheet, 60)
    assert [float(c.start) for c in sheet.cues] == pytest.approx([0, 20, 45], abs=1.5)
    for cue in sheet.cues[1:]:
        assert (cue.start * sheet.rate).denominator == 1, "an edge lies on a frame"
    assert [c.mood.emotion for c in sheet.cues] == ["angry", "calm", "happy"]
    told = sheet.course()
    for cue in sheet.cues:
        assert f"{catalogue('en')[f'cue.mood.{cue.mood.word}']}" in told.lower()


@pytest.mark.parametrize("seconds", [1, 7, 15])
def test_a_short_clip_has_one_cue(seconds: int) -> None:
    sheet = make_sheet(timeline([("angry", seconds // 2), ("calm", seconds - seconds // 2)], rest_s=0.4))
    gapless(sheet, seconds + 0.4)
    assert len(sheet) == 1


@pytest.mark.parametrize(("minutes", "most"), [(1, 7), (4, 8), (10, 20), (120, 240)])
def test_cues_are_long_enough_and_not_too_many(minutes: int, most: int) -> None:
    rng = np.random.default_rng(3)
    parts = [(EMOTIONS[rng.integers(8)], int(rng.integers(3, 14))) for _ in range(minutes * 8)]
    read = timeline(parts, rate=NTSC)
    length = read.clip.duration_s
    sheet = make_sheet(read)
    gapless(sheet, length)
    assert min(c.length for c in sheet.cues) >= SHORTEST
    assert len(sheet) <= most_sections(length)
    assert most_sections(minutes * 60.0) == most


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_one_restless_take_is_not_cut_to_pieces(emotion: str) -> None:
    for seed in range(5):
        assert len(make_sheet(timeline([(emotion, 180)], blur=0.8, seed=seed))) <= 3


@pytest.mark.parametrize("parts", [TURNS, (("calm", 15), ("neutral", 15), ("sad", 15)), (("calm", 40),)])
@pytest.mark.parametrize("times", [2, 10, 60])
def test_the_same_talk_is_cut_as_finely_however_long_it_goes_on(parts: tuple[tuple[str, int], ...], times: int) -> None:
    """A joined clip of an hour and a half once had two cues, where each of its minutes had three."""
    once, often = make_sheet(timeline(parts, blur=0.75)), make_sheet(timeline(parts * times, blur=0.75))
    length = float(often.end)
    gapless(often, length)
    assert min(c.length for c in often.cues) >= SHORTEST
    if len(parts) == 1:
        assert len(often) == len(once) == 1, "and what does not change is not cut for being long"
    else:
        assert len(often) >= 0.8 * min(len(once) * times, most_sections(length)), "the blur may hide one turn in five"


@pytest.mark.parametrize("seconds", [9, 10, 13])
def test_quick_turns_of_two_hours_are_no_noise(seconds: int) -> None:
    """Steps of two seconds mix both sides of each turn: taken for noise, they once made three cues of 800 turns."""
    often = make_sheet(timeline([("happy", seconds), ("sad", seconds)] * (3600 // seconds)))
    length = float(often.end)
    gapless(often, length)
    assert min(c.length for c in often.cues) >= SHORTEST
    assert 0.8 * most_sections(length) <= len(often) <= most_sections(length)


def lengths(sheet: CueSheet) -> list[float]:
    return [float(c.length) for c in sheet.cues]


@pytest.mark.parametrize("seconds", [9, 11, 14])
@pytest.mark.parametrize("minutes", [4, 10, 30])
def test_moods_that_change_all_along_are_joined_all_along(minutes: int, seconds: int) -> None:
    """One cue once lasted seven minutes beside eighteen of nine seconds."""
    sheet = make_sheet(timeline([(("angry", "calm")[k % 2], seconds) for k in range(minutes * 60 // seconds)]))
    assert most_sections(float(sheet.end)) - 1 <= len(sheet) <= most_sections(float(sheet.end))
    assert max(lengths(sheet)) <= 2 * float(sheet.end) / len(sheet)
    rng = np.random.default_rng(minutes)
    moods = [("angry", "calm", "happy", "sad", "neutral", "fearful")[k] for k in rng.integers(6, size=minutes * 6)]
    mixed = make_sheet(timeline([(mood, int(rng.integers(8, 15))) for mood in moods]))
    assert max(lengths(mixed)) <= 2.5 * float(mixed.end) / len(mixed)


def test_what_stays_one_mood_is_one_cue_however_much_changes_elsewhere() -> None:
    busy = [(("angry", "happy")[k % 2], 9) for k in range(34)]
    sheet = make_sheet(timeline([*busy[:17], ("sad", 300), *busy[17:]]))
    whole = max(sheet.cues, key=lambda c: c.length)
    assert whole.length == pytest.approx(300, abs=3) and whole.mood.emotion == "sad"
    assert len(sheet) == most_sections(float(sheet.end))
    others = [float(c.length) for c in sheet.cues if c is not whole]
    assert max(others) <= 2.5 * sum(others) / len(others)


def test_the_weaker_turns_go_first() -> None:
    rng = np.random.default_rng(2)
    weak = np.where(np.arange(60) % 2 == 0, 0.0, 0.3)
    strong = np.where((np.arange(60) // 12) % 2 == 0, 0.0, 1.0)
    values = np.repeat(weak + strong, 10)[:, None] + rng.normal(scale=0.02, size=(600, 1))
    weights = np.ones_like(values)
    assert len(partition(values, weights, 0.1, 8)) == 59
    for count in (5, 10, 20):
        found = at_most(values, weights, 0.1, 8, count)
        assert len(found) == count - 1
        assert {120, 240, 360, 480} <= set(found), "each strong turn stays"
        assert max(np.diff([0, *found, 600])) <= 2.5 * 600 / count


def test_the_joining_is_the_best_there_is() -> None:
    """Against every choice among the changes of short series, tried one by one."""
    rng = np.random.default_rng(4)
    for _ in range(10):
        values = np.repeat(rng.normal(size=(9, 2)), rng.integers(3, 7, size=9), axis=0)
        weights = rng.choice([0.5, 1.0], size=values.shape)
        all_changes = partition(values, weights, 1e-6, 3)

        def cost(a: int, b: int, v: np.ndarray = values, w: np.ndarray = weights) -> float:
            v, w = v[a:b], w[a:b]
            mean = (v * w).sum(axis=0) / w.sum(axis=0)
            return float((w * (v - mean) ** 2).sum()) * (b - a)

        def total(cuts: Sequence[int], n: int = len(values)) -> float:
            return sum(cost(a, b) for a, b in pairwise((0, *cuts, n)))

        for count in range(1, len(all_changes) + 3):
            found = at_most(values, weights, 1e-6, 3, count)
            best = min(combinations(all_changes, min(count - 1, len(all_changes))), key=total)
            assert len(found) == len(best) and set(found) <= set(all_changes)
            assert total(found) == pytest.approx(total(best))


def test_many_people_cut_together_are_not_one_mood() -> None:
    """Another person every few seconds: that is no noise of one take."""
    people = [("angry", 10), ("neutral", 3), ("calm", 3), ("disgust", 3), ("happy", 11), ("sad", 8), ("surprised", 10)]
    for length, least in ((1, 3), (2, 3), (4, 3)):
        sheet = make_sheet(timeline(people * length, blur=0.3))
        assert least <= len(sheet) <= 8


def test_a_long_silence_is_a_cue_without_music_and_a_breath_is_none() -> None:
    sheet = make_sheet(timeline([("happy", 30), (None, 12), ("happy", 30)]))
    assert [c.speech for c in sheet.cues] == [True, False, True]
    assert [float(c.start) for c in sheet.cues] == pytest.approx([0, 30, 42], abs=0.1)
    assert sheet.cues[1].direction.advice == "none"
    assert sheet.cues[1].mood.words() == "no speech"
    assert len(make_sheet(timeline([("happy", 30), (None, 2), ("happy", 30)]))) == 1


def test_a_clip_in_which_nothing_is_read_is_one_cue_without_music() -> None:
    for moments in ((), timeline([(None, 40)]).moments):
        sheet = make_sheet(Timeline(Clip("still.mp4", 40.0), moments))
        assert len(sheet) == 1
        assert sheet.cues[0].direction.advice == "none"
        assert sheet.cues[0].valence is None
        assert sheet.course() == "No speech throughout"


def test_a_verdict_without_moments_is_a_cue_with_a_mood() -> None:
    read = Verdict(scores("happy", 0.9), True)
    sheet = make_sheet(Timeline(Clip("x.wav", 3.0, 16000), (), voice=read, fused=read))
    assert sheet.cues[0].mood.words() == "bright, happy"


def test_what_is_known_is_said_and_doubt_is_graded() -> None:
    moods = [make_sheet(timeline([("angry", 10)], blur=blur)).cues[0].mood for blur in (0.0, 0.4, 0.65)]
    assert [m.words() for m in moods[:2]] == ["tense, angry", "tense, probably angry"]
    assert moods[2].words().endswith(", perhaps angry")


def held(voice: EmotionScores | None, face: EmotionScores | None = None, seconds: int = 12) -> CueSheet:
    """A sheet of one cue in which voice and face say the same all along."""
    fused = fuse(voice, face, Reliability(0.7, 0.7))
    moments = tuple(Moment(Segment(i, i + 1.0), voice, face, fused) for i in range(seconds))
    return make_sheet(Timeline(Clip("x.mp4", float(seconds), 16000, Fraction(25), 640, 360), moments))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_cue_is_never_named_surer_than_the_verdict_beside_it(emotion: str, language: str) -> None:
    """From a guess to certainty: the verdict says that it is hard to read, and so does every name of the cue."""
    for p in (0.18, 0.24, 0.3, 0.45, 0.49, 0.51, 0.6, 0.79, 0.81, 0.95):
        voice = scores(emotion, p)
        cue = held(voice).cues[0]
        said = verdict.doubt(Verdict(voice, sure=voice.confidence >= 0.8006))
        names = [cue.name(language), cue.mood.short(language), reasons.seen(cue, language), *shown(cue, language)]
        if said == "perhaps":
            assert cue.mood.unsure
            for name in names:
                assert any(w in name.lower() for w in DOUBTS[language]), f"{name} sounds sure of {p}"
        elif said == "sure":
            probably = {"en": "probably", "zh_TW": "大概"}[language]
            assert cue.mood.doubt == "sure", "and where it is sure, nothing is doubted"
            assert not any(w in name.lower() for name in names for w in (*DOUBTS[language], probably))


def test_a_runner_up_is_named_only_where_it_is_an_alternative() -> None:
    """95% happy and 1% of each other: "or surprised" would be said of nothing."""
    for p, said in ((0.95, "The face probably looks **happy** (95%)."), (0.6, "The face looks **happy** (60%), or ")):
        rest = {"sad": 0.3, "calm": 0.1} if p == 0.6 else dict.fromkeys([e for e in EMOTIONS if e != "happy"], 0.05 / 7)
        read = EmotionScores.from_array([p if e == "happy" else rest.get(e, 0.0) for e in EMOTIONS])
        (sentence,) = verdict.sentences(Timeline(Clip("x.mp4", 1.0), (), face=Verdict(read, sure=False)))
        assert sentence.startswith(said)
        assert ("sad" in sentence) == (p == 0.6)


DOUBTS = {"en": ("perhaps", "hard to", "?"), "zh_TW": ("也許", "不易判讀", "難以判讀", "？")}


def shown(cue: Cue, language: str) -> list[str]:
    """The names that files and pages give a cue."""
    sheet = CueSheet(Clip("x.mp4", 12.0, 16000, Fraction(25), 640, 360), (cue,))
    table = next(csv.DictReader(io.StringIO(render(sheet, "csv", language=language)[1:])))
    return [
        marks(sheet, language)[0].name,
        sheet.course(language),
        table[catalogue(language)["cue.column.mood"]],
        render(sheet, "chapters", language=language).splitlines()[0],
        render(sheet, "text", language=language).splitlines()[3],
    ]


def test_of_a_voice_and_a_face_that_differ_each_is_named_as_sure_as_it_is() -> None:
    for p, said in ((0.2, "voice hard to read"), (0.4, "voice perhaps surprised"), (0.6, "voice surprised")):
        mood = mood_of(Evidence(scores("happy", 0.6), scores("surprised", p), scores("happy", 0.95)))
        assert mood.words() == f"mixed: {said}, face happy"
    both = mood_of(Evidence(scores("happy", 0.3), scores("angry", 0.45), scores("calm", 0.99)))
    assert both.words("zh_TW") == "不一致：語氣也許憤怒、表情平靜"


def test_a_long_course_says_once_what_its_beginning_and_its_end_share() -> None:
    turns = [("angry", 20), ("calm", 20)] * 3
    for parts, said, twice in (
        ([*turns, ("angry", 20)], " at first and at the end", ", {} at the end"),
        ([*turns, ("happy", 20)], " at first, ", " at first and at the end"),
    ):
        sheet = make_sheet(timeline(parts, blur=0.0))
        assert len(sheet) > TOLD
        assert said in sheet.course()
        assert twice.format(sheet.cues[0].mood.word) not in sheet.course()


def test_the_course_says_where_it_is_hard_to_tell() -> None:
    sure, vague = timeline(TURNS, blur=0.1), timeline(TURNS, blur=0.7)
    assert "hard to tell" not in make_sheet(sure).course()
    assert make_sheet(vague).course().endswith("; hard to tell throughout")
    half = edits.correct(make_sheet(vague), 1, "angry")
    assert half.course().endswith("; hard to tell in places"), "what a person said is sure"
    assert half.course("zh_TW").endswith("；部分段落不易判讀")


def test_a_voice_and_a_face_that_differ_ask_for_light_music() -> None:
    voice, face = scores("calm", 0.9), scores("happy", 0.9)
    moments = tuple(Moment(Segment(i, i + 1.0), voice, face, voice) for i in range(12))
    cue = make_sheet(Timeline(Clip("x.mp4", 12.0, 16000, Fraction(25), 640, 360), moments)).cues[0]
    assert cue.mood.words() == "mixed: voice calm, face happy"
    assert cue.direction.advice == "light"


def test_a_voice_and_a_face_that_name_two_emotions_of_one_mood_are_of_one_mood() -> None:
    voice, face = scores("fearful", 0.9), scores("angry", 0.9)
    both = scores("angry", 0.6)
    moments = tuple(Moment(Segment(i, i + 1.0), voice, face, both) for i in range(12))
    cue = make_sheet(Timeline(Clip("x.mp4", 12.0, 16000, Fraction(25), 640, 360), moments)).cues[0]
    assert cue.mood.words() == "tense, probably angry"
    assert cue.direction.advice == "music"


def test_direction_follows_the_intent() -> None:
    sheet = make_sheet(timeline([("angry", 30)], blur=0.1))
    match = sheet.cues[0].direction
    contrast = edits.set_intent(sheet, "contrast").cues[0].direction
    steer = edits.set_intent(sheet, "steer", goal="relaxed").cues[0].direction
    assert (match.advice, match.mode, match.level) == ("music", "minor", "high")
    assert (contrast.mode, contrast.level) == ("major", "high")
    assert steer.level == "low"
    assert match.tempo_bpm is not None and steer.tempo_bpm is not None
    assert match.tempo_bpm[0] > steer.tempo_bpm[0]
    assert edits.set_state(sheet, 1, "silenced").cues[0].direction.advice == "none"


@pytest.mark.parametrize("blur", [0.1, 0.25, 0.4])
@pytest.mark.parametrize("emotion", ["calm", "happy", "sad", "angry", "fearful", "disgust"])
def test_a_contrast_lies_clearly_on_the_other_side_however_much_in_doubt_the_mood_is(emotion: str, blur: float) -> None:
    sheet = edits.set_intent(make_sheet(timeline([(emotion, 30)], blur=blur)), "contrast")
    cue, shelf = sheet.cues[0], _installed()
    assert cue.direction.advice == "music" and cue.direction.why == "contrast"
    assert cue.valence is not None and cue.direction.valence is not None
    assert cue.valence * cue.direction.valence < 0 and abs(cue.direction.valence) > 0.35
    found = rank(sheet, shelf)[cue.id]
    assert len(found) == 3
    sides = [p.track.valence for p in found if p.track.valence is not None]
    assert np.mean(sides) * cue.valence < 0 and max(np.array(sides) * np.sign(cue.valence)) < 0.1


def test_what_has_no_mood_has_nothing_to_contrast_with() -> None:
    sheet = edits.set_intent(make_sheet(timeline([("neutral", 30)], blur=0.1)), "contrast")
    assert (sheet.cues[0].direction.advice, sheet.cues[0].direction.why) == ("light", "neutral")


@functools.cache
def _installed() -> Shelf:
    found = [entry.usable() for entry in installed.tracks()]
    sounds = sources.placed(found, sources.installed_sounds())
    return Shelf.of(sources.with_sound(found, sounds), sounds)


def test_peaks_are_rare_inside_their_cue_and_never_of_what_is_flat() -> None:
    read = timeline([("sad", 60)], blur=0.1)
    moments = list(read.moments)
    for k in (10, 14, 40):
        moments[k] = Moment(moments[k].segment, scores("fearful", 0.9), None, scores("fearful", 0.9))
    sheet = make_sheet(Timeline(read.clip, tuple(moments), speech=read.speech))
    times = [p.time for c in sheet.cues for p in c.peaks]
    assert len(times) == 2 and times[1] in (39, 40, 41)
    assert all(b - a >= 20 for a, b in pairwise(times))
    assert all(c.start <= p.time < c.end for c in sheet.cues for p in c.peaks)
    for flat in ("neutral", "calm"):
        assert not any(c.peaks for c in make_sheet(timeline([(flat, 60)], blur=0.5)).cues)


class Compared(Fraction):
    """A time that counts how often it is held against another."""

    times = 0

    def __sub__(self, other: Fraction | int) -> Fraction:  # type: ignore[override]
        Compared.times += 1
        return super().__sub__(other)


def test_marks_of_a_sheet_full_of_candidates_cost_by_its_length_and_not_by_its_square(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each reading a candidate, a few to the second, as only somebody who means harm would write them."""
    monkeypatch.setattr(peaks, "on_grid", lambda time, rate: Compared(on_grid(time, rate)))
    angry = mood_of(Evidence(scores("angry", 0.9)))
    cost: list[int] = []
    for count in (5_000, 10_000):
        both = scores("angry", 0.9), scores("sad", 0.9)
        moments = [Moment(Segment(k * 0.8, (k + 1) * 0.8), None, None, both[k % 2]) for k in range(count)]
        Compared.times = 0
        (marks,) = peaks.peaks(moments, [(Segment(0, count * 0.8), angry)], Fraction(25))
        cost.append(Compared.times)
        assert len(marks) == pytest.approx(count * 0.8 / 20, rel=0.05)
        assert all(b.time - a.time >= peaks.APART_S for a, b in pairwise(marks))
    assert cost[1] < 2.5 * cost[0]


def test_edits_keep_the_sheet_gapless_and_leave_the_old_one_alone() -> None:
    sheet = make_sheet(timeline(TURNS, rate=NTSC))
    before = to_dict(sheet)
    moved = edits.move_start(sheet, 2, 31.0)
    assert float(moved.cue(2).start) == pytest.approx(31, abs=0.02)
    assert moved.cue(1).evidence != sheet.cue(1).evidence, "a moved cue is read again"
    halves = edits.split(moved, 3, 50.0)
    assert [c.id for c in halves.cues] == [1, 2, 3, 4]
    joined = edits.merge(edits.merge(halves, 1), 1)
    for changed in (moved, halves, joined):
        gapless(changed, 60)
    assert to_dict(sheet) == before
    far = edits.move_end(sheet, 1, 1000.0)
    assert far.cue(2).length >= edits.SHORTEST, "an edge stops before it swallows a cue"
    gapless(far, 60)


def test_what_people_say_is_kept_and_shown() -> None:
    sheet = make_sheet(timeline(TURNS))
    sheet = edits.correct(sheet, 1, "sad")
    assert sheet.cue(1).mood.words() == "sombre, sad"
    assert sheet.course().startswith("Sombre, then")
    sheet = edits.rename(sheet, 2, "  The\nturn\x00 ")
    assert sheet.cue(2).name() == "The turn"
    assert edits.rename(sheet, 2, "").cue(2).name() == sheet.cue(2).mood.words()
    assert edits.correct(sheet, 1, None).cue(1).mood.emotion == "angry"


def test_edits_that_would_break_the_sheet_say_why() -> None:
    sheet = make_sheet(timeline(TURNS))
    for error, edit in (
        (FirstCue, lambda: edits.move_start(sheet, 1, 3.0)),
        (LastCue, lambda: edits.move_end(sheet, 3, 3.0)),
        (LastCue, lambda: edits.merge(sheet, 3)),
        (NoSuchCue, lambda: edits.rename(sheet, 99, "x")),
        (CannotEdit, lambda: edits.split(sheet, 1, 0.2)),
        (NotAnAlternative, lambda: edits.choose(sheet, 1, "nothing")),
        (UnknownEmotion, lambda: edits.correct(sheet, 1, "bored")),
        (UnknownChoice, lambda: edits.set_intent(sheet, "steer", goal="home")),
    ):
        with pytest.raises(error):
            edit()


def test_songs_are_each_cues_own_with_what_tells_them_apart() -> None:
    songs = load_catalogue(None)
    sheet = with_songs(make_sheet(timeline(TURNS)), songs)
    angry, _, happy = sheet.cues
    assert [len(c.music) for c in sheet.cues] == [3, 3, 3]
    assert {songs[songs.index_of(s.id) or 0].energy for s in angry.music} == {"high"}
    assert not {s.id for s in angry.music} & {s.id for s in happy.music}
    best = songs[songs.index_of(angry.music[0].id) or 0]
    assert best.mood and reasons.told(angry.music[0], angry) == best.mood
    assert reasons.seen(angry) == "voice angry"
    corrected = with_songs(edits.correct(sheet, 3, "sad"), songs)
    assert reasons.seen(corrected.cue(3)) == "", "what a person said stands in its place"
    chosen = edits.choose(sheet, 1, angry.music[1].id)
    assert chosen.cue(1).state == "kept"
    again = with_songs(edits.split(chosen, 1, 10.0), songs)
    song = again.cue(1).song
    assert song is not None and song.id == angry.music[1].id, "a chosen song survives edits"
    assert reasons.told(song, again.cue(1)) == reasons.told(song, chosen.cue(1)), "and what is said of it"
    assert len({s.artist for s in again.cue(1).music}) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_track_is_said_what_tells_it_from_the_others_and_of_its_cue_the_rest(language: str) -> None:
    sheet = make_sheet(timeline(TURNS))
    angry, calm = sheet.cues[:2]

    def told(cue: Cue, energy: float | None, *moods: str, bpm: float | None = None, sung: bool | None = None) -> str:
        said = reasons.of_track(energy, moods, tempo_bpm=bpm, vocals=sung)
        return reasons.told(Song("x", "A", "B", "CC0", said, 0.1), cue, language)

    wanted = calm.direction.energy or 0.0
    word = catalogue(language)
    parts = (word["music.mood.tense"], word["cue.track.tempo"].format(bpm=126), word["tracks.vocals.yes"])
    assert told(calm, wanted, "tense", "unheard-of", bpm=126.4, sung=True) == word["songs.join"].join(parts)
    assert told(calm, wanted, "tense", bpm=900.0) == word["music.mood.tense"], "a tempo that cannot be is none"
    assert told(calm, wanted + 0.5, "tense").endswith(word["cue.track.stronger"])
    assert told(angry, -0.5, "tense").endswith(word["cue.track.calmer"])
    assert told(calm, wanted) in {v for k, v in word.items() if k.startswith("music.energy.")}
    assert told(calm, None) == ""
    for cue in sheet.cues:
        emotion = word[f"emotion.{cue.mood.emotion}"]
        assert reasons.seen(cue, language) == word["cue.seen.voice"].format(emotion=emotion)


def test_a_steered_cue_says_where_to() -> None:
    sheet = edits.set_intent(make_sheet(timeline(TURNS)), "steer", goal="relaxed")
    assert [c.advice() for c in sheet.cues] == ["steer the mood to relaxed"] * 3
    assert sheet.cues[0].advice("zh_TW") == "引導至放鬆"


def test_a_sheet_of_an_earlier_version_keeps_its_songs_and_says_of_them_what_it_can() -> None:
    """Their reasons told the cue's time and mood, which stand elsewhere now."""
    sheet = with_songs(make_sheet(timeline(TURNS)), load_catalogue(None))
    data = to_dict(edits.choose(sheet, 1, sheet.cue(1).music[1].id))
    before = {"start": "0:00", "end": "0:20", "where": "voice", "energy": "high", "voice": "angry", "face": ""}
    for cue in data["cues"]:
        for song in cue["music"]:
            song["why"] = ["cue.reason.match", before | {"said": "", "goal": "hopeful"}]
    read = from_dict(data)
    assert [[s.id for s in c.music] for c in read.cues] == [[s.id for s in c.music] for c in sheet.cues]
    assert reasons.told(read.cue(1).music[1], read.cue(1)) == "high energy"
    assert from_dict(to_dict(read)) == read


def test_a_sheet_reads_back_whole() -> None:
    sheet = with_songs(make_sheet(timeline(TURNS, rate=NTSC, rest_s=0.013)), load_catalogue(None))
    sheet = edits.choose(sheet, 2, sheet.cue(2).music[1].id)
    sheet = edits.set_intent(edits.write_note(edits.rename(sheet, 1, "=Hook"), 3, "fade"), "steer")
    data = json.loads(json.dumps(to_dict(sheet)))
    assert from_dict(data) == sheet
    assert to_dict(from_dict(data)) == data
    first = data["cues"][0]
    assert (first["start_timecode"], data["cues"][-1]["end_timecode"]) == ("01:00:00;00", "01:00:59;29")
    assert first["direction"]["advice"] == "music" and first["speech"] is True


def test_hostile_sheets_are_refused() -> None:
    good = json.loads(json.dumps(to_dict(make_sheet(timeline(TURNS)))))

    def spoilt(**values: object) -> object:
        return {**good, **values}

    def cue(**values: object) -> object:
        return {**good, "cues": [{**good["cues"][0], **values}, *good["cues"][1:]]}

    def song(**values: object) -> object:
        names = {"id": "x", "artist": "A", "title": "B", "licence": "CC0", "distance": 0.1, "chosen": False}
        return {**names, "why": ["cue.track", values]}

    from_dict(cue(music=[song(energy=0.1, tempo=120, moods="tense", vocals="yes")]))
    bad = [
        None, [], "x", 3, {}, spoilt(schema_version=99), spoilt(cues=[]), spoilt(cues="x"), spoilt(readings=[[0, 1]]),
        spoilt(readings=[[0, float("inf"), None, None, None]]), spoilt(readings=[[0, 1, [2.0] * 8, None, None]]),
        spoilt(clip={**good["clip"], "duration_s": float("inf")}), spoilt(clip={**good["clip"], "frame_rate": "1/0"}),
        spoilt(clip={**good["clip"], "frame_rate": "-25"}), spoilt(clip={**good["clip"], "frame_rate": "1e999999999"}),
        spoilt(clip={**good["clip"], "frame_rate": 1e300}),
        spoilt(clip={**good["clip"], "width": -1}), spoilt(readings=[[0, 60, None, None, None]] * 2),
        spoilt(cues=good["cues"] * 2000),
        cue(end=3.0), cue(start=-1), cue(start=float("nan")), cue(id="x"), cue(id=-1), cue(id=10**30),
        cue(intent="destroy"), cue(state=None),
        cue(music=[song(energy="loud")]), cue(music=[song(tempo=1e9)]), cue(music=[song(energy=float("nan"))]),
        cue(corrected="bored"), cue(goal="home"), cue(along=0), cue(music=[{"id": 1}]), cue(music=[None]),
    ]  # fmt: skip
    for data in bad:
        with pytest.raises(SheetFileError):
            from_dict(data)


def test_every_mood_has_its_word_in_both_languages() -> None:
    for language in LANGUAGES:
        for mood in MOODS:
            assert f"cue.mood.{mood}" in catalogue(language)


def test_the_partition_is_the_best_there_is() -> None:
    """Against every partition of a short series, tried one by one."""
    rng = np.random.default_rng(0)
    for trial in range(20):
        values = np.repeat(rng.normal(size=(4, 2)), 4, axis=0) + rng.normal(scale=0.3, size=(16, 2))
        weights = rng.choice([0.0, 0.5, 1.0], size=(16, 2))

        def cost(a: int, b: int, v: np.ndarray = values, w: np.ndarray = weights) -> float:
            v, w = v[a:b], w[a:b]
            mean = (v * w).sum(axis=0) / np.maximum(w.sum(axis=0), 1e-12)
            return float((w * (v - mean) ** 2).sum())

        def total(cuts: tuple[int, ...]) -> float:
            return sum(cost(a, b) + 0.4 for a, b in pairwise((0, *cuts, 16)))

        best = min(_every_partition(16, 3), key=total)
        found = tuple(partition(values, weights, 0.4, 3))
        assert total(found) == pytest.approx(total(best)), trial


def _every_partition(n: int, shortest: int) -> list[tuple[int, ...]]:
    sets = (tuple(k for k in range(1, n) if bits >> k & 1) for bits in range(0, 1 << n, 2))
    return [cuts for cuts in sets if all(b - a >= shortest for a, b in pairwise((0, *cuts, n)))]
