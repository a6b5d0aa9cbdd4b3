"""Between WebRTC and :mod:`emotion.live`: frames in, drawn frames out; settings from the environment."""

from __future__ import annotations

import functools
import json
import logging
import os
import time
from collections.abc import Callable
from typing import Any, Final

import av
import numpy as np

from emotion.live import Live
from pages.live import drawing
from pages.live.keeping import Keeping

CONNECT_S: Final = 10.0
"""Without a frame for so long after the start, the page says that the connection cannot be made."""
ICE_SERVERS: Final = "MOODCUE_ICE_SERVERS"
CONSTRAINTS: Final[dict[str, Any]] = {
    "video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 20, "max": 30}},
    "audio": True,
}

_log = logging.getLogger(__name__)


def ice_servers() -> list[dict[str, Any]]:
    """The STUN and TURN servers of ``MOODCUE_ICE_SERVERS``, a JSON list as WebRTC has it; none by default."""
    text = os.environ.get(ICE_SERVERS, "").strip()
    if not text:
        return []
    try:
        servers = json.loads(text)
    except ValueError:
        servers = None
    if not isinstance(servers, list) or not all(isinstance(s, dict) and "urls" in s for s in servers):
        _log.error("%s is not a JSON list of servers with urls; none is used", ICE_SERVERS)
        return []
    return servers


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
