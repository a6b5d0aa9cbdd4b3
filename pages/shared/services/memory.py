"""What is remembered of a visitor: one place for the consent, who the visitor is, and every record.

Nothing is written without consent, and the clip never. On one's own machine there is one visitor,
``history.LOCAL_VISITOR``; elsewhere a visitor is a random number, and only who agrees gets a cookie with it.
"""

from __future__ import annotations

import functools
import ipaddress
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import streamlit as st
from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from emotion.errors import MoodCueError
from pages.shared.ui import failures

if TYPE_CHECKING:
    from recommender.ranking.taste import Taste
    from recommender.songs.catalogue import Catalogue, Track
    from recommender.store.history import Event, History, Kind

COOKIE: Final = "moodcue_visitor"
_KEY: Final = "_memory"
_NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{32}")
_FORWARDED: Final = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")

# A number in the cookie while the visitor agrees; an empty one takes the cookie away.
_COOKIE_JS: Final = """
export default function ({ data }) {
  const safe = location.protocol === 'https:' ? '; Secure' : '';
  const age = data.id ? data.seconds : 0;
  document.cookie = `${data.name}=${data.id}; Max-Age=${age}; Path=/; SameSite=Strict${safe}`;
}
"""

_log = logging.getLogger(__name__)


@dataclass
class Remembered:
    """``visitor`` is the name in the database; ``known``: something may lie there under it."""

    visitor: str
    local: bool
    known: bool


def current() -> Remembered:
    """Who is asking, settled once a session."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _arrived()
    return st.session_state[_KEY]


def history() -> History:
    """The visitor's own memory.

    Raises:
        MemoryUnavailable: there is no database.
    """
    from recommender.store.history import History

    return History(visitor=current().visitor)


def consent() -> bool:
    """Whether the visitor agreed; no database is opened for one who never did."""
    if not current().known:
        return False
    try:
        return history().consent
    except MoodCueError:
        _log.warning("the memory of picks is not to be had", exc_info=True)
        return False


def agree(given: bool) -> None:
    """Raises MemoryUnavailable where it cannot be kept."""
    history().set_consent(given)
    current().known = True


def forget() -> int:
    """Delete everything of the visitor, links too, who has another number from now on; how many entries went."""
    from recommender.store.shares import Shares

    removed = history().delete_all()
    Shares().delete_all(current().visitor)
    here = current()
    if not here.local:
        st.session_state[_KEY] = Remembered(_new_number(), local=False, known=False)
    return removed


def record(
    kind: Kind,
    *,
    track: Track | None = None,
    emotion: str | None = None,
    video_id: str | None = None,
    clip_sha256: str | None = None,
    detail: str | None = None,
) -> bool:
    """Remember one event where the visitor agreed; a memory that fails is said and stops nothing."""
    if not consent():
        return False
    try:
        return history().record(
            kind, track=track, emotion=emotion, video_id=video_id, clip_sha256=clip_sha256, detail=detail
        )
    except MoodCueError as e:
        st.toast(failures.sentence(e), icon=":material/error:")
        return False


def choices() -> list[Event]:
    """Picks and skips, newest first; none without consent."""
    if not consent():
        return []
    try:
        return history().events("pick", "skip")
    except MoodCueError:
        return []


def taste(events: Sequence[Event], catalogue: Catalogue) -> Taste | None:
    """What the picks and skips say, learned again when there are new ones."""
    from recommender.ranking.taste import learn

    newest = (len(events), events[0].at if events else 0.0, len(catalogue), catalogue.name)
    learned: tuple[Any, Taste | None] | None = st.session_state.get("_taste")
    if learned is None or learned[0] != newest:
        learned = (newest, learn(events, catalogue))
        st.session_state["_taste"] = learned
    return learned[1]


def keep_cookie(given: bool) -> None:
    """Have the browser keep the visitor's number while they agree, and drop it when they do not."""
    from recommender.store.history import KEPT_S

    here = current()
    if here.local:
        return
    data = {"name": COOKIE, "id": here.visitor if given else "", "seconds": int(KEPT_S)}
    _cookie()(key="memory_cookie", data=data, height="content")


@functools.cache
def _cookie() -> ComponentRenderer:
    return component("moodcue_cookie", js=_COOKIE_JS, isolate_styles=False)


def _arrived() -> Remembered:
    from recommender.store.history import LOCAL_VISITOR

    if _own_machine():
        return Remembered(LOCAL_VISITOR, local=True, known=True)
    number = str(st.context.cookies.get(COOKIE, ""))
    if _NUMBER.fullmatch(number):
        return Remembered(number, local=False, known=True)
    return Remembered(_new_number(), local=False, known=False)


def _new_number() -> str:
    return secrets.token_urlsafe(24)


def _own_machine() -> bool:
    """The browser runs where the server does: a loopback connection, by a local name, with no proxy between."""
    headers, address = st.context.headers, st.context.ip_address  # no address stands for a loopback one
    direct = (address is None or is_loopback(str(address))) and not any(headers.get(h) for h in _FORWARDED)
    return direct and is_local_name(headers.get("Host") or "")


def is_local_name(host: str) -> bool:
    """``localhost`` or a loopback address, with or without a port, as the header Host has it."""
    name = host[1:].split("]")[0] if host.startswith("[") else host.split(":")[0]
    return name.lower() == "localhost" or is_loopback(name)


def is_loopback(address: str) -> bool:
    """Also of an IPv4 address as a server on both families has it: ``::ffff:127.0.0.1``."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback
