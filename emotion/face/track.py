"""Sightings to people: one track a person, through short losses and cuts.

1. In a scene, a sighting continues the track whose last box it overlaps most, or whose middle is nearest within
   half a face; at most ``GAP_S`` after it was last seen.
2. After a cut or a longer loss, a sighting continues an earlier track only if the face looks alike (grey
   thumbnail and colours of the crop, as when a camera returns), else it begins a new one.
3. A track that was seen fewer than three times and never with a confidence of 0.8 is dropped, and so is one
   that never reached 0.5 (a doubtful thing that came and went) or that was all too dark, small or blurred to be
   read (weights that sum to less than 0.5).
4. The scores along a track are smoothed: each becomes the mean of its neighbours in time, weighted by how well
   each can be read and by a Gaussian of 0.3 s, cut off at 1 s.
5. The main person has the largest sum over the frames of size x centrality x confidence, where size is the
   square root of the box over the frame, and centrality falls from 1 in the middle to a half at the edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion.timeline import Box, EmotionScores, FaceTrack, Sighting

GAP_S: Final = 1.6
LEAST_IOU: Final = 0.15
NEAR: Final = 0.6
"""Middles within this part of a face's size of each other can be the same face."""
ALIKE_SHAPE: Final = 0.75
ALIKE_COLOURS: Final = 0.8
"""Measured on the clips: one person 0.2 s to 2 s apart 0.79 and more in the same pose; two people 0.71 at most."""
CLEAR_WEIGHT: Final = 0.3
"""Only faces that can be read this well are compared by their looks."""
CROPS: Final = 12
FEW: Final = 3
CONFIDENT: Final = 0.8
DOUBTFUL: Final = 0.5
READABLE: Final = 0.5
SMOOTH_S: Final = 0.3
SMOOTH_REACH_S: Final = 1.0


@dataclass(frozen=True)
class Look:
    """What a face looks like: a grey thumbnail (mean 0, length 1) and a colour histogram (sums to 1)."""

    thumbnail: npt.NDArray[np.float32]
    colours: npt.NDArray[np.float32]

    @classmethod
    def of(cls, crop: npt.NDArray[np.uint8]) -> Look:
        small = cv2.resize(crop, (16, 16), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32).reshape(-1)
        grey -= grey.mean()
        colours = cv2.calcHist([cv2.cvtColor(small, cv2.COLOR_RGB2LAB)], [0, 1, 2], None, [6, 8, 8], [0, 256] * 3)
        shares = np.asarray(colours.reshape(-1) / max(float(colours.sum()), 1.0), np.float32)
        return cls(grey / max(float(np.linalg.norm(grey)), 1e-6), shares)

    def alike(self, other: Look) -> float:
        """How alike the thumbnails are, in [-1, 1]; 0 where the colours differ."""
        if float(np.sqrt(self.colours * other.colours).sum()) < ALIKE_COLOURS:
            return 0.0
        return float(self.thumbnail @ other.thumbnail)


@dataclass
class Growing:
    """A track while it grows."""

    id: int
    sightings: list[Sighting]
    looks: list[Look] = field(default_factory=list)
    standing: float = 0.0
    live: bool = True

    @property
    def last(self) -> Sighting:
        return self.sightings[-1]

    def add(self, s: Sighting, look: Look | None, frame: tuple[int, int]) -> None:
        self.sightings.append(s)
        self.live = True
        self.standing += prominence(s, frame)
        if look is not None and len(self.sightings) % 3 == 1:
            self.looks = [*self.looks[-7:], look]


class Tracker:
    """Takes the sightings of one frame after the other; :meth:`finish` gives the tracks."""

    def __init__(self) -> None:
        self._tracks: list[Growing] = []
        self._frames = 0
        self._next = 1

    def add(self, time_s: float, sightings: list[Sighting], frame: tuple[int, int], *, cut: bool = False) -> None:
        """One frame of the given height and width; ``cut`` if it begins a new scene."""
        self._frames += 1
        for t in self._tracks:
            t.live = t.live and not cut and time_s - t.last.time_s <= GAP_S
        free = set(range(len(sightings)))
        for _, i, t in self._nearest(sightings):
            if i in free and t.live and t.last.time_s < time_s:
                t.add(sightings[i], _look(sightings[i]), frame)
                free.discard(i)
        self._recognise(time_s, [sightings[i] for i in sorted(free)], frame)
        for t in self._tracks:
            _thin(t)

    def finish(self) -> tuple[FaceTrack, ...]:
        """The people, the main one first, numbered in that order from 1."""
        kept = sorted((t for t in self._tracks if worth_keeping(t.sightings)), key=lambda t: -t.standing)
        return tuple(
            FaceTrack(n, smooth(t.sightings), min(1.0, len(t.sightings) / max(1, self._frames)), main=n == 1)
            for n, t in enumerate(kept, 1)
        )

    def _nearest(self, sightings: list[Sighting]) -> list[tuple[float, int, Growing]]:
        """Pairs of a sighting and a live track that could be one face, the best first."""
        live = [t for t in self._tracks if t.live]
        pairs = [(closeness(t.last.box, s.box), i, t) for i, s in enumerate(sightings) for t in live]
        return sorted((p for p in pairs if p[0] > 0), key=lambda p: -p[0])

    def _recognise(self, time_s: float, rest: list[Sighting], frame: tuple[int, int]) -> None:
        looks = [_look(s) for s in rest]
        gone = [t for t in self._tracks if t.looks and not t.live and t.last.time_s < time_s]
        pairs = [
            (max(look.alike(known) for known in t.looks), i, t) for i, look in enumerate(looks) if look for t in gone
        ]
        free = set(range(len(rest)))
        for likeness, i, t in sorted(pairs, key=lambda p: -p[0]):
            if likeness >= ALIKE_SHAPE and i in free and t.last.time_s < time_s:
                t.add(rest[i], looks[i], frame)
                free.discard(i)
        for i in sorted(free):
            begun = Growing(self._next, [])
            begun.add(rest[i], looks[i], frame)
            self._tracks.append(begun)
            self._next += 1


def closeness(a: Box, b: Box) -> float:
    """How well two boxes could be one face a moment apart; 0 if not at all."""
    ratio = math.sqrt(a.area / b.area) if b.area > 0 else 0.0
    if not 0.5 < ratio < 2.0:
        return 0.0
    if (iou := a.iou(b)) >= LEAST_IOU:
        return 1.0 + iou
    size = (a.width + a.height + b.width + b.height) / 4
    distance = math.hypot(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2)
    return max(0.0, 1.0 - distance / (NEAR * size))


def prominence(s: Sighting, frame: tuple[int, int]) -> float:
    """Size x centrality x confidence of one sighting in a frame of the given height and width."""
    height, width = frame
    off = math.hypot((s.box.x + s.box.width / 2) / width - 0.5, (s.box.y + s.box.height / 2) / height - 0.5)
    return math.sqrt(s.box.area / (height * width)) * (1 - 0.5 * min(1.0, off / 0.71)) * s.confidence


def worth_keeping(sightings: list[Sighting]) -> bool:
    """Rule 3."""
    surest = max(s.confidence for s in sightings)
    readable = sum(s.weight for s in sightings) >= READABLE
    return readable and surest >= (DOUBTFUL if len(sightings) >= FEW else CONFIDENT)


def smooth(sightings: list[Sighting]) -> tuple[Sighting, ...]:
    """Rule 4, over sightings in order of time."""
    times = np.array([s.time_s for s in sightings])
    weights = np.array([s.weight for s in sightings])
    probs = np.array([s.scores.probs for s in sightings])
    first = np.searchsorted(times, times - SMOOTH_REACH_S)
    last = np.searchsorted(times, times + SMOOTH_REACH_S, side="right")
    out = []
    for i, s in enumerate(sightings):
        near = slice(int(first[i]), int(last[i]))
        w = weights[near] * np.exp(-0.5 * ((times[near] - s.time_s) / SMOOTH_S) ** 2)
        out.append(replace(s, scores=EmotionScores.from_array((w[:, None] * probs[near]).sum(axis=0) / w.sum())))
    return tuple(out)


def _look(s: Sighting) -> Look | None:
    return None if s.crop is None or s.weight < CLEAR_WEIGHT else Look.of(s.crop)


def _thin(t: Growing) -> None:
    """Keep at most ``CROPS`` crops: when there are more, the one whose neighbours are closest in time goes.

    The first and the last stay; of two equally close, the one that can be read less well goes.
    """
    held = [i for i, s in enumerate(t.sightings) if s.crop is not None]
    while len(held) > CROPS:
        s = t.sightings
        spare = min(range(1, len(held) - 1), key=lambda k: _spacing(s, held, k))
        t.sightings[held[spare]] = replace(t.sightings[held[spare]], crop=None)
        held.pop(spare)


def _spacing(s: list[Sighting], held: list[int], k: int) -> tuple[float, float]:
    return round(s[held[k + 1]].time_s - s[held[k - 1]].time_s, 2), s[held[k]].weight
