"""Songs for one cue alone: those nearest to what its music should express, with what tells them from each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from recommender.cues import reasons
from recommender.cues.sheet import Cue, CueSheet, Song
from recommender.errors import NoSongs
from recommender.ranking import plane
from recommender.ranking.rank import JITTER, SAME_DECADE, SAME_GENRE
from recommender.ranking.taste import Taste
from recommender.songs.catalogue import Catalogue
from recommender.songs.filters import Filters
from recommender.songs.usable import REFERENCE

ALTERNATIVES: Final = 3
HEARD_BEFORE: Final = 0.15
"""Distance added to an artist who stands under an earlier cue of the sheet already."""


def with_songs(
    sheet: CueSheet,
    catalogue: Catalogue,
    *,
    count: int = ALTERNATIVES,
    filters: Filters | None = None,
    taste: Taste | None = None,
    seed: int = 0,
    only: Iterable[int] | None = None,
) -> CueSheet:
    """The sheet with up to ``count`` alternatives under each cue that wants music, nearest first.

    A chosen song stays, at the head; cues that have their songs keep them, unless their ids are in
    ``only``, which are ranked anew. The same seed gives the same songs.

    Raises:
        NoSongs: no song passes the filters.
        UnknownChoice: a filter's value that does not exist.
    """
    keep = (filters or Filters()).mask(catalogue)
    if not keep.any():
        raise NoSongs()
    liking = np.random.default_rng(seed).random(len(catalogue)) * JITTER
    if taste is not None:
        liking += taste.adjustment(catalogue)
    base = np.where(keep, liking, np.inf)
    anew = set(only) if only is not None else None
    cues: list[Cue] = []
    for cue in sheet.cues:
        wanted = cue.id in anew if anew is not None else len(cue.music) < count
        ranked = replace(cue, music=_alternatives(cue, catalogue, base.copy(), count)) if wanted else cue
        cues.append(ranked)
        _heard(ranked, catalogue, base)
    return replace(sheet, cues=tuple(cues))


def _alternatives(cue: Cue, catalogue: Catalogue, base: plane.Array, count: int) -> tuple[Song, ...]:
    first = () if cue.song is None else (cue.song,)
    expressed = cue.direction.wanted
    if expressed is None:
        return first
    away = plane.distance(plane.affinity(catalogue.position), expressed.as_array()[None])[:, 0]
    for song in first:
        _taken(catalogue.index_of(song.id), catalogue, base)
    songs = list(first)
    while len(songs) < count:
        row = int(np.argmin(away + base))
        if not np.isfinite(base[row]):
            break
        track = catalogue[row]
        songs.append(
            Song(
                track.id,
                track.artist,
                track.title,
                REFERENCE,
                reasons.of_track(track.arousal, [track.mood or ""]),
                round(float(away[row]), 4),
            )
        )
        _taken(row, catalogue, base)
    return tuple(songs)


def _taken(row: int | None, catalogue: Catalogue, base: plane.Array) -> None:
    """No artist twice under a cue, and alternatives that differ in genre and decade."""
    if row is None:
        return
    base[catalogue.artist_code == catalogue.artist_code[row]] = np.inf
    if catalogue.genre[row]:
        base[catalogue.genre_code == catalogue.genre_code[row]] += SAME_GENRE
    if catalogue.year[row]:
        base[catalogue.year // 10 == catalogue.year[row] // 10] += SAME_DECADE


def _heard(cue: Cue, catalogue: Catalogue, base: plane.Array) -> None:
    for song in cue.music:
        row = catalogue.index_of(song.id)
        if row is not None:
            base[catalogue.artist_code == catalogue.artist_code[row]] += HEARD_BEFORE
