"""The command line of the cue sheet: ``moodcue cues CLIP...``, also ``python -m recommender cues``.

Results go to standard output or to files, everything else to standard error. A broken clip is
reported and passed over; the exit status is then 1, and 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emotion.errors import MediaError, MoodCueError
from emotion.result_files import ResultFolder
from emotion.timeline import Timeline
from recommender import timelines
from recommender.cues import saved, timecodes
from recommender.cues.edits import set_intent
from recommender.cues.export import FORMATS, chapters, render
from recommender.cues.sheet import CueSheet, make_sheet
from recommender.cues.songs import with_songs
from recommender.errors import UnknownChoice
from recommender.messages import sentence
from recommender.ranking import intents
from recommender.ranking.intents import INTENTS, Intent
from recommender.ranking.plane import DEFAULT_GOAL, GOALS
from recommender.songs import files

if TYPE_CHECKING:
    from recommender.songs.catalogue import Catalogue

READABLE_TOGETHER: Final = frozenset({"text", "json"})
"""Formats of which several clips make one output; of the others each clip needs a file."""

_log = logging.getLogger(__name__)

Analyse = Callable[[Path], Timeline]


def main(argv: Sequence[str], *, prog: str = "python -m recommender cues") -> int:
    """``cues CLIP... [--format ...] [--output DIR] [--start-timecode ...] [--intent ...]``"""
    args = _parser(prog).parse_args(argv)
    return run(
        args.clips,
        form=args.format,
        output=args.output,
        start_timecode=args.start_timecode,
        intent=args.intent,
        goal=args.goal,
        language=args.language,
        catalogue=args.catalogue,
    )


def run(
    clips: Sequence[str | Path],
    *,
    form: str = "text",
    output: Path | None = None,
    start_timecode: str = timecodes.DEFAULT_START,
    intent: Intent = "match",
    goal: str = DEFAULT_GOAL,
    language: str = "en",
    catalogue: Path | None = None,
) -> int:
    """The cue sheet of each clip, or of each timeline's or sheet's JSON, in one of the formats; an exit status.

    Raises:
        MoodCueError: the whole call is wrong: a format, an intent, a goal, a catalogue, a timecode.
    """
    _check(form, intent, goal, start_timecode)
    paths = _paths(clips)
    if output is None and len(paths) > 1 and form not in READABLE_TOGETHER:
        return _say(f"{form} holds one clip: give --output DIR, and each clip gets a file there.", 2)
    if not paths:
        return _say("There is no sound or video file in the folders given.", 1)
    songs = files.load(catalogue)
    sheets = _Sheets(form, output, start_timecode, language, single=len(paths) == 1)
    analyse: Analyse = _Analysis()
    failed = 0
    for path in paths:
        try:
            for sheet in sheets_of(path, analyse, songs, intent, goal):
                sheets.add(sheet, None if path.suffix.lower() == ".json" else path)
        except (MoodCueError, OSError) as e:
            failed += _say(str(e), 1)
        except Exception:  # no clip ends the others
            _log.exception("%r could not be read", str(path))
            failed += _say(str(MediaError(name=path.name)), 1)
    sheets.close()
    return 1 if failed else 0


def sheets_of(
    path: Path, analyse: Analyse, songs: Catalogue, intent: Intent = "match", goal: str = DEFAULT_GOAL
) -> Iterator[CueSheet]:
    """The sheets of one file: of a clip, of every timeline in a JSON, or the sheet that was saved in one."""
    if path.suffix.lower() != ".json":
        read = [analyse(path)]
    else:
        data = timelines.read_json(path)
        if isinstance(data, dict) and "cues" in data:
            yield with_songs(saved.from_dict(data, name=path.name), songs)  # edited by a person: left as it is
            return
        read = timelines.of_json(data, name=path.name)
    for timeline in read:
        yield with_songs(set_intent(make_sheet(timeline), intent, goal=goal), songs)


class _Analysis:
    """The analysis of clips, its models loaded for the first one."""

    def __init__(self) -> None:
        self._analyse: Analyse | None = None

    def __call__(self, path: Path) -> Timeline:
        if self._analyse is None:
            from emotion import heap, media
            from emotion.commands import follow
            from emotion.pipeline import analyse, load_readers

            heap.give_back()
            readers, limits = load_readers(), media.Limits.in_place()
            self._analyse = lambda p: analyse(p, readers, limits=limits, on_progress=follow(p.name))
        return self._analyse(path)


class _Sheets:
    """Writes one sheet after the other: a file each, or all to standard output."""

    def __init__(self, form: str, folder: Path | None, start: str, language: str, *, single: bool) -> None:
        self._form, self._start, self._language = form, start, language
        self._folder = None if folder is None else ResultFolder(folder)
        self._single = single
        self._count = 0

    def add(self, sheet: CueSheet, footage: Path | None) -> None:
        text = render(
            sheet, self._form, start_timecode=self._start, language=self._language, footage=footage
        )  # fmt: skip
        if self._folder is not None:
            path = self._folder.write(sheet.clip.name, FORMATS[self._form].suffix, text)
            _say(f"{sheet.clip.name}: {path}", 0)
        elif self._form == "json" and not self._single:
            _out(("[\n" if self._count == 0 else ",\n") + text.rstrip("\n"))
        else:
            _out(text if self._count == 0 else f"\n{text}")
        self._count += 1
        if self._form == "chapters" and (problem := chapters.problem(sheet)) is not None:
            _say(f"{sheet.clip.name}: {sentence(problem)}", 0)

    def close(self) -> None:
        if self._folder is None and self._form == "json" and not self._single:
            _out("\n]\n" if self._count else "[]\n")


def _paths(clips: Sequence[str | Path]) -> list[Path]:
    from emotion import media
    from emotion.many import expand

    return expand([str(c) for c in clips], media.SUFFIXES)


def _check(form: str, intent: str, goal: str, start_timecode: str) -> None:
    intents.of(intent)
    for value, what, known in ((form, "format", FORMATS), (goal, "goal", GOALS)):
        if value not in known:
            raise UnknownChoice(value=value, what=what, known=", ".join(known))
    timecodes.check(start_timecode)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog,
        description="A cue sheet for each clip: where the mood turns and what music fits there, ready for your editor.",
    )
    parser.add_argument(
        "clips", nargs="+", metavar="CLIP", help="sound and video files, folders of them, or JSON made of them before"
    )
    parser.add_argument("--format", choices=tuple(FORMATS), default="text", help="default: text")
    parser.add_argument("--output", type=Path, metavar="DIR", help="one file a clip in this folder")
    parser.add_argument(
        "--start-timecode",
        default=timecodes.DEFAULT_START,
        metavar="TC",
        help=f"where your timeline begins (default {timecodes.DEFAULT_START})",
    )
    parser.add_argument(
        "--intent", type=intents.now, choices=INTENTS, default="match", help="match the mood, contrast or steer it"
    )
    parser.add_argument("--goal", choices=tuple(GOALS), default=DEFAULT_GOAL, help="where to steer to")
    parser.add_argument("--language", choices=("en", "zh_TW"), default="en")
    parser.add_argument("--catalogue", type=Path, metavar="FILE", help="CSV or Parquet instead of the one installed")
    return parser


def _out(text: str) -> None:
    """UTF-8 and its line ends as they are, whatever the terminal's own are."""
    if (buffer := getattr(sys.stdout, "buffer", None)) is not None:
        buffer.write(text.encode("utf-8", "replace"))
        buffer.flush()
    else:
        sys.stdout.write(text)


def _say(sentence: str, status: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
