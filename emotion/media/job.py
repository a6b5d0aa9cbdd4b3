"""One order to one process that may die, hang or swell without harm: how it is watched, and how much it may take."""

from __future__ import annotations

import dataclasses
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from emotion import errors, signals
from emotion.media import container as containers
from emotion.media import processes
from emotion.media.wire import ALIVE, Broken, Bytes, Head

MEMORY_BYTES: Final = 1536 * 1024**2
"""What a worker may hold; sixteen pictures of the largest size that is read fit in."""
CPU_S: Final = 3600
STALLED_S: Final = 60.0
"""A worker that is waited for and says nothing for so long hangs."""
MOST_S: Final = 36_000.0
SLOWEST_DISK: Final = 20 * 1024**2
"""Bytes a second that any disk can read, a network's too."""
COPY_S: Final = 900.0
"""Making a copy of a clip may take so long in all: it says nothing on the way."""
LOOK_EVERY_S: Final = 0.05

_log = logging.getLogger(__name__)


def never() -> bool:
    return False


@dataclasses.dataclass(frozen=True)
class Bounds:
    """How much one worker may take."""

    memory_bytes: int = MEMORY_BYTES
    cpu_s: int = CPU_S
    stalled_s: float = STALLED_S
    written_bytes: int = 0

    def for_file(self, path: Path, longest_s: float) -> Bounds:
        """More time for what is long, and for looking through what is large before the first word."""
        size = path.stat().st_size if path.is_file() else 0
        longer = max(1.0, min(longest_s, MOST_S) / signals.WHOLE_S)
        stalled_s = self.stalled_s * longer + size / SLOWEST_DISK
        return dataclasses.replace(self, cpu_s=math.ceil(self.cpu_s * longer), stalled_s=stalled_s)


READING: Final = Bounds()
GLANCING: Final = Bounds(cpu_s=5, stalled_s=5.0)
COPYING: Final = Bounds(stalled_s=COPY_S, written_bytes=4 * 1024**3)


class Job:
    """One order to one worker, watched until it is done."""

    def __init__(
        self, task: str, path: Path, name: str, bounds: Bounds, cancelled: Callable[[], bool] = never, **order: object
    ) -> None:
        self.name, self.bounds = name, bounds
        self._cancelled, self._reason = cancelled, errors.DecoderDied
        self._over = threading.Event()
        self.worker = processes.start()
        limits = {k: v for k, v in dataclasses.asdict(bounds).items() if k != "stalled_s"}
        try:
            self.worker.line.send({"task": task, "path": os.fspath(path.resolve()), "name": name, **limits, **order})
        except OSError:
            _log.warning("a worker ended before it had its order")
        self._watch = threading.Thread(target=self._look_after, name="fence", daemon=True)
        self._watch.start()

    def answers(self) -> Iterator[tuple[Head, Bytes]]:
        """What the worker says, until it is done.

        Raises:
            MoodCueError: what it found wrong with the file, or what became of it; ``Cancelled`` when asked to stop.
        """
        while True:
            try:
                received = self.worker.line.receive()
            except (OSError, ValueError, Broken):
                received = None
            if received is None:
                raise self._ended()
            head, body = received
            if head.get("kind") == ALIVE:
                continue
            if head.get("kind") == "end":
                return
            if head.get("kind") == "error":
                raise self._told(head)
            yield head, body

    def close(self) -> None:
        """The worker is gone when this returns."""
        self._over.set()
        self.worker.kill()
        self._watch.join()
        self.worker.end()

    def _look_after(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            idle_since = self.worker.line.idle_since
            if idle_since is not None and time.monotonic() - idle_since > self.bounds.stalled_s:
                self._reason = errors.DecoderStuck
            elif self._cancelled():
                self._reason = errors.Cancelled
            else:
                continue
            self.worker.kill()
            return

    def _ended(self) -> errors.MoodCueError:
        status = self.worker.end()
        if self._reason is errors.Cancelled:
            return errors.Cancelled()
        if self._reason is errors.DecoderDied and not self._over.is_set():
            _log.warning("a worker ended with status %s", status)
        return self._reason(name=self.name)

    def _told(self, head: Head) -> errors.MoodCueError:
        kind = getattr(errors, str(head.get("error")), None)
        if isinstance(kind, type) and issubclass(kind, errors.MoodCueError):
            values = head.get("values")
            return kind(**{str(k): v for k, v in values.items()} if isinstance(values, dict) else {})
        _log.error("a worker could not do its task: %s", str(head.get("detail"))[:2000])
        return errors.MediaError(name=self.name)


@contextmanager
def job(
    task: str,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    bounds: Bounds = READING,
    cancelled: Callable[[], bool] = never,
    **order: object,
) -> Iterator[Job]:
    path = Path(path)
    containers.check(path, name or path.name)  # a pipe of this process is none of the worker's
    begun = Job(task, path, name or path.name, bounds, cancelled, **order)
    try:
        yield begun
    finally:
        begun.close()
