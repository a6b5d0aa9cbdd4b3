"""The whole catalogue on the valence-arousal plane: search, filter, choose a region, play, share."""

from __future__ import annotations

import streamlit as st

from pages.music import choosing, listing, plane
from pages.shared import cached
from pages.shared.failures import calm
from pages.shared.language import t, t_plain

st.title(t("library.title"))
with calm():
    catalogue = cached.catalogue()
    st.markdown(t("library.lead", count=len(catalogue)))
    selection = choosing.filters(catalogue)
    keep = selection.shown(catalogue)
    rows = selection.listed(catalogue, plane.places(catalogue))

    if selection.songs:
        listing.shared(catalogue, selection)
    st.caption(t("library.plane.how"))
    st.plotly_chart(
        plane.figure(catalogue, keep, selection.area, t_plain),
        key=choosing.PLANE,
        on_select=choosing.area_chosen,
        selection_mode=("box",),
        alt=listing.in_words(catalogue, rows),
        config={"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "autoScale2d", "toImage"]},
    )
    listing.songs(catalogue, rows, selection)
