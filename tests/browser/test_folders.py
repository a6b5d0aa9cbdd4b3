"""A clip of one's own machine: found, opened where it lies by keyboard, found again, and nothing of it for others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import clips
from tests.browser.analysing import result_of, section
from tests.browser.axe import barriers
from tests.browser.conftest import ROOT, Open, Server, serving, until

SAMPLE = ROOT / "assets" / "samples" / "good-news.mp4"


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("footage")
    (root / "Day 1").mkdir()
    (root / "Day 1" / "Interview 🎬 <b>one<b>.mp4").write_bytes(SAMPLE.read_bytes())
    (root / "second talk.mov").write_bytes(b"not finished")
    clips.joined(root / "camera.mkv", [SAMPLE])  # browsers do not play H.264 from Matroska
    (root / "out.mp4").symlink_to(SAMPLE)
    return root


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, footage: Path) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), MOODCUE_FOLDERS=str(footage)) as server:
        yield server


def rows(page: Page) -> Locator:
    return page.locator(".st-key-browse [data-part=list] .row")


def focused(page: Page) -> str:
    """What the row that has the focus says."""
    return page.evaluate(
        """() => {
            let at = document.activeElement;
            while (at && at.shadowRoot) at = at.shadowRoot.activeElement;
            return at?.querySelector?.('b')?.textContent ?? at?.dataset?.part ?? '';
        }"""
    )


def test_a_clip_is_opened_in_place_by_keyboard_and_found_again(open_page: Open, server: Server, footage: Path) -> None:
    clip = next((footage / "Day 1").iterdir())
    before, when = hashlib.sha256(clip.read_bytes()).hexdigest(), clip.stat().st_mtime_ns
    page = open_page()
    rows(page).first.wait_for()
    expect(rows(page)).to_have_count(3)
    expect(rows(page).nth(0)).to_contain_text("Day 1")
    expect(rows(page).nth(1)).to_contain_text("camera.mkv")
    expect(rows(page).nth(1)).to_contain_text("0:08")  # looked up while the list stands
    assert barriers(page) == []
    search = page.locator(".st-key-browse input[type=search]")
    search.focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Day 1"
    page.keyboard.press("End")
    assert focused(page) == "second talk.mov"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "camera.mkv"
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("0:08")
    assert focused(page) == clip.name
    page.keyboard.press("Backspace")
    expect(rows(page)).to_have_count(3)
    search.fill("INTERVIEW one")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("Day 1")
    rows(page).first.press("Enter")
    result_of(page)
    expect(page.locator("h1")).to_contain_text("Interview 🎬 <b>one<b>")
    page.locator(".st-key-clip_player video").wait_for()
    assert page.evaluate("document.querySelector('.st-key-clip_player video').src").startswith(f"{server.url}/clip/")
    assert server.files() == []  # no copy of it, and it plays from where it lies
    assert page.evaluate("fetch(document.querySelector('.st-key-clip_player video').src).then(r => r.arrayBuffer())"
                         ".then(b => b.byteLength)") == clip.stat().st_size  # fmt: skip
    page.get_by_role("button", name="Another clip").click()
    recent = page.locator(".st-key-browse [data-part=recent_list] .row")
    expect(recent).to_have_count(1)
    expect(recent.first).to_contain_text("0:08")
    expect(page.locator(".st-key-browse [data-part=kept]")).to_contain_text(str(server.home))
    page.locator(".st-key-browse [data-part=forget]").click()
    expect(recent).to_have_count(0)
    assert not (server.home / "recent-clips.json").exists()
    assert (hashlib.sha256(clip.read_bytes()).hexdigest(), clip.stat().st_mtime_ns) == (before, when)


def test_a_broken_clip_is_a_sentence_and_the_list_is_still_there(open_page: Open) -> None:
    page = open_page()
    rows(page).filter(has_text="second talk").click()
    expect(page.get_by_text("second talk.mov is not")).to_be_visible()
    expect(rows(page)).to_have_count(3)


def test_what_no_browser_plays_is_played_from_a_small_copy_and_exported_by_its_own_path(
    open_page: Open, server: Server, footage: Path
) -> None:
    page = open_page()
    rows(page).filter(has_text="camera.mkv").click()
    result_of(page)
    page.locator(".st-key-clip_player video").wait_for()
    until(page, "document.querySelector('.st-key-clip_player video').duration > 8")
    assert [p.name for p in server.files()] == ["proxy.mp4"]
    assert page.locator("h1").inner_text().endswith("camera.mkv")
    section(page, "Export")
    with page.expect_download() as download:
        page.locator(".st-key-export_otio button").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert (footage / "camera.mkv").as_uri() in text
    page.get_by_role("button", name="Another clip").click()
    expect(rows(page)).to_have_count(3)
    assert server.files() == []
    assert (footage / "camera.mkv").is_file()


def test_who_comes_by_a_proxy_or_another_name_sees_no_folders(browser: Browser, server: Server) -> None:
    context = browser.new_context(extra_http_headers={"X-Forwarded-For": "203.0.113.7"})
    page = context.new_page()
    page.goto(server.url)
    page.locator("input[type=file]").first.wait_for(state="attached")
    page.get_by_text("Or try a sample").wait_for()
    expect(page.locator(".st-key-browse")).to_have_count(0)
    context.close()
