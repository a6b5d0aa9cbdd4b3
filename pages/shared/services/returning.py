"""A visit that goes on after a reload: found again by an id in the address, by the same browser alone.

Streamlit gives a reloaded page a new session. The id in the address (``?r=...``) is 128 random bits; it is good for
the browser that holds this visit's cookie, which ends with the browser, so an address that was sent on opens nothing.
"""

from __future__ import annotations

import functools
import re
import secrets
import threading
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st
from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from pages.shared.services.visitors import Visitor

QUERY: Final = "r"
COOKIE: Final = "moodcue_visit"
MOST: Final = 500
_KEY: Final = "_returning"
_NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")
_COOKIE_JS: Final = """
export default function ({ data }) {
  const safe = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${data.name}=${data.value}; Path=/; SameSite=Strict${safe}`;
}
"""


@dataclass(frozen=True)
class Held:
    """What a reload brings back: the visitor with their folder, and what the page kept."""

    browser: str
    visitor: Visitor
    value: Any


_lock = threading.Lock()
_held: dict[str, Held] = {}


def keep(visitor: Visitor, value: Any) -> None:
    """Have this result found again; called on each run that shows it. Writes the address and the cookie."""
    public = st.session_state.setdefault(_KEY, secrets.token_urlsafe(16))
    number = browser()
    with _lock:
        _held[public] = Held(number, visitor, value)
        for gone in [key for key, held in _held.items() if held.visitor.freed] + list(_held)[
            : max(0, len(_held) - MOST)
        ]:
            _held.pop(gone, None)
    if st.query_params.get(QUERY) != public:
        st.query_params[QUERY] = public


def found() -> Held | None:
    """What the address names, where this browser may have it and it is still there."""
    public = st.query_params.get(QUERY)
    if public is None or public == st.session_state.get(_KEY):
        return None
    with _lock:
        held = _held.get(public)
    same = held is not None and secrets.compare_digest(held.browser, str(st.context.cookies.get(COOKIE, "")))
    if held is None or not same or held.visitor.freed:
        return None
    st.session_state[_KEY] = public
    return held


def forget() -> None:
    """The result is gone: the address leads to an empty page again."""
    public = st.session_state.pop(_KEY, None)
    with _lock:
        _held.pop(public or "", None)
    st.query_params.pop(QUERY, None)


def browser() -> str:
    """This browser's number for the visit, in a cookie that lasts as long as the browser is open."""
    known = str(st.context.cookies.get(COOKIE, ""))
    if not _NUMBER.fullmatch(known):
        known = st.session_state.setdefault(f"{_KEY}_browser", secrets.token_urlsafe(24))
        _cookie()(key="visit_cookie", data={"name": COOKIE, "value": known}, height="content")
    return known


@functools.cache
def _cookie() -> ComponentRenderer:
    return component("moodcue_visit", js=_COOKIE_JS, isolate_styles=False)
