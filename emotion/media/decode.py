"""From decoded frames to what the models take: mono sound without gaps, and a few upright pictures a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

GAP_S: Final = 0.1
"""Silence is put in where time stamps jump by more than this; smaller jumps are rounding."""


@dataclass(frozen=True, slots=True)
class SoundChunk:
    """``y`` has shape (n,), float32 in about [-1, 1], mono; it starts at ``start_s``."""

    start_s: float
    y: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """``rgb`` has shape (height, width, 3), uint8, upright, square pixels."""

    time_s: float
    rgb: npt.NDArray[np.uint8]


class Listener:
    """Resamples to mono and keeps the time: gaps become silence, so that sample n is n / sr seconds."""

    def __init__(self, sr: int, start_s: float) -> None:
        self.sr = sr
        self.start_s = start_s
        self.n = 0
        self.heard_s = start_s
        self.resampler: Any = None
        self.setup: tuple[Any, ...] | None = None

    def hear(self, frame: Any) -> Iterator[SoundChunk]:
        setup = (frame.format.name, frame.layout.name, frame.sample_rate)
        time_s = self.heard_s if frame.time is None else frame.time
        if setup != self.setup or time_s - self.heard_s > GAP_S:  # a stream may change or pause in mid-clip
            yield from self.rest()
            self.resampler = av.AudioResampler(format="fltp", layout=frame.layout, rate=self.sr)
            self.setup = setup
            yield from self._fill_gap(time_s)
        self.heard_s = time_s + frame.samples / frame.sample_rate
        frame.pts = None
        yield from self._chunks(self.resampler.resample(frame))

    def rest(self) -> Iterator[SoundChunk]:
        if self.resampler is not None:
            yield from self._chunks(self.resampler.resample(None))
            self.resampler = None

    def _fill_gap(self, time_s: float) -> Iterator[SoundChunk]:
        due = round((time_s - self.start_s) * self.sr) - self.n
        if GAP_S * self.sr < due < 3600 * self.sr:
            yield from self._emit(np.zeros(due, np.float32))

    def _chunks(self, frames: list[Any]) -> Iterator[SoundChunk]:
        for out in frames:
            # The mean of the channels; FFmpeg's own mix to mono would raise the level by 3 dB.
            yield from self._emit(out.to_ndarray().mean(axis=0, dtype=np.float32))

    def _emit(self, y: npt.NDArray[np.float32]) -> Iterator[SoundChunk]:
        if len(y):
            chunk = SoundChunk(
                self.n / self.sr, np.nan_to_num(y, posinf=0.0, neginf=0.0).astype(np.float32, copy=False)
            )
            self.n += len(y)
            yield chunk


class FramePicker:
    """Takes the first frame of each step of 1 / fps seconds."""

    def __init__(self, fps: float, max_side: int, start_s: float) -> None:
        self.step_s = 1 / fps
        self.max_side = max_side
        self.start_s = start_s
        self.due_s = float("-inf")

    def look(self, frame: Any) -> Iterator[VideoFrame]:
        time_s = (frame.time or 0.0) - self.start_s
        if time_s < self.due_s - 1e-3:
            return
        self.due_s = (np.floor(time_s / self.step_s + 1e-3) + 1) * self.step_s
        yield upright(frame, self.start_s, self.max_side)


def upright(frame: Any, start_s: float, max_side: int) -> VideoFrame:
    """A frame as it is to be seen, its pixels square, no side longer than ``max_side``."""
    ratio = frame.sample_aspect_ratio if hasattr(frame, "sample_aspect_ratio") else None
    width = round(frame.width * float(ratio)) if ratio else frame.width
    scale = min(1.0, max_side / max(width, frame.height))
    small = frame.reformat(
        width=max(2, round(width * scale)),
        height=max(2, round(frame.height * scale)),
        format="rgb24",
        interpolation="AREA",
    )
    rgb = np.rot90(small.to_ndarray(), k=round(frame.rotation / 90) % 4)
    return VideoFrame(max(0.0, (frame.time or 0.0) - start_s), np.ascontiguousarray(rgb))
