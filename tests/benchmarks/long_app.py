"""``python -m tests.benchmarks long --app``: long clips opened in the app, where they lie: memory, time to the sheet.

The clips are those of :mod:`tests.benchmarks.long`, in a folder that ``MOODCUE_FOLDERS`` names. One server opens them
one after another, so that the last row shows too what the first ones left behind. Time is that from the press on the
clip until the cue sheet stands in the page, by the clock and of the processor in all the app's processes, which other
work on the machine hardly changes; memory is that of all of them, shared pages counted once (PSS), at its highest from
the press until ten seconds after the sheet, and what is left then.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import psutil
from playwright.sync_api import Page, sync_playwright

from tests.benchmarks import long
from tests.benchmarks.browser import FLAGS, SETTLED_S, pss_mb, server

LOOK_EVERY_S: Final = 0.5
HEAD: Final = ("minutes", "peak MB", "after MB", "sheet after s", "processor s", "a minute", "cues")


class Watch(threading.Thread):
    """The highest memory of a process and of those it started, until ``done``."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.peak, self.done = process, 0.0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.done.wait(LOOK_EVERY_S):
            self.peak = max(self.peak, pss_mb(self.process))


def measure(minutes: Sequence[int]) -> Iterator[str]:
    """A row a length."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        yield "no Chromium here: the app is not measured"
        return
    with tempfile.TemporaryDirectory(prefix="moodcue-long-") as folder:
        clips = Path(folder, "clips")
        clips.mkdir()
        for n in minutes:
            long.make(clips / f"{n}.mp4", n)
        own = {"MOODCUE_HOME": f"{folder}/home", "MOODCUE_CACHE_DIR": f"{folder}/cache"}
        with (
            server(MOODCUE_FOLDERS=str(clips), **own) as (url, process),
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
            page.goto(url)
            yield "".join(f"{name:>14}" for name in HEAD)
            for n in minutes:
                yield _row(page, process, n)
                page.locator(".st-key-analyse_another button").click()
            browser.close()


def processor_s(process: psutil.Process) -> float:
    """Of a process and of all that it started, those too that have ended and were waited for."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            total += sum(one.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


def _row(page: Page, process: psutil.Process, minutes: int) -> str:
    clip = page.locator(".st-key-browse [data-part=list] .row").filter(has_text=f"{minutes}.mp4").first
    clip.wait_for(timeout=60_000)
    watch, begun, worked = Watch(process), time.perf_counter(), processor_s(process)
    clip.click()
    page.locator(".st-key-cue_strip .block").first.wait_for(timeout=60_000 * (minutes + 5))
    page.get_by_role("tablist").wait_for(timeout=60_000)
    taken_s, worked_s = time.perf_counter() - begun, processor_s(process) - worked
    time.sleep(SETTLED_S)
    watch.done.set()
    watch.join()
    cues = page.locator(".st-key-cue_strip .block").count()
    figures = (minutes, watch.peak, pss_mb(process), taken_s, worked_s, worked_s / minutes)
    return "".join(f"{v:>14.1f}" for v in figures) + f"{cues:>14}"
