"""Between WebRTC and :mod:`emotion.live`: frames in, drawn frames out; settings from the environment."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay
from streamlit.runtime.runtime import Runtime
from streamlit_webrtc import relay

from emotion import settings
from emotion.errors import SettingError
from emotion.live import Live
from pages.live import drawing
from pages.live.live_recording import Keeping

CONNECT_S: Final = 10.0
"""Without a frame for so long after the start, the page says that the connection cannot be made."""
CONSTRAINTS: Final[dict[str, Any]] = {
    "video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 25, "max": 30}},
    "audio": True,
}

_log = logging.getLogger(__name__)


def ice_servers() -> list[dict[str, Any]]:
    """The STUN and TURN servers of ``MOODCUE_ICE_SERVERS``, a JSON list as WebRTC has it; none by default."""
    try:
        return list(settings.ICE_SERVERS.read())
    except SettingError as e:
        _log.error("%s None is used.", e)
        return []


class NewestOnly(MediaRelay):
    """Hands each picture on once and only while it is the newest, and all of the sound: nothing queues up.

    streamlit-webrtc's own relay keeps every picture until it is taken; where a machine reads or encodes fewer
    than come, both the delay and the memory would grow without end. And until the next one is read, its
    pictures come again and again: encoding them would take more of the processor than reading them.
    """

    def subscribe(self, track: MediaStreamTrack, buffered: bool = True) -> MediaStreamTrack:
        if track.kind != "video":
            return super().subscribe(track, buffered)
        return _Once(super().subscribe(track, buffered=False))


class _Once(MediaStreamTrack):
    """A track without the pictures that it repeats."""

    kind = "video"

    def __init__(self, track: MediaStreamTrack) -> None:
        super().__init__()
        self._track, self._last = track, None
        track.on("ended", self.stop)

    async def recv(self) -> Any:
        while (frame := await self._track.recv()) is self._last:
            pass
        self._last = frame
        return frame

    def stop(self) -> None:
        super().stop()
        self._track.stop()


def drop_rather_than_queue() -> None:
    """Have the server's connections use :class:`NewestOnly`; before the first of them is made."""
    runtime, name = Runtime.instance(), relay._SERVER_GLOBAL_RELAY_ATTR_NAME_
    if not hasattr(runtime, name):
        setattr(runtime, name, NewestOnly())


def on_video(live: Live, names: Callable[[str], str], keeping: Keeping) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """The callback for frames. It runs in a thread of its own, on the newest frame: older ones are dropped."""

    def callback(frame: av.VideoFrame) -> av.VideoFrame:
        begin_s = time.monotonic()
        keeping.picture(frame, begin_s)
        try:
            rgb = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            faces = live.see(rgb, begin_s, time.monotonic)
            return av.VideoFrame.from_ndarray(drawing.draw(rgb, faces, names), format="rgb24")
        except Exception:
            _log.exception("a live frame could not be read")
            return frame

    return callback


def on_audio(live: Live, keeping: Keeping) -> Callable[[av.AudioFrame], None]:
    """The callback for each frame of sound. It runs on the event loop, and so only stores."""

    def callback(frame: av.AudioFrame) -> None:
        y = frame.to_ndarray()
        if not frame.format.is_planar:
            y = y.reshape(-1, frame.layout.nb_channels).T
        now_s = time.monotonic()
        live.hear(y, frame.sample_rate, now_s)
        keeping.sound(frame, now_s)

    return callback


@functools.cache
def named(language: str) -> Callable[[str], str]:
    """Emotions in the visitor's language, as far as the fonts at hand can write it."""
    from emotion.messages import message

    spoken = language if language == "en" or drawing.can_write_chinese() else "en"
    return functools.partial(_name, message, spoken)


def _name(message: Callable[..., str], language: str, emotion: str) -> str:
    return message(f"emotion.{emotion}", language)
