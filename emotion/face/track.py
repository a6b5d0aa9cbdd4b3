"""Sightings to people: one track a person, through short losses, crossings and cuts.

1. In a scene, a sighting continues the stretch whose last box it overlaps most, or whose middle is nearest within
   half a face; a stretch that was missed in frames for ``GAP_S`` is over, however far apart frames are. Where people
   cross, so that a sighting could continue two stretches or two sightings one, the looks decide as well; and who comes
   back after half a second in the same place, or whose picture changed at once (a cut before the same wall), must look
   like who was there.
2. A cut or a longer loss ends a stretch. In the end stretches that surely show one person, in whatever pose and
   light, are joined, the most alike first, unless they were seen at the same time (:mod:`emotion.face.person`):
   one person in two tracks is a smaller error than two in one.
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
from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.face.people import joined, smooth, worth_keeping
from emotion.face.person import HERE, OTHER
from emotion.face.stretch import CLEAR_WEIGHT, CROPS, Encoder, Stretch, resemblance
from emotion.timeline import Box, FaceTrack, Sighting

GAP_S: Final = 1.6
LEAST_IOU: Final = 0.15
NEAR: Final = 0.6
"""Middles within this part of a face's size of each other can be the same face."""
CLOSE_CALL: Final = 0.5
"""Two continuations whose closeness differs by less are told apart by looks."""
WORTH_OF_LOOKS: Final = 3.0
DOUBT_AFTER_S: Final = 0.5
CHANGED: Final = 0.8
"""Crops of one place whose thumbnails correlate less are compared by looks. From frame to frame a talking face has
0.82 and more (four clips, three samples), a lively singer 0.5 and more; speakers before one wall have 0.7 and less."""
CHANGED_WHOLLY: Final = 0.45
"""Below this they are two people where their looks cannot be compared."""
MOST_ENDED: Final = 128
"""So many ended stretches keep their crops; what a longer clip holds does not grow with its cuts."""

Pair = tuple[float, int, Stretch]


class Tracker:
    """Takes the sightings of one frame after the other; :meth:`finish` gives the tracks."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._stretches: list[Stretch] = []
        self._live: list[Stretch] = []
        self._ended: deque[Stretch] = deque()
        self._known: list[npt.NDArray[np.float32]] = []
        self._frames = 0
        self._before_s = -math.inf

    def add(
        self,
        time_s: float,
        sightings: list[Sighting],
        frame: tuple[int, int],
        *,
        cut: bool = False,
        still: bool = False,
    ) -> None:
        """One frame of the given height and width.

        Args:
            cut: it begins a new scene.
            still: it is the frame before, unchanged, and so are its faces.
        """
        self._frames += 1
        for t in self._live:
            missed = t.last.time_s < self._before_s
            if cut or (missed and time_s - t.last.time_s > GAP_S):
                t.end()
                self._ended.append(t)
        self._live = [t for t in self._live if t.live]
        while len(self._ended) > MOST_ENDED:
            self._ended.popleft().settle(self._encoder, self._known)
        self._before_s = time_s
        free = set(range(len(sightings)))
        for _, i, t in self._continuations(sightings, still):
            if i in free and t.last.time_s < time_s:
                t.add(sightings[i], frame)
                t.thin(CROPS)
                free.discard(i)
        for i in sorted(free):
            begun = Stretch([])
            begun.add(sightings[i], frame)
            self._stretches.append(begun)
            self._live.append(begun)

    def finish(self) -> tuple[FaceTrack, ...]:
        """The people, the main one first, numbered in that order from 1."""
        people = joined(self._stretches, self._encoder)
        kept = sorted((p for p in people if worth_keeping(p.sightings)), key=lambda p: -p.standing)
        for p in kept:
            p.thin(CROPS)
        return tuple(
            FaceTrack(n, smooth(p.sightings), min(1.0, len(p.sightings) / max(1, self._frames)), main=n == 1)
            for n, p in enumerate(kept, 1)
        )

    def _continuations(self, sightings: list[Sighting], still: bool) -> list[tuple[float, int, Stretch]]:
        """Pairs of a sighting and a live stretch that could be one face, the best first."""
        pairs = [(closeness(t.last.box, s.box), i, t) for i, s in enumerate(sightings) for t in self._live]
        pairs = [p for p in pairs if p[0] > 0]
        if still:
            return sorted(pairs, key=lambda p: -p[0])
        seen: dict[int, npt.NDArray[np.float32]] = {}
        judged = []
        for pair in pairs:
            close, i, t = pair
            worth = self._worth(sightings[i], t, rivals(pair, pairs), seen)
            if worth is not None:
                judged.append((close + worth, i, t))
        return sorted(judged, key=lambda p: -p[0])

    def _worth(
        self, s: Sighting, t: Stretch, contested: bool, seen: dict[int, npt.NDArray[np.float32]]
    ) -> float | None:
        """What the looks add to the place, 0 where they are not asked; None if it is somebody else.

        ``seen`` keeps the looks of this frame's faces, each of which may be asked for several times.
        """
        away_s, same = s.time_s - t.last.time_s, resemblance(s, t)
        if not (contested or away_s > DOUBT_AFTER_S or same < CHANGED):
            return 0.0
        if s.crop is None or s.weight < CLEAR_WEIGHT or not t.clearest():
            return None if away_s > GAP_S or same < CHANGED_WHOLLY else 0.0
        if id(s) not in seen:
            seen[id(s)] = self._encoder.embed([s.crop])[0]
        alike = float((t.looks(self._encoder) @ seen[id(s)]).max())
        least = HERE if away_s > DOUBT_AFTER_S or same < CHANGED else OTHER
        return None if alike < least else WORTH_OF_LOOKS * alike


def rivals(pair: Pair, pairs: list[Pair]) -> bool:
    """Whether another pair with the same sighting or the same stretch is about as close."""
    close, i, t = pair
    return any(p is not pair and (p[1] == i or p[2] is t) and abs(p[0] - close) < CLOSE_CALL for p in pairs)


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
