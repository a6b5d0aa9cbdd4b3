"""What is a visitor's: written in chunks under names of our own, seen by nobody else, gone with them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest

from emotion.errors import EmptyFile, TooLarge
from pages.shared.services import visitors


def test_a_file_lies_in_a_folder_of_its_own(tmp_path: Path) -> None:
    data = os.urandom(3 * visitors.CHUNK_BYTES + 7)
    one, other = visitors.arrive(tmp_path), visitors.arrive(tmp_path)
    kept = one.keep(BytesIO(data), "holiday.MP4", max_bytes=len(data))
    assert kept.path.read_bytes() == data
    assert kept.digest == hashlib.sha256(data).hexdigest()
    assert (kept.path.parent, kept.path.suffix, kept.name) == (one.folder, ".mp4", "holiday.MP4")
    assert one.folder != other.folder
    assert one.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "a/../b.mp4", "..\\..\\x.wav", "x.mp4\0.sh", ".mp4", "", "x.html"]
)
def test_a_name_from_outside_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    visitor = visitors.arrive(tmp_path)
    kept = visitor.keep(BytesIO(b"x"), name, max_bytes=10)
    assert kept.path.parent == visitor.folder
    assert kept.path.suffix in ("", ".mp4", ".wav")
    assert not any(part in kept.path.stem for part in ("etc", "passwd", ".."))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [kept.path]


def test_what_is_too_large_or_empty_leaves_nothing(tmp_path: Path) -> None:
    visitor = visitors.arrive(tmp_path)
    with pytest.raises(TooLarge):
        visitor.keep(BytesIO(b"x" * 11), "a.wav", max_bytes=10)
    with pytest.raises(EmptyFile):
        visitor.keep(BytesIO(b""), "a.wav", max_bytes=10)
    assert list(visitor.folder.iterdir()) == []


def test_who_leaves_frees_everything_and_who_comes_back_in_time_keeps_it(tmp_path: Path) -> None:
    freed: list[str] = []
    gone, back = visitors.arrive(tmp_path), visitors.arrive(tmp_path)
    for name, visitor in (("gone", gone), ("back", back)):
        visitor.keep(BytesIO(b"x"), "a.wav", max_bytes=10)
        visitor.on_leave.append(lambda name=name: freed.append(name))
        visitor.leave(0.2)
    back.stay()
    until = time.monotonic() + 5
    while gone.folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not gone.folder.exists()
    assert back.folder.exists()
    assert freed == ["gone"]


def test_a_session_keeps_one_visitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path))
    state: dict[str, object] = {}
    first = visitors.held(state)
    assert visitors.held(state) is first
    first.free()
    assert visitors.held(state).folder.exists()


def test_the_sweep_takes_what_no_running_server_owns(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as alive:
        dead, other, stale, strange = (
            tmp_path / name for name in ("999999999-a", f"{alive.pid}-b", f"{alive.pid}-c", "notes")
        )
        for folder in (dead, other, stale, strange):
            folder.mkdir()
            (folder / "clip.mp4").write_bytes(b"x")
        old = time.time() - visitors.STALE_S - 10
        os.utime(stale, (old, old))
        assert visitors.sweep(tmp_path) == 2
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted([other.name, strange.name])
        alive.communicate(b"\n")
