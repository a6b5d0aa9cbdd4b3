"""Ranking 20,000 songs for 60 segments (the bar is 50 ms), and what four times the songs take beside it."""

from __future__ import annotations

import functools
import statistics
import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import numpy as np

from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline
from recommender import INTENTS
from recommender.ranking.rank import rank
from recommender.songs import files
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
    return [f"{'ranking':<50}median   worst", *lines, *growth()]


def growth() -> list[str]:
    """Four times the songs, in times as long: ranking and reading grow with their number and no faster."""
    clip, lines = timeline(), []
    for intent in INTENTS:
        few, many = (
            _quickest(functools.partial(rank, clip, songs, intent=intent))
            for songs in (catalogue(), catalogue(4 * SONGS))
        )
        lines.append(f"{'four times the songs, ' + intent + ', times as long':<48}{many / few:>8.1f}")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{count}.parquet" for count in (SONGS, 4 * SONGS)]
        for path, count in zip(paths, (SONGS, 4 * SONGS), strict=True):
            files.write_parquet(catalogue(count), path)
        few, many = (_quickest(functools.partial(files.read, path)) for path in paths)
    return [*lines, f"{'four times the songs read, times as long':<48}{many / few:>8.1f}"]


def _quickest(work: Callable[[], object], repeats: int = 5) -> float:
    work()  # what is worked out once a catalogue
    return min(timeit.repeat(work, number=1, repeat=repeats))


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
