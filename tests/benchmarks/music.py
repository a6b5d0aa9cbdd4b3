"""The music page under a visitor's hand: from the click, the key or the end of a drag to the plane and the list.

On the catalogue built from Deezer's figures and the starter (``MOODCUE_MIRROR``, or the recordings' folder), else on
20,000 made-up songs. Each time is taken in the page itself, from the event to two frames after the list counts
what the filter leaves and the plane has drawn as many points. ``cpu`` is what server and browser spent on it
together: where other work runs beside it, that tells more than the clock.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from pages.music.plane.points import measured
from pages.music.selection import Area, Selection
from pages.shared.services import studio
from recommender import load_catalogue
from recommender.building.__main__ import main as build
from recommender.songs import files
from recommender.songs.catalogue import Catalogue, from_columns
from recommender.songs.collection import Collection
from tests.benchmarks.browser import FLAGS, server
from tests.conftest import DATA

BAR_S = 1.0
REGION = Area(-0.9, -0.1, -0.8, 0.2)

# Piercing the component's shadow; the list's heading is `1,234 songs`.
WATCH = """
addEventListener('pointerdown', () => { window.begun = performance.now(); }, true);
addEventListener('pointerup', () => { window.begun = performance.now(); }, true);
addEventListener('keydown', () => { window.begun = performance.now(); }, true);
const listed = () => {
  for (const heading of document.querySelectorAll('h2, h3')) {
    const found = heading.textContent.match(/: ([\\d,]+) songs?$/);
    if (found) return Number(found[1].replaceAll(',', ''));
  }
  return -1;
};
const drawn = () => {
  const inside = [...document.querySelectorAll('.st-key-music_plane *')].find((e) => e.shadowRoot);
  return Number(inside?.shadowRoot.querySelector('canvas')?.dataset.points ?? -1);
};
window.settled = (songs, points) => new Promise((resolve) => {
  const look = () => {
    if (listed() !== songs || drawn() !== points) return setTimeout(look, 15);
    requestAnimationFrame(() => requestAnimationFrame(() => resolve((performance.now() - window.begun) / 1000)));
  };
  look();
});
"""


def measure(repeats: int = 5) -> list[str]:
    """Lines to print: what was done, the median of its times and the worst, and the work behind it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return ["no Chromium here: the music page is not measured"]
    with tempfile.TemporaryDirectory() as home:
        songs = _catalogue(Path(home))
        with server(MOODCUE_HOME=home) as (url, process), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            hand = _Hand(browser.new_page(viewport={"width": 1280, "height": 900}), songs, process)
            hand.open(f"{url}/music")
            started = hand.heard()
            for _ in range(repeats):
                hand.round()
            browser.close()
    first, *rest = hand.times
    played = f"{'an installed track heard after the press':<44}{started:>6.2f}"
    lines = [f"music page with {len(songs):,} songs, s{'':<14}median   worst     cpu"]
    lines.append(f"{first:<44}{hand.times[first][0]:>6.2f}")
    lines.append(played)
    for name in rest:
        times = hand.times[name]
        median = statistics.median(times)
        judged = "" if median <= BAR_S else f"   over {BAR_S:.0f} s"
        work = statistics.median(hand.work[name])
        lines.append(f"{name:<44}{median:>6.2f}  {max(times):>6.2f}  {work:>6.2f}{judged}")
    return lines


def _catalogue(home: Path) -> Catalogue:
    """Builds where the server will look."""
    mirror = Path(os.environ.get("MOODCUE_MIRROR", DATA / "music"))
    path = home / "catalogue.parquet"
    if build(["--offline", "--mirror", str(mirror), "--output", str(path)]) != 0:
        rng = np.random.default_rng(0)
        where = rng.uniform(-1, 1, (20_000, 2))
        columns = {"artist": [f"Band {i % 4000}" for i in range(20_000)], "title": [f"Song {i}" for i in range(20_000)]}
        files.write_parquet(
            from_columns("x", columns | {"valence": where[:, 0].tolist(), "arousal": where[:, 1].tolist()}), path
        )
    return load_catalogue(path)


class _Hand:
    """A visitor, and what the page took each time."""

    def __init__(self, page: Page, songs: Catalogue, process: psutil.Process) -> None:
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH)
        self.page, self.songs, self.process = page, songs, process
        self.music = Collection.joined((studio.installed(), studio.open_catalogue()))
        self.times: dict[str, list[float]] = defaultdict(list)
        self.work: dict[str, list[float]] = defaultdict(list)

    def open(self, url: str) -> None:
        started = time.perf_counter()
        self.page.goto(url)
        self.page.evaluate("window.begun = 0")
        self._settled(Selection())
        self.times["opened"].append(time.perf_counter() - started)

    def heard(self) -> float:
        """Seconds from the press until an installed track was heard: the longest of three."""
        page, times = self.page, []
        for i in range(3):
            page.locator(".track .play").nth(i).click()
            page.wait_for_timeout(1500)
            times.append(float(page.locator(".tracks").first.get_attribute("data-started-ms") or "nan") / 1000)
        page.locator(".track .play").nth(2).click()
        return max(times)

    def round(self) -> None:
        """Each way to choose once, and back."""
        page, emotion, search = (
            self.page,
            self.page.locator(".st-key-music_emotion input"),
            self.page.get_by_label("Search"),
        )
        option = page.get_by_role("option", name="sad")
        while not option.is_visible():
            emotion.click()
            page.wait_for_timeout(1000)
        self._timed("an emotion", option.click, Selection(emotions=("sad",)))
        page.keyboard.press("Escape")
        self._reset()
        search.click()
        text = "night"
        for i, letter in enumerate(text, start=1):
            if self._same(text[:i], text[: i - 1]):  # nothing to wait for
                search.press(letter)
                continue
            self._timed(f"key {i} of “{text}”", lambda letter=letter: search.press(letter), Selection(text=text[:i]))
        self._reset()
        search.click()
        quick = "love song"
        self._timed(
            f"“{quick}” in one go, from the last key",
            lambda: search.press_sequentially(quick, delay=60),
            Selection(text=quick),
        )
        self._reset()
        self._timed("a region", lambda: self._drag(REGION), Selection(area=REGION))
        self._reset()

    def _same(self, text: str, before: str) -> bool:
        a, b = Selection(text=text), Selection(text=before)
        return a.shown(self.songs).sum() == b.shown(self.songs).sum()

    def _reset(self) -> None:
        button = self.page.locator(".st-key-music_reset button")
        button.wait_for()
        self._timed("no filters", button.click, Selection())

    def _timed(self, name: str, act: Any, then: Selection) -> None:
        before = self._spent()
        act()
        self.times[name].append(self._settled(then))
        self.work[name].append(self._spent() - before)

    def _settled(self, chosen: Selection) -> float:
        songs, music = self.songs, self.music
        usable, reference = chosen.usable(music), chosen.shown(songs)
        listed = len(chosen.listed(reference, songs.position, songs.measured))
        drawn = measured(music, songs)
        points = int(usable[drawn.usable].sum() + reference[drawn.reference].sum())
        return float(self.page.evaluate("([songs, points]) => window.settled(songs, points)", [listed, points]))

    def _drag(self, area: Area) -> None:
        field = self.page.locator(".st-key-music_plane .field")
        field.scroll_into_view_if_needed()
        box = field.bounding_box()
        assert box
        inner = box["width"] - 2, box["height"] - 2  # within the border
        for i, (x, y) in enumerate(((area.left, area.top), (area.right, area.bottom))):
            at = box["x"] + 1 + (x / 1.06 + 1) / 2 * inner[0], box["y"] + 1 + (1 - y / 1.06) / 2 * inner[1]
            self.page.mouse.move(*at, steps=1 + 4 * i)
            self.page.mouse.up() if i else self.page.mouse.down()

    def _spent(self) -> float:
        """Seconds of processor time so far, of the server and of every process of the browser."""
        browser = [p for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
        return sum(t.user + t.system for t in (p.cpu_times() for p in [self.process, *browser]))
