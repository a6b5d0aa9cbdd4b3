"""The catalogue in a real browser: search as one types, a region drawn with the mouse, a link that says it all."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from pages.shared.services import studio
from recommender import load_catalogue
from recommender.paths import STARTER
from tests.browser.axe import barriers
from tests.browser.conftest import Open

SONGS = load_catalogue(STARTER)
INSTALLED = studio.installed()
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
FOUND = re.compile(r": ([\d,]+) songs?$")
USE = re.compile(r"^Music to use: ([\d,]+) tracks?$")


def found(page: Page) -> int:
    text = page.get_by_role("heading", name=FOUND).first.inner_text()
    match = FOUND.search(text)
    assert match, text
    return int(match[1].replace(",", ""))


def usable(page: Page) -> int:
    match = USE.match(page.get_by_role("heading", name=USE).first.inner_text())
    assert match
    return int(match[1].replace(",", ""))


def opened(open_page: Open, path: str = "/music") -> Page:
    page = open_page(path)
    page.get_by_role("heading", name=FOUND).first.wait_for()
    return page


def draw_region(page: Page, left: float, right: float, bottom: float, top: float) -> None:
    """Drag from corner to corner, given in valence and arousal."""
    field = page.locator(".st-key-music_plane .field")
    page.locator(".st-key-music_plane canvas[data-points]").wait_for()
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    corners = [
        (box["x"] + (x / 1.06 + 1) / 2 * box["width"], box["y"] + (1 - y / 1.06) / 2 * box["height"])
        for x, y in ((left, top), (right, bottom))
    ]
    page.mouse.move(*corners[0])
    page.mouse.down()
    page.mouse.move(*corners[1], steps=8)
    page.mouse.up()


def test_the_whole_catalogue_is_there(open_page: Open) -> None:
    page = opened(open_page)
    assert found(page) == len(SONGS)
    expect(page.locator("[class*=st-key-play_list_]")).to_have_count(12)


def test_search_answers_while_one_types(open_page: Open) -> None:
    page = opened(open_page)
    page.get_by_label("Search").press_sequentially("debussy", delay=30)
    expect(page.get_by_text("Claude Debussy", exact=False).first).to_be_visible()
    page.wait_for_url("**q=debussy*")
    assert found(page) < 20


def test_installed_music_plays_at_once_and_one_at_a_time(open_page: Open) -> None:
    page = opened(open_page)
    play = page.locator(".track .play")
    for i in range(2):
        play.nth(i).click()
        expect(page.locator(".track.now .time")).to_have_text(re.compile(r"^0:0[1-9] / "))
    expect(page.get_by_role("button", name=re.compile("^Pause"))).to_have_count(1)
    assert "now" in (page.locator(".track").nth(1).get_attribute("class") or "")
    curve = page.locator(".track").nth(1).get_by_role("img")
    assert (curve.get_attribute("aria-label") or "").startswith("Energy ")
    page.get_by_role("slider", name=re.compile("^Place in the track")).fill("20")
    expect(page.locator(".track.now .time")).to_have_text(re.compile(r"^0:2[0-9] / "))
    play.nth(1).click()
    expect(page.get_by_role("button", name=re.compile("^Pause"))).to_have_count(0)
    assert page.locator(".tracks").first.get_attribute("data-started-ms")


def test_a_track_of_an_open_catalogue_that_cannot_be_had_is_said(open_page: Open) -> None:
    """There is no network here: the list stands, and says why."""
    page = opened(open_page, "/music?from=open&q=marimba")
    page.get_by_role("button", name=re.compile("^Get it and play")).first.click()
    expect(page.locator(".said")).to_contain_text("incompetech.com")
    expect(page.locator(".track").first).to_be_visible()


def test_a_region_lists_its_tracks_and_the_link_shares_it(open_page: Open) -> None:
    page = opened(open_page)
    drawn = page.locator(".st-key-music_plane canvas")
    drawn.wait_for()
    expect(drawn).to_have_attribute("data-points", str(len(INSTALLED)))
    draw_region(page, -1.0, -0.02, -1.0, -0.02)
    page.wait_for_url("**area=*")
    page.get_by_role("button", name="Clear selection").wait_for()
    inside = usable(page)
    assert 0 < inside < len(INSTALLED)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    other = opened(open_page, page.url[page.url.index("/music") :])
    assert usable(other) == inside
    other.get_by_role("button", name="Clear selection").click()
    other.get_by_role("button", name="Clear selection").wait_for(state="detached")
    assert usable(other) > len(INSTALLED)
    assert "area" not in other.url


def test_songs_put_aside_travel_in_the_link(open_page: Open) -> None:
    page = opened(open_page, "/music?emotion=calm")
    buttons = page.locator("[class*=st-key-aside_list_] button:visible")
    for i in range(2):
        buttons.nth(i).click()
        page.get_by_role("heading", name=f"Your selection: {i + 1}").wait_for()
    expect(page).to_have_url(re.compile("song=.*song="))
    expect(page.locator(".st-key-shared_songs strong")).to_have_count(2)
    titles = page.locator(".st-key-shared_songs strong").all_inner_texts()
    other = opened(open_page, page.url[page.url.index("/music") :])
    expect(other.locator(".st-key-shared_songs strong")).to_have_text(titles)


def test_a_shared_link_means_the_same_in_chinese(open_page: Open) -> None:
    page = open_page("/music?emotion=surprised&words=no&lang=zh-TW", width=390)
    page.get_by_role("heading", name="參考音樂").wait_for()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="複製連結").click()
    page.get_by_role("button", name="已複製").wait_for()
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert parse_qs(urlsplit(copied).query) == {"emotion": ["surprised"], "words": ["no"], "lang": ["zh-TW"]}
    expect(page.get_by_text("驚訝 ·", exact=False).first).to_be_visible()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(1500)
        assert barriers(page) == [], scheme
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_track_is_named_under_the_mouse(open_page: Open) -> None:
    page = opened(open_page, "/music?q=countermarch")
    one = next(t for t in INSTALLED.tracks if t.title == "Countermarch")
    expect(page.locator(".st-key-music_plane canvas")).to_have_attribute("data-points", str(usable(page)))
    x, y = one.valence or 0.0, one.energy or 0.0
    page.locator(".st-key-music_plane .field").scroll_into_view_if_needed()
    box = page.locator(".st-key-music_plane .field").bounding_box()
    assert box
    page.mouse.move(box["x"] + (x / 1.06 + 1) / 2 * box["width"], box["y"] + (1 - y / 1.06) / 2 * box["height"])
    expect(page.locator(".st-key-music_plane .name")).to_contain_text("Countermarch")


def test_nothing_is_asked_of_youtube_before_play(open_page: Open) -> None:
    """``open_page`` fails the test when anybody but the server was asked."""
    page = opened(open_page, "/music?emotion=happy")
    page.wait_for_timeout(1000)
    assert page.locator("iframe[src*=youtube]").count() == 0
