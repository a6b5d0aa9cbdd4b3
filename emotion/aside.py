"""Looking at the picture in a thread of its own, beside the hearing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from emotion import errors

if TYPE_CHECKING:
    from emotion.assembly import Seen

LOOK_EVERY_S: Final = 0.05
FEW_CORES: Final = 3
"""The voice alone keeps two busy."""


class Aside:
    """Looks at the picture in a thread of its own, while the sound is heard in this one."""

    def __init__(self, work: Callable[[Aside], Seen], over: threading.Event) -> None:
        self.fraction = 0.0
        self._over = over
        self._free = threading.Event()
        self._free.set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="looking")
        self._seen = self._pool.submit(work, self)

    def note(self, fraction: float) -> None:
        """How far it is; called before each picture."""
        self.fraction = fraction
        self._free.wait()

    @contextmanager
    def held(self) -> Iterator[None]:
        """No picture is looked at meanwhile, unless there are cores for both: what is done here is known earlier."""
        if (os.cpu_count() or 1) > FEW_CORES:
            yield
            return
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    def result(self, on_fraction: Callable[[float], None], cancelled: Callable[[], bool]) -> Seen:
        """Waits for it; ``on_fraction`` is called from this thread."""
        said = -1.0
        while True:
            done, _ = wait([self._seen], timeout=LOOK_EVERY_S)
            if self.fraction > said:
                said = self.fraction
                on_fraction(said)
            if cancelled():
                raise errors.Cancelled
            if done:
                return self._seen.result()

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._seen.done():
            self._over.set()
        self._pool.shutdown()
