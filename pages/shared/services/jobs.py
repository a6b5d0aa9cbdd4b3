"""A bounded pool for heavy work: a queue that shows one's place, cancel, and no work done twice.

It knows nothing of clips or of Streamlit: work is a function that reports and asks whether to stop.
Visitors hold tickets; the same key is worked once for all who hold one, and what nobody holds any
more is stopped.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from emotion.errors import Cancelled, MoodCueError

R = TypeVar("R")
State = Literal["queued", "running", "done", "failed", "cancelled"]
Report = Callable[[Any], None]
Work = Callable[[Report, Callable[[], bool]], R]

_log = logging.getLogger(__name__)


class Busy(MoodCueError):
    """More visitors wait than can be served in a reasonable time."""

    key = "error.busy"
    english = "{waiting} clips are waiting already. Try again in a few minutes."


def bare(error: BaseException | None) -> BaseException | None:
    """The error without the frames it came through: they would keep alive all that the work had in hand."""
    met: set[int] = set()
    todo = [error]
    while todo:
        e = todo.pop()
        if e is not None and id(e) not in met:
            met.add(id(e))
            e.__traceback__ = None
            todo += [e.__cause__, e.__context__]
    return error


@dataclass(frozen=True)
class Status(Generic[R]):
    """A look at a job. ``place`` counts from 1 while queued; ``progress`` is the last report."""

    state: State
    place: int = 0
    progress: Any = None
    result: R | None = None
    error: BaseException | None = None

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


@dataclass(eq=False)
class _Job(Generic[R]):
    key: str
    work: Work[R] | None
    keep: bool = True
    stop: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    state: State = "queued"
    progress: Any = None
    result: R | None = None
    error: BaseException | None = None
    holders: set[Ticket[R]] = field(default_factory=set)


class Ticket(Generic[R]):
    """One visitor's claim on a job."""

    def __init__(self, pool: Pool[R], job: _Job[R]) -> None:
        self._pool, self._job = pool, job

    def status(self) -> Status[R]:
        return self._pool._status(self._job)

    def wait(self, seconds: float) -> bool:
        """Whether it is over, waiting so long for it at most."""
        return self._job.over.wait(seconds)

    def leave(self) -> None:
        """Cancel, or go away: the work stops unless somebody else holds a ticket for it."""
        self._pool._leave(self._job, self)


def alike(result: object) -> float:
    del result
    return 1.0


class Pool(Generic[R]):
    """Args: ``workers`` at once, ``waiting`` at most in the queue, ``kept`` results remembered, each counted by what
    ``weigh`` says of it."""

    def __init__(self, workers: int = 2, waiting: int = 32, kept: int = 8, weigh: Callable[[R], float] = alike) -> None:
        self._weigh = weigh
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._waiting: list[_Job[R]] = []
        self._jobs: OrderedDict[str, _Job[R]] = OrderedDict()
        self._limit, self._kept = waiting, kept

    def submit(self, key: str, work: Work[R], *, keep: bool = True) -> Ticket[R]:
        """A ticket for ``key``: joined where it is being worked or is remembered, else queued.

        Without ``keep`` the result is forgotten with its last ticket.

        Raises:
            Busy: the queue is full.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.state in ("failed", "cancelled") or (job.stop.is_set() and job.state != "done"):
                if len(self._waiting) >= self._limit:
                    raise Busy(waiting=len(self._waiting))
                job = _Job(key, work, keep)
                self._jobs[key] = job
                self._waiting.append(job)
                self._threads.submit(self._run, job)
            self._jobs.move_to_end(key)
            ticket = Ticket(self, job)
            job.holders.add(ticket)
            return ticket

    def close(self) -> None:
        """Stop all work and wait for it."""
        with self._lock:
            for job in self._jobs.values():
                job.stop.set()
        self._threads.shutdown(cancel_futures=True)

    def _run(self, job: _Job[R]) -> None:
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
            work, job.work = job.work, None
            if job.stop.is_set() or work is None:
                job.state = "cancelled"
                job.over.set()
                return
            job.state = "running"

        def report(progress: Any) -> None:
            job.progress = progress

        result: R | None = None
        error: BaseException | None = None
        try:
            result = work(report, job.stop.is_set)
        except BaseException as e:  # a worker must survive whatever the work does
            error = e
            if not isinstance(e, MoodCueError):
                _log.error("a job failed\n%s", "".join(traceback.format_exception(e)))  # text: a record may be kept
        work = None
        with self._lock:
            job.result, job.error = result, bare(error)
            cancelled = isinstance(error, Cancelled) or (error is not None and job.stop.is_set())
            job.state = "cancelled" if cancelled else "failed" if error else "done"
            job.progress = None
            job.over.set()
            self._forget()

    def _forget(self) -> None:
        over = [k for k, j in self._jobs.items() if j.state not in ("queued", "running") and not j.holders]
        remembered, weight = set(), 0.0
        for key in reversed(over):  # the latest first
            job = self._jobs[key]
            if job.keep and job.state == "done" and job.result is not None:
                weight += self._weigh(job.result)
                if weight <= self._kept:
                    remembered.add(key)
        for key in {*over} - remembered:
            del self._jobs[key]

    def _status(self, job: _Job[R]) -> Status[R]:
        with self._lock:
            place = self._waiting.index(job) + 1 if job in self._waiting else 0
            return Status(job.state, place, job.progress, job.result, job.error)

    def _leave(self, job: _Job[R], ticket: Ticket[R]) -> None:
        with self._lock:
            job.holders.discard(ticket)
            if not job.holders:
                if job.state in ("queued", "running"):
                    job.stop.set()
                if job in self._waiting:
                    self._waiting.remove(job)
                    job.state, job.work = "cancelled", None
                    job.over.set()
                self._forget()
