"""The database of what is remembered: SQLite in the user's data folder, or ``MOODCUE_DATABASE_URL``.

Three kinds of memory share it: players that were looked up (``youtube.py``, the same for everybody),
what a visitor picked (``history.py``, with consent only, kept apart by visitor; of the clip its hash
alone), and results shared by a link (``shares.py``) with what guests say of them (``votes.py``). The schema
grows by the migrations in ``migrations``.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from emotion import settings
from recommender import paths
from recommender.errors import MemoryUnavailable

MIGRATIONS: Final = Path(__file__).parent / "migrations"
ADVISORY_LOCK: Final = 0x4D6F6F64  # "Mood": one process at a time in a PostgreSQL database, where it matters

metadata = sa.MetaData()

players = sa.Table(
    "players",
    metadata,
    sa.Column("track_id", sa.String(64), primary_key=True),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("video_id", sa.String(16)),
    sa.Column("other_ids", sa.Text, nullable=False, server_default=""),
    sa.Column("at", sa.Float, nullable=False),
)

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("visitor", sa.String(64), primary_key=True),
    sa.Column("given", sa.Boolean, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("visitor", sa.String(64), nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("clip_sha256", sa.String(64)),
    sa.Column("emotion", sa.String(16)),
    sa.Column("track_id", sa.String(64)),
    sa.Column("artist", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("video_id", sa.String(16)),
    sa.Column("detail", sa.Text),
)

shares = sa.Table(
    "shares",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("expires", sa.Float, nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("clip", sa.String(80)),
    sa.Column("bytes", sa.BigInteger, nullable=False),
)

ballots = sa.Table(
    "ballots",
    metadata,
    sa.Column("share", sa.String(64), primary_key=True),
    sa.Column("cue", sa.Integer, primary_key=True),
    sa.Column("voter", sa.String(64), primary_key=True),
    sa.Column("song", sa.String(64), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("share", sa.String(64), nullable=False, index=True),
    sa.Column("cue", sa.Integer, nullable=False),
    sa.Column("voter", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

own_tracks = sa.Table(
    "own_tracks",
    metadata,
    sa.Column("path", sa.String(4096), primary_key=True),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False, index=True),
    sa.Column("model", sa.String(32), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("sound", sa.Text),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("sound_print", sa.LargeBinary),
    sa.Column("same_as", sa.String(64)),
)

ended_votes = sa.Table("ended_votes", metadata, sa.Column("share", sa.String(64), primary_key=True))


def name_of(visitor: str) -> str:
    """What is kept of a visitor's cookie, 64 hex digits: who reads the database cannot come back as one of them."""
    return hashlib.sha256(visitor.encode()).hexdigest()


_lock = threading.Lock()
_engines: dict[str, sa.Engine] = {}


def database_url() -> str:
    """``MOODCUE_DATABASE_URL``, with the driver we ship for PostgreSQL; else SQLite in the data folder."""
    url = settings.DATABASE_URL.read()
    if not url:
        return f"sqlite:///{paths.home() / 'memory.sqlite'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def is_there() -> bool:
    """Whether there may be something to read: opening a SQLite database would make it."""
    try:
        url = sa.make_url(database_url())
    except (OSError, ArgumentError):
        return False
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def open_database(url: str | None = None) -> sa.Engine:
    """The engine of a database whose schema is up to date; one a process and address.

    Raises:
        MemoryUnavailable: it cannot be reached, or is not a database.
    """
    with _lock:
        try:
            url = url or database_url()
        except OSError as e:
            raise MemoryUnavailable(cause=_without_secrets(e)) from e
        if url not in _engines:
            try:
                engine = _create(url)
                migrate(engine)
            except (SQLAlchemyError, OSError, ImportError) as e:
                raise MemoryUnavailable(cause=_without_secrets(e)) from e
            _engines[url] = engine
        return _engines[url]


def _create(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    if parsed.database and parsed.database != ":memory:" and not parsed.query:
        # Made here, for its owner alone: SQLite would let every user of the machine read it. Its journals follow it.
        os.close(os.open(parsed.database, os.O_RDWR | os.O_CREAT, 0o600))
    engine = sa.create_engine(parsed, connect_args={"timeout": 15})

    @event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:
        connection.isolation_level = None  # we begin ourselves: Python's driver would commit before every DDL
        connection.execute("PRAGMA busy_timeout=15000")
        connection.execute("PRAGMA journal_mode=WAL")  # several sessions read while one writes
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        alone = connection.get_execution_options().get("alone", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")

    return engine


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as e:
        raise MemoryUnavailable(cause=_without_secrets(e)) from e


@contextmanager
def begun(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction.

    Raises:
        MemoryUnavailable: the database fails.
    """
    with _said(), engine.begin() as connection:
        yield connection


@contextmanager
def alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction beside which no other one of this kind runs, in any process.

    Raises:
        MemoryUnavailable: the database fails.
    """
    with _said(), _alone(engine) as connection:
        yield connection


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect().execution_options(alone=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        yield connection


def migrate(engine: sa.Engine) -> None:
    """Bring the schema to the newest revision: whole or not at all, one process at a time."""
    from alembic import command
    from alembic.config import Config

    with _alone(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _without_secrets(error: Exception) -> str:
    """The driver's own words, first line; an address that cannot be parsed is not repeated."""
    if isinstance(error, ArgumentError):
        return "MOODCUE_DATABASE_URL is not an address of a database"
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def close_all() -> None:
    """Close every engine, for tests and for the end of a process."""
    with _lock:
        for engine in _engines.values():
            engine.dispose()
        _engines.clear()
