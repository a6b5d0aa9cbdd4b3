"""What the tests of the Analyse page do on it: upload, wait for a result, walk its sections."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.browser.conftest import ROOT, until

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


def spans(page: Page) -> list[str]:
    """When each cue of the list begins and ends, as the rows say it."""
    return [text.strip() for text in page.locator(".cue [data-cue-play]").all_inner_texts()]


def edited_title(page: Page, title: str) -> None:
    page.locator(".cue .edit").first.click()
    field = page.locator("[class*=st-key-cue_title_] input")
    field.fill(title)
    field.press("Enter")
    page.locator(".st-key-cue_strip .block", has_text=title).wait_for()
    settled(page)
