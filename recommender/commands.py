"""What the command lines do: ``python -m recommender`` and ``moodcue`` both call these.

Results go to standard output, everything else to standard error; a failure is raised as a MoodCueError.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from emotion import result
from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Timeline, Verdict
from recommender import tables
from recommender.errors import NothingHeard
from recommender.ranking import reasons
from recommender.ranking.intents import Intent
from recommender.ranking.picks import Pick, emotion_picks, seed_picks
from recommender.ranking.plane import DEFAULT_GOAL
from recommender.ranking.rank import rank
from recommender.ranking.sections import sections
from recommender.songs import files, lmc, moods
from recommender.songs.catalogue import Catalogue
from recommender.songs.filters import Filters
from recommender.suggestions import suggest


@dataclass(frozen=True, slots=True)
class Wish:
    """Which songs are wanted: at most ``count``; an intent, a goal or a filter asks for the plane."""

    count: int = 10
    intent: Intent | None = None
    goal: str | None = None
    filters: Filters = field(default_factory=Filters)
    seed: int = 0

    @property
    def on_the_plane(self) -> bool:
        return self.intent is not None or self.goal is not None or self.filters != Filters()


def recommend(
    *, timeline: Path | None = None, emotion: str | None = None, wish: Wish, form: str, catalogue: Path | None = None
) -> None:
    """Songs for a timeline's file or for one of the eight emotions, and what else suits.

    Raises:
        MoodCueError: the timeline, the catalogue or the emotion cannot be used, or nothing fits.
    """
    songs = files.load(catalogue)
    if timeline is not None:
        expressing = result.read(timeline)
        picks = for_timeline(expressing, songs, wish)
        expressed = expressing.best.scores if expressing.best else sections(expressing)[0].scores
    else:
        name = (emotion or "").lower()
        picks = for_emotion(name, songs, wish)
        expressed = _only(name)
    print(tables.render(picks, form))  # noqa: T201
    if form == "table":
        print(f"\n{tables.suiting(suggest(expressed))}")  # noqa: T201


def for_timeline(timeline: Timeline, catalogue: Catalogue, wish: Wish) -> list[Pick]:
    """The seed's view unless an intent or a filter asks for the plane."""
    if wish.on_the_plane:
        return _ranked(timeline, catalogue, wish)
    sides = [None if v is None else v.scores for v in (timeline.voice, timeline.face)]
    if sides == [None, None] and timeline.fused is not None:
        sides[0] = timeline.fused.scores
    if sides == [None, None]:
        raise NothingHeard(name=timeline.clip.name)
    return seed_picks(sides[0], sides[1], catalogue, count=wish.count, seed=wish.seed)


def for_emotion(name: str, catalogue: Catalogue, wish: Wish) -> list[Pick]:
    """The seed's list of one emotion, unless an intent or a filter asks for the plane.

    Raises:
        UnknownEmotion: not one of the eight.
    """
    listed = emotion_picks(name, wish.count, catalogue, seed=wish.seed)
    if not wish.on_the_plane:
        return listed
    only = Timeline(Clip(name, 0.0), (), fused=Verdict(_only(name), sure=True))
    return [
        replace(pick, reason=reasons.without_times(pick.reason), segment=None)
        for pick in _ranked(only, catalogue, wish, said=name)
    ]


def _only(name: str) -> EmotionScores:
    return EmotionScores.from_array([e == name for e in EMOTIONS])


def _ranked(timeline: Timeline, catalogue: Catalogue, wish: Wish, said: str | None = None) -> list[Pick]:
    return rank(
        timeline,
        catalogue,
        count=wish.count,
        intent=wish.intent or ("steer" if wish.goal else "match"),
        goal=wish.goal or DEFAULT_GOAL,
        filters=wish.filters,
        seed=wish.seed,
        said=said,
    )


def convert(table: Path, *, output: Path | None = None, form: str = "table") -> None:
    """LMC's labels to the eight emotions by the seed's two rules; prints the totals, writes the songs to ``output``."""
    songs = lmc.read(table)
    totals = moods.assign(songs.mood).totals()
    if output is not None:
        _write(lmc.convert(songs, table.name), output)
    print(_totals(totals, songs, form))  # noqa: T201


def _write(catalogue: Catalogue, path: Path) -> None:
    if path.is_dir():
        path = path / "catalogue.csv"
    write = files.write_parquet if path.suffix == ".parquet" else files.write_csv
    write(catalogue, path)
    print(f"{len(catalogue)} songs written to {path}", file=sys.stderr)  # noqa: T201


def _totals(totals: dict[str, int], songs: lmc.LmcSongs, form: str) -> str:
    total = sum(totals.values())
    if form == "json":
        counts = {**totals, "total": total, "with_a_mood": len(songs), "left_out": songs.rejected}
        return json.dumps(counts, indent=2)
    rows = [[name, count] for name, count in [*totals.items(), ("total", total)]]
    if form == "csv":
        return "\n".join(["emotion,songs", *(f"{name},{count}" for name, count in rows)])
    counts = ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in songs.rejected.items())
    return f"{tables.as_table(['emotion', 'songs'], rows)}\n\n{len(songs)} songs with a mood; left out: {counts}"
