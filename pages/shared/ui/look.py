"""What the theme's settings cannot say: a few rules of style."""

from __future__ import annotations

import functools
from typing import Final

import streamlit as st
from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

DARK: Final = """
[data-testid=stMultiSelect] [data-tag], [data-testid=stBaseButton-primary] { color: #16161b }
button[kind=tertiary]:is(:active, [aria-expanded=true]) { color: #a7a0f7 }
"""
"""Streamlit writes white on the dark theme's light violet, and pressed buttons without a frame in a deep blue: both
have too little contrast."""


ALL: Final = """
.js-plotly-plot, .js-plotly-plot * { touch-action: pan-y !important }
[data-testid=stSidebarNavLink]:focus-visible {
  outline: 3px solid var(--st-primary-color, #4b44a6); outline-offset: -3px }
[class*=st-key-sample_card_] { position: relative }
[class*=st-key-sample_card_] [data-testid=stElementToolbar] { display: none }
[class*=st-key-sample_card_] :is([data-testid=stElementContainer], [data-testid=stButton], button) {
  position: static !important }
[class*=st-key-sample_card_] button::after {
  content: ""; position: absolute; inset: 0; z-index: 1; border-radius: inherit }
[class*=st-key-aside_] button p { font-size: 0 }
[class*=st-key-aside_] button p::after { font-size: 1rem; content: "+" / "" }
[class*=st-key-aside_] button[kind=primary] p::after { content: "−" / "" }
[class*=st-key-song_row_] { flex-wrap: nowrap !important }
[class*=st-key-song_row_] > :last-child { flex: none }
"""
"""A finger that moves up or down over a chart scrolls the page; the focus on a page's name can be seen; a sample's
whole card starts it; a button that shows a sign is called by its words; a long title does not push its button down."""


# Plotly holds back every touch on a chart, even where nothing can be dragged: it need not hear of them. A tap still
# reaches it as the click that browsers make of it.
_TOUCH_JS: Final = """
export default function () {
  if (window.moodcueTouch) return;
  window.moodcueTouch = true;
  const spare = (event) => { if (event.target.closest?.('.js-plotly-plot')) event.stopPropagation(); };
  for (const kind of ['touchstart', 'touchmove']) {
    document.addEventListener(kind, spare, { capture: true, passive: true });
  }
}
"""


def dress() -> None:
    """Once a run, whatever the page."""
    st.html(f"<style>{ALL}</style>")
    with st.sidebar:
        _touch()(key="look_touch", height="content")
    if st.context.theme.type == "dark":
        st.html(f"<style>{DARK}</style>")


@functools.cache
def _touch() -> ComponentRenderer:
    return component("moodcue_touch", js=_TOUCH_JS, isolate_styles=False)
