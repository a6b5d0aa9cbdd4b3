"""What the command lines do: ``python -m emotion`` and ``moodcue`` both call these, and print through :mod:`report`.

Each returns the exit status: 0, or 1 where a file could not be read. What concerns the whole call (a setting, a model,
a folder) is raised as a MoodCueError; :func:`guarded` turns it into a sentence.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emotion import errors, heap, media
from emotion.many import expand, hear_files, hear_together, look_at_files
from emotion.report import Report, complain, progress, write_rows
from emotion.time_left import TimeLeft, in_words

if TYPE_CHECKING:
    from emotion.pipeline import Progress

PICTURE_SUFFIXES: Final = frozenset({"png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "pgm", "ppm"})


def guarded(run: Callable[[], int]) -> int:
    """Runs a command; a failure is a sentence on standard error and status 1."""
    for stream in (sys.stdout, sys.stderr):  # a file's name may be no text at all
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return run()
    except errors.MoodCueError as e:
        complain(str(e))
        return e.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, say) has seen enough
        return 0
    except OSError as e:
        complain(f"{e.filename}: {e.strerror}" if e.filename else str(e))
        return 1


def analyse_clips(
    clips: Sequence[str],
    *,
    form: str = "table",
    output: Path | None = None,
    adapt: bool = True,
    speaker_footage: Sequence[str] = (),
) -> int:
    """The timeline of each clip, or of those in the folders named.

    Args:
        clips: files and folders.
        form: "json", "csv" or "table".
        output: one file a clip in this folder, standard output where None.
        adapt: read each voice by what is usual for it.
        speaker_footage: more of who speaks in the clips: sound, video, or a saved speaker.
    """
    from emotion.footage import know
    from emotion.pipeline import analyse, load_readers

    paths = expand(clips, media.SUFFIXES)
    if not paths:
        return nothing_in("sound or video file")
    heap.give_back()
    limits = media.Limits.in_place()
    out = Report(form, output, single=len(clips) == 1 and not Path(clips[0]).is_dir())
    readers = load_readers()
    known = [voice for file in speaker_footage for voice in know(file, readers, limits=limits)]
    failed = 0
    for i, path in enumerate(paths, 1):
        progress(f"{i}/{len(paths)} {path.name}")
        try:
            out.add(analyse(path, readers, limits=limits, adapt=adapt, known=known, on_progress=follow(path.name)))
        except errors.MoodCueError as e:
            complain(str(e))
            failed += 1
    out.close()
    progress(f"{len(paths) - failed} of {len(paths)} clips read", end="\n")
    return 1 if failed else 0


def nothing_in(what: str) -> int:
    """Said where folders hold nothing to read: an empty answer would look like one."""
    complain(f"There is no {what} in the folders given.")
    return 1


def follow(name: str) -> Callable[[Progress], None]:
    """Progress on standard error, with what is left of it."""
    left = TimeLeft()

    def say(p: Progress) -> None:
        seconds = left.after(p, time.monotonic())
        rest = "" if seconds is None else f", {in_words(seconds)}"
        progress(f"{name}: {p.stage} {p.fraction:.0%}{rest}")

    return say


def score_voices(files: Sequence[str], *, form: str = "csv", together: bool = False) -> int:
    """A row of eight probabilities for each recording, taken as one utterance.

    Args:
        together: all are of one speaker, or of one recording, and each is read in the light of the others.
    """
    from emotion.voice.infer import build_reader

    hear = hear_together if together else hear_files
    if not (paths := expand(files, media.SUFFIXES)):
        return nothing_in("sound or video file")
    return 1 if write_rows(hear(paths, build_reader()), form) else 0


def score_faces(files: Sequence[str], *, form: str = "csv", cropped: bool = False) -> int:
    """A row for the largest face of each picture, or for all of it where it is ``cropped`` to a face already."""
    from emotion.face.infer import build_reader

    if not (paths := expand(files, PICTURE_SUFFIXES)):
        return nothing_in("picture")
    rows = look_at_files(paths, build_reader(), cropped=cropped)
    return 1 if write_rows(rows, form) else 0
