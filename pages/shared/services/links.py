"""Links to shared results as pages show them: who made which, where they lead, when they end.

The database knows a link by its hash alone; its address is known to the visit in which it was made.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from emotion.errors import MoodCueError
from pages.shared import language
from pages.shared.language import t, t_plain
from pages.shared.services import memory
from pages.shared.ui import copying
from pages.shared.ui.failures import calm
from recommender.store import database
from recommender.store.shares import Made, Share, Shares

PAGE: Final = "link"
TIDY_S: Final = 3600.0
_MADE: Final = "_links"
_DELETED: Final = "_link_deleted"

_log = logging.getLogger(__name__)


def made() -> dict[str, Made]:
    """The links made in this visit that still stand, by their key."""
    return st.session_state.setdefault(_MADE, {})


def mine() -> list[Share]:
    """The visitor's links, the newest first; a visitor who has none has no database made for them.

    Raises:
        MemoryUnavailable: there is no database.
    """
    return Shares().of(memory.current().visitor) if database.is_there() else []


def delete(key: str) -> None:
    """For a button: delete a link of this visitor, and say so where :func:`said` is called."""
    with calm():
        Shares().delete(key, memory.current().visitor)
        made().pop(key, None)
        deleted()


def deleted() -> None:
    """Remember to say it: see :func:`said`."""
    st.session_state[_DELETED] = True


def said() -> None:
    """That a link was deleted just now, once."""
    if st.session_state.pop(_DELETED, False):
        st.success(t("share.deleted"), icon=":material/delete:")


def show(share: Share, place: str) -> None:
    """One link of this visitor: what it is called, its address where known, when it ends, and its end."""
    with st.container(border=True, key=f"{place}_{share.key}", gap="small"):
        row = t("share.row", title=share.title, made=day(share.created), date=day(share.expires))
        st.markdown(row + (" · " + t("share.with_clip") if share.clip else ""))
        here = made().get(share.key)
        if here is not None:
            address(here.id, key=f"{place}_copy_{share.key}")
        st.button(
            t("share.delete"),
            icon=":material/delete:",
            key=f"{place}_delete_{share.key}",
            help=t("share.delete.help", title=share.title),
            on_click=delete,
            args=(share.key,),
        )


def address(public: str, *, key: str) -> None:
    copying.field(f"{PAGE}?id={public}", key=key, label=t_plain("share.link"), copy=t_plain("share.copy"))
    if memory.current().local:
        st.caption(":material/computer: " + t("share.local"))


def address_to_delete(here: Made, *, key: str) -> None:
    """For a visitor who is not known again: the address that deletes the link."""
    path = f"{PAGE}?id={here.id}&key={here.secret}"
    copying.field(path, key=key, label=t_plain("share.key"), copy=t_plain("share.key.copy"))


def day(at: float) -> str:
    """The date of a Unix time where the visitor is."""
    return language.date(datetime.fromtimestamp(at, _zone(st.context.timezone)))


def _zone(name: str | None) -> tzinfo:
    """The browser's time zone; UTC where it is none that is known here, as ``Etc/Unknown``."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


@functools.cache
def keep_tidy() -> None:
    """Delete what has expired, at the server's start and every hour, whether visitors come or not."""

    def run() -> None:
        while True:
            try:
                if database.is_there():
                    Shares().purge()
            except (MoodCueError, OSError):
                _log.warning("expired links could not be deleted", exc_info=True)
            time.sleep(TIDY_S)

    threading.Thread(target=run, name="tidy", daemon=True).start()
