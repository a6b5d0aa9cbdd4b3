"""Music to use: a page of tracks that play at once, those of an open catalogue once they have been fetched."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages.music import listing
from pages.music.selection import Selection
from pages.shared.language import t
from pages.shared.ui import usable_tracks
from recommender.songs.collection import Collection

PER_PAGE: Final = 8
KEY: Final = "usable_tracks"


def show(collection: Collection, rows: npt.NDArray[np.intp], selection: Selection) -> None:
    """How many there are, and a page of them."""
    st.subheader(t("library.use.title", count=len(rows)), anchor=False)
    st.caption(t("library.use.how"))
    if not len(rows):
        st.info(t("library.use.none"), icon=":material/search_off:")
        return
    page = listing.page_of(len(rows), PER_PAGE, "use_page", selection)
    usable_tracks.show([collection.tracks[int(i)] for i in rows[(page - 1) * PER_PAGE : page * PER_PAGE]], key=KEY)
