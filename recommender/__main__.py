"""The command line: ``python -m recommender --emotion sad``, ``... TIMELINE.json``, ``... cues CLIP``, ``... convert``.

Results go to standard output, everything else to standard error. Exit status 1 for a file or a
catalogue that cannot be used, 2 for a wrong call. ``moodcue`` has the same commands and more.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from emotion.errors import MoodCueError
from emotion.labels import EMOTIONS
from recommender import commands, tables
from recommender.ranking import intents
from recommender.ranking.plane import DEFAULT_GOAL, GOALS
from recommender.songs.catalogue import ENERGY_LEVELS
from recommender.songs.filters import Filters


def main(argv: Sequence[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        if argv[:1] == ["cues"]:
            from recommender.cues import command

            return command.main(argv[1:])
        return convert(argv[1:]) if argv[:1] == ["convert"] else recommend(argv)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, say) has seen enough
        return 0
    except (MoodCueError, OSError) as e:
        return _fail(e)
    except KeyboardInterrupt:
        return 130


def recommend(argv: Sequence[str]) -> int:
    """``python -m recommender (--emotion NAME | TIMELINE.json) [--count N] [--format table|json|csv]``"""
    args = _recommend_parser().parse_args(argv)
    filters = Filters(
        genres=frozenset(args.genre or ()),
        decades=frozenset(args.decade or ()),
        energies=frozenset(args.energy or ()),
        words=args.words,
    )
    wish = commands.Wish(args.count, args.intent, args.goal, filters, args.seed)
    commands.recommend(
        timeline=args.timeline, emotion=args.emotion, wish=wish, form=args.format, catalogue=args.catalogue
    )
    return 0


def _recommend_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m recommender",
        description="Songs that fit an expressed emotion, or a clip's timeline.",
        epilog="A cue sheet for an editor: python -m recommender cues CLIP. "
        "To convert LMC's labels to the eight emotions: python -m recommender convert LMC.csv",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "timeline", nargs="?", type=Path, metavar="TIMELINE.json", help="from: python -m emotion CLIP --format json"
    )
    what.add_argument("--emotion", metavar="NAME", help=", ".join(EMOTIONS))
    parser.add_argument("--count", type=_positive, default=10, metavar="N", help="at most so many songs (default 10)")
    plane = parser.add_argument_group("by distance on the plane, for a timeline (else the seed's five and five)")
    plane.add_argument(
        "--intent",
        type=intents.now,
        choices=intents.INTENTS,
        help="match the mood, contrast with it (irony), or steer it to --goal",
    )
    plane.add_argument("--goal", choices=GOALS, help=f"where to steer (default {DEFAULT_GOAL})")
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
    commands.convert(args.table, output=args.output, form=args.format)
    return 0


def _fail(error: MoodCueError | OSError) -> int:
    print(f"python -m recommender: {error}", file=sys.stderr)  # noqa: T201
    return error.status if isinstance(error, MoodCueError) else 1


if __name__ == "__main__":
    sys.exit(main())
