"""Music that may be used, in a sheet: it stands first under each cue, before the reference songs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from recommender.cues import reasons
from recommender.cues.sheet import CueSheet, Song
from recommender.ranking.shelf import Part, Shelf, Wish, rank
from recommender.songs.collection import contrast_of
from recommender.songs.usable import REFERENCE, Usable

SHOWN: Final = 2
"""Tracks of this machine under a cue; then one that would be fetched, and what they sound like."""
FETCHED: Final = 1
REFERENCES: Final = 1


def may_be_used(song: Song) -> bool:
    """Whether a song of a sheet is music to use, and not a reference."""
    return song.licence != REFERENCE


def with_usable(
    sheet: CueSheet,
    shelf: Shelf,
    *,
    elsewhere: Shelf | None = None,
    count: int = SHOWN,
    wish: Wish | None = None,
) -> CueSheet:
    """The sheet with up to ``count`` tracks to use at the head of each cue that wants music.

    One of the tracks of ``elsewhere``, which must be fetched to be heard, stands after them.
    A cue that has such tracks keeps them; what was chosen stays.
    """
    whole = min(count, len(shelf)) + (min(FETCHED, len(elsewhere)) if elsewhere is not None else 0)
    kept = {
        cue.id: [s.id for s in usable]
        for cue in sheet.cues
        if len(usable := [s for s in cue.music if may_be_used(s)]) >= whole and cue.direction.advice != "none"
    }
    near = rank(sheet, shelf, wish=wish, count=count, kept=kept)
    far = rank(sheet, elsewhere, wish=wish, count=FETCHED, kept=kept) if elsewhere is not None else {}
    cues = []
    for cue in sheet.cues:
        parts = (*near.get(cue.id, ()), *far.get(cue.id, ()))
        if parts and sum(may_be_used(s) for s in cue.music) < len(parts):
            own = [s for s in cue.music if may_be_used(s) and s.id == cue.chosen]
            new = [_song(p) for p in parts if all(p.track.id != s.id for s in own)]
            references = [s for s in cue.music if not may_be_used(s)]
            shown = [s for i, s in enumerate(references) if i < REFERENCES or s.id == cue.chosen]
            cue = replace(cue, music=(*own, *new[: len(parts) - len(own)], *shown))
        cues.append(cue)
    return replace(sheet, cues=tuple(cues))


def without_usable(sheet: CueSheet) -> CueSheet:
    """The sheet without the tracks to use that nobody chose: to be ranked anew, by another wish."""
    cues = [
        replace(c, music=tuple(s for s in c.music if not may_be_used(s) or s.id == c.chosen)) for c in sheet.cues
    ]  # fmt: skip
    return replace(sheet, cues=tuple(cues))


def take(
    sheet: CueSheet,
    shelf: Shelf,
    turn: int = 0,
    wish: Wish | None = None,
    also: Mapping[str, Usable] | None = None,
) -> dict[int, Part]:
    """One way to score a sheet: for each cue what was chosen, else its best track; ``turn`` 1: the second best.

    ``also`` are tracks by id that were chosen and stand outside of the shelf, such as fetched ones.
    """
    ranked = rank(sheet, shelf, wish=wish)
    here = {t.id: t for t in shelf.tracks} | dict(also or {})
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


def throughout(sheet: CueSheet, shelf: Shelf, track_id: str) -> dict[int, Part]:
    """One track under every cue that wants music; none where it is not on the shelf."""
    track = next((t for t in shelf.tracks if t.id == track_id), None)
    if track is None:
        return {}
    cues = [cue for cue in sheet.cues if cue.direction.advice != "none"]
    return {cue.id: Part(track, 0.0, 0.0, float(cue.length)) for cue in cues}


def with_parts(sheet: CueSheet, chosen: Mapping[int, Part]) -> CueSheet:
    """The sheet as it is scored: each cue's track stands first and is its choice."""
    cues = []
    for cue in sheet.cues:
        part = chosen.get(cue.id)
        if part is not None:
            others = tuple(s for s in cue.music if s.id != part.track.id)
            cue = replace(cue, music=(_song(part), *others), chosen=part.track.id)
        cues.append(cue)
    return replace(sheet, cues=tuple(cues))


def _song(part: Part) -> Song:
    track = part.track
    words = track.said if contrast_of(track) is None else ()  # words that its sound contradicts say nothing of it
    said = reasons.of_track(track.energy, [*words, *track.moods], tempo_bpm=track.tempo_bpm, vocals=track.vocals)
    return Song(track.id, track.artist, track.title, track.licence, said, part.distance, track.credit)
