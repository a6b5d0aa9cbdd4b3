"""All music: what may be used, which plays at once, then reference songs; search, filter, choose a region, share."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.music import filter_widgets, listing, own_folders, plane, usable_list
from pages.music.plane.points import measured
from pages.shared.language import t
from pages.shared.services import song_catalogue, studio
from pages.shared.ui.failures import calm
from recommender.songs.catalogue import Catalogue


@st.fragment
def explore(catalogue: Catalogue) -> None:
    """A filter, a region or a track runs this part of the page alone."""
    with calm():
        music = studio.everything()
        selection = filter_widgets.filters(catalogue)
        usable, reference = selection.usable(music), selection.shown(catalogue)
        listing.head(selection)
        left, right = st.columns([5, 3], gap="medium")
        with left:
            rows = selection.listed(usable, music.position, music.facts.measured)
            usable_list.show(music, rows, selection)
        with right:
            st.subheader(t("library.plane.title"), anchor=False)
            points = measured(music, catalogue)
            keep = np.concatenate([usable[points.usable], reference[points.reference]])
            alt = listing.in_words(points.emotion[keep])
            plane.show(points, keep, selection.area, alt, filter_widgets.area_chosen)
            st.caption(t("library.plane.how"))
        rows = selection.listed(reference, catalogue.position, catalogue.measured)
        listing.songs(catalogue, rows, selection)
        if selection.songs:  # below: a song that is put aside must not move the list under the pointer
            listing.shared(catalogue, selection)


st.title(t("library.title"))
with calm():
    songs = song_catalogue.catalogue()
    installed, elsewhere = len(studio.installed()), len(studio.open_catalogue())
    st.markdown(t("library.lead", installed=installed, open=elsewhere, reference=len(songs)))
    fault = song_catalogue.catalogue_fault()
    if fault is not None:
        st.caption(t("library.fallback", **fault.values))
    own_folders.show()
    explore(songs)
