"""The command line: ``python -m recommender --emotion sad``, ``... TIMELINE.json``, ``... convert LMC.csv``.

Results go to standard output, everything else to standard error. Exit status 1 for a file or a
catalogue that cannot be used, 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from emotion.errors import FileMissing, MoodCueError, TimelineFileError, UnknownEmotion
from emotion.labels import EMOTIONS
from emotion.result import from_dict
from emotion.timeline import EmotionScores, Timeline
from recommender import tables
from recommender.errors import NothingHeard, UnknownChoice
from recommender.ranking.picks import Pick, emotion_picks, seed_picks
from recommender.ranking.plane import DEFAULT_GOAL, GOALS
from recommender.ranking.rank import INTENTS, rank
from recommender.ranking.sections import sections
from recommender.songs import files, lmc, moods
from recommender.songs.catalogue import ENERGY_LEVELS, Catalogue
from recommender.songs.filters import Filters
from recommender.suggestions import suggest


def main(argv: Sequence[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        return convert(argv[1:]) if argv[:1] == ["convert"] else recommend(argv)
    except (UnknownEmotion, UnknownChoice) as e:
        return _fail(e, 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, say) has seen enough
        return 0
    except (MoodCueError, OSError) as e:
        return _fail(e, 1)
    except KeyboardInterrupt:
        return 130


def recommend(argv: Sequence[str]) -> int:
    """``python -m recommender (--emotion NAME | TIMELINE.json) [--count N] [--format table|json|csv]``"""
    args = _recommend_parser().parse_args(argv)
    catalogue = files.load(args.catalogue)
    if args.emotion is not None:
        picks = emotion_picks(args.emotion.lower(), args.count, catalogue, seed=args.seed)
        expressed = EmotionScores.from_array([e == args.emotion.lower() for e in EMOTIONS])
    else:
        timeline = read_timeline(args.timeline)
        picks = for_timeline(timeline, catalogue, args)
        expressed = timeline.best.scores if timeline.best else sections(timeline)[0].scores
    print(tables.render(picks, args.format))  # noqa: T201
    if args.format == "table":
        print(f"\n{tables.suiting(suggest(expressed))}")  # noqa: T201
    return 0


def for_timeline(timeline: Timeline, catalogue: Catalogue, args: argparse.Namespace) -> list[Pick]:
    """The seed's view unless an intent or a filter asks for the plane."""
    filters = Filters(
        genres=frozenset(args.genre or ()),
        decades=frozenset(args.decade or ()),
        energies=frozenset(args.energy or ()),
        words=args.words,
    )
    if args.intent or args.goal or filters != Filters():
        intent = args.intent or ("lead" if args.goal else "match")
        how = {"count": args.count, "intent": intent, "filters": filters, "seed": args.seed}
        return rank(timeline, catalogue, goal=args.goal or DEFAULT_GOAL, **how)
    sides = [None if v is None else v.scores for v in (timeline.voice, timeline.face)]
    if sides == [None, None] and timeline.fused is not None:
        sides[0] = timeline.fused.scores
    if sides == [None, None]:
        raise NothingHeard(name=args.timeline.name)
    return seed_picks(sides[0], sides[1], catalogue, seed=args.seed)[: args.count]


def _recommend_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m recommender",
        description="Songs that fit an expressed emotion, or a clip's timeline.",
        epilog="To convert LMC's labels to the eight emotions: python -m recommender convert LMC.csv",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "timeline", nargs="?", type=Path, metavar="TIMELINE.json", help="from: python -m emotion CLIP --format json"
    )
    what.add_argument("--emotion", metavar="NAME", help=", ".join(EMOTIONS))
    parser.add_argument("--count", type=_positive, default=10, metavar="N", help="at most so many songs (default 10)")
    plane = parser.add_argument_group("by distance on the plane, for a timeline (else the seed's five and five)")
    plane.add_argument("--intent", choices=INTENTS, help="match the mood, counter it (irony), or lead it to --goal")
    plane.add_argument("--goal", choices=GOALS, help=f"where to lead (default {DEFAULT_GOAL})")
    plane.add_argument("--genre", action="append", metavar="NAME", help="may be given several times")
    plane.add_argument("--decade", action="append", type=int, metavar="1990", help="may be given several times")
    plane.add_argument("--energy", action="append", choices=ENERGY_LEVELS)
    plane.add_argument("--with-words", dest="words", action="store_true", default=None)
    plane.add_argument("--without-words", dest="words", action="store_false", default=None)
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="another number, other songs (default 0)")
    parser.add_argument("--format", choices=tables.FORMATS, default="table")
    parser.add_argument("--catalogue", type=Path, metavar="FILE", help="CSV or Parquet instead of the one installed")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a number of songs")
    return number


def _seed(text: str) -> int:
    if int(text) < 0:
        raise argparse.ArgumentTypeError("a seed is 0 or more")
    return int(text)


def read_timeline(path: Path) -> Timeline:
    """The timeline in a JSON file of ``python -m emotion``.

    Raises:
        FileMissing: there is no such file.
        TimelineFileError: it is something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as e:
        raise FileMissing(name=path.name) from e
    except (OSError, ValueError, RecursionError) as e:
        detail = (e.strerror or str(e)) if isinstance(e, OSError) else "it is not JSON"
        raise TimelineFileError(name=path.name, detail=detail) from e
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    return from_dict(data, name=path.name)


def convert(argv: Sequence[str]) -> int:
    """``python -m recommender convert LMC.csv [--output catalogue]``"""
    parser = argparse.ArgumentParser(
        "python -m recommender convert",
        description="Convert LMC's moods to the eight emotions by the seed's two rules, and print the totals.",
    )
    parser.add_argument("table", type=Path, metavar="LMC.csv", help="in LMC's own columns")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the songs listed: Parquet where it ends so, else CSV"
    )
    parser.add_argument("--format", choices=tables.FORMATS, default="table")
    args = parser.parse_args(argv)

    songs = lmc.read(args.table)
    totals = moods.assign(songs.mood).totals()
    if args.output is not None:
        _write(lmc.convert(songs, args.table.name), args.output)
    print(_totals(totals, songs, args.format))  # noqa: T201
    return 0


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


def _fail(error: Exception, status: int) -> int:
    print(f"python -m recommender: {error}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
