"""Results that were shared by a link: rows of the database, and the clips that came along as files.

A link holds a random id of 192 bits; the database holds its SHA-256 alone, so that nobody who reads
the database can open a link. The same goes for the secret that deletes it. What a share shows is a
text to this module (``snapshot.py`` writes and reads it). Clips lie in ``<data folder>/shares``, mode
0700, under that same hash; a file's time of change is when it expires, so that it goes even where its
row is lost. All state is in the database and in that folder: several processes may share them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from emotion import settings
from recommender import paths
from recommender.errors import MemoryUnavailable, SharesFull, ShareTooLarge, TooManyShares
from recommender.store import database
from recommender.store.database import ballots, ended_votes, notes, shares

DAY_S: Final = 86_400.0
LIFETIMES: Final = (1, 7, 30)
MEGABYTE: Final = 1024**2
MAX_CLIP_BYTES: Final = 64 * MEGABYTE
MAX_PAYLOAD_BYTES: Final = 4 * MEGABYTE
EACH: Final = 20
"""Links of one visitor at a time."""
EACH_BYTES: Final = 128 * MEGABYTE
ALL: Final = 5000
PART: Final = ".part"
"""Of a clip that is being copied; one that a crash left behind goes after a day."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{32}")
_SUFFIX: Final = re.compile(r"\.[a-z0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Share:
    """One link's row. ``created`` and ``expires`` are Unix times in seconds; ``clip`` is a file's name."""

    key: str
    created: float
    expires: float
    title: str
    clip: str | None
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A link as its owner gets it, once: neither ``id`` nor ``secret`` is kept anywhere."""

    id: str
    secret: str
    share: Share


def longest_days() -> int:
    """``MOODCUE_SHARE_DAYS`` (30); 0 where nothing can be shared."""
    return settings.SHARE_DAYS.read()


def lifetimes() -> tuple[int, ...]:
    """The lifetimes in days that a visitor can choose from, the longest last; none where sharing is off."""
    longest = longest_days()
    return (*(d for d in LIFETIMES if d < longest), longest) if longest else ()


def all_bytes() -> int:
    """``MOODCUE_SHARE_MB`` (2000) in bytes: what all links together may take."""
    return int(settings.SHARE_MB.read() * MEGABYTE)


def key_of(secret: str) -> str:
    """What is kept of an id or a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Shares:
    """Every method may raise MemoryUnavailable. ``engine`` is opened if None."""

    def __init__(self, engine: sa.Engine | None = None, clock: Callable[[], float] = time.time) -> None:
        self._engine = database.open_database() if engine is None else engine
        self._clock = clock

    def create(self, owner: str, title: str, payload: str, *, days: int, clip: Path | None = None) -> Made:
        """A new link; ``clip`` is copied, and must hold nothing that its file should not tell.

        Raises:
            ValueError: ``days`` is not one of :func:`lifetimes`.
            ShareTooLarge, TooManyShares, SharesFull: a limit; the sentence says which.
        """
        if days not in lifetimes():
            raise ValueError(f"{days} days are not one of {lifetimes()}")
        clip_bytes = clip.stat().st_size if clip else 0
        for size, limit in ((clip_bytes, MAX_CLIP_BYTES), (len(payload.encode()), MAX_PAYLOAD_BYTES)):
            if size > limit:
                raise ShareTooLarge(size_mb=size / MEGABYTE, limit_mb=limit / MEGABYTE)
        self.purge()
        public, secret, now = secrets.token_urlsafe(24), secrets.token_urlsafe(24), self._clock()
        key = key_of(public)
        size = clip_bytes + len(payload.encode())
        name = f"{key}{clip.suffix if _SUFFIX.fullmatch(clip.suffix) else ''}" if clip else None
        share = Share(key, now, now + days * DAY_S, title, name)
        try:
            if clip and name:
                _put(clip, name, share.expires)
            with database.alone(self._engine) as c:
                _check_limits(c, owner, size)
                row = {
                    "key": key,
                    "secret": key_of(secret),
                    "owner": database.name_of(owner),
                    "created": now,
                    "expires": share.expires,
                }
                c.execute(sa.insert(shares).values(**row, title=title, payload=payload, clip=name, bytes=size))
        except BaseException:
            _remove(name)
            raise
        return Made(public, secret, share)

    def open(self, public: str) -> Share | None:
        """What the link ``public`` shows; None alike for one that never was, has expired or was deleted."""
        if not _ID.fullmatch(public):
            return None
        found = self._select(shares.c.key == key_of(public), shares.c.payload)
        return found[0] if found else None

    def clip(self, public: str) -> Path | None:
        """The clip that came along with the link ``public``, without reading what else it shows."""
        found = self._select(shares.c.key == key_of(public)) if _ID.fullmatch(public) else []
        return clip_of(found[0]) if found else None

    def of(self, owner: str) -> list[Share]:
        """A visitor's links, the newest first, without what they show."""
        return self._select(shares.c.owner == database.name_of(owner))

    def delete(self, key: str, owner: str) -> bool:
        """Delete a link by who made it; False where it is somebody else's, or gone."""
        return self._delete((shares.c.key == key) & (shares.c.owner == database.name_of(owner))) > 0

    def delete_with(self, public: str, secret: str) -> bool:
        """Delete a link by the secret that its owner got; False where it is not that one, or gone."""
        if not self.may_delete(public, secret):
            return False
        return self._delete(shares.c.key == key_of(public)) > 0

    def may_delete(self, public: str, secret: str) -> bool:
        """Whether ``secret`` is the link's; the time it takes tells nothing of either."""
        query = sa.select(shares.c.secret).where(shares.c.key == key_of(public))
        with database.begun(self._engine) as c:
            kept = c.execute(query).scalar()
        return hmac.compare_digest(kept or "", key_of(secret))

    def delete_all(self, owner: str) -> int:
        """Delete every link of a visitor; how many."""
        return self._delete(shares.c.owner == database.name_of(owner))

    def purge(self) -> int:
        """Delete what has expired, rows and files; how many rows."""
        now = self._clock()
        gone = self._delete(shares.c.expires <= now)
        for path in folder().glob("*"):
            with suppress(FileNotFoundError):  # another process may tidy too, or have finished its copy
                if path.is_file() and path.stat().st_mtime <= now - (DAY_S if path.suffix == PART else 0):
                    path.unlink()
        return gone

    def _select(self, where: sa.ColumnElement[bool], *more: sa.Column[Any]) -> list[Share]:
        columns = [shares.c[name] for name in ("key", "created", "expires", "title", "clip")]
        query = sa.select(*columns, *more).where(where, shares.c.expires > self._clock())
        with database.begun(self._engine) as c:
            return [Share(*row) for row in c.execute(query.order_by(shares.c.created.desc()))]

    def _delete(self, where: sa.ColumnElement[bool]) -> int:
        """Files first: should the rows stay because the database fails, a second try finds them."""
        with database.begun(self._engine) as c:
            found = c.execute(sa.select(shares.c.key, shares.c.clip).where(where)).all()
            for _, clip in found:
                _remove(clip)
            if found:
                keys = [key for key, _ in found]
                for table in (ballots, notes, ended_votes):
                    c.execute(sa.delete(table).where(table.c.share.in_(keys)))
                c.execute(sa.delete(shares).where(shares.c.key.in_(keys)))
            return len(found)


def _check_limits(c: sa.Connection, owner: str, size: int) -> None:
    totals = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(shares.c.bytes), 0))
    count, used = c.execute(totals.where(shares.c.owner == database.name_of(owner))).one()
    if count >= EACH:
        raise TooManyShares(count=EACH)
    if int(used) + size > EACH_BYTES:
        raise ShareTooLarge(size_mb=(int(used) + size) / MEGABYTE, limit_mb=EACH_BYTES / MEGABYTE)
    count, used = c.execute(totals).one()
    if count >= ALL or int(used) + size > all_bytes():
        raise SharesFull()


# Files ---------------------------------------------------------------------------------------------


def folder() -> Path:
    """Where shared clips lie; closed to other users of the machine.

    Raises:
        MemoryUnavailable: it cannot be made.
    """
    try:
        path = paths.home() / "shares"
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as e:
        raise MemoryUnavailable(cause=str(e)) from e
    return path


def clip_of(share: Share) -> Path | None:
    """The clip that came along with a share; None without one."""
    path = folder() / share.clip if share.clip else None
    return path if path is not None and path.is_file() else None


def _put(clip: Path, name: str, expires: float) -> None:
    """Under a name of its own until it is whole and says when it expires: others tidy the folder meanwhile."""
    path = folder() / name
    part = path.with_name(name + PART)
    try:
        shutil.copyfile(clip, part)
        os.utime(part, (expires, expires))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _remove(name: str | None) -> None:
    if name:
        (folder() / Path(name).name).unlink(missing_ok=True)
