"""The whole catalogue on the valence-arousal plane: search, filter, choose a region, play, share."""

from __future__ import annotations

import streamlit as st

from pages.music import filter_widgets, listing, plane
from pages.music.plane.points import on_moods, places
from pages.shared.language import t
from pages.shared.services import song_catalogue
from pages.shared.ui.failures import calm
from recommender.songs.catalogue import Catalogue


@st.fragment
def explore(catalogue: Catalogue) -> None:
    """A filter, a region or a song runs this part of the page alone."""
    with calm():
        selection = filter_widgets.filters(catalogue)
        keep = selection.shown(catalogue)
        rows = selection.listed(catalogue, places(catalogue))
        placed = "moods" if on_moods(catalogue) else "measured"
        st.caption(t("library.plane.how") + " " + t(f"library.plane.{placed}"))
        plane.show(catalogue, keep, selection.area, listing.in_words(catalogue, rows), filter_widgets.area_chosen)
        listing.songs(catalogue, rows, selection)
        if selection.songs:  # below: a song that is put aside must not move the list under the pointer
            listing.shared(catalogue, selection)


st.title(t("library.title"))
with calm():
    songs = song_catalogue.catalogue()
    st.markdown(t("library.lead", count=len(songs)))
    fault = song_catalogue.catalogue_fault()
    if fault is not None:
        st.caption(t("library.fallback", **fault.values))
    explore(songs)
