"""Every page by its own link, each on a server that nobody has visited before."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import barriers
from tests.browser.conftest import ROOT, TIMEOUT_MS, serving, until

PAGES = sorted(p.parent.name for p in (ROOT / "pages").glob("*/page.py"))
VISITS: tuple[tuple[str, int, Literal["light", "dark"]], ...] = (("en-US", 1280, "light"), ("zh-TW", 390, "dark"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_by_its_own_link(browser: Browser, tmp_path: Path, name: str) -> None:
    with serving(tmp_path) as server:
        for locale, width, scheme in VISITS:
            context = browser.new_context(locale=locale, viewport={"width": width, "height": 900}, color_scheme=scheme)
            context.set_default_timeout(TIMEOUT_MS)
            page = context.new_page()
            answer = page.goto(f"{server.url}/{'' if name == 'analyse' else name}")
            assert answer is not None and "default-src 'self'" in answer.headers["content-security-policy"]
            page.locator("h1").first.wait_for()
            tag = {"en-US": "en", "zh-TW": "zh-TW"}[locale]
            until(page, "tag => document.documentElement.lang === tag", arg=tag)
            page.wait_for_timeout(1000)
            until(page, "document.title.endsWith(' · MoodCue')")
            assert barriers(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("[data-testid=stException]").count() == 0
            assert page.get_by_role("dialog").count() == 0, "a fresh server knows every page"
            assert page.locator("[data-testid=stSidebarNavLink]").count() in (0, len(PAGES) - 1), "all but a link's"
            context.close()
        assert "Traceback" not in server.log.read_text(encoding="utf-8")
