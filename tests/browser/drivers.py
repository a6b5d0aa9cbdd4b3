"""Firefox and WebKit behind one small interface: open an address, ask the page, click at a place, choose a file.

Firefox is driven over WebDriver BiDi on its own debugging port, so that no geckodriver is needed; WebKit by
WebKitWebDriver with MiniBrowser on a screen of its own.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import websocket
from selenium import webdriver
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.by import By
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

SIZE = (1280, 900)
INSTALL = "sudo apt-get install -y --no-install-recommends firefox-esr webkit2gtk-driver xvfb fonts-noto-cjk"


class Driver(Protocol):
    """A browser with one page."""

    def open(self, url: str) -> None: ...

    def ask(self, function: str, *values: object) -> Any:
        """What a JavaScript function says of ``values``; both as JSON can carry them."""
        ...

    def click(self, x: float, y: float) -> None:
        """Move there and press, as a hand does; in pixels of the page's window."""
        ...

    def choose_file(self, selector: str, path: Path) -> None: ...


def _said(function: str, values: tuple[object, ...]) -> str:
    return f"JSON.stringify(({function})(...{json.dumps(values)}) ?? null)"


# Firefox ---------------------------------------------------------------------------------------------


def why_no_firefox() -> str | None:
    return None if _firefox() else f"no Firefox here: {INSTALL}"


def _firefox() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """A client of WebDriver BiDi: https://w3c.github.io/webdriver-bidi/."""

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(f"{address}/session", timeout=90, suppress_origin=True)
        self.number = 0
        self.send("session.new", capabilities={})
        self.page: str = self.send("browsingContext.getTree")["contexts"][0]["context"]
        size = {"width": SIZE[0], "height": SIZE[1]}
        self.send("browsingContext.setViewport", context=self.page, viewport=size)

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.number:
            pass  # events of the page
        if answer["type"] != "success":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def open(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self.page, url=url, wait="complete")

    def ask(self, function: str, *values: object) -> Any:
        said = self.send(
            "script.evaluate",
            expression=_said(function, values),
            target={"context": self.page},
            awaitPromise=True,
            userActivation=False,
        )
        if said["type"] != "success":
            raise RuntimeError(said["exceptionDetails"]["text"])
        return json.loads(said["result"]["value"])

    def click(self, x: float, y: float) -> None:
        places = ((x - 3, y), (x, y))
        moves = [{"type": "pointerMove", "x": round(a), "y": round(b), "duration": 20} for a, b in places]
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        hand = {"type": "pointer", "id": "hand", "parameters": {"pointerType": "mouse"}, "actions": [*moves, *press]}
        self.send("input.performActions", context=self.page, actions=[hand])

    def choose_file(self, selector: str, path: Path) -> None:
        locator = {"type": "css", "value": selector}
        found = self.send("browsingContext.locateNodes", context=self.page, locator=locator)["nodes"]
        element = {"sharedId": found[0]["sharedId"]}
        self.send("input.setFiles", context=self.page, element=element, files=[str(path)])


@contextmanager
def firefox(folder: Path) -> Iterator[Driver]:
    """Firefox with an empty profile in ``folder``."""
    program = _firefox()
    assert program is not None
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(
        'user_pref("intl.accept_languages", "en-US");\nuser_pref("media.autoplay.default", 0);\n'
    )
    command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    process = subprocess.Popen(
        [*command, "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
    )
    try:
        driver = Firefox(_address(process))
        yield driver
        driver.socket.close()
    finally:
        process.terminate()
        process.wait(30)


def _address(process: subprocess.Popen[str], within_s: float = 60) -> str:
    """Where Firefox listens, which it says as it starts; all else that it says is read and dropped."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if "WebDriver BiDi listening on " in line:
                lines.put(line.split(" on ")[1].strip())

    threading.Thread(target=read, daemon=True).start()
    return lines.get(timeout=within_s)


# WebKit ----------------------------------------------------------------------------------------------


def why_no_webkit() -> str | None:
    return (
        None
        if shutil.which("WebKitWebDriver") and _minibrowser() and shutil.which("Xvfb")
        else (f"no WebKit here: {INSTALL}")
    )


def _minibrowser() -> str | None:
    places = ("lib/*/webkit2gtk-4.*/MiniBrowser", "libexec/webkit2gtk-4.*/MiniBrowser")
    return next((str(found) for place in places for found in sorted(Path("/usr").glob(place))), None)


class WebKit:
    def __init__(self, driver: webdriver.WebKitGTK) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def ask(self, function: str, *values: object) -> Any:
        return json.loads(self.driver.execute_script(f"return {_said(function, values)}"))

    def click(self, x: float, y: float) -> None:
        actions = ActionBuilder(self.driver)
        for place in ((x - 3, y), (x, y)):
            actions.pointer_action.move_to_location(round(place[0]), round(place[1]))
        actions.pointer_action.pointer_down().pointer_up()
        actions.perform()

    def choose_file(self, selector: str, path: Path) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).send_keys(str(path))


@contextmanager
def webkit(folder: Path) -> Iterator[Driver]:
    """WebKit with its files in ``folder``."""
    with _screen() as display:
        home = {name: str(folder) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
        env = {**os.environ, **home, "DISPLAY": display, "LANG": "C.UTF-8", "LANGUAGE": "en"}
        options = Options()
        options.binary_location = _minibrowser() or ""
        options.add_argument("--automation")
        options.set_capability("browserName", "MiniBrowser")
        driver = webdriver.WebKitGTK(options=options, service=Service(env=env))
        try:
            driver.set_window_size(*SIZE)
            yield WebKit(driver)
        finally:
            driver.quit()


@contextmanager
def _screen() -> Iterator[str]:
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as said:
            yield f":{said.readline().strip()}"
    finally:
        process.terminate()
        process.wait(20)
