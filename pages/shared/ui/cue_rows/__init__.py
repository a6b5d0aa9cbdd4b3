"""The cues as rows under the strip: a component of our own, which draws anew only what an edit changed.

As elements of Streamlit's a sheet of ten minutes would be some 300 pieces of Markdown, all of them read again by the
browser at each edit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

import streamlit as st

from pages.shared.language import clock, emotion_name, language, t_plain
from pages.shared.services import song_catalogue, studio
from pages.shared.ui import cue_words
from pages.shared.ui.components import mounted
from recommender.cues import Cue, Song, reasons
from recommender.cues.peaks import Peak
from recommender.cues.usable import may_be_used
from recommender.store.votes import LONGEST_NOTE

KEY: Final = "cue_rows"
STRINGS: Final = ("play", "pause", "hear", "edit", "close", "listen", "note", "send")

Kind = Literal["open", "choose", "listen", "note"]
KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was done on a row: a cue to open or to close, a song to choose or to listen to elsewhere, a note."""

    kind: Kind
    cue: int
    value: str = ""
    """A song's id, or what a note says."""


@dataclass(frozen=True, slots=True)
class Guests:
    """What guests of a link have said of one cue, and what the one who looks chose."""

    votes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    mine: str | None = None


def show(
    cues: Sequence[Cue],
    *,
    key: str = KEY,
    on_asked: Callable[[], None],
    open_: int | None = None,
    player: bool = True,
    guests: Mapping[int, Guests] | None = None,
    ended: bool = False,
) -> None:
    """``open_`` is the cue that is open; ``player``: whether there is a clip to play.

    With ``guests`` (by the id of the cue) the rows are to vote on and not to edit, until the vote has ``ended``.
    """
    said = guests or {}
    songs = {song.id for cue in cues for song in cue.music}
    heard = studio.heard(songs, by_guests=guests is not None)
    listen = elsewhere(songs - heard.keys(), by_guests=guests is not None)
    data = {
        "rows": [row(cue, heard, listen, open_=cue.id == open_, guests=said.get(cue.id)) for cue in cues],
        "editable": guests is None,
        "open_to_votes": guests is not None and not ended,
        "longest_note": LONGEST_NOTE,
        "player": player,
        "strings": {name: t_plain(f"cues.rows.{name}") for name in STRINGS} | {"failed": t_plain("tracks.failed")},
    }
    mounted(Path(__file__).with_name("rows"))(key=key, data=data, height="content", on_asked_change=on_asked)


def asked(key: str = KEY) -> Asked | None:
    """What was done just now; None for what is none of it."""
    return parse(st.session_state[key].get("asked"))


def parse(told: Any) -> Asked | None:
    """What the browser sent, checked."""
    if not isinstance(told, dict):
        return None
    kind, cue, value = told.get("kind"), told.get("cue"), told.get("value", "")
    if not isinstance(kind, str) or not isinstance(value, str) or not isinstance(cue, int) or isinstance(cue, bool):
        return None
    return Asked(KINDS[kind], cue, value) if kind in KINDS else None


def row(
    cue: Cue,
    heard: Mapping[str, tuple[str, float]],
    listen: frozenset[str] = frozenset(),
    *,
    open_: bool = False,
    guests: Guests | None = None,
) -> dict[str, Any]:
    """What the browser is told of a cue: plain text all of it.

    ``heard`` is as from :func:`studio.heard`; ``listen`` are the songs with a player of their own, or to fetch.
    """
    said = guests or Guests()
    songs = cue.music if cue.direction.advice != "none" else ()
    return {
        "id": cue.id,
        "span": cue_words.span(cue),
        "name": cue_words.name(cue),
        "about": cue_words.about(cue),
        "state": "" if cue.state == "suggested" else t_plain(f"cue.state.{cue.state}"),
        "says": cue_words.advice(cue),
        "peaks": [_peak(p) for p in cue.peaks],
        "note": cue.note,
        "none": t_plain("wish.none") if songs and not any(map(may_be_used, songs)) else "",
        "label": t_plain("cues.songs", span=cue_words.span(cue)),
        "songs": [{**_song(s, cue, heard.get(s.id), guests), "listen": s.id in listen} for s in songs],
        "chosen": cue.chosen if guests is None else guests.mine,
        "open": open_,
        "notes": list(said.notes),
    }


def elsewhere(songs: Iterable[str], *, by_guests: bool) -> frozenset[str]:
    """Of songs that cannot be heard at once those with a player of somebody else's, or with sound to fetch."""
    catalogue, music = song_catalogue.catalogue(), studio.everything()
    of = studio.for_guests if by_guests else music.of
    return frozenset(one for one in songs if catalogue.index_of(one) is not None or of(one) is not None)


def _peak(one: Peak) -> dict[str, Any]:
    """A moment of a cue: in short, and in whole for whoever points at it or hears it read."""
    at = clock(float(one.time))
    return {
        "at": float(one.time),
        "says": f"{at} {emotion_name(one.emotion)}",
        "whole": f"{at} {cue_words.peak(one)}",
    }


def _song(one: Song, cue: Cue, heard: tuple[str, float] | None, guests: Guests | None) -> dict[str, Any]:
    said = guests or Guests()
    marks = [t_plain("vote.picked")] if guests is not None and one.id == cue.chosen else []
    if one.id in said.votes:
        marks.append(t_plain("vote.count", count=said.votes[one.id]))
    return {
        "id": one.id,
        "title": f"{one.title} · {one.artist}",
        "use": cue_words.use(one),
        "why": reasons.told(one, cue, language()),
        "path": heard[0] if heard else None,
        "start": heard[1] if heard else 0.0,
        "marks": " · ".join(marks),
    }
