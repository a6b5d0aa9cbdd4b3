"""How far a mouth is open: who of several people in a picture speaks shows in it from frame to frame.

MediaPipe's face mesh (Kartynnik et al. 2019, arXiv:1907.06724) puts 468 points on a face. Here the gap between the
inner lips is taken over the height of the face, so that neither size nor distance matters. It is asked only where a
picture shows several faces: of a single one it is known who could be speaking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion import weights
from emotion.face.detect import Detection
from emotion.face.features import crop
from emotion.face.session import Session
from emotion.timeline import Box

FOLDER: Final = "landmarks-facemesh-v1"
FILE: Final = "landmarks.onnx"
SIDE: Final = 192
AROUND: Final = 1.3
"""The mesh wants a face with some room around it: the detector's box times this."""
LEAST_PX: Final = 24.0
"""Lips of smaller faces cannot be told apart."""
UPPER_LIP, LOWER_LIP, FOREHEAD, CHIN = 13, 14, 10, 152
"""Points of the mesh: the middles of the inner lips, the top of the forehead and the tip of the chin."""

Image = npt.NDArray[np.uint8]


class MouthReader:
    """Opened when it is first asked: most pictures show one face and never need it."""

    def __init__(self, model: weights.Weights | None = None, *, threads: int = 1) -> None:
        self._model = model or weights.load(FOLDER)
        self._threads = threads
        self._session: Session | None = None

    def open(self, rgb: Image, faces: Sequence[Detection]) -> list[float | None]:
        """The gap between the lips over the height of the face: 0 closed, about 0.05 in speech, 0.3 wide open.

        None where the face is too small, or where the mesh finds none.

        Args:
            rgb: shape (height, width, 3), uint8.
            faces: where they are.
        """
        return [self._open(rgb, f) for f in faces]

    def _open(self, rgb: Image, face: Detection) -> float | None:
        if min(face.box.width, face.box.height) < LEAST_PX:
            return None
        points = self.points(crop(rgb, _wider(face)))
        if points is None:
            return None
        height = float(np.linalg.norm(points[CHIN] - points[FOREHEAD]))
        return float(np.linalg.norm(points[LOWER_LIP] - points[UPPER_LIP])) / max(height, 1e-6)

    def points(self, face: Image) -> npt.NDArray[np.float32] | None:
        """The mesh of a square RGB picture of a face with some room around it; None if it shows none.

        Returns:
            shape (468, 2), x and y in [0, 1] of the picture's side.
        """
        self._session = self._session or Session(self._model.path(FILE), self._threads)
        x = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32) / np.float32(255)
        mesh, presence = self._session.run(np.asarray(x[None], np.float32))
        if float(presence.reshape(-1)[0]) <= 0:
            return None
        return (mesh.reshape(468, 3)[:, :2] / SIDE).astype(np.float32)


def _wider(d: Detection) -> Detection:
    box, more = d.box, (AROUND - 1) / 2
    grown = Box(box.x - more * box.width, box.y - more * box.height, AROUND * box.width, AROUND * box.height)
    return Detection(grown, d.confidence, d.landmarks)
