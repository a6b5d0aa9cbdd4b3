"""The app as a visitor meets it: how soon the first page stands, and what the server holds at work."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


SETTLED_S = 10.0
"""After so long a result has all in memory that it loads in the background."""


CHOOSING_S: Final = 2.0
"""Whoever chooses a file is on the page for so long before it is sent."""


def measure(clip: Path) -> dict[str, float]:
    """Seconds and MB, on servers that have answered nobody; a file is chosen first, or sent at once."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium here: the app is not measured")
        return {}
    first, at_once, peak_mb = _visit(clip, chromium, 0.0)
    _, chosen, _ = _visit(clip, chromium, CHOOSING_S)
    command = _command_s(clip)
    return {
        "first page, s": first,
        "upload to result in the page, s": chosen,
        "the same on a page that has just appeared, s": at_once,
        "the same clip on the command line, s": command,
        "page against command line": chosen / command,
        "page that has just appeared against it": at_once / command,
        "app's peak memory, all processes (PSS), MB": peak_mb,
    }


def _visit(clip: Path, chromium: str, choosing_s: float) -> tuple[float, float, float]:
    """Seconds to the first page, seconds from the upload to the result, and the server's peak in MB."""
    with server() as (url, process), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        browser.new_page().goto("about:blank")
        page = browser.new_page()
        started = time.perf_counter()
        page.goto(url)
        page.locator("h1").first.wait_for()
        page.locator("input[type=file]").first.wait_for(state="attached")
        first = time.perf_counter() - started
        peak = _Peak(process)
        time.sleep(choosing_s)
        started = time.perf_counter()
        page.locator("input[type=file]").first.set_input_files(str(clip))
        page.get_by_role("tablist").wait_for(timeout=300_000)
        result = time.perf_counter() - started
        time.sleep(SETTLED_S)
        peak.done.set()
        peak.join()
        browser.close()
    return first, result, peak.mb


def _command_s(clip: Path) -> float:
    """The command line, from its start to its end; the better of two."""
    taken = []
    for _ in range(2):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "moodcue", "analyse", clip], cwd=ROOT, check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return min(taken)


def pss_mb(process: psutil.Process) -> float:
    """What a process and all that it started hold; memory that several share counts once, in parts."""
    total = 0.0
    for p in (process, *process.children(recursive=True)):
        try:
            total += p.memory_full_info().pss / 1024**2
        except (psutil.Error, OSError):
            continue
    return total


class _Peak(threading.Thread):
    """Watches the memory of the server and of its workers."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.mb, self.done = process, 0.0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.done.wait(0.2):
            self.mb = max(self.mb, pss_mb(self.process))


@contextmanager
def server(**environment: str) -> Iterator[tuple[str, psutil.Process]]:
    """The app on a free port, with more in its environment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()
