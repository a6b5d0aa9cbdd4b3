"""A link to a video becomes a file, through yt-dlp in a process of its own.

The process (:mod:`emotion.fetch.worker`) may connect to public addresses alone, whatever a page,
a redirect or a name server answers; it can be stopped at any time, and nothing it does reaches
this process but the lines of JSON that it prints.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final, cast
from urllib.parse import urlsplit

from emotion import errors, settings
from emotion.media import Limits

TIME_LIMIT_S: Final = 300.0
MAX_URL: Final = 2000
ROOT: Final = Path(__file__).resolve().parents[2]

FAILURES: Final[dict[str, type[errors.LinkError]]] = {
    "not_allowed": errors.LinkNotAllowed,
    "refused": errors.LinkRefused,
    "bot": errors.LinkRefused,
    "unreachable": errors.LinkUnreachable,
    "no_video": errors.LinkNoVideo,
    "live": errors.LinkLive,
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """The file, and the title that the page gives it."""

    path: Path
    title: str


def fetch(
    url: str,
    folder: Path,
    *,
    limits: Limits | None = None,
    hosts: Collection[str] | None = None,
    on_progress: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Fetched:
    """The sound and a small picture of the video at ``url``, as a file in ``folder``.

    ``hosts``: from these alone, redirects included; from any public one where None.

    Raises:
        LinkError: one of its kinds; :class:`errors.TooLong`, :class:`errors.TooLarge` or
            :class:`errors.Cancelled`. No part of the file is left behind.
    """
    limits = limits or Limits()
    url = check_url(url)
    # A folder of its own: whatever else comes into the visitor's meanwhile is none of ours to delete.
    own = Path(tempfile.mkdtemp(prefix="link-", dir=folder))
    order: dict[str, Any] = {
        "url": url,
        "folder": str(own),
        "bytes": limits.max_bytes,
        "seconds": limits.max_duration_s,
    }
    order["hosts"] = sorted(hosts) if hosts is not None else None
    try:
        with worker(order) as begun:
            result = follow(begun, on_progress, cancelled, TIME_LIMIT_S)
        fetched = _outcome(result, url, limits, own)
        return replace(fetched, path=fetched.path.replace(folder / fetched.path.name))
    finally:
        shutil.rmtree(own, ignore_errors=True)


@contextmanager
def worker(order: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """The guarded process at work on an order; it is gone at the end, whatever happened."""
    begun = subprocess.Popen(  # this Python, a module of ours, no shell
        [sys.executable, "-m", "emotion.fetch.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=_environment(),
    )
    try:
        to_worker = cast("IO[str]", begun.stdin)
        to_worker.write(json.dumps(order))
        to_worker.close()
        yield begun
    finally:
        begun.kill()
        begun.wait()


def check_url(url: str) -> str:
    """The address without the space around it.

    Raises:
        LinkNotAllowed: it is not http or https with a host, or carries a password.
        LinkHasSpace: there is one in it, or there are two links.
    """
    url = url.strip()
    if " " in url and "://" in url:
        raise errors.LinkHasSpace(url=url[:100])
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.password is None
    except ValueError:
        good = False
    if not good or len(url) > MAX_URL or any(ord(c) < 33 for c in url):
        raise errors.LinkNotAllowed(url=url[:100])
    return url


def _environment() -> dict[str, str]:
    """No proxies (one would hide where a connection goes) and no plug-ins."""
    return settings.inherited(without=["_proxy"]) | {"YTDLP_NO_PLUGINS": "1", "PYTHONIOENCODING": "utf-8"}


def follow(
    begun: subprocess.Popen[str],
    on_progress: Callable[[float], None],
    cancelled: Callable[[], bool],
    time_limit_s: float,
) -> dict[str, Any]:
    """The worker's last word; its progress is passed on as it comes. ``unreachable`` when its time is over."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pump, args=(cast("IO[str]", begun.stdout), lines), daemon=True).start()
    deadline = time.monotonic() + time_limit_s
    while time.monotonic() < deadline:
        if cancelled():
            raise errors.Cancelled
        try:
            line = lines.get(timeout=0.2)
        except queue.Empty:
            continue
        if line is None:
            return {"failure": "unreachable"}
        said = json.loads(line)
        if "fraction" in said:
            on_progress(said["fraction"])
        else:
            return said
    return {"failure": "unreachable"}


def _pump(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _outcome(said: dict[str, Any], url: str, limits: Limits, folder: Path) -> Fetched:
    failure = said.get("failure")
    host = urlsplit(url).hostname or url
    if failure == "too_long":
        raise errors.TooLong(name=host, duration_s=said["duration_s"], limit_s=limits.max_duration_s)
    if failure == "too_large":
        raise errors.TooLarge(name=host, size_mb=said["bytes"] / 1024**2, limit_mb=limits.max_bytes / 1024**2)
    if failure is not None:
        raise FAILURES.get(failure, errors.LinkUnreachable)(url=url[:100], host=host)
    path = (folder / Path(said["file"]).name).resolve()
    if path.parent != folder.resolve() or not path.is_file():
        raise errors.LinkNoVideo(url=url[:100], host=host)
    return Fetched(path, str(said.get("title") or host)[:200])
