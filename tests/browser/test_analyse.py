"""A visitor's way through the Analyse page, on a fresh server with the real models."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Dialog, Locator, Page, expect

from emotion import media
from recommender.store import database
from tests.browser.axe import barriers
from tests.browser.conftest import ROOT, Open, Server, until
from tests.clips import tone, write

SAMPLES = ROOT / "assets" / "samples"
RESULT_MS = 120_000


def upload(page: Page, path: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(str(path))


def result_of(page: Page) -> Locator:
    """The cue sheet's strip and the timeline, which are there when the result is."""
    page.locator(".st-key-cue_strip .block").first.wait_for(timeout=RESULT_MS)
    chart = page.locator(".st-key-clip_timeline .js-plotly-plot")
    chart.wait_for(timeout=RESULT_MS)
    settled(page)
    return chart


def settled(page: Page) -> None:
    """The server has said all it has to say for now."""
    until(page, "document.querySelector('[data-test-script-state]').dataset.testScriptState === 'notRunning'")


def section(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    page.get_by_role("tab", name=name, selected=True).wait_for()
    page.wait_for_timeout(100)  # the click is on its way to the server
    settled(page)


def seconds(page: Page) -> float:
    return float(
        page.evaluate("document.querySelector('.st-key-clip_player video, .st-key-clip_player audio').currentTime")
    )


def click_timeline(page: Page, fraction: float) -> None:
    """Click at a fraction of the clip's length, in the row of the emotions."""
    place = page.evaluate(
        """fraction => {
            const plot = document.querySelector('.st-key-clip_timeline .js-plotly-plot');
            plot.scrollIntoView({block: 'center'});
            const box = plot.getBoundingClientRect(), x = plot._fullLayout.xaxis, size = plot._fullLayout._size;
            return [box.left + x._offset + x._length * fraction, box.top + size.t + size.h * 0.55];
        }""",
        fraction,
    )
    page.mouse.move(place[0] - 3, place[1])
    page.mouse.move(*place)
    page.mouse.click(*place)


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


BAD = {
    "empty.wav": (b"", "is empty"),
    "words.mp4": (b"this is not a film" * 100, "is not a sound or video file"),
    "<img src=x onerror=alert(1)>.mp4": (b"neither is this" * 100, "is not a sound or video file"),
    "![x](http://127.0.0.1:9/x.png).wav": (b"nor this" * 100, "is not a sound or video file"),
}


@pytest.mark.parametrize("name", BAD, ids=["empty", "text", "html", "markdown"])
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
    page.get_by_text("Cancelled.", exact=True).wait_for()
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_section_can_be_used_by_all(open_page: Open, scheme: Literal["light", "dark"]) -> None:
    page = open_page()
    page.emulate_media(color_scheme=scheme)
    page.locator(".st-key-sample_two_at_the_table button").first.click()
    result_of(page)
    for name in ("Voice and face", "Songs", "Sound", "Share", "Export"):
        section(page, name)
        assert barriers(page) == [], name
    page.locator(".cue .edit").first.click()
    page.locator("[class*=st-key-cue_title_] input").first.wait_for()
    assert barriers(page) == [], "an open cue"


def test_a_phone_shows_it_all_in_its_width(open_page: Open) -> None:
    page = open_page("/?sample=good_news", width=390)
    result_of(page)
    edited_title(page, "A heading that is too long for one line of a phone")
    places = [page.locator(f".cue .{part}").first.bounding_box() for part in ("play", "edit")]
    assert places[0] and places[1] and abs(places[0]["y"] - places[1]["y"]) < 4, "a long name pushes nothing down"
    for name in ("Voice and face", "Songs", "Sound", "Share", "Export"):
        section(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        wide = page.evaluate(
            """() => [...document.querySelectorAll('[data-testid=stMain] [data-testid=stElementContainer]')]
                .filter(e => e.getBoundingClientRect().right > 391).length"""
        )
        assert wide == 0, name


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


def spans(page: Page) -> list[str]:
    """When each cue of the list begins and ends, as the rows say it."""
    return [text.strip() for text in page.locator(".cue [data-cue-play]").all_inner_texts()]


def turning(tmp_path: Path) -> Path:
    """Half a minute in several moods: more than one cue."""
    parts = [media.read_sound(SAMPLES / n, 16_000) for n in ("good-news.mp4", "long-evening.mp4", "voice-note.mp3")]
    return write(tmp_path / "turning.wav", y=np.concatenate(parts), sr=16_000, audio_codec="pcm_s16le")


def test_the_cue_sheet_is_edited_survives_a_reload_and_leaves_as_markers(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.locator("input[type=file]").first.wait_for(state="attached")
    upload(page, turning(tmp_path))
    result_of(page)
    whole = spans(page)
    page.locator(".cue .edit").first.click()
    page.locator("[class*=st-key-cue_halve_] button").wait_for()
    page.locator(".cue").last.evaluate("e => { e.before = true; }")
    page.locator("[class*=st-key-cue_halve_] button").click()
    expect(page.locator(".cue")).to_have_count(len(whole) + 1)
    assert page.locator(".cue").last.evaluate("e => e.before"), "what an edit does not change is not drawn anew"
    page.locator("[class*=st-key-cue_title_] input").fill("Cold <b>open</b>")
    page.locator("[class*=st-key-cue_title_] input").press("Enter")
    page.locator(".st-key-cue_strip .block", has_text="Cold <b>open</b>").wait_for()
    edge = page.locator(".st-key-cue_strip .edge").first
    before = spans(page)
    edge.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".cue [data-cue-play]").first).not_to_have_text(before[0])
    settled(page)
    page.wait_for_timeout(300)
    edited = spans(page)
    page.reload()
    page.locator(".st-key-cue_strip .block", has_text="Cold <b>open</b>").wait_for()
    assert spans(page) == edited
    section(page, "Export")
    with page.expect_download() as download:
        page.get_by_role("button", name="DaVinci Resolve").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert saved.name == "turning.edl"
    assert "Cold" in saved.read_text(encoding="utf-8")


def test_back_and_forward_bring_the_edited_sheet_and_the_section_again(open_page: Open) -> None:
    page = open_page("/?sample=long_evening")
    result_of(page)
    edited_title(page, "Cold open")
    section(page, "Export")
    page.get_by_test_id("stSidebarNavItems").get_by_role("link", name="Music").click()
    page.locator(".st-key-music_plane canvas").wait_for()
    for _ in range(2):
        page.go_back()
        page.locator(".st-key-cue_strip .block", has_text="Cold open").wait_for()
        page.get_by_role("tab", name="Export", selected=True).wait_for()
        page.go_forward()
        page.locator(".st-key-music_plane canvas").wait_for()
    page.go_back()
    page.locator(".st-key-cue_strip .block", has_text="Cold open").wait_for()
    settled(page)
    page.goto("about:blank")
    page.go_back()
    page.locator(".st-key-cue_strip .block", has_text="Cold open").wait_for()


def edited_title(page: Page, title: str) -> None:
    page.locator(".cue .edit").first.click()
    field = page.locator("[class*=st-key-cue_title_] input")
    field.fill(title)
    field.press("Enter")
    page.locator(".st-key-cue_strip .block", has_text=title).wait_for()
    settled(page)


def test_leaving_with_edits_that_were_not_saved_asks_and_what_was_saved_does_not(open_page: Open) -> None:
    page = open_page("/?sample=voice_note")
    result_of(page)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    edited_title(page, "Mine")
    section(page, "Export")
    page.close(run_before_unload=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    assert not page.is_closed(), "who stays keeps the page"
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").first.click()
    assert "Mine" in download.value.path().read_text(encoding="utf-8"), "an edit made while Export was open is in it"
    settled(page)
    page.wait_for_timeout(500)
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


def test_from_an_upload_to_markers_with_an_edit_in_six_clicks(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    clicks = 0

    def click(place: Locator) -> None:
        nonlocal clicks
        clicks += 1
        place.click()

    with page.expect_file_chooser() as chooser:
        click(page.get_by_role("button", name="Choose a file"))
    chooser.value.set_files(turning(tmp_path))
    result_of(page)
    click(page.locator(".cue .edit").first)
    click(page.locator("[class*=st-key-cue_title_] input"))
    page.keyboard.type("Opening")
    page.keyboard.press("Enter")
    page.locator(".st-key-cue_strip .block", has_text="Opening").wait_for()
    click(page.get_by_role("tab", name="Export"))
    settled(page)
    with page.expect_download() as download:
        click(page.get_by_role("button", name="DaVinci Resolve"))
    told = download.value.path().read_text(encoding="utf-8")
    assert "Opening" in told
    assert clicks <= 6


def test_every_control_of_the_sheet_is_reached_and_worked_by_keyboard(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    upload(page, turning(tmp_path))
    result_of(page)
    page.locator(".cue .edit").first.focus()
    page.keyboard.press("Enter")
    page.locator("[class*=st-key-cue_halve_] button").wait_for()
    settled(page)
    page.locator(".st-key-cue_strip .block").first.focus()
    wanted = (
        "cue_strip", "cues_all", "play", "edit", "song ", "hear ", "cue_others_", "cue_mood_", "cue_title_",
        "cue_intent_", "cue_state_", "cue_end_", "cue_note_", "cue_halve_", "cue_merge_",
    )  # fmt: skip
    reached: set[str] = set()
    for _ in range(90):
        keys = page.evaluate(
            """() => { const out = []; let e = document.activeElement;
                       while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
                       for (out.push(e.dataset.key ?? ''); e; e = e.parentElement ?? e.getRootNode().host)
                         out.push(...[...e.classList].filter(c => c.startsWith('st-key-')).map(c => c.slice(7)));
                       return out; }"""
        )
        reached |= {w for w in wanted for key in keys if key.startswith(w)}
        page.keyboard.press("Tab")
    assert [w for w in wanted if w not in reached] == []
    whole = len(spans(page))
    page.locator("[class*=st-key-cue_halve_] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cue")).to_have_count(whole + 1)


def test_a_cue_plays_at_once_and_stops_at_its_end(open_page: Open) -> None:
    page = open_page("/?sample=voice_note")
    result_of(page)
    until(page, "document.querySelector('.st-key-clip_player audio')?.readyState >= 1")
    page.evaluate("document.querySelector('.st-key-clip_player audio').muted = true")
    page.locator(".cue [data-cue-play]").first.click()
    until(page, "!document.querySelector('.st-key-clip_player audio').paused")
    hear = page.locator(".cue .hear").first
    hear.click()
    expect(hear).to_have_attribute("aria-label", re.compile("^Pause "))
    assert page.evaluate("document.querySelector('.st-key-clip_player audio').paused"), "one thing at a time"
    hear.click()
    expect(hear).to_have_attribute("aria-label", re.compile("^Hear "))


def test_an_address_that_was_sent_on_opens_nothing_of_the_visit(open_page: Open) -> None:
    page = open_page("/?sample=voice_note")
    result_of(page)
    until(page, "new URL(location).searchParams.has('r')")
    other = open_page("/" + page.url.split("/", 3)[3])
    other.get_by_text("Upload sound or video").wait_for()
    assert other.locator(".st-key-cue_strip").count() == 0


def swiped(page: Page, place: str) -> float:
    """How far the page scrolls when a finger moves up by 200 pixels from the middle of ``place``."""
    x, y = page.locator(place).first.evaluate(
        """e => { e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();
                  return [b.left + b.width / 2, b.top + b.height / 2]; }"""
    )
    page.wait_for_timeout(300)
    top = "document.querySelector('[data-testid=stMain]').scrollTop"
    before = page.evaluate(top)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 21):
        point = {"x": x, "y": y - 10 * step}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        page.wait_for_timeout(16)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(500)
    return float(page.evaluate(top) - before)


def dragged(page: Page, place: str, by: int) -> None:
    """A finger on ``place`` that moves to the right by so many pixels."""
    x, y = page.locator(place).first.evaluate(
        """e => { e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();
                  return [b.left + b.width / 2, b.top + b.height / 4]; }"""
    )
    page.wait_for_timeout(300)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        point = {"x": x + by * step / 10, "y": y}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        page.wait_for_timeout(16)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_scrolls_the_page_from_anywhere(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    try:
        page.goto(server.url + "/?sample=long_evening")
        result_of(page)
        page.locator(".st-key-verdict_plane .js-plotly-plot").wait_for()
        charts = ("clip_timeline", "verdict_bars", "verdict_plane")
        sheet = (".track", ".block", ".edge")
        rows = (".cue .head", ".cue fieldset")
        places = (
            *(f".st-key-cue_strip {part}" for part in sheet),
            *rows,
            *(f".st-key-{key} .js-plotly-plot" for key in charts),
        )
        assert [place for place in places if swiped(page, place) < 100] == []
        before = spans(page)
        dragged(page, ".st-key-cue_strip .edge", 40)
        expect(page.locator(".cue [data-cue-play]").first).not_to_have_text(before[0])
        page.goto(server.url + "/music")
        page.locator(".st-key-music_plane canvas").wait_for()
        settled(page)
        assert swiped(page, ".st-key-music_plane canvas") > 100
        assert "area=" not in page.url
    finally:
        context.close()


def test_a_samples_picture_starts_it_and_the_result_opens_at_its_top(open_page: Open) -> None:
    page = open_page()
    picture = page.locator("[class*=st-key-sample_card_] img").first
    picture.click(force=True)  # over it lies the button
    result_of(page)
    until(page, "document.querySelector('[data-testid=stMain]').scrollTop === 0")
    until(page, "document.activeElement.tagName === 'H1'")
    until(page, "document.getElementById('moodcue-live').textContent.includes('ready')")
    until(page, "document.title.startsWith('✓ Good news')")
