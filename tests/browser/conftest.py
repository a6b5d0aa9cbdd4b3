"""A fresh server for each module, and Chromium with made-up devices."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream"),
    "--use-fake-device-for-media-stream",
)
TIMEOUT_MS = 60_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@dataclass(frozen=True)
class Server:
    """A running app; ``cache`` is where visitors' folders lie, ``log`` what it has printed."""

    url: str
    process: psutil.Process
    cache: Path
    home: Path
    log: Path

    def rss_mb(self) -> float:
        return self.process.memory_info().rss / 1024**2

    def files(self) -> list[Path]:
        """What visitors have on disk now."""
        return [p for p in (self.cache / "visitors").rglob("*") if p.is_file()]


STREAMLIT = ("streamlit", "run", "app.py", "--server.port")


@contextmanager
def serving(folder: Path, module: tuple[str, ...] = STREAMLIT, **environment: str) -> Iterator[Server]:
    """The app on a free port, with its files under ``folder`` and nothing kept from elsewhere.

    ``module`` is what Python runs, with the port after it.
    """
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    cache, home, log = folder / "cache", folder / "home", folder / "server.log"
    own = {"MOODCUE_CACHE_DIR": str(cache), "MOODCUE_HOME": str(home), "MOODCUE_GRACE_SECONDS": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *module, str(port)],
            cwd=ROOT,
            env={**os.environ, **own, **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/_stcore/health", process)
            yield Server(url, psutil.Process(process.pid), cache, home, log)
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended at its start"
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start within a minute")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium here: sudo apt-get install -y chromium")
    return path


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
    yield browser
    browser.close()


def until(page: Page, expression: str, *, arg: object = None, timeout: float = TIMEOUT_MS) -> None:
    """Wait until ``expression`` is true on the page.

    Playwright's own wait asks a second time by ``eval``, which the app's Content-Security-Policy forbids.
    """
    end = time.monotonic() + timeout / 1000
    while not page.evaluate(expression, arg):
        assert time.monotonic() < end, f"not true within {timeout / 1000:.0f} s: {expression}"
        page.wait_for_timeout(50)


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Open]:
    """Opens a page as a visitor of its own; fails when it asked anybody but the server for something."""
    contexts: list[BrowserContext] = []
    strangers: list[str] = []

    def open_(path: str = "/", *, locale: str = "en-US", width: int = 1280, allow: tuple[str, ...] = ()) -> Page:
        context = browser.new_context(locale=locale, viewport={"width": width, "height": 900})
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        ours = (server.url, server.url.replace("http", "ws"), "data:", "blob:", *allow)
        page.on("request", lambda r: None if r.url.startswith(ours) else strangers.append(r.url))
        page.goto(server.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert strangers == []
