"""Music that may be used, in a sheet: it stands first under each cue, before the reference songs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from recommender.cues.sheet import Cue, CueSheet, Song
from recommender.cues.songs import reason
from recommender.ranking.shelf import Part, Shelf, Wish, rank
from recommender.songs.catalogue import ENERGY_BOUNDS, ENERGY_LEVELS
from recommender.songs.usable import REFERENCE

SHOWN: Final = 2
"""Tracks to use under a cue; what they sound like stands after them."""
REFERENCES: Final = 1


def may_be_used(song: Song) -> bool:
    """Whether a song of a sheet is music to use, and not a reference."""
    return song.licence != REFERENCE


def with_usable(sheet: CueSheet, shelf: Shelf, *, count: int = SHOWN, wish: Wish | None = None) -> CueSheet:
    """The sheet with up to ``count`` tracks to use at the head of each cue that wants music.

    A cue that has such tracks keeps them; what was chosen stays.
    """
    ranked = rank(sheet, shelf, wish=wish, count=count)
    cues = []
    for cue in sheet.cues:
        parts = ranked[cue.id]
        if parts and sum(may_be_used(s) for s in cue.music) < min(count, len(parts)):
            own = [s for s in cue.music if may_be_used(s) and s.id == cue.chosen]
            new = [_song(cue, p) for p in parts if all(p.track.id != s.id for s in own)]
            references = [s for s in cue.music if not may_be_used(s)]
            shown = [s for i, s in enumerate(references) if i < REFERENCES or s.id == cue.chosen]
            cue = replace(cue, music=(*own, *new[: count - len(own)], *shown))
        cues.append(cue)
    return replace(sheet, cues=tuple(cues))


def take(sheet: CueSheet, shelf: Shelf, turn: int = 0, wish: Wish | None = None) -> dict[int, Part]:
    """One way to score a sheet: for each cue what was chosen, else its best track; ``turn`` 1: the second best."""
    ranked = rank(sheet, shelf, wish=wish)
    here = {t.id: t for t in shelf.tracks}
    out: dict[int, Part] = {}
    for cue in sheet.cues:
        parts = ranked[cue.id]
        if cue.chosen in here and cue.direction.advice != "none":
            track = here[cue.chosen]
            mine = next((p for p in parts if p.track.id == track.id), Part(track, 0.0, 0.0, float(cue.length)))
            parts = (mine, *(p for p in parts if p.track.id != track.id))
        if parts:
            out[cue.id] = parts[min(turn, len(parts) - 1)]
    return out


def with_parts(sheet: CueSheet, chosen: Mapping[int, Part]) -> CueSheet:
    """The sheet as it is scored: each cue's track stands first and is its choice."""
    cues = []
    for cue in sheet.cues:
        part = chosen.get(cue.id)
        if part is not None:
            others = tuple(s for s in cue.music if s.id != part.track.id)
            cue = replace(cue, music=(_song(cue, part), *others), chosen=part.track.id)
        cues.append(cue)
    return replace(sheet, cues=tuple(cues))


def _song(cue: Cue, part: Part) -> Song:
    track = part.track
    level = ENERGY_LEVELS[sum((track.energy or 0.0) >= bound for bound in ENERGY_BOUNDS)]
    return Song(track.id, track.artist, track.title, track.licence, reason(cue, level), part.distance)
