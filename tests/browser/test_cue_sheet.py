"""The cue sheet in a browser: edited by mouse and by keyboard, kept, taken back, left, played, exported."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Dialog, Locator, expect

from emotion import media
from tests.browser.analysing import (
    SAMPLES,
    edited_title,
    result_of,
    section,
    settled,
    spans,
    upload,
)
from tests.browser.conftest import Open, until
from tests.clips import write


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
