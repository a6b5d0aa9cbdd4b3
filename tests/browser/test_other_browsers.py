"""The main path as a visitor with Firefox or WebKit walks it; Chromium walks it in the tests beside this one.

The clip is WebM, which every browser plays without a codec of the system's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import pytest

from emotion import media
from tests.browser import drivers
from tests.browser.conftest import ROOT, Server
from tests.clips import write

# What is shown and fits the selector and the text, also inside components, which keep their parts in shadow roots.
SHOWN: Final = """(selector, text) => {
  const inside = (root) => [...root.querySelectorAll(selector), ...[...root.querySelectorAll('*')]
    .filter((e) => e.shadowRoot).flatMap((e) => inside(e.shadowRoot))];
  return inside(document).filter((e) => e.getClientRects().length
    && `${e.getAttribute('aria-label') ?? ''} ${e.textContent}`.includes(text));
}"""
PLACE: Final = f"""(selector, text, at) => {{
  const element = ({SHOWN})(selector, text)[0];
  if (!element) return null;
  element.scrollIntoView({{block: 'center', behavior: 'instant'}});
  const box = element.getBoundingClientRect();
  return [box.left + at * box.width, box.top + box.height / 2];
}}"""
PLAYER: Final = "document.querySelector('.st-key-clip_player video')"
WAIT_S: Final = 40
RESULT_S: Final = 150


@dataclass(frozen=True)
class Visitor:
    """What a visitor does, in any browser."""

    browser: drivers.Driver

    def until(self, function: str, *values: object, within_s: float = WAIT_S) -> Any:
        """Ask until the answer is true; that answer."""
        end = time.monotonic() + within_s
        while not (answer := self.browser.ask(function, *values)):
            if time.monotonic() > end:
                page = self.browser.ask("() => [location.href, document.body.innerText.slice(0, 1500)]")
                pytest.fail(f"not within {within_s:.0f} s: {function} {values}\n{page}", pytrace=False)
            time.sleep(0.1)
        return answer

    def sees(self, selector: str, text: str = "", *, within_s: float = WAIT_S) -> None:
        self.until(f"(...asked) => ({SHOWN})(...asked).length > 0", selector, text, within_s=within_s)

    def presses(self, selector: str, text: str = "", *, at: float = 0.5) -> None:
        """Press what is shown, at a fraction of its width, once it no longer moves."""
        end = time.monotonic() + WAIT_S
        before = None
        while (place := self.browser.ask(PLACE, selector, text, at)) is None or place != before:
            assert time.monotonic() < end, f"nothing to press within {WAIT_S} s: {selector} {text}"
            before = place
            time.sleep(0.15)
        self.browser.click(*place)

    def settles(self) -> None:
        """Waits until the server has answered all that was asked."""
        time.sleep(0.2)
        self.until("() => document.querySelector('[data-test-script-state]')?.dataset.testScriptState === 'notRunning'")

    def hears(self, seconds: float) -> None:
        """The player stands at a time; a click is exact to a few pixels."""
        self.until(f"(t) => Math.abs({PLAYER}.currentTime - t) < 0.35", seconds)


BROWSERS: Final[
    dict[str, tuple[Callable[[], str | None], Callable[[Path], AbstractContextManager[drivers.Driver]]]]
] = {
    "firefox": (drivers.why_no_firefox, drivers.firefox),
    "webkit": (drivers.why_no_webkit, drivers.webkit),
}


@pytest.fixture(params=BROWSERS)
def visitor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visitor]:
    why_not, start = BROWSERS[request.param]
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path / "browser"
    folder.mkdir()
    with start(folder) as browser:
        yield Visitor(browser)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who talks, as WebM."""
    source = ROOT / "assets" / "samples" / "good-news.mp4"
    with av.open(str(source)) as container:
        frames = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]
        rate = container.streams.video[0].average_rate
    assert rate is not None
    return write(
        tmp_path_factory.mktemp("clip") / "speaker.webm",
        y=media.read_sound(source, 48_000),
        sr=48_000,
        frames=frames,
        fps=round(rate),
        audio_codec="libopus",
        video_codec="libvpx",
    )


def test_the_main_path(visitor: Visitor, server: Server, clip: Path) -> None:
    visitor.browser.open(f"{server.url}/?lang=en")
    visitor.until("() => document.querySelector('input[type=file]') !== null")
    visitor.sees("p, span", "Upload sound or video")
    visitor.browser.choose_file("input[type=file]", clip)

    # The result, and a player that plays.
    visitor.sees("h1", clip.name, within_s=RESULT_S)
    visitor.sees("button.block", within_s=RESULT_S)
    visitor.sees(".st-key-clip_timeline .js-plotly-plot .nsewdrag", within_s=RESULT_S)
    visitor.settles()
    length = visitor.until(f"() => {PLAYER}?.readyState >= 1 && {PLAYER}.duration")
    assert length == pytest.approx(media.probe(clip).duration_s, abs=0.15)

    # The timeline and the cue strip move it.
    visitor.presses(".st-key-clip_timeline .js-plotly-plot .nsewdrag", at=0.6)
    visitor.hears(0.6 * length)
    visitor.presses("[data-part=track]", at=0.25)
    visitor.hears(0.25 * length)

    # The songs of a cue: another one is taken.
    visitor.presses(".cue label:not(:has(input:checked))")
    visitor.sees(".cue label:has(input:checked)")
    visitor.settles()
    visitor.sees(".cue .state", "keep")

    # A link, which shows the cues and the songs to whoever opens it.
    visitor.presses("[role=tab]", "Share")
    visitor.presses("button", "Make the link")
    link = visitor.until(f"() => ({SHOWN})('input', '').map((e) => e.value).find((v) => v.includes('/link?id='))")
    visitor.browser.open(f"{link}&lang=en")
    visitor.sees("h1", clip.stem)
    visitor.sees("button.block")
    visitor.sees(".st-key-clip_timeline .js-plotly-plot")
    visitor.settles()

    # The language, which the address keeps.
    visitor.presses("[role=combobox]", "")
    visitor.presses("[role=option]", "繁體中文")
    visitor.sees("button", "分析你自己的影音")
    assert "lang=zh-TW" in visitor.browser.ask("() => location.href")
