"""Genres and sound effects: the table is whole, in both languages, and its links are well formed."""

import itertools
import re
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.messages import catalogue
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline
from recommender import suggestions
from recommender.suggestions import cues, links, suggest


def scores(**probs: float) -> EmotionScores:
    return EmotionScores.from_array([probs.get(e, 0.0) for e in EMOTIONS])


def clip_of(*each_second: EmotionScores) -> Timeline:
    moments = tuple(Moment(Segment(i, i + 1), fused=s) for i, s in enumerate(each_second))
    return Timeline(Clip("c", float(len(moments))), moments)


@pytest.mark.parametrize("kind", ["genre", "instrument", "effect", "key"])
def test_every_word_is_there_in_both_languages(kind):
    for language in ("en", "zh_TW"):
        for name in suggestions.names(kind):
            assert catalogue(language).get(f"music.{kind}.{name}"), f"{language}: music.{kind}.{name}"
    # words that nothing uses would be dead weight
    used = {f"music.{kind}.{name}" for name in suggestions.names(kind)}
    assert {k for k in catalogue("en") if k.startswith(f"music.{kind}.")} == used


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_emotion_has_a_whole_suggestion(emotion):
    got = suggest(scores(**{emotion: 1}))
    assert got.emotion == emotion
    assert 3 <= len(got.genres) <= 4
    assert len(set(got.genres)) == len(got.genres)
    slow, fast = suggestions.STYLES[emotion].tempo_bpm
    assert slow <= got.bpm[0] < got.bpm[1] <= fast
    assert got.instruments
    assert got.effects
    assert got.accents


def test_tempo_rises_with_arousal_and_follows_the_literature():
    still, stirred = suggest(scores(sad=0.6, calm=0.4)), suggest(scores(sad=0.6, angry=0.4))
    assert still.emotion == stirred.emotion == "sad"
    assert still.bpm[1] < stirred.bpm[1]
    assert still.genres != stirred.genres
    middle = {e: np.mean(suggest(scores(**{e: 1})).bpm) for e in EMOTIONS}
    assert max(middle[e] for e in ("calm", "sad", "disgust")) < min(
        middle[e] for e in ("happy", "surprised", "angry", "fearful")
    )
    assert {e: suggestions.STYLES[e].key for e in ("happy", "calm", "sad", "angry", "disgust")} == {
        "happy": "major",
        "calm": "major",
        "sad": "minor",
        "angry": "minor",
        "disgust": "minor",
    }


HOSTS = {
    "Freesound": "freesound.org",
    "Pixabay": "pixabay.com",
    "Free Music Archive": "freemusicarchive.org",
    "ccMixter": "ccmixter.org",
    "YouTube Audio Library": "www.youtube.com",
}


@pytest.mark.parametrize("kind", ["genre", "effect"])
def test_every_name_has_well_formed_links_into_open_libraries(kind):
    seen = set()
    for name in suggestions.names(kind):
        for link in links(kind, name, "sad" if kind == "genre" else None):
            seen.add(link.library)
            parts = urlsplit(link.url)
            assert (parts.scheme, parts.netloc) == ("https", HOSTS[link.library])
            assert re.fullmatch(r"[!-~]+", link.url), "only signs that an address may hold"
            assert "{" not in link.url
            assert link.licence
            said = [*parse_qsl(parts.query), ("path", unquote(parts.path).rstrip("/").rsplit("/", 1)[1])]
            asked = {value for _, value in said}
            assert (link.words.replace("/", " ") in asked or link.words in asked) is link.searches
    music = {"Pixabay", "Free Music Archive", "ccMixter", "YouTube Audio Library"}
    assert seen == (music if kind == "genre" else {"Freesound", "Pixabay", "YouTube Audio Library"})


def test_cues_stand_on_peaks_and_lulls():
    calm, angry = scores(calm=1), scores(angry=1)
    got = cues(clip_of(*[calm] * 20, *[angry] * 10, *[calm] * 20))
    assert [c.why for c in got] == ["lull", "rise", "peak"]
    peak = next(c for c in got if c.why == "peak")
    assert peak.time_s == 20.0
    assert peak.effect in suggestions.STYLES["angry"].accents
    assert next(c for c in got if c.why == "rise").time_s == 18.5
    assert [c.time_s for c in got] == sorted(c.time_s for c in got)


def test_no_cues_without_changes_and_never_too_many():
    assert cues(clip_of(*[scores(sad=1)] * 9)) == []
    assert cues(clip_of(scores(sad=1))) == []
    assert cues(Timeline(Clip("c", 1.0), ())) == []
    restless = clip_of(*[scores(calm=1), scores(angry=1)] * 100)
    for limit in (1, 3, 8):
        got = cues(restless, limit=limit)
        hits = [c.time_s for c in got if c.why != "rise"]
        assert len(hits) == limit
        assert all(b - a >= suggestions.APART_S for a, b in itertools.pairwise(hits))
        assert [c.time_s + suggestions.RISE_S for c in got if c.why == "rise"] == [
            c.time_s for c in got if c.why == "peak" and c.time_s >= suggestions.RISE_S
        ], "a riser has its peak"


def test_no_accent_on_what_is_flat_nor_at_the_very_end():
    flat = clip_of(*[scores(sad=1)] * 20, *[scores(neutral=1)] * 5, *[scores(sad=1)] * 20)
    assert not [c for c in cues(flat) if c.why == "peak"]
    late = clip_of(*[scores(calm=1)] * 30, scores(angry=1))
    assert all(c.time_s < 28 for c in cues(late))
