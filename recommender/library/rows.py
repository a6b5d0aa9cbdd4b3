"""Rows for ``moodcue describe``: one a file, in the columns of :data:`COLUMNS`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from emotion.commands import nothing_in
from emotion.errors import FileMissing, MoodCueError, NoFileNamed
from emotion.result import cell
from recommender.library import mood, scan
from recommender.library.describe import Describer
from recommender.library.track_sound import TrackSound

COLUMNS: Final = (
    "file", "duration_s", "valence", "energy", "quadrant", "moods", "tempo_bpm", "key", "mode", "vocals",
    "loudness_lufs", "licence",
)  # fmt: skip


def row(file: str, sound: TrackSound, licence: str) -> dict[str, Any]:
    """The columns of one file; several moods as a list, what is not known as None."""
    values = {name: getattr(sound, name) for name in COLUMNS[1:-1]}
    return {"file": file, **values, "moods": list(sound.moods), "licence": licence}


def describe_files(files: Sequence[str], *, form: str, together: bool = False) -> int:
    """Write a row a file to standard output as soon as it is known (at the end where ``together``).

    A file that cannot be read is a sentence on standard error and passed over; the exit status is then 1.

    Raises:
        NoFileNamed: a name is empty.
    """
    found = _expanded(files)
    if not found:
        return nothing_in("sound file")
    describer = Describer()
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    if form == "csv":
        writer.writeheader()
    rows: list[tuple[str, TrackSound, str]] = []
    failed = 0
    for name, path in found:
        try:
            if not path.exists():
                raise FileMissing(name=name)
            described = (name, describer.describe(path, name=name), scan.read_tags(path).licence)
        except MoodCueError as e:
            failed += 1
            sys.stderr.write(f"{e}\n")
            continue
        rows.append(described)
        if form == "csv" and not together:
            _write(writer, row(*described))
    if together:
        moved = mood.among([sound for _, sound, _ in rows])
        rows = [(name, sound, licence) for (name, _, licence), sound in zip(rows, moved, strict=True)]
        for described in rows if form == "csv" else ():
            _write(writer, row(*described))
    if form == "json":
        sys.stdout.write(json.dumps([row(*r) for r in rows], ensure_ascii=False, indent=1) + "\n")
    return 1 if failed else 0


def _write(writer: Any, values: dict[str, Any]) -> None:
    texts = {**values, "moods": "; ".join(values["moods"])}
    writer.writerow({k: "" if v is None else cell(v) if isinstance(v, str) else v for k, v in texts.items()})
    sys.stdout.flush()


def _expanded(files: Sequence[str]) -> list[tuple[str, Path]]:
    """The files as they were named; of a folder, those in it."""
    found: list[tuple[str, Path]] = []
    for name in files:
        if not name:  # an unset variable of a script's: not all of this folder
            raise NoFileNamed
        path = Path(name)
        if path.is_dir():
            found += [(str(f.path), f.path) for f in scan.files_under([path])]
        else:
            found.append((name, path))
    return found
