"""Sound of an open catalogue: from listed hosts alone, checked, kept, asked for once; against a server of the tests."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emotion import errors
from recommender.players import open_sound
from recommender.songs import installed
from recommender.songs.usable import Usable

TUNE = installed.tracks()[0]
asked: list[str] = []


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked.append(self.path)
        if self.path == "/away.opus":
            self.send_response(302)
            self.send_header("location", "http://example.com/other.opus")
            self.end_headers()
            return
        body = TUNE.path.read_bytes() if self.path.startswith("/tune.opus") else b"<html>no music</html>" * 100
        self.send_response(200)
        self.send_header("content-type", "audio/ogg")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    asked.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("MOODCUE_TEST_ALLOWED_ADDRESS", address)
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path / "cache"))
    yield f"http://{address}"
    server.shutdown()


def track(url: str) -> Usable:
    return Usable("open:x", "open", "X", "Y", "CC BY 4.0", "credit", url=url, duration_s=TUNE.duration_s)


def test_it_is_fetched_once_checked_and_kept(site: str) -> None:
    wanted = track(f"{site}/tune.opus")
    assert open_sound.kept(wanted) is None
    path = open_sound.sound_of(wanted)
    assert path.read_bytes() == TUNE.path.read_bytes()
    before = len(asked)
    assert open_sound.sound_of(wanted) == path == open_sound.kept(wanted)
    assert len(asked) == before
    assert not list(path.parent.glob(".fetching-*"))


def test_what_was_asked_for_longest_ago_makes_room(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_sound, "KEPT_BYTES", int(2.5 * TUNE.path.stat().st_size))
    monkeypatch.setattr(open_sound, "EVERY_S", 0.0)
    first, second, third = (track(f"{site}/tune.opus?{i}") for i in range(3))
    for wanted in (first, second):
        open_sound.sound_of(wanted)
    os.utime(open_sound.sound_of(first), (2e9, 2e9))  # heard again, long after the second
    open_sound.sound_of(third)
    assert [open_sound.kept(t) is not None for t in (first, second, third)] == [True, False, True]


@pytest.mark.parametrize("name", ["rubbish.opus", "away.opus"])
def test_what_is_not_the_music_is_refused_and_not_kept(site: str, name: str) -> None:
    wanted = track(f"{site}/{name}")
    with pytest.raises(errors.LinkError):
        open_sound.sound_of(wanted)
    assert open_sound.kept(wanted) is None
    assert list(open_sound.folder().iterdir()) == []


def test_another_length_is_another_piece(site: str) -> None:
    with pytest.raises(errors.LinkNoVideo):
        open_sound.sound_of(replace(track(f"{site}/tune.opus"), duration_s=200.0))


def test_a_host_that_is_not_listed_is_never_asked(site: str) -> None:
    with pytest.raises(errors.LinkNotAllowed):
        open_sound.sound_of(track("https://example.com/tune.mp3"))
    assert not asked


def test_what_is_installed_needs_no_network() -> None:
    own = TUNE.usable()
    assert open_sound.sound_of(own) == TUNE.path
