"""What the network looked at: how much its answer suffers when a part of the face is covered.

Occlusion sensitivity: Zeiler & Fergus (2014), "Visualizing and understanding convolutional networks", section 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face.features import SIZE, Image, face_input, square
from emotion.face.model import EmotionNetwork, to_scores

PATCH: Final = 12
STEP: Final = 4


@dataclass(frozen=True, eq=False)
class Looked:
    """What the network looked at.

    Attributes:
        emotion: the answer for the whole face, one of ``labels.EMOTIONS``; ``confidence`` its probability.
        least: the answer's probability under the patch that hurts most.
        heat: float32, shape (48, 48), in [0, 1]: 1 where covering hurts most, 0 where it does not or even helps.
    """

    emotion: str
    confidence: float
    least: float
    heat: npt.NDArray[np.float32]


def occlusion(network: EmotionNetwork, crop: Image) -> Looked:
    """How much each part of a face speaks for the answer given.

    A patch of 12 x 12 (of 48 x 48) in the face's mean grey is moved over it in steps of 4; each place gets the mean
    loss of probability of the answer over the patches that covered it. About 100 readings: a third of a second.

    Args:
        crop: a face, RGB (height, width, 3) or grey (height, width), uint8.
    """
    face = face_input([square(crop)])
    before = network.predict(face)
    answer = int(before[0].argmax())
    places = [(y, x) for y in range(0, SIZE - PATCH + 1, STEP) for x in range(0, SIZE - PATCH + 1, STEP)]
    covered = np.repeat(face, len(places), axis=0)
    for i, (y, x) in enumerate(places):
        covered[i, y : y + PATCH, x : x + PATCH] = face.mean()
    left = network.predict(covered)[:, answer]
    total, times = np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32)
    for (y, x), value in zip(places, before[0, answer] - left, strict=True):
        total[y : y + PATCH, x : x + PATCH] += value
        times[y : y + PATCH, x : x + PATCH] += 1
    heat = np.asarray(cv2.GaussianBlur(np.maximum(total / times, 0), (0, 0), 1.5), np.float32)
    return Looked(
        to_scores(before)[0].label,
        float(before[0, answer]),
        float(left.min()),
        heat / max(float(heat.max()), 1e-6),
    )


def overlay(crop: Image, heat: npt.NDArray[np.float32], strength: float = 0.5) -> Image:
    """The face in RGB with the heat on it: shape of ``crop`` made square, uint8."""
    face = square(crop)
    face = face if face.ndim == 3 else np.repeat(face[..., None], 3, axis=2)
    side = face.shape[0]
    large = np.clip(cv2.resize(heat, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.cvtColor(cv2.applyColorMap((large * 255).astype(np.uint8), cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    share = (strength * large)[..., None]
    return np.asarray(face * (1 - share) + colours * share, np.uint8)
