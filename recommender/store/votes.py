"""What guests say of a shared result, without an account: one vote a cue, and short notes.

A guest is a hash of their browser's number for the visit; nothing else is kept of them. Votes and notes belong to
a link (its key, ``shares.py``) and go with it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from recommender.errors import VoteEnded, VotesFull
from recommender.store import database
from recommender.store.database import ballots, ended_votes, notes
from recommender.store.shares import key_of

LONGEST_NOTE: Final = 200
NOTES_EACH: Final = 10
NOTES: Final = 200
BALLOTS: Final = 5000
"""Notes of one guest, and notes and votes of all, for one link."""


@dataclass(frozen=True, slots=True)
class Note:
    cue: int
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Tally:
    """``votes``: for each cue, how many chose each song; ``mine``: the asking guest's own choices."""

    votes: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    mine: Mapping[int, str] = field(default_factory=dict)
    ended: bool = False


class Votes:
    """Of one link, by its key. Every method may raise MemoryUnavailable."""

    def __init__(self, share: str, engine: sa.Engine | None = None, clock: Callable[[], float] = time.time) -> None:
        self._share, self._clock = share, clock
        self._engine = database.open_database() if engine is None else engine

    def vote(self, cue: int, song: str, guest: str) -> None:
        """One vote a cue and guest; the last one counts.

        Raises:
            VoteEnded, VotesFull
        """
        voter = key_of(guest)
        mine = (ballots.c.share == self._share) & (ballots.c.cue == cue) & (ballots.c.voter == voter)
        with database.alone(self._engine) as c:
            self._check(c, ballots, BALLOTS)
            c.execute(sa.delete(ballots).where(mine))
            row = {"share": self._share, "cue": cue, "voter": voter, "song": song[:64], "at": self._clock()}
            c.execute(sa.insert(ballots).values(row))

    def note(self, cue: int, text: str, guest: str) -> None:
        """A short note on a cue; one of nothing but spaces is none.

        Raises:
            VoteEnded, VotesFull
        """
        line = " ".join("".join(s if s.isprintable() else " " for s in text).split())[:LONGEST_NOTE]
        if not line:
            return
        voter = key_of(guest)
        with database.alone(self._engine) as c:
            self._check(c, notes, NOTES)
            count = sa.select(sa.func.count()).where(notes.c.share == self._share, notes.c.voter == voter)
            if int(c.execute(count).scalar() or 0) >= NOTES_EACH:
                raise VotesFull()
            row = {"share": self._share, "cue": cue, "voter": voter, "text": line, "at": self._clock()}
            c.execute(sa.insert(notes).values(row))

    def end(self, ended: bool = True) -> None:
        """No more votes and notes, or again some; what is there stays."""
        with database.alone(self._engine) as c:
            c.execute(sa.delete(ended_votes).where(ended_votes.c.share == self._share))
            if ended:
                c.execute(sa.insert(ended_votes).values(share=self._share))

    def tally(self, guest: str = "") -> Tally:
        voter = key_of(guest)
        with database.begun(self._engine) as c:
            rows = c.execute(
                sa.select(ballots.c.cue, ballots.c.song, ballots.c.voter).where(ballots.c.share == self._share)
            ).all()
            left = c.execute(
                sa.select(notes.c.cue, notes.c.text, notes.c.at)
                .where(notes.c.share == self._share)
                .order_by(notes.c.id)
            ).all()
            ended = self._ended(c)
        counts: dict[int, Counter[str]] = {}
        for cue, song, _ in rows:
            counts.setdefault(cue, Counter())[song] += 1
        return Tally(
            counts, tuple(Note(*row) for row in left), {cue: song for cue, song, who in rows if who == voter}, ended
        )

    def _check(self, c: sa.Connection, table: sa.Table, most: int) -> None:
        if self._ended(c):
            raise VoteEnded()
        count = sa.select(sa.func.count()).where(table.c.share == self._share)
        if int(c.execute(count).scalar() or 0) >= most:
            raise VotesFull()

    def _ended(self, c: sa.Connection) -> bool:
        query = sa.select(ended_votes.c.share).where(ended_votes.c.share == self._share)
        return c.execute(query).scalar() is not None
