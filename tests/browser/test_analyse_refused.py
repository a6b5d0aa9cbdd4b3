"""What comes to no result: bad files and links, clips in which nothing is said, who cancels and who leaves."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from emotion import media
from tests.browser.analysing import (
    RESULT_MS,
    SAMPLES,
    result_of,
    settled,
    upload,
)
from tests.browser.conftest import Open, Server
from tests.clips import tone, write

BAD = {
    "empty.wav": (b"", "is empty"),
    'they said "no" 🎬.wav': (b"", "is empty"),
    "words.mp4": (b"this is not a film" * 100, "is not a sound or video file"),
    "<img src=x onerror=alert(1)>.mp4": (b"neither is this" * 100, "is not a sound or video file"),
    "![x](http://127.0.0.1:9/x.png).wav": (b"nor this" * 100, "is not a sound or video file"),
}


@pytest.mark.parametrize("name", BAD, ids=["empty", "quotes", "text", "html", "markdown"])
def test_a_bad_file_gives_a_sentence(open_page: Open, server: Server, name: str) -> None:
    content, sentence = BAD[name]
    page = open_page()
    page.locator("input[type=file]").first.wait_for(state="attached")
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    alert = page.get_by_role("alert").filter(has_text=sentence)
    alert.wait_for()
    if "<" not in name:
        # a word joiner keeps what looks like an address from becoming a link
        expect(alert).to_contain_text(re.compile("\u2060?".join(map(re.escape, name))))
    assert page.locator("[data-testid=stMain] img[src*='127.0.0.1:9'], img[src=x]").count() == 0
    assert "Traceback" not in page.content()


def test_an_error_is_gone_once_an_upload_works(open_page: Open) -> None:
    page = open_page()
    page.locator("input[type=file]").first.wait_for(state="attached")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "empty.mp4", "mimeType": "video/mp4", "buffer": b""}
    )
    page.get_by_role("alert").first.wait_for()
    upload(page, SAMPLES / "voice-note.mp3")
    result_of(page)
    assert page.get_by_role("alert").count() == 0
    page.get_by_role("button", name="Another clip").click()
    page.get_by_text("Upload sound or video").wait_for()
    settled(page)
    assert page.get_by_role("alert").count() == 0


def test_what_the_uploader_refuses_takes_the_place_of_what_was_said_before(open_page: Open) -> None:
    page = open_page()
    page.locator("input[type=file]").first.wait_for(state="attached")
    expect(page.get_by_text(re.compile(r"^WAV, MP3, FLAC.* up to .* MB"))).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "empty.mp4", "mimeType": "video/mp4", "buffer": b""}
    )
    alert = page.get_by_role("alert").filter(has_text="is empty")
    alert.wait_for()
    settled(page)
    page.locator("input[type=file]").first.set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"}
    )
    page.get_by_test_id("stFileChipIconError").wait_for()
    expect(alert).to_have_count(0)
    expect(page.get_by_test_id("stFileChipIconError")).to_be_visible()


def test_a_clip_without_speech_or_face_says_so(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.locator("input[type=file]").first.wait_for(state="attached")
    upload(page, write(tmp_path / "tone.wav", y=tone(3.0), audio_codec="pcm_s16le"))
    page.get_by_text("No expressed emotion was found").wait_for(timeout=RESULT_MS)
    page.get_by_role("button", name="Another clip").click()
    page.get_by_text("Upload sound or video").wait_for()


def test_a_link_into_the_servers_own_network_is_refused(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("textbox", name="link", exact=False).fill("http://127.0.0.1:1/clip.mp4")
    page.get_by_role("button", name="Fetch and analyse").click()
    page.get_by_role("alert").filter(has_text="is not a public http or https address").wait_for()


def test_cancel_gives_the_page_back(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.locator("input[type=file]").first.wait_for(state="attached")
    words = np.tile(media.read_sound(SAMPLES / "voice-note.mp3", 16_000), 50)  # minutes of speech: long enough to stop
    upload(page, write(tmp_path / "long.wav", y=words, sr=16_000, audio_codec="pcm_s16le"))
    page.locator(".st-key-analyse_cancel button").click()
    page.get_by_text("Cancelled. Start again whenever you like.").wait_for()
    page.get_by_text("Upload sound or video").wait_for()


def test_who_leaves_takes_the_clip_along(open_page: Open, server: Server) -> None:
    page = open_page("/?sample=voice_note")
    result_of(page)
    address = page.locator(".st-key-clip_player audio").evaluate("player => player.src")
    part = page.request.get(address, headers={"Range": "bytes=0-99"})
    assert (part.status, len(part.body()), part.headers["content-type"]) == (206, 100, "audio/mpeg")
    assert part.headers["cache-control"] == "private, no-store"
    assert page.request.get(address[:-3] + "abc").status == 404
    assert server.files()
    page.context.close()
    until = time.monotonic() + 30
    while server.files() and time.monotonic() < until:
        time.sleep(0.2)
    assert server.files() == []
    assert open_page().request.get(address).status == 404
