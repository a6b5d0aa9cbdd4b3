"""The evidence page in a real browser: every tab drawn, at both widths, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from emotion import weights
from tests.browser.conftest import Open


def test_figures_are_drawn_with_words_for_those_who_do_not_see_them(open_page: Open) -> None:
    page = open_page("/evidence")
    page.get_by_role("heading", name="Confusion matrix").first.wait_for()
    chart = page.locator(".st-key-voice_confusion [role=figure]")
    chart.wait_for()
    expect(chart).to_have_attribute("aria-label", re.compile("Confusion matrix.*%"))
    expect(chart.locator(".heatmap-label")).not_to_have_count(0)


@pytest.mark.parametrize(("locale", "width"), [("en-US", 1280), ("zh-TW", 390)])
def test_every_tab_opens(open_page: Open, locale: str, width: int) -> None:
    page = open_page("/evidence", locale=locale, width=width)
    page.get_by_role("tab").nth(4).wait_for()
    for i in range(page.get_by_role("tab").count()):
        page.get_by_role("tab").nth(i).click()
        page.wait_for_timeout(700)
        assert page.locator("[data-testid=stAlertContentError]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for model in weights.available():
        if (model.folder / "MODEL_CARD.md").is_file():
            expect(page.locator("summary").filter(has_text=model.folder.name)).to_be_visible()
