"""The picture as it is to be seen: pixels made square, turned as its matrix says, small enough."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

STEEPEST: Final = 10
"""A pixel more than so many times as wide as high, or high as wide, is a damaged header."""
PLANAR: Final = frozenset({"yuv420p", "yuvj420p"})
"""Formats whose planes are pictures of bytes."""


def pixel_ratio(stream: VideoStream) -> Fraction:
    """Width of a pixel by its height."""
    ratio = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    return ratio if ratio and Fraction(1, STEEPEST) <= ratio <= STEEPEST else Fraction(1)


def quarter_turns(frame: VideoFrame) -> int:
    """Counterclockwise, 0 to 3."""
    return round(frame.rotation / 90) % 4


def shown_size(width: int, height: int, ratio: Fraction, turns: int) -> tuple[int, int]:
    """Width and height on the screen."""
    wide = max(1, round(width * ratio))
    return (height, wide) if turns % 2 else (wide, height)


class Upright:
    """Makes frames of one clip RGB as they are to be seen, no side longer than ``max_side``.

    Args:
        ratio: width of a pixel by its height.
    """

    def __init__(self, ratio: Fraction, max_side: int) -> None:
        self.ratio, self.max_side = ratio, max_side
        self._converter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """Shape (height, width, 3)."""
        wide = max(1, round(frame.width * self.ratio))
        scale = min(1.0, self.max_side / max(wide, frame.height))
        width, height = max(2, round(wide * scale)), max(2, round(frame.height * scale))
        small = _smaller(frame, width, height)
        rgb = self._converter.reformat(small, width, height, "rgb24", interpolation="AREA", threads=1)
        return _turned(rgb, quarter_turns(frame))


def _smaller(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """The same frame, its planes made smaller where that is quick: where whole numbers of pixels become one.

    The decoder's library, which scales and changes colours in one step, takes twice as long.
    """
    whole = width % 2 == height % 2 == frame.width % width == frame.height % height == 0
    if frame.format.name not in PLANAR or not whole or (frame.width, frame.height) == (width, height):
        return frame
    import cv2  # the command's help needs none

    area = width * height
    flat = np.empty(area * 3 // 2, np.uint8)
    parts = (flat[:area], flat[area : area * 5 // 4], flat[area * 5 // 4 :])
    for plane, part, half in zip(frame.planes, parts, (1, 2, 2), strict=True):
        size = (width // half, height // half)
        pixels = np.asarray(np.from_dlpack(plane), np.uint8)
        cv2.resize(pixels, size, dst=part.reshape(size[::-1]), interpolation=cv2.INTER_AREA)
    small = VideoFrame.from_ndarray(flat.reshape(-1, width), frame.format.name)
    small.colorspace, small.color_range = frame.colorspace, frame.color_range
    return small


def for_encoder(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """The picture as it is to be seen, ``width`` x ``height`` on the screen, as yuv420p."""
    turns = quarter_turns(frame)
    if turns == 0:
        return frame.reformat(width, height, "yuv420p")
    before = (height, width) if turns % 2 else (width, height)
    rgb = _turned(frame.reformat(*before, "rgb24"), turns)
    return av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")


def _turned(rgb: VideoFrame, turns: int) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(np.rot90(np.asarray(rgb.to_ndarray(), np.uint8), k=turns))
