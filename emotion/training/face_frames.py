"""The whole way from a frame: test faces pasted into frames, turned, found, levelled or not, and read."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face.detect import Detection, Detector
from emotion.face.features import crop, face_input
from emotion.face.model import FaceNetwork
from emotion.training.face_data import Faces

TURNS_DEG: Final = (0, 15, 25, 40)
PICTURES: Final = 400
SIDE: Final = 160
FRAME: Final = (360, 640)
NEAR: Final = 0.35
"""A detection whose middle lies within this part of the face's side is that face."""


def in_frames(detector: Detector, network: FaceNetwork, test: Faces, seed: int = 11) -> dict[str, Any]:
    """Accuracy over FER+'s eight classes of clear test faces found in a frame, with and without levelling the eyes.

    Each of 400 faces is enlarged to 160 pixels and stands in a grey frame of 640 x 360, turned to either side. Both
    ways read the same faces: those that were found. ``as_pictures`` is the accuracy on them without any frame.
    """
    rng = np.random.default_rng(seed)
    clear = np.flatnonzero(test.clear)
    chosen = rng.choice(clear, min(PICTURES, len(clear)), replace=False)
    report: dict[str, Any] = {}
    for turn in TURNS_DEG:
        rows, level, tilted = [], [], []
        for i in chosen:
            frame = framed(test.images[i], float(rng.choice((-1, 1)) * turn))
            found = nearest(detector.detect(frame))
            if found is not None:
                rows.append(i)
                level.append(crop(frame, found))
                tilted.append(crop(frame, found, level=False))
        majority = test.majority[rows]

        def right(faces: list[npt.NDArray[np.uint8]], truth: npt.NDArray[np.int64] = majority) -> float:
            return round(float((network.predict_both(face_input(faces))[1].argmax(axis=1) == truth).mean()), 4)

        report[str(turn)] = {
            "n": len(chosen),
            "found": len(rows),
            "level": right(level),
            "as_turned": right(tilted),
            "as_pictures": right(list(test.images[rows])),
        }
    return report


def framed(face: npt.NDArray[np.uint8], turn_deg: float) -> npt.NDArray[np.uint8]:
    """A grey face of 48 x 48 in the middle of a grey RGB frame, turned."""
    height, width = FRAME
    matrix = cv2.getRotationMatrix2D((23.5, 23.5), turn_deg, SIDE / 48)
    matrix[:, 2] += np.array([width / 2, height / 2]) - 23.5
    grey = cv2.warpAffine(
        face, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=(110.0,)
    )
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def nearest(found: list[Detection]) -> Detection | None:
    """The detection in the middle of the frame, if there is one."""
    height, width = FRAME
    for d in found:
        x, y = d.box.x + d.box.width / 2 - width / 2, d.box.y + d.box.height / 2 - height / 2
        if max(abs(x), abs(y)) < NEAR * SIDE:
            return d
    return None
