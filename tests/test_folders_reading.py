"""Clips read where they lie, of any size: nothing is copied or changed, and what a browser plays of them."""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emotion import errors, media
from emotion.media import fence
from emotion.pipeline import Readers
from pages.analyse import jobs_for_clip
from pages.shared.services import visitors
from pages.shared.services.folders import Folders
from tests import clips
from tests.conftest import SAMPLES

NEEDS_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")


def test_a_clip_is_read_where_it_lies_and_stays_as_it_is(
    footage: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No copy while it is read, and what ends the visit ends only what is ours."""
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path / "cache"))
    path = footage / "good.mp4"
    path.write_bytes((SAMPLES / "good-news.mp4").read_bytes())
    path.chmod(0o444)
    before, when = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns
    visitor = visitors.arrive()
    kept = Folders([footage]).clip(path)
    loaded: Future[Readers] = Future()
    loaded.set_result(replace(readers, face=None))
    on_disk: list[list[Path]] = []
    work = jobs_for_clip.analysis(kept, loaded, media.Limits.in_place())

    def report(_: object) -> None:
        on_disk.append([p for p in (tmp_path / "cache").rglob("*") if p.is_file()])

    analysed = work(report, lambda: False)
    assert analysed.timeline.voice is not None
    assert on_disk and not any(on_disk)
    assert jobs_for_clip.preparing(kept, visitor.folder)(lambda _: None, lambda: False) == path
    visitor.empty()
    visitor.free()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert path.stat().st_mtime_ns == when
    assert sorted(p.name for p in footage.iterdir() if p.is_file()) == [
        ".hidden.mp4",
        "good.mp4",
        "notes.txt",
        "talk.mp4",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="files with holes of gigabytes are sure on Linux alone")
def test_a_clip_of_six_gigabytes_is_read_and_neither_refused_nor_copied(
    footage: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A real clip behind which a box of nothing lies, as cameras reserve room: a hole, so that no disk is filled."""
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path / "cache"))
    path, room = footage / "large.mp4", 6 * 1024**3
    path.write_bytes((SAMPLES / "good-news.mp4").read_bytes())
    with path.open("r+b") as f:
        f.seek(0, os.SEEK_END)
        f.write(struct.pack(">I4sQ", 1, b"free", room))
        f.truncate(f.tell() - 16 + room)
    with pytest.raises(errors.TooLarge):
        fence.probe(path, limits=media.Limits.from_environment())
    kept = Folders([footage]).clip(path)
    assert fence.said_length(path) == pytest.approx(8.37, abs=0.1)
    loaded: Future[Readers] = Future()
    loaded.set_result(replace(readers, face=None))
    analysed = jobs_for_clip.analysis(kept, loaded, media.Limits.in_place())(lambda _: None, lambda: False)
    assert analysed.timeline.clip.duration_s == pytest.approx(8.37, abs=0.1)
    assert analysed.timeline.voice is not None
    assert sum(p.stat().st_size for p in (tmp_path / "cache").rglob("*") if p.is_file()) == 0
    visitor = visitors.arrive()
    played = jobs_for_clip.preparing(kept, visitor.folder)(lambda _: None, lambda: False)
    assert played.stat().st_size < 10 * 1024**2  # six gigabytes in eight seconds are too heavy to play
    visitor.free()
    assert fence.picture_suffix(path) == ""  # a mix under it comes as sound alone, for the editing program
    assert fence.picture_suffix(SAMPLES / "good-news.mp4") == ".mp4"
    assert path.stat().st_size > room


def test_what_a_clip_is_called_by_changes_with_the_clip(footage: Path) -> None:
    here = Folders([footage])
    first = here.clip(footage / "talk.mp4")
    assert first == here.clip(footage / "talk.mp4")
    assert first.in_place
    os.utime(footage / "talk.mp4", ns=(time.time_ns(), time.time_ns()))
    assert here.clip(footage / "talk.mp4").digest != first.digest


def test_what_a_browser_cannot_play_gets_a_small_copy_while_the_result_is_there(tmp_path: Path) -> None:
    frames = [clips.picture(1280, 720, shade) for shade in range(50)]
    path = clips.write(
        tmp_path / "camera.mkv", y=clips.tone(5.0, 48_000), sr=48_000, frames=frames, fps=10,
        video_codec="mpeg4", audio_codec="flac",
    )  # fmt: skip
    (own := tmp_path / "own").mkdir()
    before, told = path.read_bytes(), []
    made = fence.proxy(path, own, on_fraction=told.append)
    assert made.parent == own
    clip = media.probe(made)
    assert (clip.height, clip.duration_s) == (480, pytest.approx(5.0, abs=0.2))
    assert made.stat().st_size < path.stat().st_size
    assert told == sorted(told)
    assert path.read_bytes() == before
    with pytest.raises(errors.Cancelled):
        fence.proxy(path, own, cancelled=lambda: True)
    assert [p.name for p in own.iterdir()] == [made.name]


def players_page() -> None:
    import time

    import streamlit as st

    from pages.analyse import session
    from pages.shared.services import folders, visit

    here, found = folders.named(), []
    assert here is not None
    for path in st.session_state["paths"]:
        ticket = session._player(here.clip(path))
        while not ticket.status().over:  # type: ignore[union-attr]
            time.sleep(0.02)
        made = ticket.status().result  # type: ignore[union-attr]
        assert made is not None
        ticket.leave()  # type: ignore[union-attr]
        found.append((made.is_file(), made.stat().st_size))
        visit.visitor().empty()  # the next clip
    st.session_state["found"] = found


def test_clips_of_one_name_have_players_of_their_own_and_one_that_is_opened_again_has_a_new_one(footage: Path) -> None:
    paths = [footage / place / "take.mkv" for place in ("Day 1", "Day 2")]
    for k, path in enumerate(paths):
        frames = [clips.picture(320, 180, 60 * k)] * 20
        clips.write(path, y=clips.tone(2.0 + 4 * k), frames=frames, video_codec="mpeg4", audio_codec="flac")
    app = AppTest.from_function(players_page, default_timeout=60)
    app.session_state["paths"] = [*paths, paths[0]]
    app.run()
    assert not app.exception
    (first, first_size), (second, second_size), (again, again_size) = app.session_state["found"]
    assert first and second and again
    assert first_size == again_size < second_size
    assert all(path.is_file() for path in paths)


def test_what_plays_and_is_light_is_played_itself_and_what_is_heavy_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotion.media import preview

    path = SAMPLES / "good-news.mp4"
    assert list(preview.proxy(path, tmp_path)) == [path]
    monkeypatch.setattr(preview, "LIGHT_BITS_S", 1000)
    *_, made = preview.proxy(path, tmp_path)
    assert made == tmp_path / "proxy.mp4"
    sound = clips.write(tmp_path / "talk.mp3", y=clips.tone(2.0), audio_codec="libmp3lame")
    assert list(preview.proxy(sound, tmp_path)) == [sound]
