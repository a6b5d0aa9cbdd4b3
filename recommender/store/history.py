"""What a visitor picked, skipped, corrected and exported: with consent, without the clip.

An event holds the clip's hash, the emotion, the song, the video's id and the time. Nothing is
written before the visitor agrees; withdrawing stops it; deleting removes every trace of the visitor.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeVar, get_args

import sqlalchemy as sa

from emotion.errors import UnknownEmotion
from emotion.labels import EMOTIONS
from emotion.result import cell
from recommender.songs.catalogue import Track
from recommender.store.database import begun, consents, events, name_of, open_database

T = TypeVar("T")
Kind = Literal["pick", "skip", "correction", "export"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

LOCAL_VISITOR: Final = "local"
"""The one visitor of an app that runs on one's own machine."""

KEPT_S: Final = 365 * 86_400.0
"""An event is forgotten after so long."""

EXPORT_COLUMNS: Final = (
    "time", "kind", "emotion", "artist", "title", "track_id", "video_id", "clip_sha256", "detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a visitor did. ``at`` is a Unix time in seconds; ``detail`` depends on the kind: the
    emotion instead of the shown one for a correction, the format for an export. ``id`` is its number in the
    database, by which it is deleted.
    """

    at: float
    kind: Kind
    emotion: str | None = None
    track_id: str | None = None
    artist: str | None = None
    title: str | None = None
    video_id: str | None = None
    clip_sha256: str | None = None
    detail: str | None = None
    id: int | None = None


class History:
    """The memory of one visitor.

    ``engine``: from :func:`recommender.store.database.open_database` (opened if None). ``visitor``: an
    opaque name, one a visitor, so that nobody reads another's picks. Every method may raise
    MemoryUnavailable.
    """

    def __init__(
        self, engine: sa.Engine | None = None, visitor: str = LOCAL_VISITOR, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = open_database() if engine is None else engine
        self._visitor = name_of(visitor)
        self._clock = clock

    @property
    def consent(self) -> bool:
        """Whether the visitor has agreed to be remembered; no by default."""
        query = sa.select(consents.c.given).where(consents.c.visitor == self._visitor)
        return bool(self._run(lambda c: c.execute(query).scalar()))

    def set_consent(self, given: bool) -> None:
        """Agree or withdraw. Withdrawing keeps what is there until :meth:`delete_all`."""

        def write(c: sa.Connection) -> None:
            c.execute(sa.delete(consents).where(consents.c.visitor == self._visitor))
            c.execute(sa.insert(consents).values(visitor=self._visitor, given=given, at=self._clock()))

        self._run(write)

    def record(
        self,
        kind: Kind,
        *,
        track: Track | None = None,
        emotion: str | None = None,
        video_id: str | None = None,
        clip_sha256: str | None = None,
        detail: str | None = None,
    ) -> bool:
        """Remember one event; False, and nothing written, without consent.

        Raises:
            ValueError: the kind is not one of :data:`KINDS`, or the hash is not a sha256.
            UnknownEmotion: ``emotion``, or the ``detail`` of a correction, is not one of the eight.
        """
        _check(kind, emotion, clip_sha256, detail)
        values = {
            "visitor": self._visitor,
            "at": self._clock(),
            "kind": kind,
            "emotion": emotion,
            "track_id": None if track is None else track.id,
            "artist": None if track is None else track.artist,
            "title": None if track is None else track.title,
            "video_id": video_id or (None if track is None else track.video_id),
            "clip_sha256": clip_sha256,
            "detail": detail,
        }

        # Asked and written at once: nothing is left of whom "Delete all" in another tab has just forgotten. The row is
        # locked where the database knows how; SQLite lets one write at a time, and this one begins by writing.
        agreed = sa.select(consents.c.given).where(consents.c.visitor == self._visitor).with_for_update()

        def write(c: sa.Connection) -> bool:
            c.execute(sa.delete(events).where(events.c.at < values["at"] - KEPT_S))  # of all visitors
            if not c.execute(agreed).scalar():
                return False
            c.execute(sa.insert(events).values(values))
            return True

        return self._run(write)

    def events(self, *kinds: Kind, limit: int | None = None) -> list[Event]:
        """The visitor's events of these kinds (all without one), newest first."""
        columns = [events.c[name] for name in Event.__dataclass_fields__]
        query = sa.select(*columns).where(events.c.visitor == self._visitor)
        query = query.where(events.c.at >= self._clock() - KEPT_S)
        if kinds:
            query = query.where(events.c.kind.in_(kinds))
        query = query.order_by(events.c.at.desc(), events.c.id.desc()).limit(limit)
        return self._run(lambda c: [Event(*row) for row in c.execute(query)])

    def picks(self, limit: int | None = None) -> list[Event]:
        """ "My picks", newest first."""
        return self.events("pick", limit=limit)

    def export_csv(self) -> str:
        """Everything remembered of the visitor, oldest first, times in UTC."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(EXPORT_COLUMNS)
        for e in reversed(self.events()):
            row = [datetime.fromtimestamp(e.at, UTC).isoformat(timespec="seconds")]
            row += [cell(getattr(e, name) or "") for name in EXPORT_COLUMNS[1:]]
            writer.writerow(row)
        return out.getvalue()

    def delete(self, ids: Iterable[int]) -> int:
        """Remove these events as far as they are the visitor's; the number removed."""
        query = sa.delete(events).where(events.c.visitor == self._visitor, events.c.id.in_(list(ids)))
        return self._run(lambda c: c.execute(query).rowcount)

    def delete_all(self) -> int:
        """Remove every trace of the visitor, consent included; the number of events removed."""

        def write(c: sa.Connection) -> int:
            # the consent first: whoever is just writing under it is waited for, and what was written goes too
            c.execute(sa.delete(consents).where(consents.c.visitor == self._visitor))
            return c.execute(sa.delete(events).where(events.c.visitor == self._visitor)).rowcount

        return self._run(write)

    def _run(self, work: Callable[[sa.Connection], T]) -> T:
        with begun(self._engine) as connection:
            return work(connection)


def _check(kind: str, emotion: str | None, clip_sha256: str | None, detail: str | None) -> None:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not one of {', '.join(KINDS)}")
    named = [emotion, detail] if kind == "correction" else [emotion]
    for name in named:
        if name is not None and name not in EMOTIONS:
            raise UnknownEmotion(emotion=name, known=", ".join(EMOTIONS))
    if clip_sha256 is not None and not re.fullmatch("[0-9a-f]{64}", clip_sha256):
        raise ValueError("not a sha256")
