"""The memory of picks, on SQLite and on a real PostgreSQL; the taste learned from it."""

import csv
import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from emotion.errors import UnknownEmotion
from recommender import paths
from recommender.errors import MemoryUnavailable
from recommender.songs import files
from recommender.store import database
from recommender.store.history import KEPT_S, History

SHA = hashlib.sha256(b"clip").hexdigest()


@pytest.fixture(scope="module")
def track():
    return files.read(paths.STARTER)[0]


def agreed(engine, visitor="local") -> History:
    ticks = iter(range(1_700_000_000, 1_700_001_000))
    history = History(engine, visitor, clock=lambda: float(next(ticks)))
    history.set_consent(True)
    return history


def test_nothing_is_remembered_without_consent(engine, track):
    history = History(engine)
    assert not history.consent
    assert history.record("pick", track=track, emotion="sad") is False
    assert history.events() == []
    history.set_consent(True)
    assert history.record("pick", track=track, emotion="sad") is True
    history.set_consent(False)
    assert history.record("skip", track=track) is False
    assert [e.kind for e in history.events()] == ["pick"]


def test_an_event_keeps_song_emotion_video_hash_and_time(engine, track):
    history = agreed(engine)
    history.record("pick", track=track, emotion="sad", video_id="abcdefghijk", clip_sha256=SHA)
    (e,) = history.picks()
    assert (e.track_id, e.artist, e.title, e.emotion) == (track.id, track.artist, track.title, "sad")
    assert (e.video_id, e.clip_sha256) == ("abcdefghijk", SHA)
    assert 1_700_000_000 <= e.at < 1_700_001_000


def test_events_come_newest_first_and_by_kind(engine, track):
    history = agreed(engine)
    for kind in ("pick", "skip", "pick"):
        history.record(kind, track=track)
    history.record("correction", emotion="sad", detail="calm")
    history.record("export", detail="csv")
    assert [e.kind for e in history.events()] == ["export", "correction", "pick", "skip", "pick"]
    assert [e.detail for e in history.events("correction")] == ["calm"]
    assert len(history.picks(limit=1)) == 1


def test_visitors_are_kept_apart(engine, track):
    one, two = agreed(engine, "one"), agreed(engine, "two")
    one.record("pick", track=track)
    assert two.events() == []
    two.record("pick", track=track)
    assert two.delete_all() == 1
    assert two.consent is False
    assert len(one.events()) == 1


def test_delete_all_leaves_nothing(engine, track):
    history = agreed(engine)
    history.record("pick", track=track)
    history.record("skip", track=track)
    assert history.delete_all() == 2
    with engine.connect() as c:
        assert c.execute(sa.select(sa.func.count()).select_from(database.events)).scalar() == 0
        assert c.execute(sa.select(sa.func.count()).select_from(database.consents)).scalar() == 0


def test_an_event_is_forgotten_after_a_year(engine, track):
    now = [1_700_000_000.0]
    history = History(engine, "one", clock=lambda: now[0])
    history.set_consent(True)
    history.record("pick", track=track)
    now[0] += KEPT_S - 1
    assert len(history.events()) == 1
    now[0] += 2
    assert history.events() == []
    assert track.title not in history.export_csv()
    other = History(engine, "two", clock=lambda: now[0])
    other.set_consent(True)
    other.record("pick", track=track)  # whoever comes next, what is too old leaves the disk
    with engine.connect() as c:
        assert c.execute(sa.select(database.events.c.visitor)).scalars().all() == [database.name_of("two")]


def test_export_is_csv_oldest_first_and_no_formula(engine, track):
    history = agreed(engine)
    history.record("pick", track=track, emotion="happy", clip_sha256=SHA)
    history.record("export", detail="=HYPERLINK(1)")
    for sign in "+-@\t\r":
        history.record("pick", track=dataclasses.replace(track, artist=f"{sign}SUM(1)", title="plain"))
    rows = list(csv.DictReader(io.StringIO(history.export_csv(), newline="")))
    assert [r["kind"] for r in rows] == ["pick", "export", *["pick"] * 5]
    assert all(r["artist"].startswith("'") and r["title"] == "plain" for r in rows[2:])
    assert rows[0]["artist"] == track.artist
    assert rows[0]["time"].startswith("2023-11-14T22:13:")
    assert rows[1]["detail"].startswith("'=")


def test_wrong_values_are_refused(engine):
    history = agreed(engine)
    with pytest.raises(ValueError, match="like"):
        history.record("like")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UnknownEmotion):
        history.record("pick", emotion="gloomy")
    with pytest.raises(UnknownEmotion):
        history.record("correction", emotion="sad", detail="gloomy")
    with pytest.raises(ValueError, match="sha256"):
        history.record("pick", clip_sha256="../clip.mp4")


def test_migrations_make_the_schema_that_the_code_uses(engine):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine.connect() as c:
        assert compare_metadata(MigrationContext.configure(c), database.metadata) == []
    database.migrate(engine)  # a second time is no harm


def test_many_threads_write_at_once(engine, track):
    agreed(engine)
    errors: list[Exception] = []

    def write():
        try:
            for _ in range(5):
                History(engine).record("pick", track=track)
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    assert len(History(engine).picks()) == 30


def test_a_pick_beside_delete_all_leaves_nothing_of_who_is_forgotten(engine, track):
    """Whichever comes first in two tabs: an event without a consent is never left."""
    for _ in range(10):
        agreed(engine)
        ready = threading.Barrier(2)

        def picks(ready=ready):
            ready.wait()
            for _ in range(5):
                History(engine).record("pick", track=track)

        def forgets(ready=ready):
            ready.wait()
            History(engine).delete_all()

        tabs = [threading.Thread(target=t) for t in (picks, forgets)]
        for t in tabs:
            t.start()
        for t in tabs:
            t.join()
        assert History(engine).events() == []


def test_consent_is_asked_where_the_event_is_written(engine, track):
    """Gone between the two, as another tab does it, it is not written: both happen in one transaction."""
    history, begun = agreed(engine), []

    @event.listens_for(engine, "begin")
    def begin(connection):
        begun.append(connection)

    assert history.record("pick", track=track)
    assert len(begun) == 1


def test_two_processes_may_begin_at_once_and_a_migration_is_whole(tmp_path):
    url = f"sqlite:///{tmp_path / 'm.sqlite'}"
    code = f"from recommender.store import database; database.open_database({url!r})"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    for process in started:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err.decode()

    half = database._create(f"sqlite:///{tmp_path / 'half.sqlite'}")
    with pytest.raises(RuntimeError), half.begin() as c:
        database.metadata.create_all(c)
        raise RuntimeError("the power fails")
    assert sa.inspect(half).get_table_names() == []


def test_the_first_revision_can_be_taken_back(tmp_path):
    from alembic import command
    from alembic.config import Config

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'm.sqlite'}")
    database.migrate(engine)
    with engine.begin() as c:
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        config.attributes["connection"] = c
        command.downgrade(config, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "postgresql://someone:secret@127.0.0.1:1/none",
        "sqlite:////proc/version/no/such/place.sqlite",
    ],
)
def test_a_database_out_of_reach_is_said_without_its_password(monkeypatch, url):
    monkeypatch.setenv("MOODCUE_DATABASE_URL", url)
    with pytest.raises(MemoryUnavailable) as e:
        database.open_database()
    assert "secret" not in str(e.value)


def test_a_data_folder_that_cannot_be_made_costs_the_memory_alone(monkeypatch):
    monkeypatch.delenv("MOODCUE_DATABASE_URL", raising=False)
    monkeypatch.setenv("MOODCUE_HOME", "/proc/no/such/place")
    with pytest.raises(MemoryUnavailable):
        database.open_database()
    assert len(files.load()) > 400


@pytest.mark.skipif(os.name != "posix", reason="files have other rights here")
def test_no_other_user_of_the_machine_can_read_what_is_remembered(tmp_path):
    engine = database.open_database(f"sqlite:///{tmp_path / 'own.sqlite'}")
    agreed(engine)
    files_made = list(tmp_path.glob("own.sqlite*"))
    assert len(files_made) >= 1 and [p.name for p in files_made if p.stat().st_mode & 0o077] == []
