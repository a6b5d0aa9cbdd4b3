"""The command line: ``python -m emotion CLIP...`` and, for many short files, ``voice`` and ``face``.

Results go to standard output or to files, everything else to standard error. A broken file is
reported and passed over; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from emotion import errors, media
from emotion.many import COLUMNS, Row, expand, hear_files, look_at_files
from emotion.timeline import EmotionScores, Speaker, Timeline, Verdict

PICTURE_SUFFIXES: Final = frozenset({"png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "pgm", "ppm"})
SUFFIX_OF: Final = {"json": ".json", "csv": ".csv", "table": ".txt"}


def main(argv: Sequence[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    rungs = {"voice": score_voices, "face": score_faces}
    try:
        return rungs[argv[0]](argv[1:]) if argv and argv[0] in rungs else analyse_clips(argv)
    except errors.MoodCueError as e:
        return _fail(str(e))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, say) has seen enough
        return 0


# Whole clips -----------------------------------------------------------------------------------


def analyse_clips(argv: Sequence[str]) -> int:
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

    from emotion.pipeline import analyse, know, load_readers

    paths = expand(args.clips, media.SUFFIXES)
    if not paths:
        return _fail("There is no sound or video file in the folders given.")
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
    readers = load_readers()
    limits = media.Limits.from_environment()
    out = Sheaf(args.format, args.output, single=len(args.clips) == 1 and not Path(args.clips[0]).is_dir())
    known = [voice for file in args.speaker_footage for voice in know(file, readers, limits=limits)]
    failed = 0
    for i, path in enumerate(paths, 1):
        _progress(f"{i}/{len(paths)} {path.name}")
        try:
            out.add(
                analyse(
                    path,
                    readers,
                    limits=limits,
                    adapt=not args.no_adapt,
                    known=known,
                    on_progress=lambda p, n=path.name: _progress(_stage(p, n)),
                )
            )
        except errors.MoodCueError as e:
            _fail(str(e))
            failed += 1
    out.close()
    _progress(f"{len(paths) - failed} of {len(paths)} clips read", end="\n")
    return 1 if failed else 0


class Sheaf:
    """Writes one result after the other: a file each, or all to standard output."""

    def __init__(self, form: str, folder: Path | None, *, single: bool) -> None:
        self.form = form
        self.folder = folder
        self.single = single
        self.count = 0
        self.taken: set[str] = set()

    def add(self, timeline: Timeline) -> None:
        from emotion import result

        text = {
            "json": lambda: json.dumps(result.to_dict(timeline), ensure_ascii=False, indent=2) + "\n",
            "csv": lambda: result.to_csv(timeline),
            "table": lambda: table(timeline),
        }[self.form]()
        if self.folder:
            self._path(timeline.clip.name).write_text(text, encoding="utf-8")
        elif self.form == "json" and not self.single:
            sys.stdout.write(("[\n" if self.count == 0 else ",\n") + text.rstrip("\n"))
        elif self.form == "csv" and self.count:
            sys.stdout.write(text.split("\n", 1)[1])
        else:
            sys.stdout.write(text)
        sys.stdout.flush()
        self.count += 1

    def close(self) -> None:
        if self.form == "json" and not self.single and not self.folder:
            sys.stdout.write("\n]\n" if self.count else "[]\n")

    def _path(self, name: str) -> Path:
        """Two clips of one name do not overwrite each other."""
        stem, n = Path(name).stem, 1
        while (file := f"{stem}{f'-{n}' if n > 1 else ''}{SUFFIX_OF[self.form]}") in self.taken:
            n += 1
        self.taken.add(file)
        return Path(self.folder or ".") / file


def table(timeline: Timeline) -> str:
    """The verdicts and the timeline for a reader at a terminal."""
    clip = timeline.clip
    lines = [f"{clip.name}  {clip.duration_s:.1f} s"]
    for side in ("voice", "face", "fused"):
        verdict: Verdict | None = getattr(timeline, side)
        if verdict is not None:
            doubt = "" if verdict.sure else "  (not sure)"
            lines.append(f"  {side:<6} {verdict.label:<10} {verdict.scores.confidence:4.0%}{doubt}")
    if timeline.best is not None:
        scores = timeline.best.scores
        lines.append(f"  valence {scores.valence:+.2f}  arousal {scores.arousal:+.2f}")
    lines += [_speaker(s, timeline.adaptation.on) for s in timeline.adaptation.speakers] if timeline.adaptation else []
    if timeline.disagreement is not None:
        lines.append(f"  disagreement of voice and face {timeline.disagreement:.2f} (0 to 1)")
    for moment in timeline.moments:
        cells = [f"{_short(getattr(moment, side)):<16}" for side in ("voice", "face", "fused")]
        lines.append(f"  {moment.segment.start_s:6.1f}-{moment.segment.end_s:<6.1f} {' '.join(cells)}".rstrip())
    from emotion.messages import english

    lines += [f"  ! {english(n.key, **dict(n.values))}" for n in timeline.notices]
    return "\n".join(lines) + "\n"


def _short(scores: EmotionScores | None) -> str:
    return "-" if scores is None else f"{scores.label} {scores.confidence:.0%}"


def _speaker(s: Speaker, on: bool) -> str:
    """What one speaker's reading rests on."""
    if not (on and s.adapted):
        return f"  speaker {s.id}: {s.speech_s:.0f} s of speech, read like everybody"
    added = f" and {s.added_s:.0f} s of further footage" if s.files else ""
    change = f"{_short(s.general)} without it, {_short(s.known)} with it"
    return f"  speaker {s.id}: read by {s.speech_s:.0f} s of speech{added}: {change}"


def _stage(progress: Any, name: str) -> str:
    return f"{name}: {progress.stage} {progress.fraction:.0%}"


# Many short files --------------------------------------------------------------------------------


def score_voices(argv: Sequence[str]) -> int:
    """``python -m emotion voice FILES... [--format csv|json|table]``"""
    parser = _rung("voice", "One row of eight probabilities for each recording, taken as one utterance.")
    args = parser.parse_args(argv)
    from emotion.voice.infer import build_reader

    return _write_rows(hear_files(expand(args.files, media.SUFFIXES), build_reader()), args.format)


def score_faces(argv: Sequence[str]) -> int:
    """``python -m emotion face IMAGES... [--cropped] [--format csv|json|table]``"""
    parser = _rung("face", "One row of eight probabilities for the largest face of each picture.")
    parser.add_argument("--cropped", action="store_true", help="each picture is already a face")
    args = parser.parse_args(argv)
    from emotion.face.infer import build_reader

    rows = look_at_files(expand(args.files, PICTURE_SUFFIXES), build_reader(), cropped=args.cropped)
    return _write_rows(rows, args.format)


def _rung(name: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"python -m emotion {name}", description=description)
    parser.add_argument("files", nargs="+", metavar="FILE", help="files, or folders of them")
    parser.add_argument("--format", choices=("csv", "json", "table"), default="csv")
    return parser


def _write_rows(rows: Iterable[Row], form: str) -> int:
    failed = 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if form == "csv":
        writer.writerow(["file", *COLUMNS])
    for row in rows:
        if row.error is not None:
            failed += 1
            _fail(str(row.error))
        elif row.scores is None:
            _fail(f"{row.file}: nothing to read (silence, or no face)")
        if form == "csv":
            writer.writerow([row.file, *row.cells()])
        elif form == "json":
            print(json.dumps(row.as_dict()))  # noqa: T201
        else:
            print(f"{row.file:<40} {_short(row.scores)}")  # noqa: T201
    return 1 if failed else 0


def _progress(text: str, end: str = "") -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}{end}")
        sys.stderr.flush()


def _fail(sentence: str) -> int:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
