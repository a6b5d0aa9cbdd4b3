"""Music under the clip in a real browser: at once, in step with the picture after a seek, and out as a mix."""

from __future__ import annotations

import zipfile
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import expect

from pages.shared.ui.players import CLIP_KEY
from tests.browser.analysing import result_of, settled, upload
from tests.browser.conftest import Open, Server


def test_music_is_heard_under_the_clip_in_step_and_taken_away(open_page: Open, server: Server, data: Path) -> None:
    page = open_page("/")
    upload(page, data / "video" / "short_hamilton_clip.mp4")
    result_of(page)
    player = f"document.querySelector('.st-key-{CLIP_KEY} video')"
    page.get_by_text("Hear it under the clip").click()
    choices = page.locator(".under .choices button")
    expect(choices).to_have_count(4, timeout=60_000)
    under = page.locator(".under")
    page.evaluate(f"{player}.play()")
    expect(under).to_have_attribute("data-playing", "way0", timeout=15_000)
    choices.nth(2).click()
    expect(under).to_have_attribute("data-playing", "way1", timeout=10_000)
    for seconds in (5.0, 1.0):
        page.evaluate(f"{player}.currentTime = {seconds}")
        page.wait_for_timeout(1500)
        apart_ms = abs(int(under.get_attribute("data-apart-ms") or "999"))
        assert apart_ms <= 40, "music and picture together after a seek"
    page.keyboard.press("0")
    expect(under).not_to_have_attribute("data-playing", "way1")
    page.keyboard.press("b")
    expect(under).to_have_attribute("data-playing", "way1", timeout=10_000)
    page.get_by_role("combobox", name="Any track under all of it").click()
    page.keyboard.type("Figures")
    page.keyboard.press("Enter")
    expect(choices).to_have_count(5, timeout=60_000)
    assert "Figures" in choices.nth(4).inner_text()
    page.get_by_role("combobox", name="Sound as").click()
    page.keyboard.type("FLAC")
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("button", name="Make the mix").click()
    expect(page.get_by_text("Measured on the finished file")).to_be_visible(timeout=90_000)
    with page.expect_download() as got:
        page.get_by_role("link", name="Mixed video").click()
    assert got.value.suggested_filename.endswith("-mix.mp4")
    with page.expect_download() as got:
        page.get_by_role("link", name="Everything").click()
    with zipfile.ZipFile(got.value.path()) as z:
        names = set(z.namelist())
        assert {"mix.flac", "stems/music-flat.flac", "report.json"} <= names
        for form in ("otio", "xml", "fcpxml"):
            text = z.read(next(n for n in names if n.endswith(f".{form}"))).decode()
            tracks = [n for n in names if n.startswith("music/")]
            assert tracks and all(quote(n) in text for n in tracks), "the timelines name what lies beside them"
            assert "file:" not in text, "nothing of the server's own folders"
    assert not list(server.cache.glob("visitors/*/mix-*/stems/*")), "only the mix and the archive stay"


def test_an_edit_of_the_sheet_is_heard_without_being_asked_for_again(open_page: Open) -> None:
    """The cues are drawn anew by themselves after an edit; the music under the clip follows them."""
    page = open_page("/?sample=long_evening")
    result_of(page)
    page.get_by_text("Hear it under the clip").click()
    choices = page.locator(".under .choices button")
    expect(choices).to_have_count(4, timeout=60_000)
    first = choices.nth(1).inner_text()
    songs = page.locator(".cue fieldset").first.get_by_role("radio")
    labels = [songs.nth(k).locator("xpath=ancestor::label") for k in range(2)]
    names = [label.inner_text().split(" · ")[0].strip() for label in labels]
    other = next(k for k, name in enumerate(names) if name not in first)
    name = names[other]
    labels[other].click()
    expect(choices.nth(1)).to_contain_text(name, timeout=60_000)
    settled(page)
