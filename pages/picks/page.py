"""What is remembered of the visitor, on their say-so: the switch, the list, what was learned, and a way out."""

from __future__ import annotations

import streamlit as st

from pages.picks import listing, settings
from pages.shared.language import t
from pages.shared.services import links, memory
from pages.shared.ui.failures import calm

st.title(t("picks.title"), anchor=False)
st.markdown(t("picks.lead"))
with calm():
    given = settings.consent()
    memory.keep_cookie(given)
    events = memory.history().events() if memory.current().known else []
    with calm():
        listing.taste(events, given)
    listing.events(events)
    shared = links.mine()
    listing.links_shared(shared)
    if shared or events or given:
        settings.ways_out(len(events))
