"""The result for everybody: by assistive technology, on a phone, by finger."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.analysing import (
    edited_title,
    result_of,
    section,
    settled,
    spans,
)
from tests.browser.axe import barriers
from tests.browser.conftest import Open, Server


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
