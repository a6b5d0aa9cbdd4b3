"""Faces from frame to frame: a look near where they were just now, and at the whole picture twice a second.

A near look costs a third of a whole one. Who comes in is found within :data:`WHOLE_EVERY_S`; as soon as one
of the faces is not where it was, the whole picture is looked at.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face.detect import Detection, Detector, shift, suppress
from emotion.timeline import Box

Image = npt.NDArray[np.uint8]

WHOLE_EVERY_S: Final = 0.5
NEAR_PX: Final = 160
"""The surroundings of a face, twice its size, are looked at with so many pixels a side."""
LEAST_OVERLAP: Final = 0.25
"""A face that overlaps less with where it was is another one."""


class Follower:
    """The faces of one camera. Frames must come in the order of their times."""

    def __init__(self) -> None:
        self._last: list[Detection] = []
        self._whole_s = -np.inf

    def find(self, detector: Detector, rgb: Image, now_s: float) -> list[Detection]:
        """The faces in a picture of shape (height, width, 3), uint8; the surest first."""
        found = self._near(detector, rgb) if 0 <= now_s - self._whole_s < WHOLE_EVERY_S else []
        if not found:
            found, self._whole_s = detector.detect(rgb), now_s
        self._last = found
        return found

    def _near(self, detector: Detector, rgb: Image) -> list[Detection]:
        """All faces of the last frame, or none where one of them is lost or two have become one."""
        found = [near(detector, rgb, d) for d in self._last]
        seen = suppress([d for d in found if d is not None], 0.3)
        return seen if len(seen) == len(self._last) else []


def near(detector: Detector, rgb: Image, d: Detection) -> Detection | None:
    """The face that was at ``d`` a moment ago; None if it is not near."""
    side = max(d.box.width, d.box.height)
    x, y = d.box.x + d.box.width / 2, d.box.y + d.box.height / 2
    left, top = int(max(0, x - side)), int(max(0, y - side))
    part = rgb[top : max(top, int(y + side)), left : max(left, int(x + side))]
    if min(part.shape[:2]) == 0:
        return None
    scale = min(1.0, NEAR_PX / max(part.shape[:2]))
    if scale < 1:
        size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    looks = [shift(_larger(f, 1 / scale), left, top) for f in detector.detect(part)]
    best = max(looks, key=lambda f: f.box.iou(d.box), default=None)
    return best if best is not None and best.box.iou(d.box) >= LEAST_OVERLAP else None


def _larger(d: Detection, by: float) -> Detection:
    box = Box(d.box.x * by, d.box.y * by, d.box.width * by, d.box.height * by)
    marks = None if d.landmarks is None else (d.landmarks * np.float32(by)).astype(np.float32)
    return Detection(box, d.confidence, marks)
