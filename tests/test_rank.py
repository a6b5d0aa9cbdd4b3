"""Ranking on the plane: distances, stretches, intents, filters, variety, speed."""

import itertools
import json
import math
from typing import cast

import numpy as np
import pytest

from emotion.labels import BY_NAME, EMOTIONS
from emotion.result import to_dict
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline, Verdict
from moodcue.__main__ import main as moodcue
from recommender import paths, sentence
from recommender.__main__ import main
from recommender.cues import edits, make_sheet
from recommender.errors import NoSongs, NothingHeard, UnknownChoice
from recommender.ranking import plane, reasons
from recommender.ranking.intents import FORMER, INTENTS, Intent
from recommender.ranking.rank import rank
from recommender.ranking.sections import sections
from recommender.songs import files, moods
from recommender.songs.catalogue import from_columns
from recommender.songs.filters import Filters


def scores(**probs: float) -> EmotionScores:
    return EmotionScores.from_array([probs.get(e, 0.0) for e in EMOTIONS])


def clip_of(*parts: tuple[float, EmotionScores]) -> Timeline:
    """One-second moments: each part is (seconds, what is expressed)."""
    all_scores = [s for seconds, s in parts for _ in range(int(seconds))]
    moments = tuple(Moment(Segment(i, i + 1), voice=s, fused=s) for i, s in enumerate(all_scores))
    return Timeline(Clip("c.mp4", float(len(moments))), moments)


@pytest.fixture(scope="module")
def starter():
    return files.read(paths.STARTER)


@pytest.fixture(scope="module")
def many():
    return made_up(20_000)


def made_up(n):
    rng = np.random.default_rng(1)
    return from_columns(
        "many",
        {
            "artist": [f"artist {i % 6000}" for i in range(n)],
            "title": [f"title {i}" for i in range(n)],
            "genre": [f"genre {i % 25}" for i in range(n)],
            "year": [1950 + i % 75 for i in range(n)],
            "valence": rng.uniform(-1, 1, n).tolist(),
            "arousal": rng.uniform(-1, 1, n).tolist(),
        },
    )


# The plane ---------------------------------------------------------------------------------------


def test_distance_to_one_emotion_is_the_plain_one():
    sad = BY_NAME["sad"]
    song = np.array([[sad.valence + 0.3, sad.arousal - 0.4]])
    got = plane.distance(plane.affinity(song), scores(sad=1).as_array()[None])
    assert got[0, 0] == pytest.approx(0.5, abs=1e-4)


def test_distance_follows_its_formula():
    rng = np.random.default_rng(0)
    songs, probs = rng.uniform(-1, 1, (50, 2)), rng.dirichlet(np.ones(8), 7)
    got = plane.distance(plane.affinity(songs), probs)
    for i, j in [(0, 0), (13, 4), (49, 6)]:
        total = sum(
            p * math.exp(-math.dist(songs[i], (e.valence, e.arousal)) / plane.TEMPERATURE)
            for p, e in zip(probs[j], BY_NAME.values(), strict=True)
        )
        assert got[i, j] == pytest.approx(-plane.TEMPERATURE * math.log(total), abs=1e-4)
    assert (got >= 0).all()


def test_the_second_likeliest_emotion_beats_the_middle_of_nowhere():
    happy, sad = BY_NAME["happy"], BY_NAME["sad"]
    middle = ((happy.valence + sad.valence) / 2, (happy.arousal + sad.arousal) / 2)
    songs = np.array([(happy.valence, happy.arousal), (sad.valence, sad.arousal), middle])
    away = plane.distance(plane.affinity(songs), scores(happy=0.4, sad=0.6).as_array()[None])[:, 0]
    assert away[1] < away[0] < away[2]


def test_the_whole_distribution_counts_not_the_label_alone(many):
    leaning_calm = rank(clip_of((9, scores(sad=0.55, calm=0.45))), many, count=20)
    leaning_angry = rank(clip_of((9, scores(sad=0.55, angry=0.45))), many, count=20)
    assert {p.track.id for p in leaning_calm} != {p.track.id for p in leaning_angry}


# Stretches ---------------------------------------------------------------------------------------


def test_changes_cut_the_timeline_and_flickers_do_not():
    timeline = clip_of((12, scores(sad=1)), (1, scores(happy=1)), (8, scores(sad=0.8, calm=0.2)), (9, scores(angry=1)))
    cut = sections(timeline)
    assert [(s.segment.start_s, s.segment.end_s, s.scores.label) for s in cut] == [(0, 21, "sad"), (21, 30, "angry")]
    assert cut[0].scores["happy"] == pytest.approx(1 / 21)


def test_a_short_beginning_joins_what_follows():
    cut = sections(clip_of((1, scores(neutral=1)), (9, scores(happy=1))))
    assert [(s.segment.start_s, s.segment.end_s) for s in cut] == [(0, 10)]


def test_the_side_that_shows_it_is_named():
    moment = Moment(Segment(0, 9), voice=scores(sad=1), face=scores(happy=1), fused=scores(sad=0.6, happy=0.4))
    assert sections(Timeline(Clip("c", 9), (moment,)))[0].modality == "voice"
    agreed = Moment(Segment(0, 9), voice=scores(sad=1), face=scores(sad=1), fused=scores(sad=1))
    assert sections(Timeline(Clip("c", 9), (agreed,)))[0].modality == "fused"
    assert sections(Timeline(Clip("c", 9), (moment,)), "face")[0].scores.label == "happy"


def test_a_verdict_alone_is_one_stretch_over_the_clip():
    timeline = Timeline(Clip("c", 7.0), (), face=Verdict(scores(calm=1), True))
    (only,) = sections(timeline)
    assert (only.segment, only.modality) == (Segment(0, 7), "face")


def test_songs_are_shared_out_by_length_in_the_order_of_the_clip(starter):
    got = rank(clip_of((30, scores(sad=1)), (10, scores(happy=1)), (10, scores(angry=1))), starter)
    assert [p.emotion for p in got] == ["sad"] * 6 + ["happy"] * 2 + ["angry"] * 2
    assert got[0].segment == Segment(0, 30)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10])
def test_never_more_songs_than_asked_for(starter, count):
    timeline = clip_of(*[(3 + i, scores(**{e: 1})) for i, e in enumerate(EMOTIONS)])
    for intent in INTENTS:
        assert len(rank(timeline, starter, count=count, intent=intent)) == count


# Intents -----------------------------------------------------------------------------------------


def test_match_is_near_contrast_is_mirrored(starter):
    timeline = clip_of((10, scores(happy=1)))
    assert all(p.track.valence > 0.4 for p in rank(timeline, starter, intent="match"))
    irony = rank(timeline, starter, intent="contrast")
    assert all(p.track.valence < 0 and p.track.arousal > 0.3 for p in irony)


def test_lead_walks_from_the_beginning_to_the_goal(starter):
    got = rank(clip_of((30, scores(sad=1))), starter, intent="steer", goal="hopeful", count=6)
    valence = [p.track.valence for p in got]
    assert valence[0] < -0.3
    assert valence[-1] > 0.4
    assert sum(b >= a - 0.05 for a, b in itertools.pairwise(valence)) == 5
    assert [p.segment.start_s for p in got if p.segment] == [0, 5, 10, 15, 20, 25]


def test_one_step_of_a_path_is_its_goal():
    assert plane.path((-1, -1), (0.5, 0.5), 1).tolist() == [[0.5, 0.5]]


def test_unknown_intents_and_goals_are_refused(starter):
    with pytest.raises(UnknownChoice, match="match, contrast, steer"):
        rank(clip_of((3, scores(sad=1))), starter, intent="confuse")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UnknownChoice, match="hopeful"):
        rank(clip_of((3, scores(sad=1))), starter, intent="steer", goal="rich")


def test_nothing_heard(starter):
    with pytest.raises(NothingHeard, match="silent"):
        rank(Timeline(Clip("silent.mp4", 3.0), (Moment(Segment(0, 3)),)), starter)


# Filters and variety -----------------------------------------------------------------------------


def test_filters_hold(starter):
    timeline = clip_of((10, scores(happy=0.5, sad=0.5)))
    wanted = Filters(genres=frozenset({"JAZZ", "classical"}), words=False, decades=frozenset({1930, 1940, 1950}))
    got = rank(timeline, starter, filters=wanted)
    assert got
    for p in got:
        assert p.track.genre in ("jazz", "classical")
        assert p.track.has_words is False
        assert p.track.decade in (1930, 1940, 1950)
    low = rank(timeline, starter, filters=Filters(energies=frozenset({"low"})))
    assert {p.track.energy for p in low} == {"low"}


def test_search_ignores_case_and_accents(starter):
    assert [starter[i].title for i in np.flatnonzero(Filters(text="BJORK").mask(starter))] == []
    (row,) = np.flatnonzero(Filters(text="gorecki LENTO").mask(starter))
    assert "Górecki" in starter[row].artist
    assert Filters(text="五月天").mask(starter).sum() >= 3


def test_filters_that_leave_nothing_or_do_not_exist(starter):
    timeline = clip_of((3, scores(sad=1)))
    with pytest.raises(NoSongs):
        rank(timeline, starter, filters=Filters(text="no such song at all"))
    for wrong in (Filters(genres=frozenset({"polka"})), Filters(decades=frozenset({1234}))):
        with pytest.raises(UnknownChoice):
            rank(timeline, starter, filters=wrong)


def test_no_artist_twice_even_when_few_are_left(starter):
    got = rank(clip_of((10, scores(sad=1))), starter, count=40, filters=Filters(genres=frozenset({"Mandopop"})))
    artists = [p.track.artist for p in got]
    assert len(artists) == len(set(artists)) > 10


def test_genres_and_decades_spread(starter):
    got = rank(clip_of((10, scores(sad=1))), starter)
    assert len({p.track.genre for p in got}) >= 6
    assert len({p.track.decade for p in got}) >= 6


def test_the_seed_repeats_and_another_differs(starter):
    timeline = clip_of((10, scores(calm=0.6, neutral=0.4)))
    ids = [[p.track.id for p in rank(timeline, starter, seed=s)] for s in (4, 4, 5)]
    assert ids[0] == ids[1] != ids[2]


def test_what_an_intent_was_called_before_is_understood_and_shown_nowhere(starter, tmp_path, capsys):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(to_dict(clip_of((12, scores(sad=1)), (12, scores(happy=1))))))
    for former, today in FORMER.items():
        told = []
        for command, form in ((main, "--format=json"), (moodcue, "--format=json")):
            for word in (former, today):
                argv = ["songs"] if command is moodcue else []
                assert command([*argv, str(path), "--intent", word, form]) == 0
                told.append(capsys.readouterr().out)
        assert len(set(told)) == 1 and told[0] != "[]"
        assert rank(clip_of((3, scores(sad=1))), starter, intent=cast(Intent, former)) == rank(
            clip_of((3, scores(sad=1))), starter, intent=today
        )
        assert edits.set_intent(make_sheet(clip_of((12, scores(sad=1)))), cast(Intent, former)).cues[0].intent == today
        assert reasons.key_now(f"music.reason.{former}_said") == f"music.reason.{today}_said"
    for argv in (["songs", "--help"], ["cues", "--help"]):
        assert moodcue(argv) == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in INTENTS)
        assert not any(word in shown for word in FORMER)


@pytest.mark.parametrize("key", ["music.reason.seed_voice_no_mood", "music.reason.match_both", "music.reason.list"])
def test_other_reasons_keep_their_keys(key):
    assert reasons.key_now(key) == key


# Reasons, speed, command line --------------------------------------------------------------------


def test_the_reason_says_what_and_where(starter):
    pick = rank(clip_of((12, scores(happy=1)), (19, scores(sad=1))), starter, count=2)[1]
    assert sentence(pick.reason) == "For 0:12-0:31, where the voice is sad: low energy"
    for intent in INTENTS:
        for language in ("en", "zh_TW"):
            for pick in rank(clip_of((12, scores(happy=1))), starter, count=3, intent=intent):
                text = sentence(pick.reason, language)
                assert "{" not in text
                assert "music." not in text


def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    path = tmp_path / "t.json"
    path.write_text(json.dumps(to_dict(clip_of((12, scores(sad=1)), (12, scores(happy=1))))))
    argv = [str(path), "--format", "json", "--count", "4"]
    assert main([*argv, "--intent", "match", "--genre", "jazz"]) == 0
    got = json.loads(capsys.readouterr().out)
    assert [(r["emotion"], r["genre"]) for r in got] == [("sad", "jazz")] * 2 + [("happy", "jazz")] * 2
    assert main([*argv, "--goal", "hopeful", "--without-words"]) == 0
    assert "to hopeful" in json.loads(capsys.readouterr().out)[0]["why"]
    assert main([*argv, "--genre", "polka"]) == 2
    assert "polka" in capsys.readouterr().err


def test_mood_and_emotion_coordinates_agree_where_they_share_a_term():
    for mood, emotion in (("sad", "sad"), ("happy", "happy"), ("anger", "angry"), ("calm", "calm")):
        m, e = moods.BY_NAME[mood], BY_NAME[emotion]
        assert (m.valence, m.arousal) == (e.valence, e.arousal)


def test_songs_are_shared_out_by_what_is_heard_not_by_the_silence_between(starter):
    """Two seconds of sadness a minute apart are no minute of it."""
    sad, happy = scores(sad=1), scores(happy=1)
    times = [(0, sad), (58, sad), *((60 + i, happy) for i in range(30))]
    moments = tuple(Moment(Segment(t, t + 1), voice=s, fused=s) for t, s in times)
    picks = rank(Timeline(Clip("c.mp4", 90.0), moments), starter)
    assert sum(p.segment is not None and p.segment.start_s >= 60 for p in picks) == 9


@pytest.mark.parametrize("count", [1, 4, 7, 10, 20])
def test_so_many_songs_as_asked_for_shared_between_voice_and_face(tmp_path, capsys, count):
    voice, face = Verdict(scores(sad=1), True), Verdict(scores(happy=1), True)
    path = tmp_path / "clip.json"
    path.write_text(json.dumps(to_dict(Timeline(Clip("c.mp4", 9.0), (), voice=voice, face=face))))
    assert main([str(path), "--count", str(count), "--format", "json"]) == 0
    got = [row["for"] for row in json.loads(capsys.readouterr().out)]
    assert got == ["voice"] * (count - count // 2) + ["face"] * (count // 2)
