"""``python -m tests.benchmarks sheet``: how soon a cue sheet opens, shows an edit and plays, in a real browser.

The clip is sound of ten minutes, joined from the samples; beside it one of half a minute, so that what a long sheet
costs more stands as a ratio of the same run. Each time is that from the press to what can be seen.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from playwright.sync_api import Error, Page, sync_playwright

from emotion import media
from tests.benchmarks.browser import FLAGS, ROOT, server

SAMPLES: Final = ROOT / "assets" / "samples"
NAMES: Final = ("good-news.mp4", "long-evening.mp4", "voice-note.mp3")
SR: Final = 16_000
LONG_S: Final = 600
SHORT_S: Final = 28
TIMES: Final = 5
ROWS: Final = ".cue [data-cue-play]"


def joined(path: Path, seconds: int) -> Path:
    """Sound of the samples, one after another in an order that changes, ``seconds`` long."""
    parts = [media.read_sound(SAMPLES / name, SR) for name in NAMES]
    rng = np.random.default_rng(0)
    rows: list[np.ndarray] = []
    while sum(map(len, rows)) < seconds * SR:
        rows += [parts[k] for k in rng.permutation(len(parts))]
    soundfile.write(path, np.concatenate(rows)[: seconds * SR], SR)
    return path


def measure() -> list[str]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return ["no Chromium here: the sheet is not measured"]
    rows: dict[str, dict[str, float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        server(MOODCUE_HOME=folder, MOODCUE_CACHE_DIR=f"{folder}/cache") as (url, _),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for name, seconds in (("half a minute", SHORT_S), ("ten minutes", LONG_S)):
            page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
            page.goto(url)
            page.locator("input[type=file]").first.wait_for(state="attached")
            page.locator("input[type=file]").first.set_input_files(str(joined(Path(folder, "clip.wav"), seconds)))
            page.locator(".st-key-cue_strip .block").first.wait_for(timeout=300_000)
            page.get_by_role("tablist").wait_for(timeout=60_000)
            page.wait_for_timeout(1500)
            rows[name] = of(page)
            page.close()
        browser.close()
    short, long = rows["half a minute"], rows["ten minutes"]
    lines = [f"{'':<34}{'half a minute':>16}{'ten minutes':>14}{'ratio':>8}"]
    for key in long:
        what = f"{key}, s" if key != "cues" else key
        lines.append(f"{what:<34}{short[key]:>16.2f}{long[key]:>14.2f}{long[key] / max(short[key], 1e-9):>8.1f}")
    return lines


def of(page: Page) -> dict[str, float]:
    """Medians of several times in seconds, and the number of cues; the page shows a result."""
    count = page.locator(ROWS).count()
    out = {"cues": float(count)}
    opens = []
    for _ in range(3):
        opens.append(timed(page, lambda: page.reload(wait_until="commit"), lambda: rows_are(page, count)))
        page.get_by_role("tablist").wait_for(timeout=60_000)
        page.wait_for_timeout(500)
    out["the sheet opens again"] = statistics.median(opens)
    halve, merge, undo = [], [], []
    page.locator(".cue .edit").first.click()
    page.locator("[class*=st-key-cue_halve_] button").wait_for()
    for _ in range(TIMES):
        press = page.locator("[class*=st-key-cue_halve_] button").click
        halve.append(timed(page, press, lambda: rows_are(page, count + 1)))
        page.wait_for_timeout(300)
        press = page.locator("[class*=st-key-cue_merge_] button").click
        merge.append(timed(page, press, lambda: rows_are(page, count)))
        page.wait_for_timeout(300)
        press = page.locator(".st-key-cues_undo button").click
        undo.append(timed(page, press, lambda: rows_are(page, count + 1)))
        page.wait_for_timeout(300)
        press = page.locator(".st-key-cues_undo button").click
        undo.append(timed(page, press, lambda: rows_are(page, count)))
        page.wait_for_timeout(300)
    out |= {"a cue is split": statistics.median(halve), "two are merged": statistics.median(merge)}
    out["an edit is taken back"] = statistics.median(undo)
    starts = []
    for k in range(min(TIMES, count)):
        page.evaluate("for (const m of document.querySelectorAll('audio')) { m.muted = true; m.pause(); }")
        page.wait_for_timeout(200)
        starts.append(timed(page, page.locator(ROWS).nth(k).click, lambda: plays(page)))
    out["a cue plays"] = statistics.median(starts)
    return out


def rows_are(page: Page, count: int) -> bool:
    return page.locator(ROWS).count() == page.locator(".st-key-cue_strip .block").count() == count


def plays(page: Page) -> bool:
    return bool(page.evaluate("!document.querySelector('.st-key-clip_player audio').paused"))


def timed(page: Page, act: Callable[[], object], done: Callable[[], bool]) -> float:
    started = time.perf_counter()
    act()
    while True:
        try:
            if done():
                return time.perf_counter() - started
        except Error:
            pass  # between two documents there is nothing to ask
        if time.perf_counter() - started > 60:
            raise TimeoutError("nothing was seen within a minute")
        page.wait_for_timeout(10)
