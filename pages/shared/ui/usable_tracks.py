"""Tracks that may be used, each with its curve, cover and player; what lies elsewhere is fetched when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from emotion.errors import MoodCueError
from pages.shared.language import t
from pages.shared.services import covers, fetched, studio
from pages.shared.ui import failures, tracks
from recommender.players import open_sound
from recommender.songs.usable import Usable

_ASKED: Final = "_track_asked"


def show(found: Sequence[Usable], *, key: str) -> None:
    """The tracks as a list; ``key`` keeps two lists on one page apart."""
    said = _fetch(found, key)
    tracks.show([_row(track) for track in found], key=key, on_fetch=lambda asked: ask(key, asked), said=said)


def _row(track: Usable) -> tracks.Row:
    """The track with its curve, its cover and its address, as far as they are there."""
    sound = studio.sound_of(track) or fetched.sound_of(track)
    return tracks.Row(
        track, sound, studio.address_of(track), covers.small(track), 0.0 if sound is None else sound.start_s
    )


def ask(key: str, track_id: str) -> None:
    """For widgets: the list of that ``key`` fetches the track when it is drawn."""
    st.session_state[f"{_ASKED}_{key}"] = track_id


def _fetch(found: Sequence[Usable], key: str) -> str:
    """Fetch what was asked for; gives the sentence that says why it did not come, or nothing."""
    asked = st.session_state.pop(f"{_ASKED}_{key}", None)
    track = next((t for t in found if t.id == asked), None)
    if track is None:
        return ""
    try:
        with st.spinner(t("tracks.fetching")):
            path = track.file or open_sound.sound_of(track)
            studio.address(path)  # a copy is made here where browsers do not play the file
        if track.file is None:
            fetched.hear_soon(track)
    except MoodCueError as e:
        return failures.plain(e)
    return ""
