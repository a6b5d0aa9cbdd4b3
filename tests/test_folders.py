"""Clips opened where they lie: what can be reached and what cannot, and that nothing of it is ever touched."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from emotion import errors, media, settings
from emotion.media import fence
from pages.analyse import browse
from pages.shared.services import folders, recent
from pages.shared.services.folders import Folders
from pages.shared.services.lengths import Lengths
from tests import clips
from tests.conftest import SAMPLES

NEEDS_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")


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
