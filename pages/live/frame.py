"""The words in streamlit-webrtc's own frame: those it takes as an argument, and those it writes in English alone."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Final

from streamlit.components.v2 import component

from pages.shared.language import t_plain

BUTTONS: Final = (
    *("start", "stop", "select_device", "media_api_not_available", "device_ask_permission"),
    *("device_not_available", "device_access_denied", "turn_camera_on", "turn_camera_off"),
    *("mute_microphone", "unmute_microphone", "select_camera", "select_microphone"),
)
HINTS: Final = {
    "Connection is taking longer": "live.slow",
    "NotAllowedError": "live.button.device_access_denied",
    "SecurityError": "live.button.device_access_denied",
    "NotFoundError": "live.button.device_not_available",
    "OverconstrainedError": "live.button.device_not_available",
    "NotReadableError": "live.in_use",
}
"""How its own messages begin (the latter are the browser's), and what we say instead."""


def translations() -> Any:
    return {key: t_plain(f"live.button.{key}") for key in BUTTONS}


def show() -> None:
    """Has no looks of its own: it works on the frame."""
    _mounted()(key="live_frame", data={"words": [[begin, t_plain(key)] for begin, key in HINTS.items()]})


@functools.cache
def _mounted() -> Any:
    return component("moodcue_live_frame", js=Path(__file__).with_name("frame.js").read_text(encoding="utf-8"))
