"""The seed's table of moods and emotions, and its two rules."""

import random

import numpy as np
import pytest

from emotion.labels import EMOTIONS
from recommender.songs import moods


def shuffled_seed_moods(seed: int) -> list[str]:
    songs = [mood for mood, count in moods.SEED_COUNTS.items() for _ in range(count)]
    random.Random(seed).shuffle(songs)
    return songs


def slow_reference(songs: list[str]) -> dict[str, list[int]]:
    """The rules as the seed words them, one song at a time, written without the code under test."""
    hostile = low = calm = 0
    lists: dict[str, list[int]] = {e: [] for e in EMOTIONS}
    for i, mood in enumerate(songs):
        if mood in ("aggression", "anger"):
            hostile += 1
            lists["disgust" if hostile % 2 == 1 else "angry"].append(i)
        elif mood == "depressed":
            low += 1
            lists["sad" if low % 2 == 1 else "fearful"].append(i)
        elif mood == "calm":
            calm += 1
            lists["calm" if calm % 2 == 1 else "neutral"].append(i)
        elif mood == "excitement":
            lists["surprised"].append(i)
        elif mood in ("happy", "cheerful", "upbeat", "desire"):
            lists["happy"].append(i)
        elif mood in ("earnest", "confident"):
            lists["neutral"].append(i)
        elif mood == "romantic":
            lists["calm"].append(i)
        elif mood in ("angst", "brooding", "pessimism"):
            lists["fearful"].append(i)
        elif mood in ("sad", "grief"):
            lists["sad"].append(i)
    for emotion, listed in lists.items():
        if len(listed) > 1000:
            even = [song for position, song in enumerate(listed, 1) if position % 2 == 0]
            odd = [song for position, song in enumerate(listed, 1) if position % 2 == 1]
            lists[emotion] = (even + odd)[:1000]
    return lists


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_seed_counts_give_the_seed_table_song_for_song(seed):
    songs = shuffled_seed_moods(seed)
    assert len(songs) == 25_766
    assigned = moods.assign(songs)
    assert assigned.totals() == {e: moods.SEED_TOTALS[e] for e in EMOTIONS}
    assert sum(assigned.totals().values()) == 6714
    expected = slow_reference(songs)
    for i, emotion in enumerate(EMOTIONS):
        rows = np.flatnonzero((assigned.emotion == i) & (assigned.seed_rank >= 0))
        rows = rows[np.argsort(assigned.seed_rank[rows])]
        assert rows.tolist() == expected[emotion]


def test_more_than_twice_the_cap_takes_even_positions_alone():
    ranks = moods.assign(["sad"] * 2500).seed_rank
    assert np.flatnonzero(ranks >= 0).tolist() == list(range(1, 2000, 2))


def test_just_above_the_cap_takes_the_first_odd_ones_after_the_even():
    ranks = moods.assign(["romantic"] * 1001).seed_rank
    assert ranks[1] == 0
    assert ranks[0] == 500
    assert np.flatnonzero(ranks < 0).tolist() == [1000]


def test_groups_count_positions_together():
    assigned = moods.assign(["anger", "calm", "aggression", "calm", "anger"])
    assert [EMOTIONS[e] for e in assigned.emotion] == ["disgust", "calm", "angry", "neutral", "disgust"]


def test_unknown_moods_and_nothing_at_all():
    assert moods.assign(["dreamy", "sad"]).emotion.tolist() == [-1, EMOTIONS.index("sad")]
    assert sum(moods.assign([]).totals().values()) == 0
    assert np.isnan(moods.coordinates(["dreamy"])).all()


def test_every_row_has_a_reason_and_a_place():
    assert len(moods.TABLE) == 17
    assert set(moods.MOODS) == set(moods.SEED_COUNTS)
    assert {e for m in moods.TABLE for e in m.emotions} == set(EMOTIONS)
    for mood in moods.TABLE:
        assert mood.reason.endswith(".")
        assert mood.term
        assert abs(mood.valence) <= 1
        assert abs(mood.arousal) <= 1
