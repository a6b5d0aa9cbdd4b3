"""The pool: order, one's place in the queue, cancel, the same clip once, failures, and nobody left behind."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emotion.errors import Cancelled, EmptyFile
from emotion.pipeline import Heard
from emotion.timeline import Clip, Timeline
from pages.analyse import session
from pages.analyse.jobs_for_clip import Analysed
from pages.analyse.session import Analysing, Ready, Session
from pages.shared.services import pools
from pages.shared.services.jobs import Busy, Pool, Status, Ticket, bare
from tests import results


@pytest.fixture
def pool() -> Iterator[Pool[Any]]:
    pool: Pool[Any] = Pool(workers=1, waiting=3, kept=2)
    yield pool
    pool.close()


class Gate:
    """Work that runs until it is let go or stopped, and counts how often it ran."""

    def __init__(self) -> None:
        self.open, self.started, self.runs = threading.Event(), threading.Event(), 0

    def __call__(self, report: Callable[[Any], None], cancelled: Callable[[], bool]) -> str:
        self.runs += 1
        report("half")
        self.started.set()
        while not self.open.wait(0.005):
            if cancelled():
                raise Cancelled
        return "done"


def over(ticket: Ticket[Any], within_s: float = 5) -> Status[Any]:
    until = time.monotonic() + within_s
    while not (status := ticket.status()).over:
        assert time.monotonic() < until, status
        time.sleep(0.005)
    return status


def test_progress_then_result(pool: Pool[Any]) -> None:
    gate = Gate()
    ticket = pool.submit("a", gate)
    assert gate.started.wait(5)
    assert (ticket.status().state, ticket.status().progress) == ("running", "half")
    gate.open.set()
    assert over(ticket).result == "done"


def test_those_who_wait_see_their_place_and_move_up(pool: Pool[Any]) -> None:
    gates = [Gate() for _ in range(3)]
    tickets = [pool.submit(str(i), gate) for i, gate in enumerate(gates)]
    assert gates[0].started.wait(5)
    assert [t.status().place for t in tickets] == [0, 1, 2]
    tickets[1].leave()
    assert tickets[1].status().state == "cancelled"
    assert tickets[2].status().place == 1
    gates[0].open.set()
    assert gates[2].started.wait(5)
    assert gates[1].runs == 0
    gates[2].open.set()
    assert over(tickets[2]).state == "done"


def test_a_full_queue_refuses(pool: Pool[Any]) -> None:
    gate = Gate()
    pool.submit("running", gate)
    assert gate.started.wait(5)
    for i in range(3):
        pool.submit(str(i), Gate())
    with pytest.raises(Busy):
        pool.submit("one too many", Gate())


def test_leaving_stops_the_work_and_frees_the_worker(pool: Pool[Any]) -> None:
    gate, next_one = Gate(), Gate()
    ticket = pool.submit("a", gate)
    assert gate.started.wait(5)
    ticket.leave()
    next_one.open.set()
    assert over(pool.submit("b", next_one)).state == "done"
    assert over(ticket).state == "cancelled"


def test_the_same_key_is_worked_once_for_all(pool: Pool[Any]) -> None:
    gate, second = Gate(), Gate()
    first, joined = pool.submit("same", gate), pool.submit("same", second)
    assert gate.started.wait(5)
    first.leave()  # the other still wants it
    gate.open.set()
    assert over(joined).result == "done"
    assert over(pool.submit("same", second)).result == "done"
    assert (gate.runs, second.runs) == (1, 0)


def test_after_a_cancel_the_same_clip_starts_anew(pool: Pool[Any]) -> None:
    gate, again = Gate(), Gate()
    ticket = pool.submit("same", gate)
    assert gate.started.wait(5)
    ticket.leave()
    again.open.set()
    assert over(pool.submit("same", again)).result == "done"
    assert again.runs == 1


def test_a_failure_is_kept_for_its_visitor_and_tried_again(pool: Pool[Any]) -> None:
    def broken(report: Any, cancelled: Any) -> str:
        raise EmptyFile(name="a.wav")

    status = over(pool.submit("a", broken))
    assert status.state == "failed"
    assert isinstance(status.error, EmptyFile)
    gate = Gate()
    gate.open.set()
    assert over(pool.submit("a", gate)).result == "done"


def test_old_results_are_let_go(pool: Pool[Any]) -> None:
    gates = {}
    for key in "abcd":
        gates[key] = Gate()
        gates[key].open.set()
        ticket = pool.submit(key, gates[key])
        over(ticket)
        ticket.leave()
    again = Gate()
    again.open.set()
    over(pool.submit("d", again))
    over(pool.submit("a", again))
    assert again.runs == 1  # d was remembered, a was not


class Load:
    """Something large that a work has in hand."""


def gone(held: weakref.ref[Load]) -> bool:
    until = time.monotonic() + 5
    while held() is not None and time.monotonic() < until:
        gc.collect()
        time.sleep(0.01)
    return held() is None


@pytest.mark.parametrize("kind", [EmptyFile, RuntimeError, Cancelled])
def test_what_failed_keeps_nothing_of_its_work_alive(pool: Pool[Any], kind: type[Exception]) -> None:
    held: list[weakref.ref[Load]] = []

    def work(report: Any, cancelled: Any) -> str:
        load = Load()
        held.append(weakref.ref(load))
        try:
            raise ValueError("first")
        except ValueError as e:
            raise kind() from e

    ticket = pool.submit("a", work)
    assert over(ticket).error is not None
    assert gone(held[0])


def test_who_is_refused_leaves_nothing_behind(pool: Pool[Any]) -> None:
    gate = Gate()
    pool.submit("running", gate)
    assert gate.started.wait(5)
    for i in range(3):
        pool.submit(str(i), Gate())

    def refused() -> tuple[BaseException, weakref.ref[Load]]:
        load = Load()
        try:
            pool.submit("one too many", lambda report, cancelled: str(load))
        except Busy as e:
            return bare(e) or e, weakref.ref(load)
        raise AssertionError

    error, load = refused()
    assert gone(load)
    assert isinstance(error, Busy)


def test_failures_take_no_place_of_results(pool: Pool[Any]) -> None:
    def broken(report: Any, cancelled: Any) -> str:
        raise EmptyFile(name="a.wav")

    good = Gate()
    good.open.set()
    first = pool.submit("good", good)
    over(first)
    first.leave()
    for key in "abcdef":
        ticket = pool.submit(key, broken)
        over(ticket)
        ticket.leave()
    again = Gate()
    again.open.set()
    assert over(pool.submit("good", again)).result == "done"
    assert again.runs == 0  # it was remembered


def test_a_full_queue_at_the_end_of_an_analysis_costs_the_player_for_a_while_and_never_the_result(
    pool: Pool[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    analysed = pool.submit(
        "analysis", lambda report, cancelled: Analysed(Timeline(Clip("c.mp4", 1.0), ()), None, Heard())
    )
    assert over(analysed).result is not None
    fill = [pool.submit("other", gate)]
    assert gate.started.wait(5)
    fill += [pool.submit(f"other {i}", gate) for i in range(3)]
    kept = results.session().kept
    assert kept is not None
    now = Session(Analysing(kept, analysed))
    monkeypatch.setattr(session, "current", lambda: now)
    monkeypatch.setattr(session.pools, "pool", lambda: pool)
    monkeypatch.setattr(session.visit, "visitor", lambda: SimpleNamespace(folder=tmp_path))
    monkeypatch.setattr(session.jobs_for_clip, "preparing", lambda kept, folder: lambda r, c: tmp_path / "copy.mp4")
    monkeypatch.setattr(session.clips, "publish", lambda path: "secret")
    assert session.advance() is None
    assert isinstance(now.phase, Ready)
    with pytest.raises(Busy):
        session.playable()
    gate.open.set()
    for ticket in fill:
        over(ticket)
    assert session.playable(wait_s=5) == tmp_path / "copy.mp4"
    assert now.secret == "secret"


def test_of_long_results_fewer_are_remembered() -> None:
    """Two hours weigh as much as all that is remembered of short clips."""
    results_ = {f"short {i}": 30.0 for i in range(4)} | {"long": 7200.0, "longer": 7300.0, "last": 30.0}
    ran: list[str] = []

    def work(name: str) -> Callable[..., Analysed]:
        def run(report: object, cancelled: object) -> Analysed:
            del report, cancelled
            ran.append(name)
            return Analysed(Timeline(Clip(name, results_[name]), ()), None, Heard())

        return run

    pool: Pool[Any] = Pool(workers=1, kept=8, weigh=pools.weight)
    try:
        for name in ("short 0", "short 1", "long", "short 2", "long", "longer", "last", "short 0"):
            ticket = pool.submit(name, work(name))
            over(ticket)
            ticket.leave()
    finally:
        pool.close()
    assert ran == ["short 0", "short 1", "long", "short 2", "long", "longer", "last", "short 0"]
    assert pools.weight("no result of a clip") == 1.0
