"""What the visitor chose on the music page, and the query string that says the same. Pure.

``/music?q=...&emotion=sad&emotion=calm&decade=1990&words=no&area=-0.9,0.1,-0.6,0.4&song=ID`` means the
same in both languages and for every visitor: values are names of ours, never labels of a widget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS, INDEX
from recommender.songs.catalogue import Catalogue
from recommender.songs.filters import Filters
from recommender.songs.moods import MOODS

WORDS: Final = {"yes": True, "no": False}
KEYS: Final = ("q", "emotion", "mood", "genre", "decade", "words", "area", "song")
MOST_SONGS: Final = 50
LONGEST_TEXT: Final = 200


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
            "genre": list(self.genres),
            "decade": [str(d) for d in self.decades],
            "words": [words] if words else [],
            "area": [str(self.area)] if self.area else [],
            "song": list(self.songs),
        }
        return {key: values for key, values in query.items() if values}

    def shown(self, catalogue: Catalogue) -> npt.NDArray[np.bool_]:
        """True for the songs that the filters leave, the area aside, shape (n,)."""
        filters = Filters(
            genres=frozenset(self.genres), decades=frozenset(self.decades), words=self.words, text=self.text
        )
        keep = filters.mask(catalogue)
        if self.emotions:
            keep = keep & np.isin(catalogue.emotion, [INDEX[e] for e in self.emotions])
        if self.moods:
            keep = keep & np.isin(catalogue.mood, self.moods)
        return keep

    def listed(self, catalogue: Catalogue, places: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """Rows of the songs to list: file order, or from the middle of the area outwards.

        ``places`` is where the songs are drawn, shape (n, 2).
        """
        keep = self.shown(catalogue)
        if self.area is None:
            return np.flatnonzero(keep)
        rows = np.flatnonzero(keep & self.area.holds(places))
        away = np.linalg.norm(places[rows] - np.array(self.area.centre), axis=1)
        return rows[np.argsort(away, kind="stable")]
