"""The networks that hear what is taught, loaded once a process: pieces are heard by several at a time."""

from __future__ import annotations

import functools

from recommender.library.hear import Networks


@functools.cache
def networks() -> Networks:
    return Networks()
