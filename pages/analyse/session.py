"""What one visitor is doing on the Analyse page, kept in the session and nowhere else."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import streamlit as st

from emotion import media
from pages.analyse import jobs_for_clip
from pages.analyse.speaker_samples import Footage
from pages.shared.services import cached, clips
from pages.shared.services.jobs import Status, Ticket
from pages.shared.services.visitors import Kept, Visitor

KEY: Final = "analyse"


@dataclass
class Session:
    """``kept`` is the clip, ``result`` what came of it, ``at_s`` the place chosen on the timeline.

    ``secret`` is the address under which the player has the clip.
    """

    kept: Kept | None = None
    url: str | None = None
    fetching: Ticket[Kept] | None = None
    analysing: Ticket[jobs_for_clip.Analysed] | None = None
    preparing: Ticket[Path] | None = None
    secret: str | None = None
    result: jobs_for_clip.Analysed | None = None
    error: BaseException | None = None
    at_s: float = 0.0
    adapt: bool = True
    """Whether voices are read in the light of what else they say."""
    footage: list[Footage] = field(default_factory=list)
    """More of the speakers, for every clip of the visit."""
    memo: dict[Any, Any] = field(default_factory=dict)
    """What the sections of the result worked out for this clip."""

    def leave(self) -> None:
        for ticket in (self.fetching, self.analysing, self.preparing):
            if ticket is not None:
                ticket.leave()
        self.fetching = self.analysing = self.preparing = None
        for more in self.footage:
            more.leave()
        if self.secret is not None:
            clips.withdraw(self.secret)
            self.secret = None


def current() -> Session:
    return st.session_state.setdefault(KEY, Session())


def start_over(error: BaseException | None = None) -> Session:
    """Free what the last clip held; one visitor has one clip at a time. What is known of speakers stays."""
    last = current()
    last.leave()
    visitor = cached.visitor()
    visitor.on_leave.clear()
    visitor.empty()
    heard = [more for more in last.footage if more.voices]
    session = st.session_state[KEY] = Session(error=error, adapt=last.adapt, footage=heard)
    visitor.on_leave.append(session.leave)
    return session


def open_file(source: BinaryIO, name: str) -> None:
    """Keep the file and queue its analysis; what cannot be taken is remembered as the error to show."""
    session = start_over()
    limits = media.Limits.from_environment()
    try:
        session.kept = cached.visitor().keep(source, name, max_bytes=limits.max_bytes)
        _analyse(session, session.kept)
    except Exception as e:
        start_over(e)


def open_bytes(data: bytes, name: str) -> None:
    open_file(BytesIO(data), name)


def open_link(url: str) -> None:
    from emotion.fetch.client import check_url

    session = start_over()
    visitor: Visitor = cached.visitor()
    limits = media.Limits.from_environment()
    try:
        session.url = check_url(url)
        key = secrets.token_hex(16)  # nobody joins it: the file goes to this visitor's folder
        session.fetching = cached.fetch_pool().submit(key, jobs_for_clip.fetching(session.url, visitor.folder, limits))
    except Exception as e:
        start_over(e)


def open_sample(sample: cached.Sample) -> None:
    with sample.path.open("rb") as f:
        open_file(f, sample.path.name)


def advance() -> Status[Any] | None:
    """Take over what the pool has finished; the status of what still runs, None where nothing does."""
    session = current()
    if session.fetching is not None:
        status: Status[Any] = session.fetching.status()
        if not status.over:
            return status
        session.fetching.leave()
        session.fetching = None
        if status.result is None:
            start_over(status.error)
            return None
        session.kept = status.result
        try:
            _analyse(session, status.result)
        except Exception as e:
            start_over(e)
            return None
    if session.analysing is None or session.kept is None:
        return None
    status = session.analysing.status()
    if not status.over:
        return status
    session.analysing.leave()
    session.analysing = None
    if status.result is None:
        start_over(jobs_for_clip.with_name(status.error, session.kept.name))
    else:
        session.result = status.result.named(session.kept.name)
        session.preparing = cached.pool().submit(
            f"player {session.kept.path.name}", jobs_for_clip.preparing(session.kept, cached.visitor().folder)
        )
    return None


def playable(wait_s: float = 0.3) -> Path | None:
    """What the player plays; None while a copy that browsers play is being made.

    Raises:
        MediaError: nothing of the clip can be played.
    """
    ticket = current().preparing
    if ticket is None:
        return None
    until = time.monotonic() + wait_s
    while not (status := ticket.status()).over and time.monotonic() < until:
        time.sleep(0.02)
    if status.error is not None:
        raise status.error
    if status.result is not None and current().secret is None:
        current().secret = clips.publish(status.result)
    return status.result


def _analyse(session: Session, kept: Kept) -> None:
    limits = media.Limits.from_environment()
    session.analysing = cached.pool().submit(kept.digest, jobs_for_clip.analysis(kept, cached.readers(), limits))
