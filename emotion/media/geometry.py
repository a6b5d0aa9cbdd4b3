"""The picture as it is to be seen: pixels made square, turned as its matrix says, small enough."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

STEEPEST: Final = 10
"""A pixel more than so many times as wide as high, or high as wide, is a damaged header."""


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


def upright(frame: VideoFrame, ratio: Fraction, max_side: int) -> npt.NDArray[np.uint8]:
    """RGB as it is to be seen, shape (height, width, 3), no side longer than ``max_side``."""
    wide = max(1, round(frame.width * ratio))
    scale = min(1.0, max_side / max(wide, frame.height))
    width, height = max(2, round(wide * scale)), max(2, round(frame.height * scale))
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    return _turned(small, quarter_turns(frame))


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
