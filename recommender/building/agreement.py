"""How often does the plane agree with a mood label? Songs that have both a label and figures of their own.

A label's emotions are those of its row in ``moods.TABLE`` (two where the seed splits the mood). For
each song the nearest emotion to its own figures is looked up, and compared

- with the label: nearest is one of the label's emotions (*plane*); the same after shuffling the
  labels among the songs (*chance*, mean of many shuffles);
- with the seed's odd/even table, on the split moods alone: nearest is the emotion that the song's
  position drew (*odd/even*), or the one it did not draw (*flipped*). Where the table knew something
  that the figures know too, the first would be the larger.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from emotion.labels import EMOTIONS, INDEX
from recommender.songs import moods
from recommender.songs.catalogue import Catalogue, nearest_emotion

SHUFFLES = 200


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares in [0, 1], None where no song is left to count; ``*_interval``: Wilson, 95 %."""

    songs: int
    plane: float | None
    plane_interval: tuple[float, float] | None
    chance: float | None
    split_songs: int
    odd_even: float | None
    flipped: float | None
    labels: dict[str, int]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def measure(catalogue: Catalogue, seed: int = 0) -> Agreement:
    """Compare, over the catalogue's songs with a mood and with figures that are not just the mood's."""
    has_mood = catalogue.mood != ""
    own = ~np.isclose(catalogue.position, moods.coordinates(catalogue.mood.tolist())).all(axis=1)
    rows = np.flatnonzero(has_mood & own)
    nearest = nearest_emotion(catalogue.position[rows])
    labels = catalogue.mood[rows]
    allowed = np.array([[e in moods.BY_NAME[m].emotions for e in EMOTIONS] for m in labels]).reshape(-1, len(EMOTIONS))
    hits = allowed[np.arange(len(rows)), nearest]
    rng = np.random.default_rng(seed)
    shuffled = [allowed[rng.permutation(len(rows)), nearest].mean() for _ in range(SHUFFLES)] if len(rows) else []
    drawn, other = _split(catalogue, rows)
    split = other >= 0
    return Agreement(
        songs=len(rows),
        plane=_mean(hits),
        plane_interval=wilson(int(hits.sum()), len(rows)),
        chance=float(np.mean(shuffled)) if shuffled else None,
        split_songs=int(split.sum()),
        odd_even=_mean(nearest[split] == drawn[split]),
        flipped=_mean(nearest[split] == other[split]),
        labels={m: int((labels == m).sum()) for m in moods.MOODS if (labels == m).any()},
    )


def _split(catalogue: Catalogue, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row the emotion drawn by position, and the mood's other emotion (-1: not split)."""
    drawn = catalogue.emotion[rows].astype(int)
    other = np.full(len(rows), -1)
    for i, row in enumerate(rows):
        emotions = moods.BY_NAME[str(catalogue.mood[row])].emotions
        if len(emotions) == 2:
            other[i] = next(INDEX[e] for e in emotions if INDEX[e] != drawn[i])
    return drawn, other


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float] | None:
    """Wilson's interval for a share."""
    if n == 0:
        return None
    p, zz = hits / n, z * z
    middle = (p + zz / (2 * n)) / (1 + zz / n)
    half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n)
    return (middle - half, middle + half)
