"""Music that may be used, for all visitors: the shelf, a studio that remembers how tracks sound, their addresses."""

from __future__ import annotations

import threading
from pathlib import Path

import streamlit as st

from pages.shared.services import clips
from recommender.mix import command, sources
from recommender.mix.score import Studio
from recommender.ranking.shelf import Shelf

_published: dict[Path, str] = {}
_lock = threading.Lock()


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The installed tracks, with what their sound says."""
    return command.stocked(sources.INSTALLED)[0]


@st.cache_resource(show_spinner=False)
def studio() -> Studio:
    return Studio(sources.installed_sounds(), command.described)


def address(path: Path) -> str | None:
    """Where the browser gets an installed track; None where the server has no such route."""
    with _lock:
        if path not in _published:
            secret = clips.publish(path)
            if secret is None:
                return None
            _published[path] = f"{clips.PREFIX}/{secret}"
        return _published[path]
