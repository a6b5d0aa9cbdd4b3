"""A portrait that moves: warps of one photograph, driven by a few numbers of the face.

Coordinates are pixels of scikit-image's astronaut picture (512 x 512); the landmarks were read off it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields

import cv2
import numpy as np
import numpy.typing as npt
import skimage.data

Grid = npt.NDArray[np.floating]

EYES = ((203.0, 101.0), (246.5, 103.5))
BROWS_INNER = ((213.0, 92.5), (239.0, 93.5))
BROWS_OUTER = ((191.0, 90.0), (262.0, 95.0))
MOUTH_X, MOUTH_HALF = 224.0, 21.0
LIP_Y = 140.0
"""Lower edge of the upper lip; the teeth below it are at most :data:`TEETH` high."""
TEETH = 10.0
CHIN_Y = 178.0
HEAD = (224.0, 105.0)
JAW_DROP = 13.0
INSIDE = np.array([58, 22, 22], np.float32)


@dataclass(frozen=True)
class Face:
    """0 is at rest everywhere; about 1 is as far as the warp looks natural."""

    smile: float = 0.0
    """Corners of the mouth: 1 as in the photograph, below 0 turned down."""
    teeth: float = 0.0
    jaw: float = 0.0
    brows: float = 0.0
    """Raised above 0, lowered below."""
    frown: float = 0.0
    """Inner ends of the brows pulled down and together."""
    worry: float = 0.0
    """Inner ends of the brows pulled up."""
    lids: float = 0.0
    """Wide above 0, narrow below."""

    def towards(self, other: Face, share: float) -> Face:
        """A step of ``share`` in [0, 1] on the way to ``other``."""
        pairs = [(getattr(self, f.name), getattr(other, f.name)) for f in fields(Face)]
        return Face(*(a + share * (b - a) for a, b in pairs))


@dataclass(frozen=True)
class View:
    """A panel of the picture: its place in pixels, and how large it shows the portrait."""

    left: int
    top: int
    width: int
    height: int
    scale: float = 2.0
    mirrored: bool = False
    warmth: float = 0.0


@functools.lru_cache(maxsize=1)
def _photograph() -> npt.NDArray[np.uint8]:
    return np.asarray(skimage.data.astronaut())


def draw(face: Face, view: View, time_s: float) -> npt.NDArray[np.uint8]:
    """One frame of the panel, RGB, shape (height, width, 3)."""
    x, y = _camera(view, time_s)
    x, y = _nod(x, y, time_s)
    x, y = _brows_and_eyes(face, x, y, _blink(time_s))
    shade = _frown_lines(face, x, y)
    x, y, inside = _mouth(face, x, y)
    picture = cv2.remap(
        _photograph(), x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    ).astype(np.float32)
    alpha = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.2)[..., None]
    picture = picture * (1 - alpha) + INSIDE * alpha
    picture *= 1 - shade.astype(np.float32)[..., None]
    picture *= np.array([1 + view.warmth, 1, 1 - view.warmth], np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _camera(view: View, time_s: float) -> tuple[Grid, Grid]:
    """Which point of the photograph each pixel shows: centred on the head, drifting and zooming a little."""
    scale = view.scale * (1 + 0.03 * np.sin(time_s / 3.1))
    column, row = np.meshgrid(np.arange(view.width, dtype=np.float32), np.arange(view.height, dtype=np.float32))
    if view.mirrored:
        column = view.width - 1 - column
    x = (column - view.width / 2) / scale + HEAD[0] + 1.5 * np.sin(time_s / 2.3)
    y = (row - view.height / 2) / scale + HEAD[1] + 3
    return x, y


def _bump(x: Grid, y: Grid, centre: tuple[float, float], sx: float, sy: float) -> Grid:
    return np.exp(-(((x - centre[0]) / sx) ** 2) / 2 - ((y - centre[1]) / sy) ** 2 / 2)


def _nod(x: Grid, y: Grid, time_s: float) -> tuple[Grid, Grid]:
    """The head sways and tilts; the shoulders and the wall stay."""
    weight = _bump(x, y, (HEAD[0], HEAD[1] - 10), 60, 55)
    angle = np.deg2rad(2.2 * np.sin(time_s * 1.3)) * weight
    dx, dy = x - HEAD[0], y - CHIN_Y
    moved_x = HEAD[0] + dx * np.cos(angle) - dy * np.sin(angle) - 2.0 * np.sin(time_s * 0.9) * weight
    moved_y = CHIN_Y + dx * np.sin(angle) + dy * np.cos(angle) - 1.2 * np.sin(time_s * 2.1) * weight
    return moved_x, moved_y


def _blink(time_s: float) -> float:
    """1 with closed eyes, for about 0.16 s every 3.4 s."""
    return float(np.clip(1 - abs((time_s + 1.2) % 3.4 - 1.7) / 0.09, 0, 1))


def _brows_and_eyes(face: Face, x: Grid, y: Grid, blink: float) -> tuple[Grid, Grid]:
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    for side, (inner, outer, eye) in zip((1, -1), zip(BROWS_INNER, BROWS_OUTER, EYES, strict=True), strict=True):
        at_inner, at_outer = _bump(x, y, inner, 9, 4.5), _bump(x, y, outer, 10, 4.5)
        dy += at_inner * (-5 * face.brows - 5 * face.worry + 4 * face.frown) + at_outer * (-5 * face.brows + face.worry)
        dx += at_inner * side * 3.5 * face.frown
        at_eye = _bump(x, y, eye, 11, 6)
        wide = 0.35 * face.lids * at_eye
        dy += (y - eye[1]) * wide / (1 + wide)
        dy += blink * 6.5 * _bump(x, y, (eye[0], eye[1] - 0.5), 9, 3.4)
    return x - dx, y - dy


def _frown_lines(face: Face, x: Grid, y: Grid) -> Grid:
    """How much darker a frown makes each pixel, in [0, 1]: the brows themselves, and two folds between them."""
    strokes = [(inner, outer, 2.2, 0.35) for inner, outer in zip(BROWS_INNER, BROWS_OUTER, strict=True)]
    strokes += [((222.0, 88.0), (221.0, 97.0), 1.8, 0.14), ((229.5, 88.0), (230.5, 97.0), 1.8, 0.14)]
    shade = np.zeros_like(x)
    for (ax, ay), (bx, by), width, depth in strokes:
        along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2), 0, 1)
        away = np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))
        shade = np.maximum(shade, depth * np.exp(-((away / width) ** 2)))
    return shade * min(face.frown, 1.0)


def _mouth(face: Face, x: Grid, y: Grid) -> tuple[Grid, Grid, npt.NDArray[np.bool_]]:
    """Corners by ``smile``, lips closed over the teeth or opened by ``jaw``; True where it shows the inside."""
    corner = (1 - face.smile) * 9
    u = (x - MOUTH_X) / MOUTH_HALF
    around = np.exp(-(((y - 146) / 16) ** 2) / 2) * np.exp(-(np.clip(np.abs(u) - 1, 0, None) ** 2) * 5)
    y = y - corner * (np.minimum(u**2, 1.2) - 0.35) * around
    x = x + np.sign(u) * np.minimum(np.abs(u), 1) * (1 - face.smile) * 2.5 * around
    u = (x - MOUTH_X) / MOUTH_HALF
    arch = np.clip(1 - u**2, 0, None)
    shown, hidden = TEETH * np.clip(face.teeth, 0, 1) * arch, TEETH * (1 - np.clip(face.teeth, 0, 1)) * arch
    lowered, gap = hidden / 2, JAW_DROP * face.jaw * arch
    teeth_top = LIP_Y + lowered
    gap_top = teeth_top + shown
    lip_top = gap_top + gap
    upper = y - lowered * np.clip(1 - (teeth_top - y) / 13, 0, 1)
    chin = JAW_DROP * face.jaw * np.exp(-(((x - MOUTH_X) / 30) ** 4))
    below = np.clip((y - lip_top) / 22, 0, 1)
    drop = (gap - lowered) * (1 - below) + chin * below * np.clip((200 - y) / 20, 0, 1)
    source = np.select([y < teeth_top, y < gap_top], [upper, y - lowered], y - drop)
    open_now = (arch > 0) & (y >= gap_top) & (y < lip_top) & (gap > 0.8)
    seam = (arch > 0.05) & (np.abs(y - gap_top) < 0.5) & (shown < 2)
    return x, source, open_now | seam
