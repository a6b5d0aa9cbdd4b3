"""All music that may be used, of every source, as one thing to search: tracks, what they sound like, what they are."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS
from emotion.messages import catalogue
from recommender.songs.catalogue import nearest_emotion
from recommender.songs.facts import Facts, Wish
from recommender.songs.text import fold
from recommender.songs.usable import Source, Usable
from recommender.songs.wording import Contrast, contrast

if TYPE_CHECKING:
    from recommender.library.track_sound import TrackSound

NOWHERE: Final = -1
"""The emotion of a track of which neither its sound nor its maker's words say anything."""


@dataclass(frozen=True, eq=False)
class Collection:
    """n tracks in order of source: installed, own, open catalogues.

    ``sounds`` are those that were measured, by the track's id.
    """

    tracks: tuple[Usable, ...]
    sounds: Mapping[str, TrackSound]

    @classmethod
    def joined(cls, parts: Iterable[Collection]) -> Collection:
        """Several as one; of tracks with one id the first counts."""
        tracks: dict[str, Usable] = {}
        sounds: dict[str, TrackSound] = {}
        for part in parts:
            for track in part.tracks:
                tracks.setdefault(track.id, track)
            sounds = {**part.sounds, **sounds}
        return cls(tuple(tracks.values()), sounds)

    def __len__(self) -> int:
        return len(self.tracks)

    def of(self, track_id: str) -> Usable | None:
        row = self.rows.get(track_id)
        return None if row is None else self.tracks[row]

    @functools.cached_property
    def rows(self) -> dict[str, int]:
        return {t.id: i for i, t in enumerate(self.tracks)}

    @functools.cached_property
    def facts(self) -> Facts:
        return Facts.of(self.tracks)

    @functools.cached_property
    def position(self) -> npt.NDArray[np.float64]:
        """Valence and energy, shape (n, 2), nan where nothing is known; see ``facts.measured`` for whose word it is."""
        pairs = [(t.valence, t.energy) for t in self.tracks]
        rows = [(np.nan, np.nan) if v is None or e is None else (v, e) for v, e in pairs]
        return np.array(rows, np.float64).reshape(-1, 2)

    @functools.cached_property
    def emotion(self) -> npt.NDArray[np.int8]:
        """Index of the nearest of the eight, shape (n,), or :data:`NOWHERE`."""
        placed = np.isfinite(self.position).all(axis=1)
        out = np.full(len(self), NOWHERE, np.int8)
        if placed.any():
            out[placed] = nearest_emotion(self.position[placed])
        return out

    @functools.cached_property
    def source(self) -> npt.NDArray[np.object_]:
        return np.array([t.source for t in self.tracks], dtype=object)

    @functools.cached_property
    def search_text(self) -> npt.NDArray[np.object_]:
        """What words can find: title, artist, moods in both languages, instruments, licence, description; folded."""
        return np.array([_words(t) for t in self.tracks], dtype=object)

    def mask(
        self,
        *,
        text: str = "",
        emotions: Sequence[str] = (),
        moods: Sequence[str] = (),
        sources: Sequence[Source] = (),
        wish: Wish | None = None,
    ) -> npt.NDArray[np.bool_]:
        """True for the tracks that pass, shape (n,): every word of ``text``, one of each kind that is given."""
        keep = self.facts.mask(wish or Wish())
        for part in fold(text).split():
            keep &= np.fromiter((part in words for words in self.search_text), bool, len(self))
        if emotions:
            # Few sounds lie nearest to "happy": who looks for it also wants what its maker calls so.
            called = np.fromiter(
                (not set(emotions).isdisjoint((*t.moods, *t.said)) for t in self.tracks), bool, len(self)
            )
            keep &= called | np.isin(self.emotion, [EMOTIONS.index(e) for e in emotions])
        if moods:
            keep &= np.fromiter((_of_mood(t, moods) for t in self.tracks), bool, len(self))
        if sources:
            keep &= np.isin(self.source, list(sources))
        return keep


def _of_mood(track: Usable, moods: Sequence[str]) -> bool:
    """Whether one of its words is one of these, or its short or long form: calm and calmness are one mood."""
    return any(a.startswith(b) or b.startswith(a) for a in (*track.moods, *track.said) for b in moods)


def _words(track: Usable) -> str:
    moods = (*track.moods, *track.said)
    named = [catalogue("zh_TW").get(f"music.mood.{m}", "") for m in moods]
    parts = (track.title, track.artist, *moods, *named, *track.instruments, track.licence, track.description)
    return fold(" ".join(parts))


def contrast_of(track: Usable) -> Contrast | None:
    """Where the track's words say one mood and its measured sound another.

    Not for installed music: its words are what it was made for, and its place is one beside its fellows.
    """
    if track.source == "installed" or not track.measured or track.valence is None or track.energy is None:
        return None
    return contrast(track.title, track.said, track.valence, track.energy)
