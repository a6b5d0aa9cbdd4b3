"""The models, loaded once for all visitors, and what else the first result needs."""

from __future__ import annotations

import importlib
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from emotion import heap
from pages.shared.services import song_catalogue
from pages.shared.services.pools import in_background

if TYPE_CHECKING:
    from emotion.pipeline import Readers

AFTER_S: Final = 0.3
"""So long the browser has the processor to itself, to draw the first page."""


def _healthy(loading: Future[Any]) -> bool:
    return not (loading.done() and loading.exception() is not None)


@st.cache_resource(show_spinner=False, validate=_healthy)
def readers() -> Future[Readers]:
    """The models, loading in a thread of their own from the first call on; a failure is tried again."""

    def load() -> Readers:
        from emotion.pipeline import load_readers

        return load_readers()

    return in_background(load)


@st.cache_resource(show_spinner=False)
def warm(*modules: str) -> Future[None]:
    """Load what the first result needs, and the modules that draw it, while the visitor still looks for a clip.

    A clip that comes before that loads the models itself.
    """

    def load() -> None:
        time.sleep(AFTER_S)
        readers().exception()
        song_catalogue.catalogue()
        import plotly.graph_objects
        import plotly.subplots

        del plotly
        for module in modules:
            importlib.import_module(module)
        if modules:
            _music()
        heap.settle()

    return in_background(load)


def _music() -> None:
    """What the cue sheet of a first result ranks."""
    from pages.shared.services import studio

    studio.shelf()
    studio.elsewhere()


@st.cache_resource(show_spinner=False)
def warm_sound() -> None:
    """librosa takes seconds and 130 MB at its first use: not before there is a result to look at."""

    def load() -> None:
        import numpy as np

        from emotion import signals

        noise = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32)
        signals.mfcc(signals.trim(noise)[0], 22_050)
        heap.settle()

    in_background(load)
