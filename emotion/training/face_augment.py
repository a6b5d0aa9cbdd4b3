"""Random changes to grey faces that leave the expression readable, made where the network is trained.

A face is spoilt at the 48 pixels that it is stored and served in, as footage spoils it: seen at fewer pixels, out of
focus, compressed, noisy, in another light. Then it is turned, moved and enlarged to what the network reads in one step,
partly covered, and sometimes mixed with another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import keras
import numpy as np
import numpy.typing as npt

from emotion.training.face_network import SIDE
from emotion.training.tensors import Tensor, chance, ops

STORED: Final = 48
CODED: Final = 8
"""Pixels along the side of the squares in which JPEG and video codecs keep pictures."""
SMALLEST: Final = 11


@dataclass(frozen=True)
class Strength:
    """How strong; probabilities and ranges. Lengths are fractions of the picture's side."""

    angle_deg: float = 10.0
    scale: float = 0.16
    closer: float = 0.05
    """Pictures are on average seen so much closer: people who pose fill them more."""
    shift: float = 0.07
    shear: float = 0.05
    gamma: float = 0.35
    light: float = 0.5
    """How much brighter one side may be than the other, as a logarithm."""
    coarse: float = 0.35
    """How often a picture is of low resolution or out of focus."""
    coded: float = 0.2
    noise: float = 0.1
    erase: float = 0.2
    mixup: float = 0.3
    cutmix: float = 0.15


def coarser() -> npt.NDArray[np.float32]:
    """Shape (kinds, 48, 48): what takes a picture's rows to those of a coarser one, its columns alike.

    Sides of 11 to 44 pixels, enlarged again linearly or cubically, and two blurs.
    """
    eye, made = np.eye(STORED, dtype=np.float32), []
    for side in range(SMALLEST, STORED - 3):
        small = cv2.resize(eye, (STORED, side), interpolation=cv2.INTER_AREA)
        made += [cv2.resize(small, (STORED, STORED), interpolation=i) for i in (cv2.INTER_LINEAR, cv2.INTER_CUBIC)]
    made += [cv2.GaussianBlur(eye, (1, 9), sigmaX=1e-6, sigmaY=s) for s in (0.6, 1.0) for _ in range(8)]
    return np.stack(made).astype(np.float32)


def cosines() -> npt.NDArray[np.float32]:
    """Shape (8, 8): the cosine transform of a row of eight, of length 1 each."""
    k, n = np.meshgrid(np.arange(CODED), np.arange(CODED), indexing="ij")
    made = np.cos(np.pi * (n + 0.5) * k / CODED) * np.sqrt(2 / CODED)
    made[0] /= np.sqrt(2)
    return made.astype(np.float32)


class Changes(keras.layers.Layer):
    """Pictures (n, 48, 48) in [0, 1] and targets (n, k) to (n, SIDE, SIDE, 1) and (n, k)."""

    def __init__(self, strength: Strength, seed: int) -> None:
        super().__init__(dtype="float32", trainable=False)
        self.strength = strength
        self.seed = chance.SeedGenerator(seed)
        self.coarser, self.cosines = coarser(), cosines()

    def call(self, x: Tensor, y: Tensor, mild: Tensor) -> tuple[Tensor, Tensor]:
        """Where ``mild`` (n,) is 1, half as many are spoilt and none mixed."""
        strong = 1 - mild[:, None, None]
        x = self.covered(self.moved(self.spoilt(x, 0.5 + 0.5 * strong)), 0.5 + 0.5 * strong)
        return self.mixed(x, y, strong)

    def between(self, low: float, high: float, *shape: int) -> Tensor:
        return chance.uniform(shape, low, high, seed=self.seed)

    def sometimes(self, share: Tensor) -> Tensor:
        """Shape (n, 1, 1), 1 where it happens."""
        return ops.cast(self.between(0, 1, *share.shape) < share, "float32")

    def spoilt(self, x: Tensor, strong: Tensor) -> Tensor:
        """Light, sharpness and noise, each now and then; same shape, in [0, 1]."""
        s, n = self.strength, x.shape[0]
        x = ops.power(ops.maximum(x, 1e-4), ops.exp(self.between(-s.gamma, s.gamma, n, 1, 1)))
        along = ops.linspace(-0.5, 0.5, STORED)
        across, down = (self.between(-s.light, s.light, n, 1, 1) for _ in range(2))
        x = x * ops.exp(across * along[None, None, :] + down * along[None, :, None])
        which = chance.randint((n,), 0, len(self.coarser), seed=self.seed)
        rows = ops.take(self.coarser, which, axis=0)
        coarse = ops.matmul(ops.matmul(rows, x), ops.transpose(rows, (0, 2, 1)))
        now = self.sometimes(strong * s.coarse)
        x = now * coarse + (1 - now) * x
        now = self.sometimes(strong * s.coded)
        x = now * self.coded(x) + (1 - now) * x
        loud = self.sometimes(strong * s.noise) * self.between(0.01, 0.06, n, 1, 1)
        x = x + loud * chance.normal(x.shape, seed=self.seed)
        contrast, bright = self.between(0.6, 1.25, n, 1, 1), self.between(-0.15, 0.15, n, 1, 1)
        return ops.clip((x - 0.5) * contrast + 0.5 + bright, 0.0, 1.0)

    def coded(self, x: Tensor) -> Tensor:
        """As a codec leaves it that rounds the cosine transform of squares, fine detail most."""
        n, squares, to = x.shape[0], STORED // CODED, self.cosines
        parts = ops.transpose(ops.reshape(x, (n, squares, CODED, squares, CODED)), (0, 1, 3, 2, 4))
        step = np.add.outer(np.arange(CODED), np.arange(CODED)).astype(np.float32)[None, None, None] / CODED + 0.5
        step = step * ops.exp(self.between(float(np.log(0.04)), float(np.log(0.2)), n, 1, 1, 1, 1))
        kept = ops.round(ops.matmul(ops.matmul(to, parts), to.T) / step) * step
        parts = ops.matmul(ops.matmul(to.T, kept), to)
        return ops.reshape(ops.transpose(parts, (0, 1, 3, 2, 4)), (n, STORED, STORED))

    def moved(self, x: Tensor) -> Tensor:
        """A random affine view, mirrored half of the time; (n, 48, 48) to (n, SIDE, SIDE)."""
        s, n = self.strength, x.shape[0]
        turn = ops.clip(chance.normal((n,), seed=self.seed), -2.5, 2.5) * float(np.deg2rad(s.angle_deg))
        both = self.between(-s.scale, s.scale, n) * 0.75 + s.closer
        wide, high = (ops.exp(-both - 0.5 * self.between(-s.scale, s.scale, n)) for _ in range(2))
        wide = wide * ops.sign(self.between(-1, 1, n))
        lean = self.between(-s.shear, s.shear, n)
        at = (ops.arange(SIDE, dtype="float32") + 0.5) / SIDE - 0.5
        col, row = at[None, None, :], at[None, :, None]
        cos, sin, wide, high, lean = (v[:, None, None] for v in (ops.cos(turn), ops.sin(turn), wide, high, lean))
        across, down = (self.between(-s.shift, s.shift, n, 1, 1) for _ in range(2))
        column = wide * (cos * col + (sin + lean) * row) + across
        line = high * (cos * row - sin * col) + down
        return self.sampled(x, (line + 0.5) * STORED - 0.5, (column + 0.5) * STORED - 0.5)

    @staticmethod
    def sampled(x: Tensor, line: Tensor, column: Tensor) -> Tensor:
        """Bilinear values (n, h, w) of pictures (n, 48, 48) at these places; beyond its edge a picture is mirrored."""
        last, flat = STORED - 1, ops.reshape(x, (x.shape[0], STORED * STORED))
        line, column = (last - ops.abs(last - ops.abs(v)) for v in (line, column))
        line, column = (ops.clip(v, 0.0, float(last)) for v in (line, column))
        top, left = (ops.minimum(ops.floor(v), last - 1) for v in (line, column))
        down, right = line - top, column - left
        first = ops.reshape(ops.cast(top * STORED + left, "int32"), (x.shape[0], -1))

        def value(step: int) -> Tensor:
            return ops.reshape(ops.take_along_axis(flat, first + step, axis=1), line.shape)

        above = value(0) * (1 - right) + value(1) * right
        below = value(STORED) * (1 - right) + value(STORED + 1) * right
        return above * (1 - down) + below * down

    def inside(self, n: int, least: float, most: float) -> Tensor:
        """Shape (n, SIDE, SIDE): 1 inside of a random rectangle."""
        at = (ops.arange(SIDE, dtype="float32") + 0.5) / SIDE
        covers = []
        for _ in range(2):
            length = ops.exp(self.between(float(np.log(least)), float(np.log(most)), n, 1))
            begin = self.between(0, 1, n, 1) * (1 - length)
            covers.append(ops.cast((at >= begin) & (at < begin + length), "float32"))
        return covers[0][:, :, None] * covers[1][:, None, :]

    def covered(self, x: Tensor, strong: Tensor) -> Tensor:
        """Now and then a rectangle of one grey lies on the face."""
        n = x.shape[0]
        hidden = self.inside(n, 0.15, 0.5) * self.sometimes(strong * self.strength.erase)
        return x * (1 - hidden) + hidden * self.between(0, 1, n, 1, 1)

    def mixed(self, x: Tensor, y: Tensor, strong: Tensor) -> tuple[Tensor, Tensor]:
        """Some pictures are mixed with their neighbour (Zhang et al. 2018, arXiv:1710.09412), into some a piece of it
        is put (Yun et al. 2019, arXiv:1905.04899); with the targets in the same shares. They come shuffled."""
        s, n = self.strength, x.shape[0]
        draw = self.between(0, 1, n, 1, 1)
        share = ops.square(ops.sin(self.between(0, float(np.pi / 2), n, 1, 1)))  # as of a beta law of 1/2 and 1/2
        piece = self.inside(n, 0.3, 0.6)
        blended, pasted = (ops.cast(v, "float32") for v in (draw < strong * s.mixup, draw > 1 - strong * s.cutmix))
        other = blended * share + pasted * piece
        x = x * (1 - other) + ops.roll(x, 1, axis=0) * other
        part = ops.mean(other, axis=(1, 2))[:, None]
        return x[..., None], y * (1 - part) + ops.roll(y, 1, axis=0) * part
