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
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face import person
from emotion.face.person import HERE, OTHER
from emotion.timeline import Box, EmotionScores, FaceTrack, Sighting

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
THUMBNAIL: Final = 16
CLEAR_WEIGHT: Final = 0.3
"""Only faces that can be read this well are compared by their looks."""
LOOKS: Final = 3
"""So many faces of a stretch are compared, those that can be read best."""
CROPS: Final = 12
CROPS_OF_ENDED: Final = 4
MOST_ENDED: Final = 128
"""So many ended stretches keep their crops; what a longer clip holds does not grow with its cuts."""
AT_ONCE: Final = 256
"""So many stretches are compared with each other; of more, neighbours first, then whom they were found to be."""
VECTORS: Final = 24
"""Looks that stand for a person of many stretches."""
FEW: Final = 3
CONFIDENT: Final = 0.8
DOUBTFUL: Final = 0.5
READABLE: Final = 0.5
SMOOTH_S: Final = 0.3
SMOOTH_REACH_S: Final = 1.0


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


def thumbnail(crop: Image) -> npt.NDArray[np.float32]:
    """A crop's coarse pattern of light, shape (256,): mean 0 and length 1, so that a product is a correlation."""
    grey = crop if crop.ndim == 2 else cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).astype(np.float32).reshape(-1)
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


def resemblance(s: Sighting, t: Stretch) -> float:
    """The correlation of a sighting with the last crop of a stretch; 1 where there is nothing to compare."""
    return 1.0 if s.crop is None or t.shown is None else float(thumbnail(s.crop) @ t.shown)


Pair = tuple[float, int, Stretch]


def rivals(pair: Pair, pairs: list[Pair]) -> bool:
    """Whether another pair with the same sighting or the same stretch is about as close."""
    close, i, t = pair
    return any(p is not pair and (p[1] == i or p[2] is t) and abs(p[0] - close) < CLOSE_CALL for p in pairs)


def joined(stretches: list[Stretch], encoder: Encoder) -> list[Stretch]:
    """Rule 2: the stretches of one person become one."""
    clear = [t for t in stretches if t.clear]
    rest = [t for t in stretches if not t.clear]
    before = len(clear) + 1
    while AT_ONCE < len(clear) < before:
        before = len(clear)
        clear = [p for i in range(0, before, AT_ONCE) for p in _people(clear[i : i + AT_ONCE], encoder)]
    return [*_people(clear, encoder), *rest] if len(clear) > 1 else [*clear, *rest]


def _people(stretches: list[Stretch], encoder: Encoder) -> list[Stretch]:
    vectors = [t.looks(encoder) for t in stretches]
    groups = person.groups(vectors, [frozenset(s.time_s for s in t.sightings) for t in stretches])
    return [_one([stretches[i] for i in g]) for g in groups]


def _one(stretches: list[Stretch]) -> Stretch:
    if len(stretches) == 1:
        return stretches[0]
    sightings = sorted((s for t in stretches for s in t.sightings), key=lambda s: s.time_s)
    looks = sorted(((at_s, v) for t in stretches for at_s, v in t.vectors.items()), key=lambda look: look[0])
    some = dict(looks[:: max(1, -(-len(looks) // VECTORS))])
    return Stretch(sightings, sum(t.standing for t in stretches), live=False, vectors=some, settled=True)


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
