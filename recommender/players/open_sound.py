"""The sound of a track of an open catalogue: fetched from its address when somebody asks for it, then kept.

It comes through the guard of :mod:`emotion.fetch`, from listed hosts alone, one request a second for each
host, and counts only once it has been opened and found to be the music that the catalogue names.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from emotion import errors, settings
from emotion.fetch import fetch
from emotion.media import Limits, fence
from recommender.songs.usable import Usable

HOSTS: Final = frozenset({"incompetech.com", "www.incompetech.com"})
MOST_BYTES: Final = 60 * 1024**2
LONGEST_S: Final = 1800.0
EVERY_S: Final = 1.0
KEPT_BYTES = 2 * 1024**3
"""So much fetched sound is kept; what was asked for longest ago makes room, and can be fetched again."""
OFF: Final = 0.2
"""A file may differ from the catalogue's length by this part, or 5 s: beyond that it is something else."""

_lock = threading.Lock()
_asked: dict[str, float] = {}


def folder() -> Path:
    """Where fetched sound is kept; it can be fetched again."""
    return settings.cache_dir() / "music"


def kept(track: Usable) -> Path | None:
    """The file, where it is there already."""
    if track.url is None:
        return None
    return next(folder().glob(f"{_name(track.url)}.*"), None)


def sound_of(
    track: Usable,
    *,
    on_progress: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """The file of a track, fetched where it is not there yet.

    Raises:
        LinkError: its host is not listed, cannot be reached, or hands out something else.
        Cancelled: nothing is left of it.
    """
    if track.file is not None:
        return track.file
    url = track.url or ""
    host = (urlsplit(url).hostname or "").lower()
    if host not in HOSTS and not settings.TEST_ALLOWED_ADDRESS.read().startswith(f"{host}:"):
        raise errors.LinkNotAllowed(url=url[:100])
    there = kept(track)
    if there is not None:
        os.utime(there)
        return there
    folder().mkdir(parents=True, exist_ok=True)
    _wait_for(host)
    with tempfile.TemporaryDirectory(dir=folder(), prefix=".fetching-") as name:
        limits = Limits(max_bytes=MOST_BYTES, max_duration_s=LONGEST_S)
        path = fetch(
            url, Path(name), limits=limits, hosts=HOSTS, on_progress=on_progress, cancelled=cancelled
        ).path  # fmt: skip
        _check(path, track, host)
        found = path.replace(folder() / f"{_name(url)}{path.suffix.lower()}")
    os.utime(found)
    _make_room(found)
    return found


def _make_room(newest: Path) -> None:
    """Forget what was asked for longest ago, so that no visitor can fill the disk."""
    with _lock:
        files = [(path, path.stat()) for path in folder().glob("*.*") if path.is_file()]
        most = KEPT_BYTES - sum(stat.st_size for path, stat in files if path == newest)
        for path, stat in sorted(files, key=lambda file: -file[1].st_mtime):
            if path != newest:
                most -= stat.st_size
                if most < 0:
                    path.unlink(missing_ok=True)


def _check(path: Path, track: Usable, host: str) -> None:
    """Raises LinkNoVideo where the file is not the music that was asked for."""
    try:
        clip = fence.probe(path)
    except errors.MediaError as e:
        raise errors.LinkNoVideo(url=(track.url or "")[:100], host=host) from e
    off_s = abs(clip.duration_s - track.duration_s) if track.duration_s else 0.0
    if clip.sr is None or off_s > max(5.0, OFF * (track.duration_s or 0.0)):
        raise errors.LinkNoVideo(url=(track.url or "")[:100], host=host)


def _wait_for(host: str) -> None:
    """One request a second for each host, whoever asks."""
    with _lock:
        due = max(time.monotonic(), _asked.get(host, 0.0) + EVERY_S)
        _asked[host] = due
    time.sleep(max(0.0, due - time.monotonic()))


def _name(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:32]
