"""How long clips of a list are: looked up one by one behind the fence, while the list stands already."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from emotion.errors import MoodCueError
from emotion.media import fence
from pages.shared.services import folders

MOST_KNOWN: Final = 2000
MOST_WAITING: Final = 200
"""Of more, those that were asked for first are left out: their list is no longer looked at."""


class Lengths:
    """``read`` gives the seconds of a clip, None where its head says nothing; one runs at a time."""

    def __init__(self, read: Callable[[Path], float | None] = fence.said_length) -> None:
        self._read = read
        self._known: OrderedDict[str, float | None] = OrderedDict()
        self._waiting: OrderedDict[str, Path] = OrderedDict()
        self._lock = threading.Lock()
        self._running = False
        self._now = ""

    def of(self, path: Path) -> tuple[float | None, bool]:
        """The seconds where they are known, and whether they are still being looked up."""
        try:
            key = folders.identity(path, path.stat())
        except (OSError, ValueError):
            return None, False
        with self._lock:
            if key in self._known:
                return self._known[key], False
            if key != self._now:
                self._waiting[key] = path
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
            if not self._running:
                self._running = True
                threading.Thread(target=self._look, name="lengths", daemon=True).start()
        return None, True

    def _look(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running = False
                    return
                key, path = self._waiting.popitem(last=False)
                self._now = key
            try:
                found = self._read(path)
            except (MoodCueError, OSError):
                found = None
            with self._lock:
                self._known[key], self._now = found, ""
                while len(self._known) > MOST_KNOWN:
                    self._known.popitem(last=False)


@functools.cache
def lengths() -> Lengths:
    """For all lists of this server."""
    return Lengths()
