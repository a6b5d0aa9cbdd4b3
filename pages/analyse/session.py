"""What one visitor is doing on the Analyse page, kept in the session and nowhere else.

A session is in one phase at a time, and :data:`STEPS` names the phases that may follow::

    Waiting ──▶ Fetching ──▶ Analysing ──▶ Ready
       ▲            │            │           │
       └────────────┴────────────┴───────────┘
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import streamlit as st

from emotion import media
from emotion.errors import NotInFolders
from emotion.timeline import Timeline
from pages.analyse import jobs_for_clip
from pages.analyse.jobs_for_clip import Analysed
from pages.analyse.rereading import Choices, Rereading
from pages.analyse.result_state import Derived, ResultState
from pages.analyse.speaker_samples import Footage
from pages.shared.language import t_plain
from pages.shared.services import clips, folders, memory, models, pools, recent, returning, samples, visit, visitors
from pages.shared.services.jobs import Status, Ticket, bare
from pages.shared.services.samples import Sample
from pages.shared.services.visitors import Kept

KEY: Final = "analyse"


@dataclass(frozen=True)
class Waiting:
    """Nothing has been brought yet; ``error`` is why the last thing was not taken."""

    error: BaseException | None = None


@dataclass(frozen=True)
class Fetching:
    """The video of a link is on its way."""

    url: str
    ticket: Ticket[Kept]


@dataclass(frozen=True)
class Analysing:
    kept: Kept
    ticket: Ticket[Analysed]


@dataclass(frozen=True)
class Ready:
    """The result is there; ``player`` is the work on what the browser plays, or why there is none."""

    kept: Kept
    analysed: Analysed
    player: Ticket[Path] | BaseException


Phase = Waiting | Fetching | Analysing | Ready
STEPS: Final[Mapping[type[Phase], tuple[type[Phase], ...]]] = {
    Waiting: (Waiting, Fetching, Analysing),
    Fetching: (Waiting, Analysing),
    Analysing: (Waiting, Ready),
    Ready: (Waiting,),
}


class IllegalStep(RuntimeError):
    """A fault in the program: a phase that may not follow."""


@dataclass
class Session:
    """``secret`` is the address under which the player has the clip."""

    phase: Phase = field(default_factory=Waiting)
    secret: str | None = None
    state: ResultState = field(default_factory=ResultState)
    derived: Derived = field(default_factory=Derived)
    adapt: bool = True
    """Whether voices are read in the light of what else they say."""
    footage: list[Footage] = field(default_factory=list)
    """More of the speakers, for every clip of the visit."""
    sample: Sample | None = None
    """Which of the bundled clips it is, where it is one."""
    shown: tuple[Choices, Timeline] | None = None
    """The reading that is shown while another one is at work."""
    rereading: Rereading | None = None

    @property
    def kept(self) -> Kept | None:
        return self.phase.kept if isinstance(self.phase, Analysing | Ready) else None

    @property
    def result(self) -> Analysed | None:
        return self.phase.analysed if isinstance(self.phase, Ready) else None

    @property
    def digest(self) -> str | None:
        return self.kept.digest if self.kept else None

    def step(self, phase: Phase) -> None:
        """Raises IllegalStep where :data:`STEPS` does not name it."""
        if type(phase) not in STEPS[type(self.phase)]:
            raise IllegalStep(f"{type(self.phase).__name__} to {type(phase).__name__}")
        self.phase = phase

    def leave(self) -> None:
        ticket = _ticket(self.phase)
        if ticket is not None:
            ticket.leave()
        if self.rereading is not None:
            self.rereading.leave()
        self.shown = self.rereading = None
        self.phase = Waiting()
        for more in self.footage:
            more.leave()
        if self.secret is not None:
            clips.withdraw(self.secret)
            self.secret = None


def _ticket(phase: Phase) -> Ticket[Any] | None:
    if isinstance(phase, Ready):
        return phase.player if isinstance(phase.player, Ticket) else None
    return phase.ticket if isinstance(phase, Fetching | Analysing) else None


def current() -> Session:
    return st.session_state.setdefault(KEY, Session())


def come_back() -> None:
    """After a reload: the result that the address names, with every choice and edit."""
    if KEY in st.session_state:
        return
    held = returning.found()
    if held is not None and isinstance(held.value, Session) and visitors.returned(st.session_state, held.visitor):
        st.session_state[KEY] = held.value


def start_over(error: BaseException | None = None) -> Session:
    """Free what the last clip held; one visitor has one clip at a time. What is known of speakers stays."""
    last = current()
    last.leave()
    returning.forget()
    visitor = visit.visitor()
    visitor.on_leave.clear()
    visitor.empty()
    heard = [more for more in last.footage if more.voices]
    # The error goes without its frames: they hold the clip's copy, and what was decoded of it.
    shown = bare(error)
    session = st.session_state[KEY] = Session(Waiting(shown), adapt=last.adapt, footage=heard)
    visitor.on_leave.append(session.leave)
    return session


def forget_error() -> None:
    """For widgets: what was said of the last clip gives way to what is said of another one."""
    here = current()
    if isinstance(here.phase, Waiting):
        here.phase = Waiting()


def open_file(source: BinaryIO, name: str) -> None:
    """Keep the file and queue its analysis; what cannot be taken is remembered as the error to show."""
    session = start_over()
    try:
        kept = visit.visitor().keep(source, name, max_bytes=media.Limits.from_environment().max_bytes)
        session.step(_analysing(kept))
    except Exception as e:
        start_over(e)


def open_in_place(path: Path) -> None:
    """A clip of this machine's folders, read where it lies."""
    session = start_over()
    try:
        here = folders.named()
        if here is None or not memory.current().local:
            raise NotInFolders(name=folders.shown(path.name))
        kept = here.clip(path)
        session.step(_analysing(kept))
        recent.add(kept.path)
    except Exception as e:
        start_over(e)


def open_link(url: str) -> None:
    from emotion.fetch.client import check_url

    session = start_over()
    limits = media.Limits.from_environment()
    try:
        url = check_url(url)
        key = secrets.token_hex(16)  # nobody joins it: the file goes to this visitor's folder
        work = jobs_for_clip.fetching(url, visit.visitor().folder, limits)
        session.step(Fetching(url, pools.fetch_pool().submit(key, work)))
    except Exception as e:
        start_over(e)


def open_sample(sample: Sample) -> None:
    with sample.path.open("rb") as f:
        open_file(f, sample.path.name)
    current().sample = sample


def title() -> str:
    """What the clip is called on the page: a sample by its caption, any other by its file's name."""
    here = current()
    if here.sample is not None:
        return samples.split_title(t_plain(here.sample.title_key))[0]
    return here.kept.name if here.kept is not None else ""


def advance() -> Status[Any] | None:
    """Take over what the pool has finished; the status of what still runs, None where nothing does."""
    session = current()
    while isinstance(session.phase, Fetching | Analysing):
        status: Status[Any] = session.phase.ticket.status()
        if not status.over:
            return status
        session.phase.ticket.leave()
        try:
            session.step(_next(session.phase, status))
        except Exception as e:
            session = start_over(e)
    return None


def over_within(seconds: float) -> bool:
    """Whether what the pool does for this visitor is over, waiting so long for it at most."""
    phase = current().phase
    return isinstance(phase, Fetching | Analysing) and phase.ticket.wait(seconds)


def _next(phase: Fetching | Analysing, status: Status[Any]) -> Phase:
    """The phase that follows on work that is over; raises what went wrong with it."""
    if isinstance(phase, Fetching):
        if status.result is None:
            raise status.error or RuntimeError("nothing was fetched")
        return _analysing(status.result)
    if status.result is None:
        raise jobs_for_clip.with_name(status.error, phase.kept.name) or RuntimeError("nothing was found")
    if phase.kept.in_place:
        recent.add(phase.kept.path, status.result.timeline.clip.duration_s)
    return Ready(phase.kept, status.result.named(phase.kept.name), _player(phase.kept))


def _analysing(kept: Kept) -> Analysing:
    limits = media.Limits.in_place() if kept.in_place else media.Limits.from_environment()
    work = jobs_for_clip.analysis(kept, models.readers(), limits)
    return Analysing(kept, pools.pool().submit(kept.digest, work))


def _player(kept: Kept) -> Ticket[Path] | BaseException:
    """A full queue costs the player and not the result: it is asked again when the player is next wanted."""
    try:
        work = jobs_for_clip.preparing(kept, visit.visitor().folder)
        if kept.in_place:  # its name may be another's too, and the copy goes with the clip
            return pools.pool().submit(f"player {secrets.token_hex(16)}", work, keep=False)
        return pools.pool().submit(f"player {kept.path.name}", work)
    except Exception as e:
        return e


def playable(wait_s: float = 0.3) -> Path | None:
    """What the player plays; None while a copy that browsers play is being made.

    Raises:
        MediaError: nothing of the clip can be played.
        Busy: the queue is full.
    """
    session = current()
    phase = session.phase
    if not isinstance(phase, Ready):
        return None
    if not isinstance(phase.player, Ticket):
        session.phase = phase = Ready(phase.kept, phase.analysed, _player(phase.kept))
    if not isinstance(phase.player, Ticket):
        raise phase.player
    until = time.monotonic() + wait_s
    while not (status := phase.player.status()).over and time.monotonic() < until:
        time.sleep(0.02)
    if status.error is not None:
        raise status.error
    if status.result is not None and session.secret is None:
        session.secret = clips.publish(status.result)
    return status.result


def preparing() -> float | None:
    """How much of what the player plays is made, in [0, 1], where that is known."""
    phase = current().phase
    done = phase.player.status().progress if isinstance(phase, Ready) and isinstance(phase.player, Ticket) else None
    return done if isinstance(done, float) else None
