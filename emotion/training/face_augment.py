"""Random changes to grey faces that leave the expression readable."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from emotion.training.face_data import FER2013, Faces

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Rows are aligned.

    Attributes:
        faces: float32, shape (n, size, size, 1), in [0, 1].
        votes: float32, shape (n, 8), FER+'s label distributions.
        labels: float32, shape (n, 7), FER2013's own label as a distribution.
    """

    faces: Floats
    votes: Floats
    labels: Floats


@dataclass(frozen=True)
class Strength:
    """How strong; probabilities and ranges. Lengths are fractions of the picture's side."""

    angle_deg: float = 10.0
    scale: float = 0.16
    shift: float = 0.07
    shear: float = 0.05
    gamma: float = 0.35
    low_resolution: float = 0.25
    pixels: tuple[int, int] = (14, 46)
    """Sides of a face of low resolution; FER2013's are 48."""
    blur: float = 0.08
    noise: float = 0.08
    erase: float = 0.2
    mixup: float = 0.5


STRONG = Strength()
MILD = Strength(angle_deg=8.0, scale=0.12, shift=0.05, low_resolution=0.2, blur=0.05, noise=0.05, erase=0.1, mixup=0.0)


def warp(image: npt.NDArray[np.uint8], size: int, s: Strength, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A random affine view, mirrored half of the time; float32 in [0, 1], shape (size, size)."""
    a = np.deg2rad(np.clip(rng.normal(0, s.angle_deg), -2.5 * s.angle_deg, 2.5 * s.angle_deg))
    zoom = np.exp(rng.uniform(-s.scale, s.scale, 2) * 0.5 + rng.uniform(-s.scale, s.scale) * 0.75)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    turn = turn @ np.array([[1.0, rng.uniform(-s.shear, s.shear)], [0.0, 1.0]]) @ np.diag(zoom)
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    side = image.shape[0]
    turn *= size / side
    centre = np.array([(size - 1) / 2, (size - 1) / 2]) + rng.uniform(-s.shift, s.shift, 2) * size
    matrix = np.column_stack([turn, centre - turn @ np.full(2, (side - 1) / 2)])
    border = cv2.BORDER_REFLECT_101 if rng.random() < 0.5 else cv2.BORDER_REPLICATE
    view = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(view / 255.0, np.float32)


def spoil(x: Any, s: Strength, rng: np.random.Generator) -> Floats:
    """Light, sharpness and covered parts, each now and then; same shape, in [0, 1]."""
    size = x.shape[0]
    x = np.power(np.clip(x, 0, 1), np.float32(np.exp(rng.uniform(-s.gamma, s.gamma))))
    if rng.random() < s.low_resolution:
        small = int(rng.uniform(*s.pixels))
        x = cv2.resize(x, (small, small), interpolation=cv2.INTER_AREA)
        x = cv2.resize(x, (size, size), interpolation=cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC)
    if rng.random() < s.blur:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.3))
    if rng.random() < s.noise:
        x = x + rng.normal(0, rng.uniform(0.01, 0.06), x.shape).astype(np.float32)
    x = np.clip((x - 0.5) * rng.uniform(0.6, 1.25) + 0.5 + rng.uniform(-0.15, 0.15), 0, 1).astype(np.float32)
    if rng.random() < s.erase:
        h, w = (np.exp(rng.uniform(np.log(0.15), np.log(0.5), 2)) * size).astype(int)
        top, left = rng.integers(0, size - h + 1), rng.integers(0, size - w + 1)
        x[top : top + h, left : left + w] = rng.random()
    return x


def batch(faces: Faces, rows: npt.NDArray[np.int64], size: int, s: Strength, rng: np.random.Generator) -> Batch:
    """Changed pictures and their labels; some batches are mixed up."""
    x = np.stack([spoil(warp(faces.images[i], size, s, rng), s, rng) for i in rows])[..., None]
    y, z = faces.votes[rows], np.eye(len(FER2013), dtype=np.float32)[faces.fer2013[rows]]
    if rng.random() < s.mixup:
        share = np.float32(rng.beta(0.5, 0.5))
        other = rng.permutation(len(rows))
        x, y, z = (share * v + (1 - share) * v[other] for v in (x, y, z))
    return Batch(np.asarray(x, np.float32), np.asarray(y, np.float32), np.asarray(z, np.float32))


def batches(faces: Faces, batch_size: int, size: int, s: Strength, rng: np.random.Generator) -> Iterator[Batch]:
    """One epoch, shuffled, the incomplete last batch left out; made ahead in a thread of its own."""
    order = rng.permutation(len(faces))
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(maxsize=8)

    def work() -> None:
        try:
            for start in range(0, len(order) - batch_size + 1, batch_size):
                ready.put(batch(faces, order[start : start + batch_size], size, s, rng))
            ready.put(None)
        except BaseException as e:  # handed to the reader, which raises it
            ready.put(e)

    threading.Thread(target=work, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
