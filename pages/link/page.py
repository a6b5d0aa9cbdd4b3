"""A result that somebody shared: ``/link?id=...``. Not in the menu; whoever has the link sees it."""

from __future__ import annotations

import logging

import streamlit as st

from pages.link import shown
from pages.shared.language import t
from pages.shared.services import links
from pages.shared.ui.failures import calm
from recommender.errors import SnapshotError
from recommender.store import database, snapshot
from recommender.store.shares import Share, Shares

_log = logging.getLogger(__name__)


def found(public: str) -> Share | None:
    """The share of an id; nobody has a database made by asking."""
    return Shares().open(public) if public and database.is_there() else None


def nothing() -> None:
    """The same for a link that never was, has expired or was deleted."""
    st.title(t("link.none"), anchor=False)
    links.said()
    st.markdown(t("link.none.why"))


def read(share: Share) -> snapshot.Snapshot:
    try:
        return snapshot.from_json(share.payload)
    except SnapshotError:
        _log.warning("a shared result is damaged", exc_info=True)
        raise


def delete_with(public: str, secret: str) -> None:
    """For a button: delete the link for everybody."""
    with calm():
        if Shares().delete_with(public, secret):
            links.deleted()


with calm():
    asked, secret = st.query_params.get("id", ""), st.query_params.get("key", "")
    share = found(asked)
    if share is None:
        nothing()
    else:
        st.set_page_config(page_title=f"{share.title} · MoodCue")
        st.title(t("result.title", name=share.title), anchor=False)
        st.caption(t("link.lead", date=links.day(share.expires)))
        if secret and Shares().may_delete(asked, secret):
            with st.container(border=True, horizontal=True, vertical_alignment="center"):
                st.markdown(t("link.key"), width="stretch")
                st.button(
                    t("share.delete"),
                    icon=":material/delete:",
                    key="link_delete",
                    on_click=delete_with,
                    args=(asked, secret),
                )
        with calm():
            shown.show(read(share), share, asked)
if st.button(t("link.own"), icon=":material/graphic_eq:", key="link_own", type="primary"):
    st.switch_page("pages/analyse/page.py")
