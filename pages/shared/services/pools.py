"""The pools of the process: heavy work, and links that wait for the network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, TypeVar

import streamlit as st

from pages.shared.services.jobs import Pool

if TYPE_CHECKING:
    from pages.shared.services.visitors import Kept

T = TypeVar("T")
LONG_S: Final = 900.0


@st.cache_resource(show_spinner=False)
def fetch_pool() -> Pool[Kept]:
    """Links are fetched apart from the analyses: they wait for the network, not for the processor."""
    return Pool(workers=3, waiting=16, kept=0)


@st.cache_resource(show_spinner=False)
def pool() -> Pool[Any]:
    """The one pool of the process."""
    return Pool(workers=2, weigh=weight)


def weight(result: object) -> float:
    """A result of two hours takes as much memory as all that is remembered of short clips."""
    timeline = getattr(result, "timeline", None)
    return max(1.0, timeline.clip.duration_s / LONG_S) if timeline is not None else 1.0


def in_background(load: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(load())
        except BaseException as e:
            future.set_exception(e)

    threading.Thread(target=run, name="warm", daemon=True).start()
    return future
