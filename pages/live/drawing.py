"""What is drawn on the live picture: a box a face, its emotion by name, and bars of the three likeliest."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from emotion.labels import BY_NAME
from emotion.timeline import Sighting

Picture = npt.NDArray[np.uint8]
Names = Callable[[str], str]
BARS: Final = 3
TEXT_PX: Final = 17
ROW_PX: Final = 22
BAR_PX: Final = 90
FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msjh.ttc",
)


def draw(rgb: Picture, faces: Sequence[Sighting], names: Names) -> Picture:
    """A copy of the picture, shape (height, width, 3), with every face marked; ``names`` words an emotion."""
    out = rgb.copy()
    for face in faces:
        _face(out, face, names)
    return out


def _face(out: Picture, face: Sighting, names: Names) -> None:
    colour = _rgb(BY_NAME[face.scores.label].colour)
    x, y = round(face.box.x), round(face.box.y)
    right, bottom = round(face.box.x + face.box.width), round(face.box.y + face.box.height)
    cv2.rectangle(out, (x, y), (right, bottom), (0, 0, 0), 5)
    cv2.rectangle(out, (x, y), (right, bottom), colour, 3)
    rows = sorted(face.scores.as_dict().items(), key=lambda item: -item[1])[:BARS]
    left = right + 6 if right + 6 + BAR_PX + 70 <= out.shape[1] else max(0, x - 6 - BAR_PX - 70)
    for i, (emotion, share) in enumerate(rows):
        _bar(out, left, max(0, y) + i * (ROW_PX + 4), names(emotion), share, _rgb(BY_NAME[emotion].colour))


def _bar(out: Picture, x: int, y: int, name: str, share: float, colour: tuple[int, int, int]) -> None:
    height, width = out.shape[:2]
    if y + ROW_PX > height or x >= width:
        return
    panel = out[y : y + ROW_PX, x : min(width, x + BAR_PX + 70)]
    panel[:] = (panel * 0.35).astype(np.uint8)
    panel[ROW_PX - 5 : ROW_PX - 1, : max(2, round(share * (BAR_PX + 70)))] = colour
    _write(panel, _text(f"{name} {share:.0%}"))


def _write(panel: Picture, ink: npt.NDArray[np.float32]) -> None:
    h, w = min(panel.shape[0], ink.shape[0]), min(panel.shape[1] - 4, ink.shape[1])
    if w > 0:
        area = panel[:h, 4 : 4 + w]
        area[:] = (area + (255 - area) * ink[:h, :w, None]).astype(np.uint8)


@functools.lru_cache(maxsize=512)
def _text(text: str) -> npt.NDArray[np.float32]:
    """How much of each pixel is ink, shape (height, width), in [0, 1]."""
    font = _font()
    width = int(font.getlength(text)) + 2
    image = Image.new("L", (width, ROW_PX - 5))
    ImageDraw.Draw(image).text((0, -3), text, font=font, fill=255)
    return np.asarray(image).astype(np.float32) / np.float32(255)


@functools.cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for path in FONTS:
        if Path(path).is_file():
            return ImageFont.truetype(path, TEXT_PX - 3)
    return ImageFont.load_default(TEXT_PX - 3)


def can_write_chinese() -> bool:
    """Whether a font with Chinese signs is installed; without one the picture names emotions in English."""
    return any(Path(path).is_file() for path in FONTS)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
