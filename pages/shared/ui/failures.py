"""Failures as sentences in the visitor's language; a traceback goes to the log alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from emotion.errors import Cancelled, MoodCueError
from pages.shared.language import known, t, t_plain

_log = logging.getLogger(__name__)


def sentence(error: BaseException) -> str:
    """Markdown; what the error quotes is escaped."""
    if isinstance(error, MoodCueError) and known(error.key):
        return t(error.key, **error.values)
    return t("error.unexpected")


def plain(error: BaseException) -> str:
    """The same where no Markdown is read."""
    if isinstance(error, MoodCueError) and known(error.key):
        return t_plain(error.key, **error.values)
    return t_plain("error.unexpected")


def show(error: BaseException) -> None:
    """The sentence on the page; a cancel is what the visitor asked for and needs no red.

    What the system or a library said of the cause is for the log: it is in no language of the page's.
    """
    if isinstance(error, MoodCueError) and "cause" in error.values:
        _log.warning("%s", error)
    if isinstance(error, Cancelled):
        st.info(sentence(error), icon=":material/info:")
    else:
        st.error(sentence(error), icon=":material/error:")


@contextmanager
def calm() -> Iterator[None]:
    """Whatever fails inside becomes a sentence in its place; the rest of the page stands."""
    try:
        yield
    except MoodCueError as e:
        show(e)
    except Exception as e:
        _log.exception("a part of the page failed")
        show(e)
