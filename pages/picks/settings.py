"""The visitor's say: to be remembered or not, to take everything along, to have everything deleted."""

from __future__ import annotations

import streamlit as st

from pages.shared.language import t
from pages.shared.services import memory
from pages.shared.ui.failures import calm

_SWITCH = "picks_consent"
_DELETED = "_picks_deleted"


def consent() -> bool:
    """The switch, off by default, with what is kept and for how long; whether it is on."""
    st.session_state[_SWITCH] = memory.consent()
    with st.container(border=True, key="consent_box"):
        given = st.toggle(t("picks.consent"), key=_SWITCH, on_change=_switched)
        st.caption(t("picks.consent.what"))
        st.caption(t("picks.consent.local" if memory.current().local else "picks.consent.remote"))
    removed = st.session_state.pop(_DELETED, None)
    if removed is not None:
        st.success(t("picks.deleted", count=removed), icon=":material/delete:")
    return given


def ways_out(count: int) -> None:
    """Everything as a table, and everything gone; the second asks again."""
    with st.container(horizontal=True):
        st.download_button(
            t("picks.export"),
            memory.history().export_csv().encode("utf-8-sig"),  # spreadsheets tell UTF-8 by its mark
            file_name="moodcue-picks.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="picks_export",
            disabled=not count,
        )
        with st.popover(t("picks.delete"), icon=":material/delete:", key="picks_delete"):
            st.markdown(t("picks.delete.sure", count=count))
            st.button(t("picks.delete.yes"), icon=":material/delete_forever:", key="picks_delete_yes", on_click=_delete)


def _switched() -> None:
    with calm():
        memory.agree(bool(st.session_state[_SWITCH]))


def _delete() -> None:
    with calm():
        st.session_state[_DELETED] = memory.forget()
