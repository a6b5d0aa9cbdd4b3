"""Looking for a clip's faces first where they were: a talking head stays in its place, and the rest of the picture,
which is most of the work, need not be searched five times a second.

A picture is searched whole where nothing is known of it (the clip's beginning, a cut, nobody there), every second,
where something changed away from the faces since then, where a face is not found again for certain, and where it
holds so many or so large faces that it saves nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face.detect import Detection, suppress
from emotion.timeline import Box, Sighting

Image = npt.NDArray[np.uint8]
Thumbnail = npt.NDArray[np.float32]

EVERY: Final = 5
"""At least one of so many pictures is searched whole: one a second."""
AROUND: Final = 2.0
"""So many times as wide and high as the face is the part that is looked at."""
MOST_FACES: Final = 3
CHANGED_LEVELS: Final = 25.0
"""A pixel of the thumbnail that changed by more grey levels has changed ..."""
CHANGED_PIXELS: Final = 6
"""... and so many of them, away from the faces, may be somebody who came."""
SAME: Final = 0.3
"""A face overlaps the one it was by at least this."""


class Finder(Protocol):
    """A detector that can be asked about a part of a picture: :class:`emotion.face.detect.CenterFace`."""

    certain: float

    def detect(self, rgb: Image) -> list[Detection]: ...

    def near(self, rgb: Image, box: Box, around: float) -> list[Detection]: ...


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a picture before it is looked at.

    Attributes:
        faces: where faces were a moment ago.
        thumbnail: the picture, small and grey.
        searched: the last picture that was searched whole, small and grey.
    """

    faces: Sequence[Box]
    thumbnail: Thumbnail
    searched: Thumbnail


def find(finder: Finder, rgb: Image, known: Known | None) -> list[Detection]:
    """The faces in a picture, the surest first; all of it is searched where ``known`` is None or does not help."""
    if known is None or not 0 < len(known.faces) <= MOST_FACES or _somebody_came(known, rgb.shape[:2]):
        return finder.detect(rgb)
    found: list[Detection] = []
    for box in known.faces:
        here = finder.near(rgb, box, AROUND)
        again = any(d.box.iou(box) >= SAME for d in here)
        if not again or any(d.confidence < finder.certain for d in here):
            return finder.detect(rgb)
        found += here
    return suppress(found, SAME)


class Course:
    """Says of each picture in turn whether its faces may be looked for where they were.

    Args:
        lag: so many pictures before this one its faces are surely known, and no later.
    """

    def __init__(self, lag: int) -> None:
        self._before: deque[Future[list[Sighting]]] = deque(maxlen=lag)
        self._searched: Thumbnail | None = None
        self._left = 0
        self._lag = lag

    def next(self, thumbnail: Thumbnail, *, cut: bool) -> Callable[[], Known] | None:
        """What is known of the next picture, which may wait for one before it; None if it is to be searched whole."""
        if cut:
            self._before.clear()
        self._left -= 1
        searched = self._searched
        if searched is None or self._left <= 0 or len(self._before) < self._lag:
            self._searched, self._left = thumbnail, EVERY
            return None
        before = self._before[0]
        return lambda: Known([s.box for s in before.result()], thumbnail, searched)

    def found(self, faces: Future[list[Sighting]]) -> None:
        """Where that picture's faces will be known to be."""
        self._before.append(faces)


def _somebody_came(known: Known, size: tuple[int, int]) -> bool:
    changed = (np.abs(known.thumbnail - known.searched) > CHANGED_LEVELS).astype(np.uint8)
    scale = np.array(changed.shape) / size
    for box in known.faces:
        (top, left), (bottom, right) = (scale * corner for corner in _corners(box))
        cv2.rectangle(changed, (int(left), int(top)), (int(right), int(bottom)), 0, cv2.FILLED)
    return int(changed.sum()) >= CHANGED_PIXELS


def _corners(box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    """Top left and bottom right, (y, x), of the part that is looked at."""
    side = AROUND * max(box.width, box.height)
    y, x = box.y + box.height / 2, box.x + box.width / 2
    return (y - side / 2, x - side / 2), (y + side / 2, x + side / 2)
