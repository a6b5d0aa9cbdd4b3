"""This machine's folders on the Analyse page: a list to walk, to search, and to open a clip from where it lies.

The browser is told names, sizes and numbers of ours; it sends back such a number, never a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

import streamlit as st

from emotion.errors import MediaError
from emotion.media.accepted import LONGEST_S
from pages.analyse import session
from pages.shared.language import clock, t, t_plain
from pages.shared.services import folders, memory, recent
from pages.shared.services.folders import Entry, Folders, Listing
from pages.shared.services.lengths import lengths
from pages.shared.ui import failures
from pages.shared.ui.components import mounted

KEY: Final = "browse"
_PLACE: Final = "_browse_place"
LONGEST_SEARCH: Final = 100
MOST_LENGTHS: Final = 60
"""Of so many clips of a list the length is looked up."""

Kind = Literal["open", "enter", "up", "search", "forget", "look"]
KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}


@dataclass(frozen=True)
class Asked:
    """What was asked for in the browser: ``value`` is an entry's number, or what to search; ``look``: what is new."""

    kind: Kind
    value: str = ""


@dataclass(frozen=True)
class Place:
    """Where the visitor is: a folder, None above all of them; and what they search for there."""

    folder: Path | None = None
    query: str = ""
    entries: tuple[Entry, ...] = ()
    """What was last shown, recent clips too: nothing else can be asked for."""
    error: MediaError | None = None


def there() -> Folders | None:
    """The folders, where the visitor sits at this machine and some are named."""
    return folders.named() if memory.current().local else None


def show() -> None:
    """Nothing where there are none."""
    here = there()
    if here is None:
        return
    st.markdown(f"**{t('browse.title')}**  \n:small[{t('browse.help', minutes=int(LONGEST_S // 600) * 10)}]")
    place = _place()
    if place.error is not None:
        failures.show(place.error)
    listing = _listing(here, place)
    place = _place()
    old = _recent(here) if not place.query else ()
    st.session_state[_PLACE] = replace(place, entries=(*listing.entries, *old), error=None)
    data = drawn(here, place, listing, old)
    mounted(Path(__file__).with_name("browse"))(key=KEY, data=data, on_asked_change=_asked)


def _place() -> Place:
    return st.session_state.get(_PLACE, Place())


def _listing(here: Folders, place: Place) -> Listing:
    """What is there; where a folder is gone, what is above all."""
    try:
        if place.query:
            return here.search(place.query, within=place.folder)
        if place.folder is not None:
            return here.listing(place.folder)
        return here.listing(here.roots[0]) if len(here.roots) == 1 else here.tops()
    except MediaError as e:
        failures.show(e)
        st.session_state[_PLACE] = Place()
        return here.tops()


def _recent(here: Folders) -> tuple[Entry, ...]:
    """Those that are still there and still inside."""
    found = ((here.entry(r.path), r.length_s) for r in recent.known())
    return tuple(replace(entry, length_s=length_s) for entry, length_s in found if entry is not None)


def _asked() -> None:
    here, asked = there(), parse(st.session_state[KEY].get("asked"))
    if here is not None and asked is not None:
        act(here, asked)


def act(here: Folders, asked: Asked) -> None:
    """Do what was asked for; an entry that was not shown is not there."""
    place = _place()
    entry = next((e for e in place.entries if e.id == asked.value), None)
    try:
        if asked.kind == "enter" and entry is not None and entry.folder:
            st.session_state[_PLACE] = Place(here.inside(entry.path))
        elif asked.kind == "open" and entry is not None and not entry.folder:
            st.session_state[_PLACE] = replace(place, query="")
            session.open_in_place(entry.path)
        elif asked.kind == "up" and place.folder is not None:
            st.session_state[_PLACE] = Place(here.above(place.folder))
        elif asked.kind == "search":
            st.session_state[_PLACE] = replace(place, query=" ".join(asked.value.split())[:LONGEST_SEARCH])
        elif asked.kind == "forget":
            recent.clear()
    except MediaError as e:
        st.session_state[_PLACE] = Place(error=e)


def parse(told: Any) -> Asked | None:
    """What the browser sent, checked; None for what is none of it."""
    if not isinstance(told, dict):
        return None
    kind, value = told.get("kind"), told.get("value", "")
    if not isinstance(kind, str) or kind not in KINDS or not isinstance(value, str):
        return None
    return Asked(KINDS[kind], value[:1000])


def drawn(here: Folders, place: Place, listing: Listing, old: tuple[Entry, ...]) -> dict[str, Any]:
    """What the browser is told."""
    only = len(here.roots) == 1
    folder = here.roots[0] if only and place.folder is None else place.folder
    top = folder is None or (only and folder == here.roots[0])
    strings = ("search", "list", "up", "forget", "recent", "empty", "nothing", "more", "folder")
    said = {name: t_plain(f"browse.{name}") for name in strings}
    rows = [_row(e, k < MOST_LENGTHS) for k, e in enumerate(listing.entries)]
    recents = [_row(e, True) for e in old]
    return {
        "place": t_plain("browse.all") if folder is None else folders.shown(str(folder)),
        "up": not top,
        "query": place.query,
        "more": listing.more,
        "rows": [row for row, _ in rows],
        "recent": [row for row, _ in recents],
        "looking": any(looking for _, looking in (*rows, *recents)),
        "strings": {**said, "kept": t_plain("browse.kept", file=folders.shown(str(recent.place())))},
    }


def _row(entry: Entry, look: bool) -> tuple[dict[str, Any], bool]:
    """What is shown of an entry, and whether its length is still being looked up."""
    length_s, looking = entry.length_s, False
    if length_s is None and look and not entry.folder:
        length_s, looking = lengths().of(entry.path)
    about = [entry.within] if entry.within else []
    if length_s is not None:
        about.append(clock(round(length_s)))
    if not entry.folder:
        about.append(size_words(entry.size))
    return {"id": entry.id, "name": entry.name, "folder": entry.folder, "about": " · ".join(about)}, looking


def size_words(size: int) -> str:
    """As a file manager says it."""
    for unit, step in (("GB", 1024**3), ("MB", 1024**2)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{max(1, round(size / 1024))} KB"
