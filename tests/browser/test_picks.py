"""The visitor's memory in a real browser: off by default, picked, listed, taken along, deleted, kept apart."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.analysing import result_of, section
from tests.browser.conftest import Open, Server, serving, until

ELSEWHERE = "moodcue.localhost"
"""Resolves to this machine and is not one of its own names: who comes by it is a stranger."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Answers by another name too, as behind a proxy."""
    folder = tmp_path_factory.mktemp("server")
    no = "false"
    with serving(folder, STREAMLIT_SERVER_ENABLE_CORS=no, STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION=no) as server:
        yield server


def switch(page: Page) -> None:
    page.locator(".st-key-picks_consent label").click()


def numbers(page: Page) -> list[str]:
    """What the browser keeps of ours."""
    return [c.get("value", "") for c in page.context.cookies() if c.get("name") == "moodcue_visitor"]


def test_a_song_is_picked_listed_taken_along_and_deleted(open_page: Open, server: Server) -> None:
    page = open_page("/picks")
    toggle = page.get_by_role("switch", name="Remember what I choose")
    toggle.wait_for(state="attached")
    assert not toggle.is_checked()
    page.get_by_text("on this computer").wait_for()
    switch(page)
    page.locator(".st-key-picks_delete").wait_for()

    page.goto(server.url + "/?sample=voice_note")
    result_of(page)
    section(page, "Songs")
    song = page.locator("[class*=st-key-song_]").first
    song.get_by_role("button", name="Pick", exact=True).click()
    expect(song.get_by_role("button", name="Picked")).to_be_disabled()
    page.get_by_role("radio", name="Steer").click()
    page.get_by_text("songs that steer").wait_for()
    page.locator(".st-key-correct button").first.click()
    page.locator("[class*=st-key-correct_] button").last.click()
    page.get_by_text("You said").wait_for()

    page.get_by_role("link", name="My picks").click()
    page.get_by_text("2 entries").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as f:
        rows = list(csv.DictReader(f))
    assert [r["kind"] for r in rows] == ["pick", "correction"]
    assert rows[0]["title"]
    assert len(rows[0]["clip_sha256"]) == 64
    assert "voice" not in " ".join(rows[0].values())  # the clip's name stays out

    table = page.locator("[class*=st-key-picks_table] [data-testid=stDataFrame]")
    table.click(position={"x": 20, "y": 55})  # the box of the newest entry
    page.locator(".st-key-picks_delete_some button").first.click()
    page.get_by_role("button", name="Yes, delete 1 for good").click()
    page.get_by_text("1 entry", exact=True).wait_for()
    expect(page.locator(".st-key-picks_delete_some")).to_have_count(0)

    page.locator(".st-key-picks_delete button").first.click()
    page.get_by_role("button", name="Yes, delete all").click()
    page.get_by_text("1 entry was deleted").wait_for()
    assert not toggle.is_checked()
    assert numbers(page) == []  # one's own machine needs no cookie


def test_a_stranger_is_known_again_by_a_cookie_alone_and_only_while_they_agree(open_page: Open, server: Server) -> None:
    elsewhere = server.url.replace("127.0.0.1", ELSEWHERE)
    theirs = (elsewhere, elsewhere.replace("http", "ws"))

    def visit(page: Page) -> bool:
        page.goto(elsewhere + "/picks")
        page.get_by_text("on this server").wait_for()
        page.wait_for_timeout(500)
        return page.get_by_role("switch", name="Remember what I choose").is_checked()

    page, other = (open_page("/_stcore/health", allow=theirs) for _ in range(2))
    assert not visit(page)
    assert numbers(page) == []
    switch(page)
    page.locator(".st-key-picks_delete").wait_for()
    until(page, "document.cookie.includes('moodcue_visitor=')")
    assert len(numbers(page)[0]) == 32
    assert visit(page)
    assert not visit(other)
    switch(page)
    until(page, "!document.cookie.includes('moodcue_visitor=')")
    assert not visit(page)
