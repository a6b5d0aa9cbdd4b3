"""What the theme's settings cannot say: a few rules of style."""

from __future__ import annotations

from typing import Final

import streamlit as st

DARK: Final = """
[data-testid=stMultiSelect] [data-tag], [data-testid=stBaseButton-primary] { color: #16161b }
button[kind=tertiary]:is(:active, [aria-expanded=true]) { color: #a7a0f7 }
"""
"""Streamlit writes white on the dark theme's light violet, and pressed buttons without a frame in a deep blue: both
have too little contrast."""


def dress() -> None:
    """Once a run, whatever the page."""
    if st.context.theme.type == "dark":
        st.html(f"<style>{DARK}</style>")
