"""A file that one page hands to the Analyse page: pages know of each other's addresses alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

ANALYSE: Final = "pages/analyse/page.py"
_KEY: Final = "_handed_over"


def give(path: Path, name: str) -> None:
    """Go to the Analyse page with a file of the visitor's folder; ``name`` is what it is to be called."""
    st.session_state[_KEY] = path, name
    st.switch_page(ANALYSE)


def taken() -> tuple[Path, str] | None:
    """What was handed over, once."""
    return st.session_state.pop(_KEY, None)
