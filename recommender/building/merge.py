"""Joins the sources: LMC's moods, Deezer's figures, and the starter's facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emotion.labels import EMOTIONS
from recommender.building import deezer
from recommender.songs import lmc, moods
from recommender.songs.catalogue import COLUMNS, Catalogue, from_columns
from recommender.songs.text import normalise


@dataclass(frozen=True, slots=True)
class Joined:
    """The catalogue, and how many songs each source gave and shares with others."""

    catalogue: Catalogue
    counts: dict[str, int]


@dataclass(slots=True)
class _Book:
    """Rows under their Million Song id and under normalised artist and title."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    by_id: dict[str, int] = field(default_factory=dict)
    by_name: dict[tuple[str, str], int] = field(default_factory=dict)

    def find(self, song_id: str | None, artist: str, title: str) -> int | None:
        if song_id is not None and song_id in self.by_id:
            return self.by_id[song_id]
        return self.by_name.get((normalise(artist), normalise(title)))

    def add(self, row: dict[str, Any]) -> None:
        at = len(self.rows)
        self.rows.append(row)
        self.by_id.setdefault(row["id"], at)
        # the first of several songs of one name is the one that is joined
        self.by_name.setdefault((normalise(row["artist"]), normalise(row["title"])), at)


def join(
    labels: lmc.LmcSongs | None, figures: deezer.DeezerSongs | None, starter: Catalogue | None, name: str
) -> Joined:
    """One catalogue of up to three sources.

    The seed's rules run over LMC's songs in file order, or over the starter's where LMC is not had.
    Songs meet on the Million Song id, then on normalised artist and title; a song's own figures from
    Deezer take the place of its mood's. At least one source must be given.
    """
    book, counts = _Book(), {"LMC": 0, "Deezer": 0, "starter": 0, "LMC+Deezer": 0, "starter joined": 0}
    if labels is not None:
        for row in _lmc_rows(labels):
            if row["id"] not in book.by_id:
                book.add(row)
        counts["LMC"] = len(labels)
    if figures is not None:
        counts["LMC+Deezer"] = _add_figures(book, figures)
        counts["Deezer"] = len(figures)
    if starter is not None:
        counts["starter joined"] = _add_starter(book, starter, ranked=labels is None)
        counts["starter"] = len(starter)
    columns = {c: [row.get(c) for row in book.rows] for c in COLUMNS}
    columns["emotion"] = _with_nearest(book.rows)
    return Joined(from_columns(name, columns), counts | {"songs": len(book.rows)})


def _lmc_rows(labels: lmc.LmcSongs) -> Iterator[dict[str, Any]]:
    assigned = moods.assign(labels.mood)
    for i in range(len(labels)):
        yield {
            "id": labels.msd_id[i],
            "artist": labels.artist[i],
            "title": labels.title[i],
            "mood": labels.mood[i],
            "emotion": EMOTIONS[assigned.emotion[i]],
            "seed_rank": int(assigned.seed_rank[i]),
            "has_words": True,  # LMC is labelled songs with lyrics
            "source": lmc.SOURCE,
            "licence": lmc.LICENCE,
        }


def _add_figures(book: _Book, figures: deezer.DeezerSongs) -> int:
    places = deezer.to_plane(figures.z)
    had = len(book.rows)
    joined: set[int] = set()
    for i, song_id in enumerate(figures.track_id):
        valence, arousal = places[i].tolist()
        at = book.find(song_id, figures.artist[i], figures.title[i]) if had else None
        if at is not None and at < had and at not in joined:
            joined.add(at)
            book.rows[at] |= {"valence": valence, "arousal": arousal}
            book.rows[at]["source"] += f" + {deezer.SOURCE}"
            book.rows[at]["licence"] += f"; figures: {deezer.LICENCE}"
            continue
        book.add(
            {
                "id": song_id,
                "artist": figures.artist[i],
                "title": figures.title[i],
                "valence": valence,
                "arousal": arousal,
                "source": deezer.SOURCE,
                "licence": deezer.LICENCE,
            }
        )
    return len(joined)


def _add_starter(book: _Book, starter: Catalogue, ranked: bool) -> int:
    """The starter's facts go to a song that is there already; other songs of it are added."""
    had, joined = len(book.rows), 0
    for track in starter:
        facts = {
            "year": track.year,
            "genre": track.genre,
            "has_words": track.has_words,
            "video_id": track.video_id,
        }
        seed = {"mood": track.mood, "emotion": track.emotion, "seed_rank": track.seed_rank if ranked else None}
        at = book.find(None, track.artist, track.title)
        if at is None or at >= had:
            own = {"id": track.id, "artist": track.artist, "title": track.title}
            book.add(own | facts | seed | {"source": track.source, "licence": track.licence})
            continue
        joined += 1
        row = book.rows[at]
        row |= facts if row.get("mood") else facts | seed
        row["source"] += f" + {track.source}"
    return joined


def _with_nearest(rows: list[dict[str, Any]]) -> list[str]:
    """Every row's emotion; that nearest on the plane where no label gives one."""
    from recommender.songs.catalogue import nearest_emotion

    bare = [i for i, r in enumerate(rows) if not r.get("emotion")]
    emotions = [r.get("emotion") or "" for r in rows]
    if bare:
        places = np.array([[rows[i]["valence"], rows[i]["arousal"]] for i in bare])
        for i, e in zip(bare, nearest_emotion(places), strict=True):
            emotions[i] = EMOTIONS[e]
    return emotions
