"""Clips opened where they lie: what can be reached and what cannot, and that nothing of it is ever touched."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emotion import errors, media, settings
from emotion.media import fence
from emotion.pipeline import Readers
from pages.analyse import browse, jobs_for_clip
from pages.analyse.browse import Asked
from pages.shared.services import folders, recent, visitors
from pages.shared.services.folders import Folders
from pages.shared.services.lengths import Lengths
from tests import clips
from tests.conftest import SAMPLES

NEEDS_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")


@pytest.fixture
def footage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A named folder with clips and folders, and secrets beside it."""
    root = tmp_path / "footage"
    (root / "Day 1" / "Cam A").mkdir(parents=True)
    (root / "Day 2").mkdir()
    for place in ("talk.mp4", "Day 1/Interview one.MOV", "Day 1/Cam A/interview two.wav"):
        (root / place).write_bytes(b"sound and vision")
    for place in ("notes.txt", ".hidden.mp4", "Day 1/poster.jpg"):
        (root / place).write_bytes(b"no clip")
    (tmp_path / "footage-secret").mkdir()
    for place in ("secret.mp4", "footage-secret/secret.mp4"):
        (tmp_path / place).write_bytes(b"nobody's business")
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOODCUE_FOLDERS", str(root))
    folders._of.cache_clear()
    return root


def names(listing: folders.Listing) -> list[str]:
    return [e.name for e in listing.entries]


def test_folders_come_first_then_clips_and_nothing_else(footage: Path) -> None:
    here = Folders([footage])
    assert names(here.tops()) == [str(footage)]
    assert names(here.listing(footage)) == ["Day 1", "Day 2", "talk.mp4"]
    first, second = here.listing(footage / "Day 1").entries
    assert (first.folder, second.folder, second.name, second.size) == (True, False, "Interview one.MOV", 16)
    assert here.above(footage) is None
    assert here.above(footage / "Day 1" / "Cam A") == footage / "Day 1"


def test_the_setting_names_several_as_path_does(footage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "MOODCUE_FOLDERS", os.pathsep.join([str(footage / "Day 1"), "", f" {footage / 'Day 2'} ", "/no"])
    )
    assert settings.FOLDERS.read() == (footage / "Day 1", footage / "Day 2", Path("/no"))
    here = folders.named()
    assert here is not None
    assert here.roots == (footage / "Day 1", footage / "Day 2")
    monkeypatch.setenv("MOODCUE_FOLDERS", "~")
    assert settings.FOLDERS.read() == (Path.home(),)
    monkeypatch.setenv("MOODCUE_FOLDERS", "/no/such/folder")
    assert folders.named() is None


@pytest.mark.parametrize(
    "way",
    [
        "../secret.mp4", "../footage-secret/secret.mp4", "Day 1/../../secret.mp4", "./../secret.mp4", "..",
        "/etc/hostname", "/", "~/x.mp4/../../..", "talk.mp4\0.mp4", "Day 1/Cam A/../../../secret.mp4",
    ],
)  # fmt: skip
def test_no_path_leads_out(footage: Path, way: str) -> None:
    here = Folders([footage])
    for reach in (here.inside, here.listing, here.clip, lambda p: here.search("secret", within=p)):
        with pytest.raises(errors.MediaError):
            reach(footage / way)
    assert here.entry(footage / way) is None


@NEEDS_LINKS
def test_links_that_lead_out_are_not_there_and_those_that_stay_inside_are(footage: Path, tmp_path: Path) -> None:
    (footage / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    (footage / "Out").symlink_to(tmp_path / "footage-secret")
    (footage / "Root").symlink_to("/")
    (footage / "far.mp4").symlink_to(footage / "out.mp4")
    (footage / "broken.mp4").symlink_to(tmp_path / "gone.mp4")
    (footage / "loop").symlink_to(footage / "loop")
    (footage / "Again").symlink_to(footage)
    (footage / "disguised.mp4").symlink_to(footage / "notes.txt")
    (footage / "same.mp4").symlink_to(footage / "talk.mp4")
    here = Folders([footage])
    assert names(here.listing(footage)) == ["Again", "Day 1", "Day 2", "same.mp4", "talk.mp4"]
    for name in ("out.mp4", "far.mp4", "Out/secret.mp4", "Root/etc/hostname", "broken.mp4", "loop", "disguised.mp4"):
        with pytest.raises(errors.MediaError):
            here.clip(footage / name)
    assert here.clip(footage / "same.mp4").path == footage / "talk.mp4"
    found = here.search("mp4")
    assert sorted(names(found)) == ["same.mp4", "talk.mp4"]
    assert not found.more


@NEEDS_LINKS
def test_a_clip_that_was_swapped_for_a_link_after_it_was_listed_is_refused(footage: Path, tmp_path: Path) -> None:
    here = Folders([footage])
    talk = next(e for e in here.listing(footage).entries if not e.folder)
    (footage / "talk.mp4").unlink()
    (footage / "talk.mp4").symlink_to(tmp_path / "secret.mp4")
    with pytest.raises(errors.NotInFolders):
        here.clip(talk.path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are Unix's")
def test_what_is_no_file_is_no_clip(footage: Path) -> None:
    os.mkfifo(footage / "pipe.mp4")
    (footage / "folder.mp4").mkdir()
    (footage / "empty.mp4").touch()
    here = Folders([footage])
    assert "pipe.mp4" not in names(here.listing(footage))
    for name, error in (
        ("pipe.mp4", errors.NotMedia),
        ("folder.mp4", errors.NotMedia),
        ("empty.mp4", errors.EmptyFile),
    ):
        with pytest.raises(error):
            here.clip(footage / name)
    with pytest.raises(errors.NotMedia):
        here.clip(footage / "notes.txt")
    with pytest.raises(errors.FileMissing):
        here.clip(footage / "gone.mp4")
    with pytest.raises(errors.FileMissing):
        here.listing(footage / "Day 3")


@pytest.mark.skipif(sys.platform != "linux", reason="such names exist on Linux alone")
def test_odd_names_are_shown_so_that_they_cannot_pretend_and_still_open(footage: Path) -> None:
    odd = {
        "👩‍🎤 take 🎬.mp4": "👩‍🎤 take 🎬.mp4",
        "line\nbreak\t\x07.mp4": "line\ufffdbreak\ufffd\ufffd.mp4",
        "gpj\u202e4pm.mp4": "gpj\ufffd4pm.mp4",
        os.fsdecode(b"caf\xe9.mp4"): "caf\ufffd.mp4",
        "<b>*bold*<b> [x](y).mp4": "<b>*bold*<b> [x](y).mp4",
        "訪談 第一集.mp4": "訪談 第一集.mp4",
    }
    for name in odd:
        (footage / name).write_bytes(b"1")
    here = Folders([footage])
    listed = {e.name: e for e in here.listing(footage).entries if not e.folder}
    assert set(odd.values()) < set(listed)
    for entry in listed.values():
        assert here.clip(entry.path).name == entry.name
        json.dumps(browse._row(entry, True), ensure_ascii=False).encode()  # as the browser is told
    recent.add(footage / os.fsdecode(b"caf\xe9.mp4"))
    assert [e.name for e in browse._recent(here)] == ["caf\ufffd.mp4"]


def test_search_finds_by_all_words_in_any_case_and_says_where(footage: Path) -> None:
    here = Folders([footage])
    found = here.search("INTERVIEW")
    assert [(e.name, e.within) for e in found.entries] == [
        ("Interview one.MOV", "footage/Day 1"),
        ("interview two.wav", "footage/Day 1/Cam A"),
    ]
    assert names(here.search("two interview")) == ["interview two.wav"]
    assert names(here.search("interview", within=footage / "Day 1" / "Cam A")) == ["interview two.wav"]
    assert here.search("secret") == folders.Listing(())
    assert here.search("interview", seconds=-1).more


def test_a_folder_of_thousands_is_cut_and_says_so(footage: Path) -> None:
    for i in range(folders.MOST + 20):
        (footage / "Day 2" / f"{i:04}.mp4").write_bytes(b"1")
    listing = Folders([footage]).listing(footage / "Day 2")
    assert (len(listing.entries), listing.more) == (folders.MOST, True)
    assert listing.entries[0].name == "0000.mp4"


@pytest.mark.parametrize(
    ("suffix", "sound", "picture"),
    [("mp4", "aac", "libx264"), ("mov", "aac", "libx264"), ("mkv", "aac", "libx264"), ("avi", "mp3", "mpeg4"),
     ("ts", "aac", "libx264"), ("mpg", "mp2", "mpeg1video"), ("wav", "pcm_s16le", ""), ("mp3", "libmp3lame", ""),
     ("ogg", "libopus", ""), ("flac", "flac", "")],
)  # fmt: skip
def test_a_length_is_read_from_the_head_of_every_kind(tmp_path: Path, suffix: str, sound: str, picture: str) -> None:
    frames = [clips.picture()] * 75 if picture else None
    path = clips.write(
        tmp_path / f"a.{suffix}", y=clips.tone(3.0, 48_000), sr=48_000, frames=frames, fps=25, audio_codec=sound,
        video_codec=picture,
    )  # fmt: skip
    assert fence.said_length(path) == pytest.approx(media.probe(path).duration_s, abs=0.3)


def test_what_says_nothing_of_its_length_or_is_no_clip_has_none(tmp_path: Path) -> None:
    assert fence.said_length(clips.write(tmp_path / "a.aac", y=clips.tone(3.0))) is None, "FFmpeg would guess"
    data = (SAMPLES / "good-news.mp4").read_bytes()
    for broken in (b"1234567", data[: len(data) // 2].replace(b"moov", b"m__v"), b"\0" * 100, b"\xff" * 100):
        (tmp_path / "broken.mp4").write_bytes(broken)
        with pytest.raises(errors.MediaError):
            fence.said_length(tmp_path / "broken.mp4")


def test_lengths_come_while_the_list_stands_and_are_looked_up_once(footage: Path) -> None:
    asked: list[str] = []
    go = threading.Event()

    def read(path: Path) -> float | None:
        go.wait(5)
        asked.append(path.name)
        if path.suffix == ".wav":
            raise errors.NotMedia(name=path.name)
        return 61.0

    known = Lengths(read)
    talk, sound = footage / "talk.mp4", footage / "Day 1" / "Cam A" / "interview two.wav"
    assert [known.of(talk), known.of(sound), known.of(talk)] == [(None, True)] * 3
    assert known.of(footage / "gone.mp4") == (None, False)
    go.set()
    until = time.monotonic() + 5
    while known.of(talk)[1] or known.of(sound)[1]:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert [known.of(talk), known.of(sound)] == [(61.0, False), (None, False)]
    assert sorted(asked) == ["interview two.wav", "talk.mp4"]
    os.utime(talk, ns=(time.time_ns(), time.time_ns()))
    assert known.of(talk) == (None, True), "another file now"


# Recent clips ----------------------------------------------------------------------------------------


def test_recent_clips_are_few_the_latest_first_and_can_be_cleared(footage: Path) -> None:
    paths = [footage / f"{i}.mp4" for i in range(recent.MOST + 3)]
    for path in paths:
        recent.add(path)
    recent.add(paths[5], 61.5)
    known = recent.known()
    assert (known[0].path, known[0].length_s) == (paths[5], 61.5)
    assert len({r.path for r in known}) == len(known) == recent.MOST
    assert recent.place().parent == settings.home_dir()
    assert recent.place().stat().st_mode & 0o077 == 0
    recent.clear()
    recent.clear()
    assert recent.known() == []
    assert list(settings.home_dir().iterdir()) == []


@pytest.mark.parametrize("text", ["", "not json", "{}", "[1]", '[{"path": 5}]', '[{"path": "/etc/passwd"}]', "[null]"])
def test_a_list_of_recent_clips_that_is_damaged_or_names_others_shows_nothing(footage: Path, text: str) -> None:
    recent.place().parent.mkdir(parents=True)
    recent.place().write_text(text, encoding="utf-8")
    assert browse._recent(Folders([footage])) == ()
    recent.add(footage / "talk.mp4")
    assert [e.name for e in browse._recent(Folders([footage]))] == ["talk.mp4"]


# The page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        None,
        "open",
        {},
        {"kind": "delete", "value": "x"},
        {"kind": "open", "value": 5},
        {"kind": "open", "value": ["x"]},
    ],
)
def test_what_is_none_of_it_is_passed_over(told: object) -> None:
    assert browse.parse(told) is None


def test_the_browser_walks_by_numbers_of_what_it_was_shown(footage: Path) -> None:
    def page() -> None:
        import streamlit as st

        from pages.analyse import browse
        from pages.shared.services import memory

        local = bool(st.session_state.get("local", True))
        st.session_state["_memory"] = memory.Remembered("local" if local else "x", local=local, known=True)
        here = browse.there()
        asked = st.session_state.pop("ask", None)
        if asked is not None and here is not None:
            browse.act(here, asked)
        if here is not None:
            place = browse._place()
            listing = browse._listing(here, place)
            st.session_state["_browse_place"] = place.__class__(place.folder, place.query, listing.entries)
            st.session_state["drawn"] = browse.drawn(here, browse._place(), listing, ())
        st.session_state["there"] = here is not None

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception

    def ask(kind: str, value: str = "") -> list[str]:
        app.session_state["ask"] = Asked(kind, value)  # type: ignore[arg-type]
        app.run()
        assert not app.exception
        return [row["name"] for row in app.session_state["drawn"]["rows"]]

    rows = app.session_state["drawn"]["rows"]
    assert [r["name"] for r in rows] == ["Day 1", "Day 2", "talk.mp4"]
    assert rows[2]["about"] == "1 KB"
    assert str(footage) not in json.dumps(rows)
    assert ask("enter", rows[0]["id"]) == ["Cam A", "Interview one.MOV"]
    assert app.session_state["drawn"]["up"]
    for forged in (str(footage.parent), "..", "../..", str(footage.parent / "secret.mp4"), rows[2]["id"], ""):
        assert ask("enter", forged) == ["Cam A", "Interview one.MOV"]
        assert ask("open", forged) == ["Cam A", "Interview one.MOV"]
    assert ask("search", "  interview   two ") == ["interview two.wav"]
    assert ask("search", "") == ["Cam A", "Interview one.MOV"]
    assert ask("up") == ["Day 1", "Day 2", "talk.mp4"]
    assert ask("up") == ["Day 1", "Day 2", "talk.mp4"]
    assert not app.session_state["drawn"]["up"]


def opening_page() -> None:
    import streamlit as st

    from pages.analyse import session
    from pages.shared.services import memory

    st.session_state["_memory"] = memory.Remembered("x", local=st.session_state["local"], known=True)
    session.open_in_place(st.session_state["path"])
    phase = session.current().phase
    st.session_state["error"] = type(getattr(phase, "error", None)).__name__
    session.start_over()


def browsing_page() -> None:
    import streamlit as st

    from pages.analyse import browse
    from pages.shared.services import memory

    st.session_state["_memory"] = memory.Remembered("x", local=st.session_state["local"], known=True)
    st.session_state["there"] = browse.there() is not None


@pytest.mark.parametrize(("local", "named", "there"), [(True, True, True), (False, True, False), (True, False, False)])
def test_it_is_there_on_ones_own_machine_alone_and_where_folders_are_named(
    footage: Path, monkeypatch: pytest.MonkeyPatch, local: bool, named: bool, there: bool
) -> None:
    if not named:
        monkeypatch.delenv("MOODCUE_FOLDERS")
    app = AppTest.from_function(browsing_page, default_timeout=60)
    app.session_state["local"] = local
    app.run()
    assert not app.exception
    assert app.session_state["there"] is there
    app = AppTest.from_function(opening_page, default_timeout=60)
    app.session_state["local"], app.session_state["path"] = local, footage / "talk.mp4"
    app.run()
    assert not app.exception
    assert app.session_state["error"] == ("NoneType" if there else "NotInFolders")
    assert (recent.known() != []) is there


def test_opening_what_lies_elsewhere_says_so(footage: Path, tmp_path: Path) -> None:
    for path, error in ((tmp_path / "secret.mp4", "NotInFolders"), (footage / "gone.mp4", "FileMissing")):
        app = AppTest.from_function(opening_page, default_timeout=60)
        app.session_state["local"], app.session_state["path"] = True, path
        app.run()
        assert app.session_state["error"] == error
    assert recent.known() == []


# Reading in place ----------------------------------------------------------------------------------------


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
