"""Record a clip in the browser, picture and sound together: a component of our own around MediaRecorder.

``recorder.js`` opens camera and microphone when a button is pressed, records, and hands the recording
over in parts; each part is acknowledged through ``data`` before the next one is sent. What arrives goes
the way of an upload.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from emotion import media, settings
from emotion.media.fence import seekable
from pages.analyse import session
from pages.analyse.recorder.parts import Part, Recording
from pages.shared.language import language, t_plain
from pages.shared.ui.components import mounted

KEY: Final = "analyse_recorder"
STATE: Final = "_recording"
STRINGS: Final = (
    *("hint", "open", "record", "stop", "use", "again", "cancel", "discard", "close"),
    *("preview", "playback", "time", "level", "camera", "microphone"),
    *(
        "asking",
        "ready",
        "counting",
        "recording",
        "quiet",
        "review",
        "sending",
        "sent",
        "cancelled",
        "discarded",
        "closed",
    ),
    *("insecure", "unsupported", "refused", "embedded", "in_use", "lost", "failed", "not_sent"),
    *("no_device", "no_camera", "no_microphone"),
)
"""The keys of ``assets/locale/recorder.*.json`` that the browser shows; it fills ``{seconds}`` and ``{limit}``."""


def limit_s() -> float:
    """``MOODCUE_RECORD_SECONDS`` (60), never longer than a clip may be."""
    limits = media.Limits.from_environment()
    return min(settings.RECORD_SECONDS.read(), limits.max_duration_s - 1)


@st.fragment
def show() -> None:
    """The recorder; a finished recording starts its analysis."""
    recording = _recording()
    data = {
        "language": language().replace("_", "-"),
        "strings": {key: t_plain(f"recorder.{key}", seconds="{seconds}", limit="{limit}") for key in STRINGS},
        "limit_s": limit_s(),
        "max_bytes": media.Limits.from_environment().max_bytes,
        "received": {"id": recording.id, "next": recording.next},
    }
    mounted(Path(__file__).with_name("recorder"))(key=KEY, data=data, on_part_change=_received)
    if st.session_state.pop(f"{STATE}_done", False):
        st.rerun()


def _recording() -> Recording:
    return st.session_state.setdefault(STATE, Recording())


def _received() -> None:
    """Runs before the page does, so that the page acknowledges the part."""
    part = Part.parse(st.session_state[KEY].get("part"))
    if part is None:
        return
    if part.id != _recording().id and part.index == 0:
        st.session_state[STATE] = Recording(part.id)
    recording = _recording()
    name = t_plain("recorder.name") + part.suffix
    try:
        if not recording.take(part, name, media.Limits.from_environment().max_bytes):
            return
        recording.file.seek(0)
        session.open_file(seekable(recording.file, part.suffix), name)
    except Exception as e:
        recording.next = part.parts  # the browser need not send the rest
        session.start_over(e)
    recording.file.close()
    st.session_state[f"{STATE}_done"] = True
