"""The live page with a made-up webcam that shows a real face and speaks, and where no connection can be made."""

from __future__ import annotations

import re
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager

import av
import numpy as np
import pytest
from playwright.sync_api import Page, Playwright

from emotion import media
from tests.browser.axe import barriers
from tests.browser.conftest import FLAGS, ROOT, TIMEOUT_MS, Server, chromium, until

SAMPLE = ROOT / "assets" / "samples" / "good-news.mp4"


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The sample as Chromium's fake camera and microphone."""
    folder = tmp_path_factory.mktemp("devices")
    picture, sound = folder / "camera.y4m", folder / "microphone.wav"
    with av.open(str(SAMPLE)) as source, av.open(str(picture), "w", format="yuv4mpegpipe") as out:
        stream = out.add_stream("rawvideo", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for frame in source.decode(video=0):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame.to_ndarray(format="yuv420p"), format="yuv420p")))
        out.mux(stream.encode())
    y = media.read_sound(SAMPLE, 48_000)
    with wave.open(str(sound), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(48_000)
        w.writeframes((np.clip(y, -1, 1) * 32767).astype("<i2").tobytes())
    return f"--use-file-for-fake-video-capture={picture}", f"--use-file-for-fake-audio-capture={sound}"


@contextmanager
def visit(
    playwright: Playwright,
    server: Server,
    flags: tuple[str, ...],
    locale: str = "en-US",
    width: int = 1280,
    refused: bool = False,
) -> Iterator[Page]:
    ui = "--use-fake-ui-for-media-stream"
    own = [f"{ui}=deny" if refused and flag == ui else flag for flag in FLAGS]
    browser = playwright.chromium.launch(executable_path=chromium(), args=[*own, *flags])
    try:
        context = browser.new_context(
            locale=locale,
            viewport={"width": width, "height": 1000},
            permissions=[] if refused else ["camera", "microphone"],
        )
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        strangers: list[str] = []
        ours = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(ours) else strangers.append(r.url))
        page.goto(f"{server.url}/live")
        page.locator("h1").first.wait_for()
        yield page
        assert strangers == []
    finally:
        browser.close()


def press(page: Page, name: str) -> None:
    page.frame_locator("iframe").first.get_by_role("button", name=name, exact=True).click()


def curves(page: Page) -> list[str | None]:
    """The areas of the timeline as they are drawn now."""
    return [path.get_attribute("d") for path in page.locator(".st-key-live_timeline .fills path").all()]


def kept(server: Server) -> list[str]:
    return [path.name for path in server.files() if path.parent.name == "live"]


def test_face_and_voice_are_read_as_they_come_and_kept_where_asked(
    playwright: Playwright, server: Server, devices: tuple[str, ...]
) -> None:
    with visit(playwright, server, devices) as page:
        press(page, "Start")
        page.get_by_role("heading", name=re.compile("^Now: ")).wait_for()
        page.locator(".st-key-live_timeline .js-plotly-plot:visible").first.wait_for()
        page.get_by_text("Fits now:").wait_for()
        page.get_by_text(re.compile("frames a second are read")).first.wait_for()
        before = curves(page)
        until_s = time.monotonic() + 30  # a second on a quiet machine
        while curves(page) == before:
            assert time.monotonic() < until_s, "the timeline stands still"
            page.wait_for_timeout(500)
        until(page, "document.querySelector('.st-key-live_timeline')?.textContent.includes('Voice')", timeout=150_000)
        video = page.frame_locator("iframe").first.locator("video")
        assert video.evaluate("v => v.videoWidth") > 0
        assert kept(server) == [], "nothing is recorded that was not asked for"
        page.get_by_text("Keep the last 5 minutes").click()
        page.get_by_text(re.compile("Recording, 0:0[5-9]")).wait_for()
        assert kept(server)
        press(page, "Stop")
        page.get_by_text("Press Start and allow", exact=False).wait_for()
        page.get_by_role("button", name="Throw away").wait_for()
        assert barriers(page) == []
        page.get_by_role("button", name="Analyse this stretch").click()
        page.get_by_role("heading", level=1).filter(has_text="live stretch.mp4").wait_for(timeout=180_000)
        page.get_by_role("tablist").wait_for(timeout=180_000)
        page.get_by_text(re.compile("^The face (looks|is not clear)")).wait_for()
        page.get_by_text(re.compile("^The voice (sounds|is not clear)")).wait_for()
        assert kept(server) == [], "the clip has its place"


def test_where_nothing_connects_the_page_says_so_and_offers_recording(
    playwright: Playwright, server: Server, devices: tuple[str, ...]
) -> None:
    policy = "webrtc-ip-handling-policy=disable_non_proxied_udp"
    blocked = (*devices, f"--{policy}", f"--force-{policy}")
    with visit(playwright, server, blocked, "zh-TW", 390) as page:
        press(page, "開始")
        page.get_by_text("無法建立即時連線", exact=False).wait_for()
        page.get_by_text("改為錄製一段").click()
        page.get_by_role("heading", level=1).filter(has_text="配樂").wait_for()


def test_a_refused_camera_is_said_in_the_visitors_language(playwright: Playwright, server: Server) -> None:
    with visit(playwright, server, (), "zh-TW", 390, refused=True) as page:
        press(page, "開始")
        said = page.frame_locator("iframe").first.locator(".MuiAlert-message[data-words]")
        said.wait_for()
        assert "未允許" in (said.get_attribute("data-words") or "")
        start = page.frame_locator("iframe").first.get_by_role("button", name="開始", exact=True)
        start.click(trial=True)  # the longer text does not push it out of its frame
        assert page.get_by_text("改為錄製一段").is_visible()


def test_the_live_page_fits_a_phone(playwright: Playwright, server: Server, devices: tuple[str, ...]) -> None:
    with visit(playwright, server, devices, width=390) as page:
        page.frame_locator("iframe").first.get_by_role("button", name="Start", exact=True).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
