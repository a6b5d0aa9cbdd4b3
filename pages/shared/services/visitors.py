"""What belongs to one visitor: a folder that nobody else sees, and the tickets held.

Folders lie in ``<user cache>/moodcue/visitors`` (or ``MOODCUE_CACHE_DIR``), mode 0700, under names of
our own making; they go when the visitor does, and those that a killed server left go at the next start.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from emotion import errors, media, settings

CHUNK_BYTES: Final = 1024 * 1024
STALE_S: Final = 6 * 3600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """A file in a visitor's folder; ``name`` is what the visitor calls it, ``path`` is ours.

    One that is read ``in_place`` lies elsewhere on this machine, is the visitor's own and is never touched; its
    ``digest`` is not of what it holds.
    """

    path: Path
    name: str
    digest: str
    in_place: bool = False


@dataclass
class Visitor:
    folder: Path
    on_leave: list[Callable[[], None]] = field(default_factory=list)
    freed: bool = False
    """Whether the visit is over."""
    _leaving: threading.Timer | None = None
    _pages: int = 1
    """Open pages of the visitor: a reload opens the next before the last is given up."""

    def keep(self, source: BinaryIO, name: str, *, max_bytes: int) -> Kept:
        """Write an upload to the folder in chunks; the SHA-256 comes for free.

        Raises:
            TooLarge: it has more than ``max_bytes``; nothing is left behind.
            EmptyFile: it has none.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / (secrets.token_hex(16) + safe_suffix(name))
        digest, size = hashlib.sha256(), 0
        try:
            with path.open("xb") as out:
                while chunk := source.read(CHUNK_BYTES):
                    size += len(chunk)
                    if size > max_bytes:
                        raise errors.TooLarge(name=name, size_mb=size / 1024**2, limit_mb=max_bytes / 1024**2)
                    digest.update(chunk)
                    out.write(chunk)
            if size == 0:
                raise errors.EmptyFile(name=name)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Kept(path, name, digest.hexdigest())

    def empty(self) -> None:
        """Delete every file: the visitor starts over."""
        for path in self.folder.glob("*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def leave(self, grace_s: float) -> None:
        """Free everything after ``grace_s``, unless :meth:`stay` is called before or another page is open."""
        self._pages -= 1
        if self._pages > 0:
            return
        self.stay()
        self._leaving = threading.Timer(grace_s, self.free)
        self._leaving.daemon = True
        self._leaving.start()

    def return_to(self) -> None:
        """One more page shows this visit, as after a reload."""
        self._pages = max(self._pages, 0) + 1
        self.stay()

    def stay(self) -> None:
        """Call a leaving off, and show other servers that the folder is in use."""
        with contextlib.suppress(OSError):
            os.utime(self.folder)
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def free(self) -> None:
        self.freed = True
        for leave in self.on_leave:
            try:
                leave()
            except Exception:
                _log.exception("could not free what a visitor held")
        self.on_leave.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def safe_suffix(name: str) -> str:
    """The suffix of a name from outside where it is one of ours, else nothing: ``.mp4``."""
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return f".{suffix}" if suffix in media.SUFFIXES else ""


def folders_root() -> Path:
    return settings.cache_dir() / "visitors"


def grace_s() -> float:
    """So long a visitor whose connection broke keeps everything: Streamlit lets them come back for 120 s."""
    return settings.GRACE_SECONDS.read()


def arrive(root: Path | None = None) -> Visitor:
    """A visitor with a new folder of their own."""
    root = root or folders_root()
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / f"{os.getpid()}-{secrets.token_hex(16)}"
    folder.mkdir(mode=0o700)
    return Visitor(folder)


def sweep(root: Path | None = None, *, now: float | None = None) -> int:
    """Delete the folders that no running server owns, and those untouched for hours; how many went."""
    root, now, gone = root or folders_root(), now or time.time(), 0
    for folder in root.glob("*-*"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(folder.name.split("-")[0])
            if pid == os.getpid() or not _alive(pid) or now - folder.stat().st_mtime > STALE_S:
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def held(state: Any) -> Visitor:
    """The visitor kept in a session's state; a new one at the first call, and after an absence."""
    visitor: Visitor | None = state.get("_visitor")
    if visitor is None or not visitor.folder.exists():
        visitor = state["_visitor"] = arrive()
    visitor.stay()
    return visitor


def returned(state: Any, visitor: Visitor) -> bool:
    """Take up an earlier visit in a session that has none of its own yet; whether it was taken."""
    if state.get("_visitor") is not None or visitor.freed or not visitor.folder.exists():
        return False
    visitor.return_to()
    state["_visitor"] = visitor
    return True
