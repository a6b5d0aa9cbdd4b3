"""Ranking 20,000 songs for a timeline of 60 segments: the bar is 50 ms."""

from __future__ import annotations

import statistics
import time

import numpy as np

from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline
from recommender import INTENTS
from recommender.ranking.rank import rank
from recommender.songs.catalogue import Catalogue, from_columns

SONGS, SEGMENTS, BAR_MS = 20_000, 60, 50.0


def measure(repeats: int = 20) -> list[str]:
    songs, clip = catalogue(), timeline()
    lines = []
    for intent in INTENTS:
        rank(clip, songs, intent=intent)
        times = []
        for seed in range(repeats):
            started = time.perf_counter()
            rank(clip, songs, intent=intent, seed=seed)
            times.append(1000 * (time.perf_counter() - started))
        name = f"{SONGS:,} songs for {SEGMENTS} segments, {intent}, ms"
        judged = "" if statistics.median(times) <= BAR_MS else f"   over {BAR_MS:.0f} ms"
        lines.append(f"{name:<48}{statistics.median(times):>8.1f}{max(times):>8.1f}{judged}")
    return [f"{'ranking':<50}median   worst", *lines]


def catalogue(count: int = SONGS) -> Catalogue:
    rng = np.random.default_rng(0)
    where = rng.uniform(-1, 1, (count, 2))
    return from_columns(
        "made up",
        {
            "artist": [f"artist {i % 4000}" for i in range(count)],
            "title": [f"title {i}" for i in range(count)],
            "genre": [f"genre {i % 30}" for i in range(count)],
            "year": (1950 + rng.integers(0, 75, count)).tolist(),
            "valence": where[:, 0].tolist(),
            "arousal": where[:, 1].tolist(),
        },
    )


def timeline(segments: int = SEGMENTS) -> Timeline:
    rng = np.random.default_rng(1)
    moments = []
    for i, probs in enumerate(rng.dirichlet(np.full(len(EMOTIONS), 0.3), segments)):
        scores = EmotionScores.from_array(probs)
        moments.append(Moment(Segment(float(i), i + 1.0), voice=scores, fused=scores))
    return Timeline(Clip("made up", float(segments)), tuple(moments))
