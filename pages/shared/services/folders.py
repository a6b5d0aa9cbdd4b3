"""The folders of this machine that clips are opened from, where they lie: ``MOODCUE_FOLDERS``.

Nothing that a browser sends becomes a path: it names an entry that was listed by a number of ours. Whatever is listed
or opened is resolved first, links and all, and must lie within one of the named folders then. Files are only read.
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emotion import errors, media, settings
from pages.shared.services.visitors import Kept

MOST: Final = 500
"""Entries of one folder that are listed; of more, those whose names come first."""
MOST_FOUND: Final = 100
SEARCH_S: Final = 3.0
DEEPEST: Final = 12
HIDDEN: Final = frozenset({"$RECYCLE.BIN", "System Volume Information", "node_modules"})
STRANGE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Kinds of characters that a name is not shown with: control characters, what is no text, line ends."""
TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make a name read differently from what it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder or a clip. ``id`` is what a browser may say of it; ``path`` is resolved and inside."""

    id: str
    path: Path
    name: str
    folder: bool
    size: int = 0
    within: str = ""
    """The folder it was found in, as shown, in a search."""
    length_s: float | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """``more``: there are others that are not listed."""

    entries: tuple[Entry, ...]
    more: bool = False


class Folders:
    """What may be reached: the named folders that are there, and what lies in them."""

    def __init__(self, named: Sequence[Path]) -> None:
        found = (Path(os.path.realpath(path)) for path in named)
        self.roots = tuple(dict.fromkeys(path for path in found if path.is_dir()))

    def tops(self) -> Listing:
        return Listing(tuple(self._entry(path, str(path), folder=True) for path in self.roots))

    def inside(self, path: Path) -> Path:
        """Where it really lies.

        Raises:
            NotInFolders: outside the named folders, or nothing that can be resolved.
        """
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError) as e:
            raise errors.NotInFolders(name=shown(path.name)) from e
        if not any(real.is_relative_to(root) for root in self.roots):
            raise errors.NotInFolders(name=shown(path.name))
        return real

    def above(self, path: Path) -> Path | None:
        """The folder that holds it, None for a named one."""
        return None if path in self.roots else self.inside(path.parent)

    def listing(self, path: Path) -> Listing:
        """Folders first, then clips, each by name.

        Raises:
            NotInFolders.
            FileMissing: it is gone, or may not be read.
        """
        path = self.inside(path)
        try:
            found = list(self._entries(path))
        except OSError as e:
            raise errors.FileMissing(name=shown(path.name)) from e
        found.sort(key=lambda e: (not e.folder, e.name.casefold(), e.id))
        return Listing(tuple(found[:MOST]), len(found) > MOST)

    def search(self, words: str, *, within: Path | None = None, seconds: float = SEARCH_S) -> Listing:
        """Clips below a folder, or below all, whose names hold every one of the words; it ends after some seconds."""
        wanted = words.casefold().split()
        starts = [self.inside(within)] if within is not None else list(self.roots)
        found: list[Entry] = []
        until_s = time.monotonic() + seconds
        seen: set[Path] = set()
        queue = [(start, 0, start) for start in starts]
        while queue:
            folder, depth, start = queue.pop(0)
            if folder in seen:
                continue
            seen.add(folder)
            if time.monotonic() > until_s or len(found) >= MOST_FOUND:
                return Listing(tuple(found), more=True)
            try:
                entries = sorted(self._entries(folder), key=lambda e: e.name.casefold())
            except OSError:
                continue
            place = shown(str(folder.relative_to(start.parent)))
            for entry in entries:
                if entry.folder and depth < DEEPEST:
                    queue.append((entry.path, depth + 1, start))
                elif not entry.folder and all(word in entry.name.casefold() for word in wanted):
                    found.append(_placed(entry, place))
        return Listing(tuple(found[:MOST_FOUND]), len(found) > MOST_FOUND)

    def clip(self, path: Path) -> Kept:
        """A clip to be read where it lies.

        Raises:
            NotInFolders, FileMissing, EmptyFile.
            NotMedia: it is no file, or of a kind that is not read here.
        """
        name, path = shown(path.name), self.inside(path)
        try:
            about = path.stat()
        except OSError as e:
            raise errors.FileMissing(name=name) from e
        if not stat.S_ISREG(about.st_mode) or not is_media(path.name):
            raise errors.NotMedia(name=name)
        if about.st_size == 0:
            raise errors.EmptyFile(name=name)
        if not os.access(path, os.R_OK):
            raise errors.FileMissing(name=name)
        return Kept(path, name, identity(path, about), in_place=True)

    def entry(self, path: Path) -> Entry | None:
        """A clip as it is listed; None where it is not to be had."""
        try:
            kept = self.clip(path)
            return self._entry(kept.path, kept.name, size=kept.path.stat().st_size)
        except (errors.MoodCueError, OSError):
            return None

    def _entries(self, folder: Path) -> Iterator[Entry]:
        with os.scandir(folder) as entries:
            for item in entries:
                if item.name.startswith(".") or item.name in HIDDEN:
                    continue
                try:
                    path = self.inside(folder / item.name)
                    about = path.stat()
                except (errors.NotInFolders, OSError):
                    continue
                if stat.S_ISDIR(about.st_mode):
                    yield self._entry(path, item.name, folder=True)
                elif stat.S_ISREG(about.st_mode) and is_media(item.name) and is_media(path.name):
                    yield self._entry(path, item.name, size=about.st_size)

    def _entry(self, path: Path, name: str, *, folder: bool = False, size: int = 0) -> Entry:
        number = hashlib.sha256(os.fsencode(path)).hexdigest()[:20]
        return Entry(number, path, shown(name), folder, size)


def _placed(entry: Entry, place: str) -> Entry:
    return Entry(entry.id, entry.path, entry.name, entry.folder, entry.size, place)


@functools.lru_cache(maxsize=8)
def _of(named: tuple[Path, ...], minute: int) -> Folders:
    del minute  # a drive may come and go
    return Folders(named)


def named() -> Folders | None:
    """What ``MOODCUE_FOLDERS`` names; None where it names nothing that is there."""
    folders = _of(settings.FOLDERS.read(), int(time.monotonic() // 60))
    return folders if folders.roots else None


def is_media(name: str) -> bool:
    return Path(name).suffix.lower().lstrip(".") in media.SUFFIXES


def identity(path: Path, about: os.stat_result) -> str:
    """What stands for a file that is too large to be read for its hash: where and what it is, and when it changed."""
    told = (os.fsencode(path), about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)
    return hashlib.sha256(repr(told).encode()).hexdigest()


def shown(name: str) -> str:
    """A name that cannot disguise itself, end a line or break the page; emoji stay."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(c) in STRANGE or c in TURNING else c for c in text)
