"""Picked or skipped: the same two buttons under a song wherever it stands, there only with the visitor's consent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

import streamlit as st

from pages.shared.language import t
from pages.shared.services import memory
from pages.shared.ui import song
from recommender.songs.catalogue import Track

Choice = Literal["pick", "skip"]
ICONS: Final[dict[Choice, str]] = {"pick": ":material/thumb_up:", "skip": ":material/thumb_down:"}


def made() -> Mapping[str | None, str] | None:
    """What was said of which song, the last time counting; None where nothing is recorded."""
    if not memory.consent():
        return None
    return {e.track_id: e.kind for e in reversed(memory.choices())}


def buttons(track: Track, said: str | None, place: str, choose: Callable[[Choice], None]) -> None:
    """``said`` is what was said before ("" nothing yet, None: not recorded here, and so no buttons)."""
    if said is None:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for kind, icon in ICONS.items():
            st.button(
                t(f"picks.{kind}.done" if said == kind else f"picks.{kind}"),
                icon=icon,
                key=f"{kind}_{place}_{track.id}",
                help=t(f"picks.{kind}.help", title=track.title),
                type="primary" if said == kind else "tertiary",
                disabled=said == kind,
                on_click=choose,
                args=(kind,),
            )


def record(kind: Choice, track: Track, *, emotion: str | None, clip_sha256: str | None = None) -> bool:
    """Remember it, with the video if one was shown; whether it was."""
    video = st.session_state.get(song.video_key(track))
    return memory.record(kind, track=track, emotion=emotion, video_id=video, clip_sha256=clip_sha256)
