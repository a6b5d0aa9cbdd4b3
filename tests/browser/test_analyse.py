"""A visitor's way through the Analyse page, on a fresh server with the real models."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from emotion import media
from recommender.store import database
from tests.browser.analysing import (
    RESULT_MS,
    SAMPLES,
    click_timeline,
    result_of,
    seconds,
    section,
    settled,
    upload,
)
from tests.browser.axe import barriers
from tests.browser.conftest import ROOT, Open, Server, until
from tests.clips import write


def test_the_first_page_costs_little_more_than_its_imports(open_page: Open, server: Server) -> None:
    """How soon it stands, the benchmarks measure; here the processor's work, against that of a plain import."""
    open_page("/_stcore/health")  # the browser itself is warm
    before = server.process.cpu_times()
    page = open_page()
    page.locator("h1").wait_for()
    page.locator("input[type=file]").first.wait_for(state="attached")
    after = server.process.cpu_times()
    program = "import time, streamlit, pandas, pyarrow; print(time.process_time())"
    plain = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert after.user + after.system - before.user - before.system < 3 * float(plain.stdout)
    until(page, "document.title === 'Analyse · MoodCue'")


def test_an_upload_becomes_a_result(open_page: Open, server: Server, data: Path) -> None:
    page = open_page()
    page.locator("input[type=file]").first.wait_for(state="attached")
    upload(page, data / "video" / "short_hamilton_clip.mp4")
    result_of(page)
    expect(page.locator("h1")).to_contain_text("short_hamilton_clip.mp4")
    until(page, "document.querySelector('.st-key-clip_player video')?.readyState >= 1")
    click_timeline(page, 0.6)
    length = float(page.evaluate("document.querySelector('.st-key-clip_player video').duration"))
    until(page, "document.querySelector('.st-key-clip_player video').currentTime > 1")
    assert seconds(page) == pytest.approx(0.6 * length, abs=0.35)
    page.get_by_text(re.compile(r"Person \d")).first.wait_for()
    people = page.get_by_text(re.compile(r"^Person \d+ ·"))
    expect(people.nth(1)).to_be_attached()
    expect(page.locator("[data-testid=stImage] img").nth(2)).to_be_attached()
    section(page, "Export")
    with page.expect_download() as download:
        page.locator(".st-key-download_json button").click()
    saved = download.value
    assert saved.suggested_filename == "short_hamilton_clip.json"


def test_a_sample_by_its_own_link_gives_voice_face_and_songs(open_page: Open, server: Server) -> None:
    page = open_page("/?sample=good_news")
    result_of(page)
    expect(page.locator("h1")).to_contain_text("Good news")
    page.get_by_text("The voice", exact=False).first.wait_for()
    page.get_by_text("The face", exact=False).first.wait_for()
    page.locator(".st-key-verdict_bars .js-plotly-plot").wait_for()
    page.locator(".st-key-verdict_plane .js-plotly-plot").wait_for()
    section(page, "Songs")
    page.get_by_text("For the voice", exact=False).wait_for()
    page.get_by_text("For the face", exact=False).wait_for()
    expect(page.locator("[class*=st-key-play_]")).to_have_count(10)
    section(page, "Sound")
    page.get_by_text("For students").click()
    page.get_by_text("Trimming at top_db=30", exact=False).wait_for()
    for chart in ("sound_mel", "sound_mfcc", "sound_trim", "sound_mean"):
        page.locator(f".st-key-{chart} .js-plotly-plot").wait_for()


def test_a_song_plays_when_asked_and_nothing_loads_before(
    open_page: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-up's answer is put where the server remembers answers: no test needs the network."""
    page = open_page("/?sample=good_news", allow=("https://www.youtube-nocookie.com/",))
    page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(body="a player"))
    result_of(page)
    section(page, "Songs")
    song = page.locator("[class*=st-key-song_]").first
    song.wait_for()
    assert page.locator("iframe").count() == 0
    match = re.search(r"st-key-song_(\S+)", song.get_attribute("class") or "")
    assert match is not None
    monkeypatch.setenv("MOODCUE_HOME", str(server.home))
    with database.open_database().begin() as connection:
        connection.execute(sa.delete(database.players))  # a second try finds the first one's answer
        row = {"track_id": match[1], "query": "", "outcome": "found", "video_id": "abcdefghijk", "at": time.time()}
        connection.execute(sa.insert(database.players).values(row))
    song.get_by_role("button", name="Play").click()
    frame = song.locator("iframe")
    frame.wait_for()
    assert str(frame.get_attribute("src")).startswith("https://www.youtube-nocookie.com/embed/abcdefghijk?")
    assert frame.get_attribute("referrerpolicy") == "strict-origin-when-cross-origin"
    assert page.locator("iframe").count() == 1


def test_clicks_and_the_slider_move_the_player(open_page: Open) -> None:
    page = open_page("/?sample=two_at_the_table")
    result_of(page)
    until(page, "document.querySelector('.st-key-clip_player video')?.readyState >= 1")
    click_timeline(page, 0.2)
    click_timeline(page, 0.5)
    until(page, "document.querySelector('.st-key-clip_player video').currentTime > 3")
    assert seconds(page) == pytest.approx(0.5 * 9.85, abs=0.4)
    slider = page.get_by_role("slider")
    slider.wait_for()
    slider.press("Home")
    until(page, "document.querySelector('.st-key-clip_player video').currentTime < 0.3")
    page.get_by_text("Person 2", exact=False).first.wait_for()


def test_sound_alone_in_chinese(open_page: Open) -> None:
    page = open_page("/?sample=voice_note", locale="zh-TW")
    result_of(page)
    page.get_by_role("tab", name="語氣與表情").wait_for()
    page.locator(".st-key-clip_player audio").wait_for(state="attached")
    page.get_by_text("沒有找到人臉", exact=False).wait_for()
    section(page, "歌曲")
    page.get_by_text("配合語氣", exact=False).first.wait_for()
    expect(page.locator("[class*=st-key-play_]")).to_have_count(10)


def test_the_language_switches_and_the_link_keeps_it(open_page: Open) -> None:
    page = open_page()
    page.get_by_text("Upload sound or video").wait_for()
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name="繁體中文").click()
    page.get_by_text("上傳聲音或影片").wait_for()
    assert "lang=zh-TW" in page.url
    other = open_page("/?lang=zh-TW")
    other.get_by_text("上傳聲音或影片").wait_for()


def test_more_of_a_speaker_is_heard_counted_and_saved_and_the_switch_reads_without(
    open_page: Open, server: Server, tmp_path: Path
) -> None:
    parts = [media.read_sound(SAMPLES / "long-evening.mp4", 16_000)] * 2
    page = open_page()
    page.locator("input[type=file]").first.wait_for(state="attached")
    upload(page, write(tmp_path / "long.wav", y=np.concatenate(parts), sr=16_000, audio_codec="pcm_s16le"))
    result_of(page)
    panel = page.locator(".st-key-speaker")
    panel.get_by_text("s of speech of this clip", exact=False).wait_for()
    before = len(server.files())
    panel.locator("input[type=file]").set_input_files(str(SAMPLES / "good-news.mp4"))
    panel.get_by_text("counted for: Speaker 1").wait_for(timeout=RESULT_MS)
    panel.get_by_text("of further footage (files: 1)", exact=False).wait_for()
    settled(page)
    assert len(server.files()) == before, "it is heard and deleted"
    panel.get_by_text("Adapt to this speaker").click()
    panel.get_by_text("Switched off", exact=False).wait_for()
    assert barriers(page) == []
    with page.expect_download() as download:
        panel.get_by_role("button", name="Save this speaker").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert saved.suffix == ".npz"
    panel.locator("input[type=file]").set_input_files(str(saved))
    panel.get_by_text("of further footage (files: 3)", exact=False).wait_for(timeout=RESULT_MS)


def test_serving_never_imports_tensorflow() -> None:
    """What the page and the models import, in a process of its own."""
    program = (
        "import sys; from emotion.pipeline import load_readers, analyse; "
        "import pages.analyse.result, pages.analyse.songs, pages.analyse.progress, recommender.players.youtube; "
        f"analyse({str(SAMPLES / 'good-news.mp4')!r}, load_readers()); "
        "assert not {'tensorflow', 'keras', 'tf_keras', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=120)


def test_a_samples_picture_starts_it_and_the_result_opens_at_its_top(open_page: Open) -> None:
    page = open_page()
    picture = page.locator("[class*=st-key-sample_card_] img").first
    picture.click(force=True)  # over it lies the button
    result_of(page)
    until(page, "document.querySelector('[data-testid=stMain]').scrollTop === 0")
    until(page, "document.activeElement.tagName === 'H1'")
    until(page, "document.getElementById('moodcue-live').textContent.includes('ready')")
    until(page, "document.title.startsWith('✓ Good news')")
