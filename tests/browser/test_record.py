"""Record oneself: a face and a voice come from files into Chromium's stand-ins for camera and microphone."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from emotion import media
from tests.browser.axe import barriers
from tests.browser.conftest import FLAGS, TIMEOUT_MS, chromium, serving, until
from tests.conftest import DATA, SAMPLES

pytestmark = pytest.mark.browser

RECORDED = DATA / "video" / "01-01-01-01-01-01-01.mp4"
CLIP = RECORDED if RECORDED.is_file() else SAMPLES / "good-news.mp4"
SIZE = (640, 480)
"""Of the clip: an actor's where the recordings are here, else the sample's."""


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip's picture as Chromium's fake camera reads it: JPEG after JPEG, 640 x 480, in a loop."""
    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    with path.open("wb") as f:
        for frame in media.read_frames(CLIP, fps=25, max_side=640):
            picture, canvas, jpeg = Image.fromarray(frame.rgb), Image.new("RGB", SIZE), io.BytesIO()
            picture.thumbnail(SIZE)
            canvas.paste(picture, ((SIZE[0] - picture.width) // 2, (SIZE[1] - picture.height) // 2))
            canvas.save(jpeg, "JPEG", quality=85)
            f.write(jpeg.getvalue())
    return path


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("microphone") / "voice.wav"
    y = np.clip(media.read_sound(CLIP, 48_000), -1, 1)
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(48_000)
        f.writeframes((y * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As it is hosted, so that its security headers are in force."""
    with serving(tmp_path_factory.mktemp("server"), ("deploy.server",)) as server:
        yield server.url
        assert "Traceback" not in server.log.read_text(encoding="utf-8")


Visit = Callable[..., Page]
GIVEN = "--use-fake-ui-for-media-stream"
FAKE_DEVICES = "--use-fake-device-for-media-stream"
PLAIN_FLAGS = tuple(flag for flag in FLAGS if flag not in (GIVEN, FAKE_DEVICES))


@pytest.fixture
def visit(playwright: Playwright) -> Iterator[Visit]:
    """Opens an address in a Chromium of its own: what it has for devices is said when it starts."""
    started: list[Browser] = []

    def open_page(address: str, *flags: str, width: int = 1280) -> Page:
        own = playwright.chromium.launch(executable_path=chromium(), args=[*PLAIN_FLAGS, *flags])
        started.append(own)
        page = own.new_context(locale="en-GB", viewport={"width": width, "height": 900}).new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(address)
        return page

    yield open_page
    for own in started:
        own.close()


def open_recorder(page: Page, title: str = "Or record a video", button: str = "Turn on camera") -> None:
    page.get_by_text(title).click()
    page.get_by_role("button", name=button).click()


def tab_to(page: Page, button: str) -> None:
    """Press a button of the recorder as somebody does who has no mouse."""
    wanted = page.get_by_role("button", name=button)
    wanted.wait_for()
    for _ in range(8):
        if wanted.evaluate("e => e.getRootNode().activeElement === e"):
            page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{button} is not reached by the keyboard")


def devices(camera: Path, microphone: Path) -> tuple[str, ...]:
    files = (f"--use-file-for-fake-video-capture={camera}", f"--use-file-for-fake-audio-capture={microphone}")
    return (GIVEN, FAKE_DEVICES, *files)


def record(page: Page, seconds: float) -> None:
    page.get_by_role("button", name="Start recording").click()
    expect(page.get_by_role("status").filter(has_text="Recording starts in 3")).to_be_visible()
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible(timeout=20_000)
    expect(page.get_by_role("timer")).to_contain_text(f"0:0{seconds:.0f} /", timeout=30_000)
    stop.click()


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_five_seconds_of_a_face_and_a_voice_reach_the_result(
    site: str, visit: Visit, camera: Path, microphone: Path, container: str
):
    page = visit(site, *devices(camera, microphone))
    if container == "mp4":  # what Safari and others make; Chromium can, too
        page.evaluate(
            "() => { const all = MediaRecorder.isTypeSupported.bind(MediaRecorder);"
            " MediaRecorder.isTypeSupported = (type) => !type.includes('webm') && all(type); }"
        )
    open_recorder(page)
    expect(page.get_by_role("combobox", name="Microphone", exact=True).locator("option").first).to_be_attached()
    until(
        page,
        "() => { const all = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean);"
        " return all.some((root) => Number(root.querySelector('[role=meter]')?.ariaValueNow) > 10); }",
    )
    record(page, 5)
    expect(page.get_by_role("status").filter(has_text=re.compile("Recorded [56] seconds"))).to_be_visible()
    page.get_by_role("button", name="Analyse this recording").click()
    expect(page.get_by_role("heading", name=f"recording.{container}")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("tablist")).to_be_visible(timeout=240_000)
    expect(page.get_by_text(re.compile("^The voice (sounds|is not clear)"))).to_be_visible()
    expect(page.get_by_text(re.compile("^The face (looks|is not clear)"))).to_be_visible()
    until(page, "() => document.querySelector('video')?.readyState >= 1")
    assert 4.5 < page.evaluate("document.querySelector('video').duration") < 7
    assert page.evaluate("document.querySelector('video').seekable.end(0)") > 4.5


def test_it_can_be_recorded_again_or_discarded_and_the_camera_goes_off(
    site: str, visit: Visit, camera: Path, microphone: Path
):
    page = visit(site, *devices(camera, microphone), width=390)
    page.evaluate(
        "() => { const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); window.given = [];"
        " navigator.mediaDevices.getUserMedia = async (what) => { const stream = await ask(what);"
        " window.given.push(...stream.getTracks()); return stream; }; }"
    )
    live = "window.given.filter((track) => track.readyState === 'live').length"
    page.locator("summary").filter(has_text="Or record a video").focus()
    page.keyboard.press("Enter")  # from here to the countdown without a mouse
    tab_to(page, "Turn on camera")
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()
    assert barriers(page) == []
    tab_to(page, "Start recording")
    page.keyboard.press("Escape")  # the focus is on Cancel: the countdown ends
    expect(page.get_by_role("button", name="Start recording")).to_be_focused()
    assert page.evaluate(live) == 2
    record(page, 1)
    expect(page.get_by_role("button", name="Analyse this recording")).to_be_focused()
    assert barriers(page) == []
    assert page.evaluate(live) == 0, "nothing is filmed while the recording is looked at"
    page.get_by_role("button", name="Record again").click()
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    record(page, 1)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("button", name="Turn on camera")).to_be_focused()
    assert page.evaluate(live) == 0
    assert page.evaluate("window.given.length") == 4


@pytest.mark.parametrize(
    ("flags", "host", "english", "chinese"),
    [
        ((f"{GIVEN}=deny", FAKE_DEVICES), None, "were refused to this page", "未獲准使用"),
        ((GIVEN,), None, "No camera and no microphone were found", "找不到攝影機與麥克風"),
        (("--host-resolver-rules=MAP moodcue.test 127.0.0.1",), "moodcue.test", "https:// or on localhost", "https://"),
    ],
    ids=["refused", "no device", "insecure origin"],
)
def test_what_goes_wrong_is_said_in_a_sentence_that_helps(
    site: str, visit: Visit, flags: tuple[str, ...], host: str | None, english: str, chinese: str
):
    address = f"http://{host}:{urlsplit(site).port}" if host else site
    page = visit(address, *flags)
    open_recorder(page)
    expect(page.get_by_role("alert").filter(has_text=english)).to_be_visible()
    expect(page.get_by_role("button", name="Turn on camera")).to_be_visible()
    page.goto(f"{address}/?lang=zh-TW")
    open_recorder(page, "或錄一段自己的影片", "開啟攝影機與麥克風")
    expect(page.get_by_role("alert").filter(has_text=chinese)).to_be_visible()
