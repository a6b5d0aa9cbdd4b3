"""The taste learned from picks and skips: off at first, bounded, readable, and of use."""

import numpy as np
import pytest

from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline
from recommender import paths, sentence
from recommender.ranking import simulation
from recommender.ranking.rank import rank
from recommender.ranking.taste import ENOUGH, STRONGEST, learn
from recommender.songs import files
from recommender.store.history import Event


@pytest.fixture(scope="module")
def starter():
    return files.read(paths.STARTER)


def events(starter, likes, count):
    rows = np.random.default_rng(1).permutation(len(starter))
    liked = [i for i in rows if likes(starter[i])][:count]
    disliked = [i for i in rows if not likes(starter[i])][:count]
    picks = [Event(float(n), "pick", track_id=starter[i].id) for n, i in enumerate(liked)]
    return picks + [Event(100.0 + n, "skip", track_id=starter[i].id) for n, i in enumerate(disliked)]


def is_jazz(track):
    return track.genre == "jazz"


def test_off_until_there_are_enough_of_both(starter):
    assert learn([], starter) is None
    assert learn(events(starter, is_jazz, ENOUGH - 1), starter) is None
    assert learn([e for e in events(starter, is_jazz, 30) if e.kind == "pick"], starter) is None
    assert learn(events(starter, is_jazz, ENOUGH), starter) is not None


def test_it_can_be_read(starter):
    taste = learn(events(starter, is_jazz, 20), starter)
    assert taste is not None
    assert (taste.picks, taste.skips) == (20, 20)
    notice, weight = taste.reasons()[0]
    assert sentence(notice) == "jazz"
    assert weight > 0
    for notice, _ in taste.reasons(30):
        assert "music." not in sentence(notice, "zh_TW")


def test_it_reorders_what_fits_and_no_more(starter):
    taste = learn(events(starter, is_jazz, 20), starter)
    assert taste is not None
    adjustment = taste.adjustment(starter)
    assert np.abs(adjustment).max() <= STRONGEST
    jazz = starter.genre == "jazz"
    assert adjustment[jazz].mean() < adjustment[~jazz].mean() - 0.1
    sad = EmotionScores((0, 0, 0, 1, 0, 0, 0, 0))
    timeline = Timeline(Clip("c", 9), (Moment(Segment(0, 9), fused=sad),))
    without, with_taste = rank(timeline, starter), rank(timeline, starter, taste=taste)
    assert sum(is_jazz(p.track) for p in with_taste) > sum(is_jazz(p.track) for p in without)
    assert all(p.track.valence < 0 for p in with_taste)
    assert all(p.distance < 0.6 for p in with_taste)


def test_the_last_word_on_a_song_counts_and_unknown_songs_do_not(starter):
    known = events(starter, is_jazz, ENOUGH)
    changed = [Event(1000.0, "skip", track_id=known[0].track_id)]
    assert learn(known + changed, starter) is None
    strangers = [Event(2000.0 + i, "pick", track_id=f"nobody {i}") for i in range(50)]
    assert learn(known + changed + strangers, starter) is None


def test_songs_are_found_by_name_in_a_catalogue_with_other_ids(starter):
    def renamed(e):
        track = starter[starter.index_of(e.track_id)]
        return Event(e.at, e.kind, track_id=f"TR{e.track_id}", artist=track.artist.upper(), title=track.title)

    taste = learn([renamed(e) for e in events(starter, is_jazz, ENOUGH)], starter)
    assert taste is not None
    assert (taste.picks, taste.skips) == (ENOUGH, ENOUGH)


@pytest.mark.parametrize("visitor", [v for v in simulation.VISITORS if "coin" not in v])
def test_simulated_visitors_with_a_taste_get_more_of_what_they_like(starter, visitor):
    runs = [simulation.simulate(visitor, starter, seed) for seed in range(3)]
    gains = [r.with_taste - r.without for r in runs]
    assert np.mean(gains) > 0.15


def test_a_visitor_who_tosses_a_coin_gains_nothing(starter):
    runs = [simulation.simulate("no taste (a coin)", starter, seed) for seed in range(5)]
    assert abs(np.mean([r.with_taste - r.without for r in runs])) < 0.15
