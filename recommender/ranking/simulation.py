"""Does the learned taste help? Simulated visitors with known tastes: ``python -m recommender.ranking.simulation``.

A visitor likes or dislikes each song by a hidden rule, and is wrong about it one time in ten. They
are shown ranked lists for changing clips and pick or skip each song; then, on new clips, the share of
liked songs is counted without taste and with the taste learned, over songs never shown before, so
that remembering single songs gains nothing (the visitor who tosses a coin shows it).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline
from recommender import paths, tables
from recommender.ranking.rank import rank
from recommender.ranking.taste import Taste, learn
from recommender.songs import files
from recommender.songs.catalogue import Catalogue, Track
from recommender.store.history import Event

MISTAKES: Final = 0.1
CLIPS_SEEN: Final = 6
CLIPS_NEW: Final = 12

VISITORS: Final[dict[str, Callable[[Track], bool]]] = {
    "classical and jazz": lambda t: t.genre in ("classical", "jazz"),
    "no words": lambda t: t.has_words is False,
    "since 1995": lambda t: (t.year or 0) >= 1995,
    "Mandopop and pop": lambda t: t.genre in ("Mandopop", "Cantopop", "pop"),
    "rock and metal": lambda t: t.genre in ("rock", "metal", "punk"),
    "no taste (a coin)": lambda t: int(t.id[-2:], 16) % 2 == 0,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares of liked songs in [0, 1] on new clips, and how many picks and skips taught it."""

    visitor: str
    without: float
    with_taste: float
    picks: int
    skips: int


def simulate(visitor: str, catalogue: Catalogue, seed: int = 0) -> Outcome:
    """Show clips to one visitor, learn, and count on clips that are new."""
    rng = np.random.default_rng(seed)
    likes = VISITORS[visitor]
    events = []
    for n in range(CLIPS_SEEN):
        for pick in rank(_clip(rng), catalogue, seed=n):
            liked = likes(pick.track) != (rng.random() < MISTAKES)
            events.append(Event(float(len(events)), "pick" if liked else "skip", track_id=pick.track.id))
    taste = learn(events, catalogue)
    clips = [_clip(rng) for _ in range(CLIPS_NEW)]
    kinds, seen = [e.kind for e in events], {e.track_id for e in events}
    return Outcome(
        visitor,
        _liked(clips, catalogue, likes, None, seen),
        _liked(clips, catalogue, likes, taste, seen),
        kinds.count("pick"),
        kinds.count("skip"),
    )


def _liked(
    clips: list[Timeline],
    catalogue: Catalogue,
    likes: Callable[[Track], bool],
    taste: Taste | None,
    seen: set[str | None],
) -> float:
    shown = [p.track for n, c in enumerate(clips) for p in rank(c, catalogue, seed=1000 + n, taste=taste)]
    return float(np.mean([likes(t) for t in shown if t.id not in seen] or [np.nan]))


def _clip(rng: np.random.Generator) -> Timeline:
    """Half a minute with two moods, drawn at random."""
    halves = [EmotionScores.from_array(rng.dirichlet(np.full(len(EMOTIONS), 0.3))) for _ in range(2)]
    moments = tuple(Moment(Segment(i * 3.0, i * 3.0 + 3), fused=halves[i // 5]) for i in range(10))
    return Timeline(Clip("simulated", 30.0), moments)


def measure(catalogue: Catalogue, seeds: int = 10) -> dict[str, dict[str, float]]:
    """For each visitor the mean over several runs: liked without and with taste, the gain and its standard error."""
    out = {}
    for visitor in VISITORS:
        runs = [simulate(visitor, catalogue, seed) for seed in range(seeds)]
        gains = np.array([r.with_taste - r.without for r in runs])
        out[visitor] = {
            "liked_without": float(np.mean([r.without for r in runs])),
            "liked_with_taste": float(np.mean([r.with_taste for r in runs])),
            "gain": float(gains.mean()),
            "standard_error": float(gains.std(ddof=1) / np.sqrt(len(runs))),
        }
    return out


def main() -> int:
    """Print the means as a table."""
    measured = measure(files.read(paths.STARTER))
    heads = ["visitor", *(name.replace("_", " ") for name in next(iter(measured.values())))]
    rows = [[visitor, *(f"{v:.2f}" for v in values.values())] for visitor, values in measured.items()]
    print(tables.as_table(heads, rows))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
