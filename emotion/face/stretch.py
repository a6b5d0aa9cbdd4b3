"""One person in one scene, as long as they are followed: what was seen of them, and how they look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face import person
from emotion.timeline import Sighting

THUMBNAIL: Final = 16
CLEAR_WEIGHT: Final = 0.3
"""Only faces that can be read this well are compared by their looks."""
LOOKS: Final = 3
"""So many faces of a stretch are compared, those that can be read best."""
CROPS: Final = 12
CROPS_OF_ENDED: Final = 4

Image = npt.NDArray[np.uint8]


class Encoder(Protocol):
    """Faces to unit vectors, one person's close to each other: :class:`emotion.face.person.PersonEncoder`."""

    def embed(self, crops: Sequence[Image]) -> npt.NDArray[np.float32]: ...


@dataclass
class Stretch:
    """One person in one scene, while it grows."""

    sightings: list[Sighting]
    standing: float = 0.0
    live: bool = True
    shown: npt.NDArray[np.float32] | None = None
    """The thumbnail of its last crop."""
    vectors: dict[float, npt.NDArray[np.float32]] = field(default_factory=dict)
    """How its crops look, by their moments, as far as that was asked for."""
    settled: bool = False
    """Whether ``vectors`` is all that is known of its looks, and may stand without the crops."""
    held: list[int] = field(init=False)
    """Which sightings have crops: a person may be seen for hours, and few of their crops are kept."""

    @property
    def last(self) -> Sighting:
        return self.sightings[-1]

    def __post_init__(self) -> None:
        self.held = [i for i, s in enumerate(self.sightings) if s.crop is not None]

    def add(self, s: Sighting, frame: tuple[int, int]) -> None:
        if s.crop is not None:
            self.held.append(len(self.sightings))
            self.shown = thumbnail(s.crop)
        self.sightings.append(s)
        self.standing += prominence(s, frame)

    def end(self) -> None:
        if self.live:
            self.live = False
            self.thin(CROPS_OF_ENDED)

    def thin(self, most: int) -> None:
        thin(self.sightings, self.held, most)

    def clearest(self) -> dict[float, Image]:
        """At most ``LOOKS`` crops that show well who it is, by their moments."""
        clear = [s for s in (self.sightings[i] for i in self.held) if s.weight >= CLEAR_WEIGHT]
        best = sorted(clear, key=lambda s: -s.weight)[:LOOKS]
        return {s.time_s: s.crop for s in best if s.crop is not None}

    @property
    def clear(self) -> bool:
        """Whether it can be told who it is."""
        return bool(self.vectors) if self.settled else bool(self.clearest())

    def settle(self, encoder: Encoder, known: list[npt.NDArray[np.float32]]) -> None:
        """Compare its looks now and let its crops go, but for one of a person of whom few are kept.

        ``known`` are the looks of those crops, and gets this one's.
        """
        looks = self.looks(encoder)
        self.settled, self.shown = True, None
        best = max(self.held, key=lambda i: self.sightings[i].weight, default=None)
        mean = looks.mean(axis=0) if len(looks) else None
        if mean is not None and sum(float(mean @ k) >= person.LINKED for k in known) < CROPS:
            known.append(mean)
        elif mean is not None:
            best = None
        for i in self.held:
            if i != best:
                self.sightings[i] = replace(self.sightings[i], crop=None)
        self.held = [] if best is None else [best]

    def looks(self, encoder: Encoder) -> npt.NDArray[np.float32]:
        """Unit vectors of its clearest crops, shape (k, ...); each crop is shown to the encoder once."""
        if self.settled:
            return np.array(list(self.vectors.values()), np.float32)
        best = self.clearest()
        new = [t for t in best if t not in self.vectors]
        if new:
            self.vectors |= dict(zip(new, encoder.embed([best[t] for t in new]), strict=True))
        self.vectors = {t: self.vectors[t] for t in best}
        return np.array(list(self.vectors.values()), np.float32)


def thumbnail(crop: Image) -> npt.NDArray[np.float32]:
    """A crop's coarse pattern of light, shape (256,): mean 0 and length 1, so that a product is a correlation."""
    grey = crop if crop.ndim == 2 else cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).astype(np.float32).reshape(-1)
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


def resemblance(s: Sighting, t: Stretch) -> float:
    """The correlation of a sighting with the last crop of a stretch; 1 where there is nothing to compare."""
    return 1.0 if s.crop is None or t.shown is None else float(thumbnail(s.crop) @ t.shown)


def prominence(s: Sighting, frame: tuple[int, int]) -> float:
    """Size x centrality x confidence of one sighting in a frame of the given height and width."""
    height, width = frame
    off = math.hypot((s.box.x + s.box.width / 2) / width - 0.5, (s.box.y + s.box.height / 2) / height - 0.5)
    return math.sqrt(s.box.area / (height * width)) * (1 - 0.5 * min(1.0, off / 0.71)) * s.confidence


def thin(sightings: list[Sighting], held: list[int], most: int) -> None:
    """Keep at most so many crops: when there are more, the one whose neighbours are closest in time goes.

    The first and the last stay; of two equally close, the one that can be read less well goes. ``held`` are the
    places of those with crops, and is kept true.
    """
    while len(held) > most:
        spare = min(range(1, len(held) - 1), key=lambda k: _spacing(sightings, held, k))
        sightings[held[spare]] = replace(sightings[held[spare]], crop=None)
        held.pop(spare)


def _spacing(s: list[Sighting], held: list[int], k: int) -> tuple[float, float]:
    return round(s[held[k + 1]].time_s - s[held[k - 1]].time_s, 2), s[held[k]].weight
