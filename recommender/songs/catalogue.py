"""The catalogue of songs: columns in memory, one :class:`Track` a row.

The shipped starter and a catalogue built from its sources pass through the same code:
:func:`from_columns` gives every song its emotion (the seed's rules), its place on the plane and
its id. Which file is read is settled in ``files.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS, INDEX, VALENCE_AROUSAL
from emotion.messages import Words
from recommender.errors import CatalogueError
from recommender.songs import columns, moods
from recommender.songs.text import fold, normalise, track_id

STARTER_SOURCE: Final = "MoodCue starter catalogue"
STARTER_LICENCE: Final = "MIT"

ENERGY_LEVELS: Final[tuple[str, ...]] = ("low", "medium", "high")
ENERGY_BOUNDS: Final[tuple[float, float]] = (-0.1, 0.4)
"""Arousal below the first is low energy, from the second on high."""

COLUMNS: Final[tuple[str, ...]] = tuple(c.name for c in columns.REFERENCE)
"""Columns of a catalogue file, in this order. The starter has the first facts only."""

REQUIRED: Final = ("artist", "title")
"""What a file must have; the rest can be worked out, or stays unknown."""

_YES_NO: Final = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}


@dataclass(frozen=True, slots=True)
class Track:
    """One song. ``valence`` and ``arousal`` in [-1, 1]; None where a fact is not known.

    ``seed_rank`` is its place in the list that the seed's rules give its emotion, from 0, or None
    where the rules leave it out.
    """

    id: str
    artist: str
    title: str
    year: int | None
    genre: str | None
    mood: str | None
    emotion: str
    valence: float
    arousal: float
    has_words: bool | None
    source: str
    licence: str
    video_id: str | None = None
    seed_rank: int | None = None

    @property
    def energy(self) -> str:
        """One of :data:`ENERGY_LEVELS`, from the arousal."""
        return ENERGY_LEVELS[int(np.searchsorted(ENERGY_BOUNDS, self.arousal, side="right"))]

    @property
    def decade(self) -> int | None:
        return None if self.year is None else self.year // 10 * 10


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Songs as columns, all of the same length n; text columns hold "" where a fact is not known.

    ``year`` int32 (0 unknown), ``emotion`` int8 index into ``EMOTIONS``, ``seed_rank`` int32 (-1
    left out), ``position`` float64 of shape (n, 2), valence and arousal in [-1, 1], ``has_words``
    int8 (-1 unknown).
    """

    name: str
    id: npt.NDArray[np.object_]
    artist: npt.NDArray[np.object_]
    title: npt.NDArray[np.object_]
    year: npt.NDArray[np.int32]
    genre: npt.NDArray[np.object_]
    mood: npt.NDArray[np.object_]
    emotion: npt.NDArray[np.int8]
    seed_rank: npt.NDArray[np.int32]
    position: npt.NDArray[np.float64]
    has_words: npt.NDArray[np.int8]
    source: npt.NDArray[np.object_]
    licence: npt.NDArray[np.object_]
    video_id: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, i: int) -> Track:
        return Track(**{c.name: c.cell(self._values(c.name)[i]) for c in columns.REFERENCE})

    def _values(self, name: str) -> npt.NDArray[Any]:
        """The column of this name, as it is held here."""
        if name in ("valence", "arousal"):
            return self.position[:, ("valence", "arousal").index(name)]
        return _NAMES[self.emotion] if name == "emotion" else getattr(self, name)

    def __iter__(self) -> Iterator[Track]:
        return (self[i] for i in range(len(self)))

    def index_of(self, track_id: str) -> int | None:
        """The row of a song, or None."""
        return self._rows.get(track_id)

    def index_named(self, artist: str, title: str) -> int | None:
        """The row of a song by its names, however written: its id may differ between catalogues."""
        return self._named.get((normalise(artist), normalise(title)))

    @functools.cached_property
    def _named(self) -> dict[tuple[str, str], int]:
        named: dict[tuple[str, str], int] = {}
        for i, (artist, title) in enumerate(zip(self.artist, self.title, strict=True)):
            named.setdefault((normalise(artist), normalise(title)), i)
        return named

    def seed_list(self, emotion: str) -> npt.NDArray[np.intp]:
        """Rows of the songs that the seed's rules list for ``emotion``, in the list's order."""
        rows = np.flatnonzero((self.emotion == INDEX[emotion]) & (self.seed_rank >= 0))
        return rows[np.argsort(self.seed_rank[rows], kind="stable")]

    @functools.cached_property
    def _rows(self) -> dict[str, int]:
        return {track_id: i for i, track_id in enumerate(self.id)}

    @functools.cached_property
    def genres(self) -> tuple[str, ...]:
        """Every genre named, commonest first."""
        names, counts = np.unique(self.genre[self.genre != ""].astype(np.str_), return_counts=True)
        return tuple(str(n) for n in names[np.argsort(-counts, kind="stable")])

    @functools.cached_property
    def decades(self) -> tuple[int, ...]:
        """Every decade with a song, in order."""
        return tuple(int(d) for d in np.unique(self.year[self.year > 0] // 10 * 10))

    @functools.cached_property
    def artist_code(self) -> npt.NDArray[np.intp]:
        """One number an artist, shape (n,): equal where the artist is the same, however written."""
        return _codes({a: normalise(a) for a in set(self.artist)}, self.artist)

    @functools.cached_property
    def genre_names(self) -> tuple[str, ...]:
        """Genres in order of the alphabet, "" for unknown among them; ``genre_code`` points here."""
        return tuple(sorted(set(self.genre)))

    @functools.cached_property
    def genre_code(self) -> npt.NDArray[np.intp]:
        """One number a genre, shape (n,)."""
        return _codes({g: g for g in self.genre_names}, self.genre)

    @functools.cached_property
    def search_text(self) -> npt.NDArray[np.object_]:
        """Artist and title folded for search, one string a song."""
        return np.array([fold(f"{a} {t}") for a, t in zip(self.artist, self.title, strict=True)], dtype=object)

    @functools.cached_property
    def measured(self) -> npt.NDArray[np.bool_]:
        """True for the songs that have figures of their own, shape (n,); the others lie where their mood does."""
        alike = np.isclose(self.position, moods.coordinates(self.mood.tolist()))
        return np.asarray(~alike.all(axis=1), dtype=bool)

    @property
    def energy(self) -> npt.NDArray[np.intp]:
        """Index into :data:`ENERGY_LEVELS`, shape (n,)."""
        return np.searchsorted(ENERGY_BOUNDS, self.position[:, 1], side="right")

    def columns(self) -> dict[str, list[Any]]:
        """The catalogue as plain columns, in the order of :data:`COLUMNS`, to be written or shown."""
        return {c.name: [c.cell(v) for v in self._values(c.name).tolist()] for c in columns.REFERENCE}


_NAMES: Final = np.array(EMOTIONS, dtype=object)


def _codes(key_of: Mapping[str, str], names: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    """A number for each name, equal where the keys are."""
    numbers = {key: i for i, key in enumerate(sorted(set(key_of.values())))}
    return np.fromiter((numbers[key_of[n]] for n in names), dtype=np.intp, count=len(names))


def from_columns(name: str, raw: Mapping[str, Sequence[Any]]) -> Catalogue:
    """Make a catalogue of ``raw`` columns (:data:`COLUMNS`; all but artist and title may be missing).

    Songs without an emotion of their own get it by the seed's rules over the whole file, or, with
    no mood either, the emotion nearest on the plane; songs without coordinates get their mood's.

    Raises:
        CatalogueError: a required column is missing, a song has neither mood nor coordinates, a
            value is out of range, or two songs share an id.
    """
    missing = [c for c in REQUIRED if c not in raw]
    if missing:
        raise CatalogueError(name=name, detail=Words.of("fault.column_missing", column=missing[0]))
    artist, title = _text(raw, "artist"), _text(raw, "title")
    if not len(artist):
        raise CatalogueError(name=name, detail=Words.of("fault.no_song"))
    _check(name, (artist != "") & (title != ""), "nameless")
    mood = _text(raw, "mood")
    _check(name, (mood == "") | np.isin(mood, moods.MOODS), "mood")
    position = _positions(name, raw, mood)
    emotion, seed_rank = _emotions(name, raw, mood, position)
    ids = _text(raw, "id")
    ids = np.array([i or track_id(a, t) for i, a, t in zip(ids, artist, title, strict=True)], dtype=object)
    if len(set(ids)) != len(ids):
        raise CatalogueError(name=name, detail=Words.of("fault.twice"))
    return Catalogue(
        name=name,
        id=ids,
        artist=artist,
        title=title,
        year=np.nan_to_num(_numbers(name, raw, "year")).astype(np.int32),
        genre=_text(raw, "genre"),
        mood=mood,
        emotion=emotion,
        seed_rank=seed_rank,
        position=position,
        has_words=np.array([_YES_NO.get(w.lower(), -1) for w in _text(raw, "has_words")], dtype=np.int8),
        source=_text(raw, "source", STARTER_SOURCE),
        licence=_text(raw, "licence", STARTER_LICENCE),
        video_id=_text(raw, "video_id"),
    )


def _text(raw: Mapping[str, Sequence[Any]], column: str, default: str = "") -> npt.NDArray[np.object_]:
    n = len(raw["artist"])
    values = raw.get(column)
    cells = [default] * n if values is None else [default if v is None else str(v).strip() for v in values]
    return np.array(cells, dtype=object)


def _numbers(name: str, raw: Mapping[str, Sequence[Any]], column: str) -> npt.NDArray[np.float64]:
    """The column as numbers, NaN where the cell is empty."""
    cells = raw.get(column)
    if cells is None:
        return np.full(len(raw["artist"]), np.nan)
    try:
        return np.array([np.nan if v is None or v == "" else float(v) for v in cells], dtype=np.float64)
    except ValueError as e:
        raise CatalogueError(name=name, detail=Words.of("fault.column_value", column=column), cause=e) from e


def _check(name: str, good: npt.ArrayLike, fault: str) -> None:
    bad = np.flatnonzero(~np.asarray(good, dtype=bool))
    if len(bad):
        raise CatalogueError(name=name, detail=Words.of(f"fault.song.{fault}", song=bad[0] + 1))


def _positions(name: str, raw: Mapping[str, Sequence[Any]], mood: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    own = np.column_stack([_numbers(name, raw, "valence"), _numbers(name, raw, "arousal")])
    position = np.where(np.isnan(own), moods.coordinates(mood.tolist()), own)
    _check(name, ~np.isnan(position).any(axis=1), "nowhere")
    _check(name, (np.abs(position) <= 1).all(axis=1), "outside")
    return position


def _emotions(
    name: str,
    raw: Mapping[str, Sequence[Any]],
    mood: npt.NDArray[np.object_],
    position: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """A song's own emotion where the file gives one, else by the seed's rules, else the nearest."""
    given = _text(raw, "emotion")
    _check(name, (given == "") | np.isin(given, EMOTIONS), "emotion")
    own = np.array([INDEX.get(e, -1) for e in given], dtype=np.int8)
    assigned = moods.assign(mood.tolist())
    by_rules = np.where(assigned.emotion < 0, nearest_emotion(position), assigned.emotion)
    emotion = np.where(own < 0, by_rules, own).astype(np.int8)
    ranks = assigned.seed_rank
    if (given != "").any():  # the file's own lists
        ranks = np.nan_to_num(_numbers(name, raw, "seed_rank"), nan=-1).astype(np.int32)
    if (ranks < 0).all():  # figures alone and not one mood: the lists are those of the nearest emotions
        ranks = moods.seed_ranks(emotion)
    return emotion, ranks


def nearest_emotion(position: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """Index of the emotion whose coordinates are nearest to each row of ``position``, shape (n, 2)."""
    distance = np.linalg.norm(position[:, None, :] - VALENCE_AROUSAL[None], axis=2)
    return np.argmin(distance, axis=1).astype(np.int8)
