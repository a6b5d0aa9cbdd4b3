"""From a picture to what the emotion network reads: the one preprocessing, for serving and for measuring.

Grey, 48 x 48, float32 in [0, 1], framed as FER2013 frames its faces. How it frames them was measured by running
the detector over 600 PublicTest faces: the detector's box is 0.95 of the picture's side high and 0.82 wide, and
its middle lies 0.02 below the picture's (medians).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face.detect import Detection

Image = npt.NDArray[np.uint8]
Faces = npt.NDArray[np.float32]

SIZE: Final = 48
CROP_SIDE: Final = 144
"""Largest side of a crop that is cut out of a frame; what is kept to be shown has this size at most."""
BOX_HEIGHT: Final = 0.95
BOX_WIDTH: Final = 0.82
BOX_BELOW_MIDDLE: Final = 0.02
REACH: Final = 0.55
REACH_TURNED: Final = 0.75
"""So much of a crop's side lies on each side of its middle, with some room; where it is turned, its corners do."""
LEVEL_FROM_DEG: Final = 5.0
"""Eyes turned by less than this are left as they are: the network knows small turns, and landmarks tremble."""


def crop(rgb: Image, face: Detection, *, level: bool = True) -> Image:
    """The face cut out as a square, eyes level unless told otherwise, with the framing of FER2013.

    Args:
        rgb: shape (height, width, 3), uint8.
        face: where it is; the box may reach over the edge, what is missing repeats the edge.

    Returns:
        RGB, shape (side, side, 3), uint8, 16 <= side <= ``CROP_SIDE``.
    """
    box = face.box
    side = max(8.0, (box.height / BOX_HEIGHT + box.width / BOX_WIDTH) / 2)
    roll = face.roll_deg if level and LEVEL_FROM_DEG < abs(face.roll_deg) < 80 else 0.0
    up = BOX_BELOW_MIDDLE * side
    x = box.x + box.width / 2 + up * math.sin(math.radians(roll))
    y = box.y + box.height / 2 - up * math.cos(math.radians(roll))
    shrink = min(1.0, CROP_SIDE / side)
    if shrink < 0.75:  # averaging first: sampling a large face at few points would make it noisy
        reach = side * (REACH if roll == 0 else REACH_TURNED)
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        part = rgb[top : max(top + 1, int(y + reach)), left : max(left + 1, int(x + reach))]
        rgb = cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA).astype(np.uint8)
        x, y, shrink = (x - left) * rgb.shape[1] / part.shape[1], (y - top) * rgb.shape[0] / part.shape[0], 1.0
        side = CROP_SIDE
    out = max(16, round(side * shrink))
    matrix = cv2.getRotationMatrix2D((x, y), roll, out / side)
    matrix[:, 2] += (out - 1) / 2 - np.array([x, y])
    return cv2.warpAffine(rgb, matrix, (out, out), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
        np.uint8
    )


def square(rgb: Image) -> Image:
    """A picture that is a face already, made square by repeating its edges, so that no face is stretched."""
    height, width = rgb.shape[:2]
    side = max(height, width)
    y, x = side - height, side - width
    if not (x or y):
        return rgb
    border = (y // 2, y - y // 2, x // 2, x - x // 2)
    return cv2.copyMakeBorder(rgb, *border, cv2.BORDER_REPLICATE).astype(np.uint8)


def face_input(crops: Sequence[Image]) -> Faces:
    """What the network reads.

    Args:
        crops: square faces, each RGB (side, side, 3) or grey (side, side), uint8, any side of at least 1.

    Returns:
        float32, shape (n, 48, 48, 1), in [0, 1].
    """
    out = np.zeros((len(crops), SIZE, SIZE, 1), np.float32)
    for i, image in enumerate(crops):
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        if grey.shape != (SIZE, SIZE):
            smaller = max(grey.shape) > SIZE
            grey = cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
        out[i, :, :, 0] = grey.astype(np.float32) / 255
    return out


def sharpness(crops: Faces) -> npt.NDArray[np.float64]:
    """How much fine detail a face shows: the mean absolute Laplacian over the deviation, shape (n,).

    Measured on 48 x 48 inputs; about 0.3 to 0.6 for sharp FER2013 faces, less than 0.15 for a strong blur.
    """
    return np.array([np.abs(cv2.Laplacian(f, cv2.CV_32F)).mean() / (f.std() + 0.02) for f in crops[..., 0]])
