"""What the visitor chose on the music page, and the query string that says the same. Pure.

``/music?q=...&emotion=sad&for=client&tempo=80-110&words=no&area=-0.9,0.1,-0.6,0.4&song=ID`` means the
same in both languages and for every visitor: values are names of ours, never labels of a widget. The same
selection answers for music to use and for reference songs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS, INDEX
from recommender.library.track_sound import Mood
from recommender.songs.catalogue import Catalogue
from recommender.songs.collection import Collection
from recommender.songs.facts import Wish
from recommender.songs.filters import Filters
from recommender.songs.licences import USES, Use
from recommender.songs.moods import MOODS as REFERENCE_MOODS
from recommender.songs.usable import SOURCES, Source

WORDS: Final = {"yes": True, "no": False}
REFERENCE: Final = "reference"
FROM: Final[tuple[str, ...]] = (*SOURCES, REFERENCE)
"""Where music comes from, as the address has it."""
WORD_MOODS: Final = (
    "action", "aggressive", "bouncy", "bright", "calming", "dark", "driving", "eerie", "epic", "grooving", "humorous",
    "intense", "mysterious", "mystical", "relaxed", "somber", "suspenseful", "unnerving", "uplifting",
)  # fmt: skip
"""Words of the open catalogue's maker."""
HEARD_MOODS: Final[tuple[str, ...]] = get_args(Mood)
MOODS: Final[tuple[str, ...]] = tuple(dict.fromkeys((*REFERENCE_MOODS, *HEARD_MOODS, *WORD_MOODS)))
TEMPO_BPM: Final = (40, 220)
LENGTH_MIN: Final = (0, 10)
"""Bounds of the filters; a filter that reaches its end knows no bound there."""
KEYS: Final = ("q", "from", "emotion", "mood", "for", "tempo", "length", "genre", "decade", "words", "area", "song")
MOST_SONGS: Final = 50
LONGEST_TEXT: Final = 200

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the plane, each side in [-1, 1]."""

    left: float
    right: float
    bottom: float
    top: float

    @classmethod
    def of(cls, xs: Iterable[float], ys: Iterable[float]) -> Area:
        """From two corners in any order; what lies outside the plane is cut off."""
        left, right = sorted(round(min(1.0, max(-1.0, float(x))), 2) for x in xs)
        bottom, top = sorted(round(min(1.0, max(-1.0, float(y))), 2) for y in ys)
        return cls(left, right, bottom, top)

    @classmethod
    def parse(cls, text: str) -> Area | None:
        """From ``left,right,bottom,top``; None where it is not that."""
        try:
            left, right, bottom, top = (float(part) for part in text.split(","))
        except ValueError:
            return None
        if not np.isfinite([left, right, bottom, top]).all():
            return None
        return cls.of((left, right), (bottom, top))

    def __str__(self) -> str:
        return f"{self.left:g},{self.right:g},{self.bottom:g},{self.top:g}"

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def holds(self, position: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """True for the rows of ``position``, shape (n, 2), that lie inside or on the edge."""
        x, y = position[:, 0], position[:, 1]
        return (x >= self.left) & (x <= self.right) & (y >= self.bottom) & (y <= self.top)


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters of the list, the area chosen on the plane, and the songs put aside to be shared."""

    text: str = ""
    emotions: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    use: Use | None = None
    tempo_bpm: Range | None = None
    length_min: Range | None = None
    genres: tuple[str, ...] = ()
    decades: tuple[int, ...] = ()
    words: bool | None = None
    area: Area | None = None
    songs: tuple[str, ...] = field(default=())

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]], catalogue: Catalogue) -> Selection:
        """Read a query string, key to values; what is unknown or does not exist here is left out."""

        def known(key: str, options: Iterable[str]) -> tuple[str, ...]:
            there = set(options)
            return tuple(dict.fromkeys(v for v in query.get(key, ()) if v in there))

        return cls(
            text=" ".join(query.get("q", ()))[:LONGEST_TEXT],
            emotions=known("emotion", EMOTIONS),
            moods=known("mood", MOODS),
            sources=known("from", FROM),
            use=next((u for u in USES if u in query.get("for", ())), None),
            tempo_bpm=next((_range(text, TEMPO_BPM) for text in query.get("tempo", ())), None),
            length_min=next((_range(text, LENGTH_MIN) for text in query.get("length", ())), None),
            genres=known("genre", catalogue.genres),
            decades=tuple(int(d) for d in known("decade", map(str, catalogue.decades))),
            words=next((WORDS[w] for w in query.get("words", ()) if w in WORDS), None),
            area=next((Area.parse(a) for a in query.get("area", ())), None),
            songs=tuple(s for s in dict.fromkeys(query.get("song", ())) if catalogue.index_of(s) is not None)[
                :MOST_SONGS
            ],
        )

    def to_query(self) -> dict[str, list[str]]:
        """Key to values; what is not set has no key."""
        words = next((name for name, value in WORDS.items() if value is self.words), None)
        query = {
            "q": [self.text] if self.text else [],
            "emotion": list(self.emotions),
            "mood": list(self.moods),
            "from": list(self.sources),
            "for": [self.use] if self.use else [],
            "tempo": [f"{self.tempo_bpm[0]}-{self.tempo_bpm[1]}"] if self.tempo_bpm else [],
            "length": [f"{self.length_min[0]}-{self.length_min[1]}"] if self.length_min else [],
            "genre": list(self.genres),
            "decade": [str(d) for d in self.decades],
            "words": [words] if words else [],
            "area": [str(self.area)] if self.area else [],
            "song": list(self.songs),
        }
        return {key: values for key, values in query.items() if values}

    @property
    def wish(self) -> Wish:
        """What music to use must be."""
        return Wish(
            use=self.use,
            vocals=self.words,
            tempo_bpm=_bounds(self.tempo_bpm, TEMPO_BPM, 1.0),
            length_s=_bounds(self.length_min, LENGTH_MIN, 60.0),
        )

    def usable(self, collection: Collection) -> npt.NDArray[np.bool_]:
        """True for the tracks to use that the filters leave, the area aside, shape (n,)."""
        sources: list[Source] = [s for s in SOURCES if s in self.sources]
        if self.sources and not sources:
            return np.zeros(len(collection), bool)
        return collection.mask(
            text=self.text, emotions=self.emotions, moods=self.moods, sources=sources, wish=self.wish
        )  # fmt: skip

    def shown(self, catalogue: Catalogue) -> npt.NDArray[np.bool_]:
        """True for the reference songs that the filters leave, the area aside, shape (n,).

        Of a hit nothing is known of tempo and length, and it may be used for nothing: with such a filter none is left.
        """
        elsewhere = bool(self.sources) and REFERENCE not in self.sources
        if elsewhere or self.use is not None or self.tempo_bpm is not None or self.length_min is not None:
            return np.zeros(len(catalogue), bool)
        filters = Filters(
            genres=frozenset(self.genres), decades=frozenset(self.decades), words=self.words, text=self.text
        )
        keep = filters.mask(catalogue)
        if self.emotions:
            keep = keep & np.isin(catalogue.emotion, [INDEX[e] for e in self.emotions])
        if self.moods:
            keep = keep & np.isin(catalogue.mood, self.moods)
        return keep

    def listed(
        self,
        keep: npt.NDArray[np.bool_],
        position: npt.NDArray[np.float64],
        measured: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.intp]:
        """Rows of those of ``keep`` to list: in order, or those measured in the area, from its middle outwards."""
        if self.area is None:
            return np.flatnonzero(keep)
        rows = np.flatnonzero(keep & measured & self.area.holds(position))
        away = np.linalg.norm(position[rows] - np.array(self.area.centre), axis=1)
        return rows[np.argsort(away, kind="stable")]


def _range(text: str, ends: Range) -> Range | None:
    """``80-110`` within the ends; None where it is not that, or leaves everything."""
    low, _, high = text.partition("-")
    if not (low.isascii() and low.isdigit() and high.isascii() and high.isdigit()) or len(text) > 9:
        return None
    first, last = (min(max(int(x), ends[0]), ends[1]) for x in (low, high))
    return (first, last) if first <= last and (first, last) != ends else None


def _bounds(chosen: Range | None, ends: Range, unit: float) -> tuple[float, float] | None:
    if chosen is None:
        return None
    return chosen[0] * unit, np.inf if chosen[1] == ends[1] else chosen[1] * unit
