"""What music must be to pass: an editor's wishes, answered for tens of thousands of tracks at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.labels import INDEX
from recommender.songs.licences import LICENCES, USES, Use
from recommender.songs.usable import Usable

UNSAID: Final = -1
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the editor asks of music; None asks nothing. What is not known of a track does not pass.

    Attributes:
        use: what the licence must allow.
        vocals: True for music with a voice, False for music without.
        tempo_bpm, length_s: bounds, both included.
    """

    use: Use | None = None
    vocals: bool | None = None
    tempo_bpm: Bounds | None = None
    length_s: Bounds | None = None

    def __bool__(self) -> bool:
        return self != Wish()


@dataclass(frozen=True, eq=False)
class Facts:
    """Columns over n tracks, all of shape (n,).

    Attributes:
        uses: a bit for each of :data:`USES` that the licence allows.
        vocals: 1, 0, or :data:`UNSAID`.
        tempo_bpm, duration_s: nan where not known.
        here: whether the sound lies on this machine.
        measured: whether the track is known by its sound.
        artist: a number for each name.
        called: which of the eight emotions its maker names first, or -1.
    """

    uses: npt.NDArray[np.uint8]
    vocals: npt.NDArray[np.int8]
    tempo_bpm: npt.NDArray[np.float64]
    duration_s: npt.NDArray[np.float64]
    here: npt.NDArray[np.bool_]
    measured: npt.NDArray[np.bool_]
    artist: npt.NDArray[np.intp]
    called: npt.NDArray[np.intp]

    @classmethod
    def of(cls, tracks: Sequence[Usable]) -> Facts:
        bits = {name: sum(1 << i for i, use in enumerate(USES) if use in x.uses) for name, x in LICENCES.items()}
        codes: dict[str, int] = {}
        return cls(
            uses=np.array([bits.get(t.licence, 0) for t in tracks], np.uint8),
            vocals=np.array([UNSAID if t.vocals is None else int(t.vocals) for t in tracks], np.int8),
            tempo_bpm=_numbers([t.tempo_bpm for t in tracks]),
            duration_s=_numbers([t.duration_s for t in tracks]),
            here=np.array([t.path is not None for t in tracks], bool),
            measured=np.array([t.measured for t in tracks], bool),
            artist=np.array([codes.setdefault(t.artist, len(codes)) for t in tracks], np.intp),
            called=np.array([next((INDEX[w] for w in t.said or t.moods if w in INDEX), -1) for t in tracks], np.intp),
        )

    def mask(self, wish: Wish) -> npt.NDArray[np.bool_]:
        """True for the tracks that pass, shape (n,)."""
        keep = np.ones(len(self.uses), bool)
        if wish.use is not None:
            keep &= (self.uses >> USES.index(wish.use)) & 1 == 1
        if wish.vocals is not None:
            keep &= self.vocals == int(wish.vocals)
        for bounds, values in ((wish.tempo_bpm, self.tempo_bpm), (wish.length_s, self.duration_s)):
            if bounds is not None:
                keep &= (values >= bounds[0]) & (values <= bounds[1])  # nan is neither
        return keep


def _numbers(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if v is None else v for v in values], np.float64)
