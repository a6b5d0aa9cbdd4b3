"""The index of one's own folders: heard once, brought up to date, nothing lost by an interruption."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import sqlalchemy as sa

from emotion.errors import FileMissing
from recommender.library import index
from recommender.store import database


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


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return database.open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")


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

    os.utime(folder / "c.wav", ns=(1, 1))
    assert index.update(engine, [folder], workers=1).heard == 1


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
