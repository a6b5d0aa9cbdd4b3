"""From decoded pictures to what the models take: a few upright ones a second, each with how long it is shown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame as Decoded
from av.video.stream import VideoStream

from emotion.media import geometry

SPARED_FROM: Final = 2.5
"""Pictures that no other needs are passed over where the clip has so many times as many as are wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """``rgb`` has shape (height, width, 3), uint8, upright, square pixels. It is on screen until ``end_s``: until the
    next picture that is taken, the last one until the clip ends; None where that is not known."""

    time_s: float
    rgb: npt.NDArray[np.uint8]
    end_s: float | None = None


class FramePicker:
    """Takes the first frame of each step of 1 / fps seconds, and hands it out when the next one is there."""

    def __init__(self, fps: float, max_side: int, ratio: Fraction, rate: float | None = None) -> None:
        self.step_s = 1 / fps
        self._upright = geometry.Upright(ratio, max_side)
        self._tick_s = 1 / rate if rate else 0.0
        self._due_s = self._last_s = float("-inf")
        self._held: VideoFrame | None = None

    def look(self, frame: Decoded) -> Iterator[VideoFrame]:
        after_s = max(0.0, self._last_s + self._tick_s)  # for those without a time of their own
        self._last_s = time_s = max(0.0, after_s if frame.time is None else frame.time)
        if time_s < self._due_s - 1e-3:
            return
        self._due_s = (math.floor(time_s / self.step_s + 1e-3) + 1) * self.step_s
        yield from self.rest(time_s)
        self._held = VideoFrame(time_s, self._upright(frame))

    def rest(self, end_s: float) -> Iterator[VideoFrame]:
        """The frame that is still on screen, until ``end_s``."""
        if self._held is not None:
            held, self._held = self._held, None
            yield replace(held, end_s=max(held.time_s, end_s))


class Sparing:
    """Lets the decoder pass over pictures that no other needs, as long as no step of the clip loses all of its own.

    Which those are only the decoder knows. The first step that is lost switches it off for good.
    """

    def __init__(self, video: VideoStream, fps: float) -> None:
        self.step_s, self._context = 1 / fps, video.codec_context
        self._tick_s = float(video.time_base or 0)
        self._sent: set[int] = set()
        self._reached = -1
        rate = video.average_rate
        self.on = rate is not None and rate >= SPARED_FROM * fps
        if self.on:
            self._context.skip_frame = "NONREF"

    def sent(self, packet: Packet[Stream]) -> None:
        if self.on and packet.pts is not None and (step := self._step(packet.pts * self._tick_s)) > self._reached:
            self._sent.add(step)

    def came(self, frame: Decoded) -> None:
        if not self.on or frame.time is None:
            return
        step = self._step(frame.time)
        if any(s < step for s in self._sent):
            self.on = False
            self._context.skip_frame = "DEFAULT"
        if step > self._reached:
            self._reached = step
            self._sent = {s for s in self._sent if s > step}

    def _step(self, time_s: float) -> int:
        return math.floor(time_s / self.step_s + 1e-3)
