"""The index of one's own folders: heard once, brought up to date, nothing lost by an interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import types
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
import soundfile
import sqlalchemy as sa

from emotion.errors import FileMissing
from recommender.library import index, workshop
from recommender.library.track_sound import TrackSound
from recommender.mix import sources
from recommender.mix.sources import installed_sounds
from recommender.store import database
from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    music = tmp_path / "music"
    music.mkdir()
    rng = np.random.default_rng(3)
    for name in ("a", "b"):
        soundfile.write(music / f"{name}.wav", rng.normal(0, 0.1, 22_050 * 3), 22_050)
    (music / "copy of a.wav").write_bytes((music / "a.wav").read_bytes())
    (music / "broken.mp3").write_bytes(b"no music" * 99)
    (music / "notes.txt").write_text("not a track")
    return music


def test_a_folder_is_heard_once_and_brought_up_to_date(folder: Path, engine: sa.Engine) -> None:
    told: list[index.Progress] = []
    first = index.update(engine, [folder], workers=1, on_progress=told.append)
    assert (first.files, first.heard, first.copies, first.broken) == (4, 2, 1, 1)
    assert told[-1].done == told[-1].total == 3 and any(p.problem for p in told)
    held = {t.path.name: t for t in index.tracks(engine)}
    assert held["a.wav"].sound is not None and held["a.wav"].tags.licence == "unknown"
    assert held["copy of a.wav"].state == "copy" and held["broken.mp3"].reason

    again = index.update(engine, [folder], workers=1)
    assert (again.unchanged, again.heard, again.broken) == (4, 0, 0)

    (folder / "a.wav").rename(folder / "moved.wav")
    (folder / "b.wav").unlink()
    soundfile.write(folder / "c.wav", np.random.default_rng(4).normal(0, 0.1, 22_050 * 3), 22_050)
    third = index.update(engine, [folder], workers=1)
    assert (third.moved, third.removed, third.heard) == (1, 1, 1)
    held = {t.path.name: t for t in index.tracks(engine)}
    assert set(held) == {"moved.wav", "copy of a.wav", "broken.mp3", "c.wav"}
    assert held["moved.wav"].sound is not None

    with engine.begin() as c:  # as an earlier version wrote it, and with a tag that no version knows
        c.execute(sa.text("""UPDATE own_tracks SET tags = replace(tags, '{', '{"has_cover": true, ')"""))
    assert {t.path.name for t in index.tracks(engine) if t.tags.licence == "unknown"} == set(held)

    os.utime(folder / "c.wav", ns=(1, 1))
    assert index.update(engine, [folder], workers=1).heard == 1


def test_what_the_index_holds_need_not_be_heard_for_a_mix(
    folder: Path, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.update(engine, [folder], workers=1)
    (folder / "b.wav").write_bytes((folder / "b.wav").read_bytes() + b"\0\0")  # changed since
    heard: list[str] = []

    def describe(path: Path) -> TrackSound:
        heard.append(path.name)
        return next(iter(installed_sounds().values()))

    monkeypatch.setattr(database, "database_url", lambda: engine.url.render_as_string(hide_password=False))
    found = sources.tracks(str(folder))
    assert {t.title for t in found} == {"a", "b", "copy of a", "broken"}
    known = sources.known_sounds(found, describe)
    assert sorted(heard) == ["b.wav", "broken.mp3", "copy of a.wav"]
    mine = next(t for t in found if t.title == "a")
    assert known[mine.id] == next(t.sound for t in index.tracks(engine) if t.path.name == "a.wav")


def test_what_was_heard_before_an_interruption_is_kept(folder: Path, engine: sa.Engine) -> None:
    def stop(progress: index.Progress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.update(engine, [folder], workers=1, on_progress=stop)
    heard = [t for t in index.tracks(engine) if t.state != "copy"]
    assert len(heard) == 2
    rest = index.update(engine, [folder], workers=1)
    assert rest.heard + rest.broken == 1


def test_a_folder_that_is_not_there_forgets_nothing(folder: Path, engine: sa.Engine) -> None:
    index.update(engine, [folder], workers=1)
    with pytest.raises(FileMissing):
        index.update(engine, [folder / "unplugged"], workers=1)
    assert len(index.tracks(engine)) == 4


def test_a_copy_whose_original_is_deleted_is_heard_itself(folder: Path, engine: sa.Engine) -> None:
    (folder / "broken.mp3").unlink()
    index.update(engine, [folder], workers=1)
    (folder / "a.wav").unlink()
    after = index.update(engine, [folder], workers=1)
    assert (after.heard, after.removed) == (1, 1)
    assert all(t.sound is not None for t in index.tracks(engine))


def test_a_copy_and_a_file_that_became_one_are_heard_once(folder: Path, engine: sa.Engine) -> None:
    index.update(engine, [folder], workers=1)
    (folder / "a.wav").replace(folder / "b.wav")
    after = index.update(engine, [folder], workers=1)
    assert (after.heard, after.copies, after.removed) == (1, 1, 1)
    assert index.update(engine, [folder], workers=1).unchanged == 3


# The whole program, ended in the middle ------------------------------------------------------------


def noises(folder: Path, count: int) -> None:
    folder.mkdir(exist_ok=True)
    for i in range(count):
        soundfile.write(folder / f"{i}.wav", np.random.default_rng(i).normal(0, 0.1, 22_050 * 4), 22_050)


def started(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "MOODCUE_HOME": str(home)}
    environment.pop("MOODCUE_DATABASE_URL", None)
    command = [sys.executable, "-m", "moodcue", "index", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip


def test_a_run_that_is_killed_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    music, home = tmp_path / "music", tmp_path / "home"
    noises(music, 8)
    run = started(home, str(music), "--workers", "1")
    assert run.stderr is not None
    for line in run.stderr:
        if line.startswith("3/8"):
            break
    run.send_signal(signal.SIGKILL)
    run.wait()
    database.close_all()
    engine = database.open_database(f"sqlite:///{home / 'memory.sqlite'}")
    before = {t.path.name: t.sound for t in index.tracks(engine)}
    assert 3 <= len(before) < 8 and all(before.values())
    out, err = started(home, str(music)).communicate(timeout=240)
    assert f"{8 - len(before)} heard, {len(before)} unchanged" in out, out + err
    after = {t.path.name: t.sound for t in index.tracks(engine)}
    assert len(after) == 8 and all(after[name] == sound for name, sound in before.items())
    database.close_all()


def test_watching_sees_what_comes_changes_moves_and_goes(tmp_path: Path) -> None:
    music, home = tmp_path / "music", tmp_path / "home"
    noises(music, 3)
    run = started(home, str(music), "--watch", "--every", "0.5")
    assert run.stdout is not None
    try:
        told = iter(run.stdout.readline, "")

        def until(words: str) -> str:
            return next(line for line in told if words in line)

        assert "3 heard" in until("files")
        noises(tmp_path / "more", 5)
        (tmp_path / "more" / "3.wav").rename(music / "3.wav")
        (tmp_path / "more" / "4.wav").replace(music / "2.wav")  # changed
        assert "4 files" in until("2 heard")
        (music / "0.wav").rename(music / "moved.wav")
        assert "0 heard" in until("1 moved")
        (music / "1.wav").unlink()
        assert "3 files" in until("1 removed")
    finally:
        run.kill()
        run.communicate()


def test_a_file_that_ends_the_process_it_is_heard_in_costs_itself_alone(
    folder: Path, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.mp3").unlink()
    dying = (
        f"import sys; sys.path.insert(0, sys.argv[1]); from {__name__} import dies_of_a; dies_of_a(int(sys.argv[2]))"
    )
    monkeypatch.setattr(workshop, "START", dying)
    done = index.update(engine, [folder], workers=2)
    assert (done.heard, done.broken, done.copies) == (1, 1, 1)
    reasons = {t.path.name: t.reason for t in index.tracks(engine) if t.state == "broken"}
    assert reasons == {"a.wav": workshop.DIED}


def dies_of_a(handle: int) -> None:
    """A process that ends when it hears the file ``a.wav``, and says the same of every other one."""
    line = Connection(handle)
    sound = next(iter(installed_sounds().values()))
    while True:
        path = line.recv()
        if path.name == "a.wav":
            time.sleep(0.3)
            os._exit(9)
        line.send(workshop.Said(path, sound, b""))


def test_who_hears_music_does_not_start_the_program_that_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the server the main module is the app, which would then be started once more, its threads and all."""
    asking, trace = tmp_path / "asking.py", tmp_path / "started"
    asking.write_text(f"open({str(trace)!r}, 'w').close()")
    main = types.ModuleType("__main__")
    main.__file__ = str(asking)
    monkeypatch.setitem(sys.modules, "__main__", main)
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"no music" * 99)
    (said,) = workshop.heard([broken], threads=1)
    assert said.path == broken and said.problem and "broken.mp3" in said.problem
    assert not trace.exists()
