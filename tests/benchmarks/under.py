"""``python -m tests.benchmarks under``: the preview in Chromium: sound after a click, picture and music after a seek.

The component says both on its element: the time from a click on a track until its sound is due, and how far the
music lies from the picture's clock.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import expect, sync_playwright

from pages.shared.ui.players import CLIP_KEY
from tests.benchmarks import clip
from tests.browser.analysing import result_of, upload
from tests.browser.conftest import FLAGS, chromium, serving

CLICKS, SEEKS, SECONDS = 12, 12, 60.0
BAR_CLICK_MS, BAR_APART_MS = 300, 40


def measure() -> list[str]:
    clicks: list[float] = []
    apart: list[float] = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        path = clip.make(Path(name) / "clip.mp4", seconds=SECONDS)
        with serving(Path(name)) as server:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            page = browser.new_page()
            page.goto(server.url)
            upload(page, path)
            result_of(page)
            shown = time.perf_counter()
            page.get_by_text("Hear it under the clip").click()
            choices = page.locator(".under .choices button")
            expect(choices).to_have_count(4, timeout=120_000)
            planned_s = time.perf_counter() - shown
            under = page.locator(".under")
            player = f"document.querySelector('.st-key-{CLIP_KEY} video')"
            page.evaluate(f"{player}.muted = false, {player}.play()")
            expect(under).to_have_attribute("data-playing", "way0", timeout=30_000)
            for i in range(CLICKS):
                way = (i + 1) % 3
                choices.nth(way + 1).click()
                expect(under).to_have_attribute("data-playing", f"way{way}", timeout=30_000)
                clicks.append(float(under.get_attribute("data-started-ms") or "nan"))
                page.wait_for_timeout(300)
            for at in np.random.default_rng(3).uniform(0, SECONDS - 5, SEEKS):
                page.evaluate(f"{player}.currentTime = {at}")
                page.wait_for_timeout(1200)
                apart.append(abs(float(under.get_attribute("data-apart-ms") or "nan")))
            browser.close()
    return [
        f"The preview in Chromium, a clip of {SECONDS:.0f} s",
        f"three ways planned, the first time on this server: {planned_s:.1f} s",
        f"sound after a click: median {np.median(clicks):.0f} ms, at most {max(clicks):.0f} ms (bar {BAR_CLICK_MS})",
        f"picture and music apart after a seek: median {np.median(apart):.0f} ms, at most {max(apart):.0f} ms "
        f"(bar {BAR_APART_MS})",
    ]
