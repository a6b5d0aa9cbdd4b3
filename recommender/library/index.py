"""The index of the editor's own folders: every track heard once, kept in the database, brought up to date on request.

Each track is written as soon as it is heard, so that an interrupted run goes on where it stopped.
What has not changed (size and time of change) is not opened; what has moved is known by its
fingerprint; a second copy of a file is not heard again, and one recording in two codings counts once;
what is broken is kept with its reason and tried again only when it changes.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal, TypeVar

import sqlalchemy as sa

from emotion.errors import Cancelled, FileMissing
from recommender.library import changed_files, prints, scan
from recommender.library.changed_files import Known
from recommender.library.hear import MODEL
from recommender.library.scan import FoundFile, Tags
from recommender.library.track_sound import TrackSound
from recommender.library.workshop import Said, heard
from recommender.store.database import begun, own_tracks

State = Literal["heard", "copy", "broken"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OwnTrack:
    """One file of the editor's; ``sound`` is None for a copy of another file and for a broken one."""

    path: Path
    state: State
    tags: Tags
    sound: TrackSound | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """``left_s`` is an estimate from the bytes heard so far; None before the first track."""

    done: int
    total: int
    left_s: float | None
    name: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many files were there, and what became of them."""

    files: int
    unchanged: int
    heard: int
    moved: int
    copies: int
    broken: int
    removed: int


def update(
    engine: sa.Engine,
    folders: Sequence[Path],
    *,
    workers: int = 2,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Bring the index of these folders up to date. ``cancelled`` is asked after each track.

    Raises:
        Cancelled: what was heard before is kept.
        FileMissing: a folder is not there: nothing of it is forgotten then.
        MemoryUnavailable: the database cannot be used.
    """
    for folder in folders:
        if not folder.exists():
            raise FileMissing(name=str(folder))
    found = {str(f.path): f for f in scan.files_under(folders)}
    changes = changed_files.changes(_through(engine, _known), found, folders)
    for file, old in changes.moved:
        _through(engine, lambda c, f=file, o=old: _move(c, o, f))
    _through(engine, lambda c: _forget(c, changes.gone))
    for file, print_ in changes.copies:
        _write(engine, file, print_, "copy", same_as=print_)
    heard = _hear(engine, changes.new, workers, on_progress, cancelled)
    return Outcome(
        len(found),
        changes.unchanged,
        heard["heard"],
        len(changes.moved),
        len(changes.copies) + heard["copy"],
        heard["broken"],
        len(changes.gone),
    )


def _hear(
    engine: sa.Engine,
    new: list[tuple[FoundFile, str]],
    workers: int,
    on_progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> Counter[State]:
    """Hear these files and write each at once; how many were what."""
    shelf = _through(engine, _Recordings.held)
    prints_of = {file.path: print_ for file, print_ in new}
    states: Counter[State] = Counter()
    for file, said in _heard([file for file, _ in new], workers, on_progress):
        print_ = prints_of[file.path]
        same = None if said.sound is None else shelf.of(said, print_)
        state: State = "broken" if said.sound is None else "heard" if same is None else "copy"
        states[state] += 1
        _write(engine, file, print_, state, said=said, same_as=same)
        if cancelled():
            raise Cancelled()
    return states


class _Recordings:
    """The recordings that are held, to tell whether another file is one of them in another coding."""

    def __init__(self, rows: Iterable[tuple[float, bytes, str]]) -> None:
        self._rows = [(seconds, print_, file) for seconds, print_, file in rows if print_]

    @classmethod
    def held(cls, connection: sa.Connection) -> _Recordings:
        columns = own_tracks.c
        asked = sa.select(columns.seconds, columns.sound_print, columns.fingerprint).where(columns.state == "heard")
        return cls((row[0] or 0.0, row[1], row[2]) for row in connection.execute(asked))

    def of(self, said: Said, fingerprint: str) -> str | None:
        """The fingerprint of the file that holds the same recording; None for a new one, which is held from now on."""
        if said.sound is None or not said.sound_print:
            return None
        seconds = said.sound.duration_s
        near = [row for row in self._rows if abs(row[0] - seconds) <= prints.LONGER_S and row[2] != fingerprint]
        alike = prints.alike(said.sound_print, [row[1] for row in near])
        if len(alike) and alike.max() >= prints.ALIKE:
            return near[int(alike.argmax())][2]
        self._rows.append((seconds, said.sound_print, fingerprint))
        return None


def tracks(engine: sa.Engine, folders: Sequence[Path] | None = None) -> list[OwnTrack]:
    """Everything that the index holds, by path; of these folders alone where they are given."""
    rows = _through(engine, lambda c: c.execute(sa.select(own_tracks).order_by(own_tracks.c.path)).mappings().all())
    tops = None if folders is None else [str(f.resolve()) + os.sep for f in folders]
    return [
        OwnTrack(
            Path(row["path"]),
            row["state"],
            _tags(row["tags"]),
            TrackSound.from_dict(json.loads(row["sound"])) if row["sound"] else None,
            row["reason"],
        )
        for row in rows
        if tops is None or row["path"].startswith(tuple(tops))
    ]


def unchanged(engine: sa.Engine, paths: Sequence[Path]) -> dict[Path, TrackSound]:
    """The sounds of those of these files that were heard and have not changed since."""
    found = {str(f.path): f for f in scan.files_under(paths)}
    known = _through(engine, _known)
    same = [
        p
        for p, file in found.items()
        if p in known and changed_files.same(known[p], file) and known[p]["state"] == "heard"
    ]
    asked = sa.select(own_tracks.c.path, own_tracks.c.sound).where(own_tracks.c.path.in_(same))
    rows = _through(engine, lambda c: c.execute(asked).all()) if same else []
    return {Path(path): TrackSound.from_dict(json.loads(sound)) for path, sound in rows if sound}


def stamp(engine: sa.Engine) -> str:
    """Another text whenever the index holds something else."""
    asked = sa.select(sa.func.count(), sa.func.max(own_tracks.c.at))
    count, newest = _through(engine, lambda c: c.execute(asked).one())
    return f"{count} {newest}"


def forget(engine: sa.Engine, folder: Path) -> int:
    """Forget what is known of a folder's files, which stay; gives how many they were."""
    known = _through(engine, lambda c: c.execute(sa.select(own_tracks.c.path)).scalars().all())
    gone = [p for p in known if changed_files.under(p, [folder])]
    _through(engine, lambda c: _forget(c, gone))
    return len(gone)


def _tags(text: str) -> Tags:
    data = json.loads(text)
    kept = {f.name: data[f.name] for f in fields(Tags) if f.name in data}  # an older index says more
    return Tags(**{**kept, "said": tuple(data.get("said", ()))})


def _known(connection: sa.Connection) -> dict[str, Known]:
    columns = [own_tracks.c[name] for name in ("path", "bytes", "mtime_ns", "fingerprint", "model", "state", "same_as")]
    return {row["path"]: dict(row) for row in connection.execute(sa.select(*columns)).mappings()}


def _move(connection: sa.Connection, old: str, file: FoundFile) -> None:
    values = {"path": str(file.path), "bytes": file.bytes, "mtime_ns": file.mtime_ns, "at": time.time()}
    connection.execute(sa.update(own_tracks).where(own_tracks.c.path == old).values(values))


def _forget(connection: sa.Connection, paths: list[str]) -> None:
    for start in range(0, len(paths), 500):
        connection.execute(sa.delete(own_tracks).where(own_tracks.c.path.in_(paths[start : start + 500])))


def _write(
    engine: sa.Engine, file: FoundFile, print_: str, state: State, *, said: Said | None = None, same_as: str | None
) -> None:
    sound = said.sound if said is not None and state == "heard" else None
    values = {
        "path": str(file.path),
        "bytes": file.bytes,
        "mtime_ns": file.mtime_ns,
        "fingerprint": print_,
        "model": MODEL,
        "state": state,
        "reason": None if said is None else said.problem,
        "tags": json.dumps(asdict(scan.read_tags(file.path)), ensure_ascii=False),
        "sound": json.dumps(sound.to_dict()) if sound else None,
        "at": time.time(),
        "seconds": None if sound is None else sound.duration_s,
        "sound_print": None if sound is None or said is None else said.sound_print,
        "same_as": same_as,
    }

    def replace(connection: sa.Connection) -> None:
        connection.execute(sa.delete(own_tracks).where(own_tracks.c.path == values["path"]))
        connection.execute(sa.insert(own_tracks).values(values))

    _through(engine, replace)


def _heard(
    files: list[FoundFile], workers: int, on_progress: Callable[[Progress], None]
) -> Iterator[tuple[FoundFile, Said]]:
    """What each file says as soon as it is known; a file that ends the process it is heard in costs itself alone."""
    total_bytes = sum(f.bytes for f in files) or 1
    started, done_bytes = time.monotonic(), 0
    by_path = {f.path: f for f in files}
    for done, said in enumerate(heard([f.path for f in files], workers), 1):
        file = by_path[said.path]
        done_bytes += file.bytes
        left = (time.monotonic() - started) * (total_bytes - done_bytes) / max(done_bytes, 1)
        yield file, said  # written before it is told of: whoever stops here loses nothing
        on_progress(Progress(done, len(files), left, file.path.name, said.problem))


def _through(engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    with begun(engine) as connection:
        return work(connection)
