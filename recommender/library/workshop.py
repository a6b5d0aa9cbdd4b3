"""Tracks are heard in one process of their own, several at a time on threads that share its models.

One process holds the models once, which is most of the memory; the networks and the transforms run beside each other
on threads. What a file does to its decoder ends a worker of the fence, and what it may do beyond that ends this
process alone.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emotion import heap
from emotion.errors import MoodCueError
from recommender.library.track_sound import TrackSound

if TYPE_CHECKING:
    from recommender.library.hear import Heard

ROOT: Final = Path(__file__).resolve().parents[2]
START: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from recommender.library.workshop import work;"
    "work(int(sys.argv[2]), int(sys.argv[3]))"
)
DIED: Final = "This file ended the process that read it."


class Died(Exception):
    """The process ended; what it was asked and has not answered is lost."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was heard of one file, or the sentence that says why nothing was."""

    path: Path
    sound: TrackSound | None = None
    sound_print: bytes | None = None
    problem: str | None = None


class Workshop:
    """Asked for files by path, it answers as each is done, in any order."""

    def __init__(self, threads: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            order = [str(ROOT), str(theirs.fileno()), str(threads)]
            # Not by multiprocessing, whose processes run this one's main module first: in the app all of the app.
            self._process = subprocess.Popen(  # noqa: S603 - this Python, a module of ours
                [sys.executable, "-c", START, *order], stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )  # fmt: skip
        self._line = Connection(ours.detach())

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, path: Path) -> None:
        """Raises Died."""
        try:
            self._line.send(path)
        except OSError as e:
            raise Died from e

    def answer(self) -> Said:
        """The next that is done. Raises Died."""
        try:
            return self._line.recv()
        except (EOFError, OSError) as e:
            raise Died from e

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._line.close()


def heard(paths: Sequence[Path], threads: int) -> Iterator[Said]:
    """What each file says, as soon as it is known; a file that ends the process it is heard in costs itself alone."""
    waiting, suspects = list(paths)[::-1], list[Path]()
    shop: Workshop | None = None
    running: set[Path] = set()
    try:
        while waiting or suspects or running:
            try:
                if shop is None:
                    shop = Workshop(threads)
                # One of the suspects ended its process: they are heard one by one to find out which.
                while (suspects and not running) or (waiting and not suspects and len(running) <= threads):
                    path = suspects.pop() if suspects else waiting.pop()
                    running.add(path)
                    shop.ask(path)
                said = shop.answer()
                running.remove(said.path)
                yield said
            except Died:
                if shop is not None:
                    shop.close()
                shop, lost = None, list(running)
                running.clear()
                if len(lost) == 1:
                    yield Said(lost[0], problem=DIED)
                suspects += lost if len(lost) > 1 else []
    finally:
        if shop is not None:
            shop.close()


def work(handle: int, threads: int) -> None:
    """Until nobody asks any more at the socket that was handed on."""
    line = Connection(handle)
    heap.give_back()  # what a track took, instead of keeping it for each thread
    from recommender.library import prints
    from recommender.library.describe import Describer

    describer = Describer()
    telling = threading.Lock()

    def hear(path: Path) -> None:
        heard: list[bytes] = []

        def print_(of: Heard) -> None:
            heard.append(prints.of_mel(of.frames.mel))

        try:
            said = Said(path, describer.describe(path, on_heard=print_), heard[0])
        except MoodCueError as e:
            said = Said(path, problem=str(e))
        except Exception as e:  # whatever a file makes of us, the others go on
            said = Said(path, problem=f"{path.name}: {type(e).__name__}: {e}")
        with telling:
            line.send(said)

    with ThreadPoolExecutor(threads) as pool:
        while True:
            try:
                pool.submit(hear, line.recv())
            except (EOFError, OSError):
                return
