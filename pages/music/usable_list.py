"""Music to use: a page of tracks that play at once, those of an open catalogue once they have been fetched."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from emotion.errors import MoodCueError
from pages.music import listing
from pages.music.selection import Selection
from pages.shared.language import t
from pages.shared.services import covers, fetched, studio
from pages.shared.ui import failures, tracks
from recommender.songs.collection import Collection
from recommender.songs.usable import Usable

PER_PAGE: Final = 8
KEY: Final = "usable_tracks"
_ASKED: Final = "_track_asked"


def show(collection: Collection, rows: npt.NDArray[np.intp], selection: Selection) -> None:
    """How many there are, and a page of them."""
    st.subheader(t("library.use.title", count=len(rows)), anchor=False)
    st.caption(t("library.use.how"))
    if not len(rows):
        st.info(t("library.use.none"), icon=":material/search_off:")
        return
    page = listing.page_of(len(rows), PER_PAGE, "use_page", selection)
    shown = [collection.tracks[int(i)] for i in rows[(page - 1) * PER_PAGE : page * PER_PAGE]]
    said = _fetch(collection)
    tracks.show([row(t) for t in shown], key=KEY, on_fetch=_ask, said=said)


def row(track: Usable, start_s: float = 0.0) -> tracks.Row:
    """The track with its curve, its cover and its address, as far as they are there."""
    sound = studio.sound_of(track) or fetched.sound_of(track)
    return tracks.Row(track, sound, studio.address_of(track), covers.small(track), start_s)


def _ask(track_id: str) -> None:
    st.session_state[_ASKED] = track_id


def _fetch(collection: Collection) -> str:
    """Fetch what was asked for; gives the sentence that says why it did not come, or nothing."""
    track = collection.of(st.session_state.pop(_ASKED, ""))
    if track is None:
        return ""
    try:
        with st.spinner(t("tracks.fetching")):
            fetched.fetch(track)
        fetched.hear_soon(track)
    except MoodCueError as e:
        return failures.plain(e)
    return ""
