"""The promises of docs/security.md that no other test holds, and that the tests it names are there."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from emotion import errors, media
from emotion.media.remux import seekable
from emotion.result import cell
from pages.analyse.recorder.parts import Part, Recording
from pages.shared import language
from pages.shared.services import models
from pages.shared.ui import players
from tests.conftest import ROOT, SAMPLES

DOCUMENT = ROOT / "docs" / "security.md"
PAGES = sorted([ROOT / "app.py", *(ROOT / "pages").rglob("*.py")])


def test_every_test_that_the_document_names_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT.read_text(encoding="utf-8"))
    assert len(named) > 20
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text("utf-8")]
    assert missing == []


def test_streamlit_sends_no_statistics_and_shows_no_tracebacks():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["browser"]["serverAddress"], "Streamlit would ask an address service at its start"
    assert settings["client"]["showErrorDetails"] == "none"
    server = settings["server"]
    assert (server["showEmailPrompt"], server["enableStaticServing"]) == (False, False)
    assert server.get("enableXsrfProtection", True) is True and server.get("enableCORS", True) is True


WATCHED = """
import json, sys
asked = []
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        asked.append([event, repr(args[-1] if event == "socket.connect" else args)])
sys.addaudithook(hook)
from emotion import pipeline
timeline = pipeline.analyse(sys.argv[1], pipeline.load_readers())
print(json.dumps({"asked": asked, "read": [timeline.voice is not None, timeline.face is not None]}))
"""


def test_reading_a_clip_contacts_nobody(tmp_path: Path):
    """Every address that Python looks up or connects to, from the first import to the result."""
    run = subprocess.run(
        [sys.executable, "-c", WATCHED, str(SAMPLES / "good-news.mp4")],
        cwd=ROOT,
        env={**os.environ, "MOODCUE_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout.splitlines()[-1]) == {"asked": [], "read": [True, True]}


@pytest.mark.parametrize("wrong", ["", "abc", "abc_DEF-1234", "../../evil00", "javascript:x", 'x" onload=a', "a" * 12])
def test_only_the_id_of_a_video_becomes_a_player(wrong: str):
    with pytest.raises(ValueError, match="not a YouTube video"):
        players.song_player(wrong, "title", key="key", on_failed=lambda *_: None)


BOUNDARIES = {
    "sdp.mp4": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "dash.mp4": b'<?xml version="1.0"?><MPD><Period><BaseURL>file:///etc/passwd</BaseURL></Period></MPD>',
    "playlist.webm": b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
    "subtitles.mkv": b"1\n00:00:01,000 --> 00:00:02,000\n<img src=x onerror=alert(1)>\n",
    "page.mp4": b"<!doctype html><script>alert(1)</script>",
    "picture.mp4": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "archive.mp3": b"PK\x03\x04" + bytes(200),
    "program.wav": b"\x7fELF" + bytes(200),
}


@pytest.mark.parametrize("name", BOUNDARIES)
def test_no_content_makes_the_decoder_open_another_file(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(BOUNDARIES[name])
    with pytest.raises(errors.MediaError):
        media.probe(path, limits=media.Limits())


def test_the_next_clip_takes_the_last_ones_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    no_models: Future[Any] = Future()
    no_models.set_exception(errors.Cancelled())
    monkeypatch.setattr(models, "readers", lambda: no_models)
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path))

    def script() -> None:
        from io import BytesIO

        import streamlit as st

        from pages.analyse import session
        from pages.shared.services import visit

        for name in ("first.wav", "second.wav"):
            session.open_file(BytesIO(name.encode()), name)
        kept = session.current().kept
        st.json({"files": len(list(visit.visitor().folder.iterdir())), "name": kept.name if kept else None})

    app = AppTest.from_function(script, default_timeout=30).run()
    assert not app.exception
    assert json.loads(app.json[0].value) == {"files": 1, "name": "second.wav"}


def test_a_recording_on_its_way_has_no_name_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    recording = Recording("r")
    for index in range(3):  # more than is held in memory
        recording.take(Part("r", index, 4, ".webm", os.urandom(700_000)), "clip", 10**7)
        assert list(tmp_path.iterdir()) == []
    recording.file.seek(0)
    seekable(recording.file, ".webm").close()
    assert list(tmp_path.iterdir()) == []


# What comes from outside is shown as text ------------------------------------------------------------

RAW = ("unsafe_allow_html", "unsafe_allow_javascript")
HTML_CALLS = {"html", "iframe"}
OURS = {
    ("pages/shared/ui/uploader.py", "html"): "a style sheet of our own sentences",
    ("pages/shared/ui/look.py", "html"): "style sheets, constants",
    ("pages/shared/ui/plain_bars.py", "html"): "eight bars: our own words and numbers, escaped",
}
"""Where a page writes HTML, and what: nothing in it came from outside."""


def test_no_page_writes_html_that_came_from_outside():
    found: set[tuple[str, str]] = set()
    for path in PAGES:
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            raw = [k.arg for k in node.keywords if k.arg in RAW]
            assert raw == [], f"{name}:{node.lineno} lets HTML through"
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            of_streamlit = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in (
                "st",
                "components",
                "st.components.v1",
            )
            if of_streamlit and called in HTML_CALLS:
                found.add((name, called))
    assert found <= set(OURS), "say in OURS what it writes, or write it another way"


def test_components_build_elements_and_never_parse_text_as_html():
    scripts = [p for p in (ROOT / "pages").rglob("*") if p.suffix in (".py", ".js", ".html")]
    risky = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|<[^>]* on\w+=")
    assert [p.name for p in scripts if risky.search(p.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://elsewhere.test/pixel.png)",
        "[click](javascript:alert(1))",
        "<img src=https://elsewhere.test/x>",
        "`code` *bold* __bold__ ~~gone~~ $x^2$ :red[x] :material/home: # title",
        "line\n\n# another",
        "a|b\\",
        "AT&amp;T &#64; &copy;",
        "https://x.test HTTP://x.test/a_b www.x.test/y WWW.X.TEST somebody@x.test mailto:a@b.co xmpp:a@b.co/c",
        "1. a list",
        "2) another",
        "- a third",
        "= a title",
    ],
)
def test_text_from_outside_stays_text(text: str):
    shown = language.markdown(text)
    assert "\n" not in shown
    words = re.sub(r"\\(.)", r"\1", shown)
    assert words.replace(language.JOINER, "") == " ".join(text.split()), "nothing is lost"
    # What Streamlit's Markdown links by itself, after it has undone the escapes (seen in a browser).
    assert not re.search(r"(?i)https?://|www\.|[\w.+-]@[\w-]", words)
    assert not re.search(r"(?<!\\)(?:\\\\)*[!\[\]()<>`*_#$:~|]", shown), "every sign that Markdown reads is escaped"


# Secrets -------------------------------------------------------------------------------------------


def test_no_secret_lies_in_the_repository():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git repository")
    names = [n for n in listed.stdout.split("\0") if n]
    assert not [n for n in names if Path(n).name in (".env", "secrets.toml", "id_rsa") or n.endswith((".pem", ".key"))]
    secret = re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bhf_[A-Za-z0-9]{34}"
        r"|\bsk-[A-Za-z0-9_-]{32}|\bxox[abp]-[0-9A-Za-z-]{20}"
    )
    texts = [ROOT / n for n in names if (ROOT / n).is_file() and (ROOT / n).stat().st_size < 2**20]
    assert [p.name for p in texts if secret.search(p.read_text(encoding="utf-8", errors="ignore"))] == []


READ_BACK = {"recommender/songs/files.py": "the catalogue of this machine, which is read again as it was written"}


def test_every_table_for_a_spreadsheet_guards_its_cells() -> None:
    """A title or a file's name that begins as a formula does would be run by whoever opens the table."""
    rooms = [p for room in ("emotion", "recommender", "pages") for p in (ROOT / room).rglob("*.py")]
    own = [p for p in rooms if not {"training", "building"} & set(p.parts)]
    writing = [p for p in own if re.search(r"\bcsv\.(writer|DictWriter)\(", p.read_text(encoding="utf-8"))]
    assert len(writing) >= 6
    bare = {p.relative_to(ROOT).as_posix() for p in writing if not re.search(r"\bcell[(,]", p.read_text("utf-8"))}
    assert bare == set(READ_BACK)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1", "|cmd", "\ufeff=1", "\r\n=1", "\rx"]
)
def test_a_cell_is_never_a_formula(text: str) -> None:
    said = cell(text)
    assert said[0] == "'" and said[1:].split() == text.split()
    assert [cell(plain) for plain in ("", "calm", "a=b", "x - y")] == ["", "calm", "a=b", "x - y"]
