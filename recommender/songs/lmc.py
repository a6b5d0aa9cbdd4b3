"""The Lyrics Mood Classification labels: reading the file, and the seed's conversion of it.

Columns of ``labeled_lyrics*.csv`` (github.com/workmanjack/lyric-mood-classification): ``msd_id,
msd_artist, msd_title, is_english, lyrics_available, wordcount, lyrics_filename, found_tags,
matched_mood, mood`` and one score a mood. Only the five used here must be there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from emotion.errors import FileMissing, TableFileError, wrong
from emotion.messages import Words
from recommender.songs import moods, spreadsheet
from recommender.songs.catalogue import Catalogue, from_columns

SOURCE: Final = "LMC"
LICENCE: Final = "not stated; labels from Last.fm tags, research use"
USED: Final[tuple[str, ...]] = ("msd_id", "msd_artist", "msd_title", "matched_mood", "mood")


@dataclass(frozen=True, slots=True)
class LmcSongs:
    """Songs with a matched mood, in file order, as columns; and the rows left out, counted by why.

    ``rejected`` has the keys ``no_matched_mood``, ``unknown_mood`` (LMC's original list has
    "dreamy", which the seed does not) and ``bad_row``.
    """

    msd_id: list[str]
    artist: list[str]
    title: list[str]
    mood: list[str]
    rejected: dict[str, int]

    def __len__(self) -> int:
        return len(self.msd_id)


def read(path: Path) -> LmcSongs:
    """Songs of a file in LMC's columns. Bad rows are counted, never fatal.

    Raises:
        FileMissing: there is no such file.
        TableFileError: it cannot be read, or a column that is needed is missing.
    """
    try:
        with path.open("rb") as f:
            return read_stream(f, path.name)
    except FileNotFoundError as e:
        raise FileMissing(name=path.name) from e
    except OSError as e:
        raise TableFileError(name=path.name, **wrong(e)) from e


def read_stream(stream: IO[bytes], name: str) -> LmcSongs:
    """The same from an open binary file, which is left open."""
    with spreadsheet.rows(stream) as rows:
        header = [c.strip() for c in next(_safely(rows), [])]
        missing = [c for c in USED if c not in header]
        if missing:
            raise TableFileError(name=name, detail=Words.of("fault.column_missing", column=missing[0]))
        return _collect(_safely(rows), len(header), [header.index(c) for c in USED])


def _safely(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Rows, with an empty one in place of each that the csv module refuses."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield [""]


def _collect(rows: Iterable[list[str]], width: int, at: list[int]) -> LmcSongs:
    rejected = {"no_matched_mood": 0, "unknown_mood": 0, "bad_row": 0}
    songs = LmcSongs([], [], [], [], rejected)
    for row in rows:
        if not row:  # a blank line is no row
            continue
        if len(row) != width:
            rejected["bad_row"] += 1
            continue
        msd_id, artist, title, matched, mood = (row[i].strip() for i in at)
        mood = mood.lower()
        if not _is_matched(matched):
            rejected["no_matched_mood"] += 1
        elif mood not in moods.BY_NAME:
            rejected["unknown_mood"] += 1
        elif not (msd_id and artist and title):
            rejected["bad_row"] += 1
        else:
            songs.msd_id.append(msd_id)
            songs.artist.append(artist)
            songs.title.append(title)
            songs.mood.append(mood)
    return songs


def _is_matched(cell: str) -> bool:
    """LMC writes 1, 0 or -1 (not looked up); the name of a mood is taken for yes too."""
    try:
        return float(cell) > 0
    except ValueError:
        return cell.lower() == "true" or cell.lower() in moods.BY_NAME


def convert(songs: LmcSongs, name: str) -> Catalogue:
    """The seed's conversion: the songs that its two rules list, emotion by emotion in list order."""
    assigned = moods.assign(songs.mood)
    rows = np.flatnonzero(assigned.seed_rank >= 0)
    rows = rows[np.lexsort((assigned.seed_rank[rows], assigned.emotion[rows]))]
    columns: dict[str, list[Any]] = {
        "id": _unique([songs.msd_id[i] for i in rows]),
        "artist": [songs.artist[i] for i in rows],
        "title": [songs.title[i] for i in rows],
        "mood": [songs.mood[i] for i in rows],
        "emotion": [moods.EMOTIONS[assigned.emotion[i]] for i in rows],
        "seed_rank": assigned.seed_rank[rows].tolist(),
        "source": [SOURCE] * len(rows),
        "licence": [LICENCE] * len(rows),
    }
    return from_columns(name, columns)


def _unique(ids: list[str]) -> list[str]:
    """A song that the file lists twice counts twice in the rules; its second id gets a suffix."""
    seen: dict[str, int] = {}
    out: list[str] = []
    for i in ids:
        seen[i] = seen.get(i, 0) + 1
        out.append(i if seen[i] == 1 else f"{i}#{seen[i]}")
    return out
