"""The command line: ``python -m emotion CLIP...`` and, for many short files, ``voice`` and ``face``.

Results go to standard output or to files, everything else to standard error. A broken file is
reported and passed over; the exit status is then 1. ``moodcue`` has the same commands and more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from emotion import commands
from emotion.report import SUFFIX_OF


def main(argv: Sequence[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    rungs = {"voice": voice, "face": face}
    run, rest = (rungs[argv[0]], argv[1:]) if argv and argv[0] in rungs else (analyse, argv)
    return commands.guarded(lambda: run(rest))


def analyse(argv: Sequence[str]) -> int:
    """``python -m emotion CLIP... [--format ...] [--output DIR] [--no-adapt] [--speaker-footage FILE...]``"""
    parser = argparse.ArgumentParser(
        "python -m emotion",
        description="The emotion that each clip expresses, second by second, in the voice and in the face.",
        epilog="For many short files: python -m emotion voice FILES... and python -m emotion face IMAGES...",
    )
    parser.add_argument("clips", nargs="+", metavar="CLIP", help="sound and video files, or folders of them")
    parser.add_argument("--format", choices=sorted(SUFFIX_OF), default="table")
    parser.add_argument("--output", type=Path, metavar="DIR", help="one file a clip in this folder")
    parser.add_argument("--no-adapt", action="store_true", help="read every voice alike, whoever speaks")
    parser.add_argument(
        "--speaker-footage",
        nargs="+",
        default=[],
        metavar="FILE",
        help="more of who speaks in the clips: sound, video, or a speaker saved by the app (.npz)",
    )
    args = parser.parse_args(argv)
    return commands.analyse_clips(
        args.clips,
        form=args.format,
        output=args.output,
        adapt=not args.no_adapt,
        speaker_footage=args.speaker_footage,
    )


def voice(argv: Sequence[str]) -> int:
    """``python -m emotion voice FILES... [--together] [--format csv|json|table]``"""
    parser = _rung("voice", "One row of eight probabilities for each recording, taken as one utterance.")
    parser.add_argument("--together", action="store_true", help="all are of one speaker or one recording: read so")
    args = parser.parse_args(argv)
    return commands.score_voices(args.files, form=args.format, together=args.together)


def face(argv: Sequence[str]) -> int:
    """``python -m emotion face IMAGES... [--cropped] [--format csv|json|table]``"""
    parser = _rung("face", "One row of eight probabilities for the largest face of each picture.")
    parser.add_argument("--cropped", action="store_true", help="each picture is already a face")
    args = parser.parse_args(argv)
    return commands.score_faces(args.files, form=args.format, cropped=args.cropped)


def _rung(name: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"python -m emotion {name}", description=description)
    parser.add_argument("files", nargs="+", metavar="FILE", help="files, or folders of them")
    parser.add_argument("--format", choices=("csv", "json", "table"), default="csv")
    return parser


if __name__ == "__main__":
    sys.exit(main())
