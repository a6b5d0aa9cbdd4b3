"""From decoded sound of any shape to what the models take: one channel whose sample n stands at n / sr seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

DRIFT_S: Final = 0.04
"""Sound is moved where its time stamps and its number of samples differ by more than this; less is rounding."""
FAR_S: Final = 3600.0
"""No gap is that long: such a time stamp is damaged."""
OVERLAP_S: Final = 1.0
"""Nor is sound told twice for longer than this."""
CUTOFF_HZ: Final = 5.0
"""What lies below is not heard: a microphone's offset, rumble."""
QUIETER_PART: Final = 0.25
"""How loud a sound is, the quieter part of its samples tells: no click reaches them."""
SUDDEN: Final = 32.0
"""What is so many times as loud as that moves no offset: a slate, a bumped microphone."""
LEVEL_DOUBLES_S: Final = 0.1
LEVEL_FADES_S: Final = 1.0
LEAST_LEVEL: Final = 1e-4
CANCELLED: Final = 0.02
"""Channels cancel where their mean has less than this part of the power that one sounding channel would leave."""
MEMORY_S: Final = 1.0

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SoundChunk:
    """``y`` has shape (n,), float32 in about [-1, 1], mono; it starts at ``start_s``."""

    start_s: float
    y: Samples


class Aligned:
    """Resamples and keeps the time: what is missing becomes silence, what is told twice is cut.

    Args:
        sr: samples a second.
        timed: False where time stamps say nothing (sound without a container).
        layout: "stereo" mixes more than two channels down to two; None leaves the channels as they are.
    """

    def __init__(self, sr: int, *, timed: bool = True, layout: str | None = None) -> None:
        self.sr, self.timed, self.layout = sr, timed, layout
        self.n = 0
        """Samples given so far."""
        self._at_s = 0.0
        """Where the next sample stands, by counting since the last move."""
        self._late_s = 0.0
        """By how much the counted time lags behind time stamps that are not believed."""
        self._drop = 0
        self._resampler: AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None

    def hear(self, frame: AudioFrame) -> Iterator[Samples]:
        """Blocks of shape (n, channels)."""
        if not frame.samples or not frame.sample_rate:
            return
        time_s = self._at_s if frame.time is None or not self.timed else frame.time - self._late_s
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        off_s = time_s - self._at_s
        if kind != self._kind or abs(off_s) > DRIFT_S:  # a stream may change or pause in mid-clip
            yield from self.rest()
            self._begin(frame, kind)
            yield from self._move(off_s, frame.layout.nb_channels)
        self._at_s += frame.samples / frame.sample_rate
        frame.pts = None
        yield from self._blocks(frame)

    def rest(self) -> Iterator[Samples]:
        """What the resampler still holds."""
        if self._resampler is not None:
            yield from self._blocks(None)
            self._resampler = None

    def _begin(self, frame: AudioFrame, kind: tuple[str, str, int]) -> None:
        mixed = self.layout is not None and 2 < frame.layout.nb_channels <= 8 and "channels" not in frame.layout.name
        # Interleaved: of planes PyAV reads no more than seven, and the eighth ends the process.
        self._resampler = av.AudioResampler(format="flt", layout=self.layout if mixed else frame.layout, rate=self.sr)
        self._kind = kind

    def _move(self, off_s: float, channels: int) -> Iterator[Samples]:
        if not -OVERLAP_S <= off_s <= FAR_S:
            self._late_s += off_s
            return
        if abs(off_s) <= DRIFT_S:
            return
        self._at_s += off_s
        due = round(self._at_s * self.sr) - self.n
        self._drop = max(0, -due)
        while due > 0:  # not all of an hour at once
            part = min(due, 60 * self.sr)
            self.n += part
            due -= part
            yield np.zeros((part, channels), np.float32)

    def _blocks(self, frame: AudioFrame | None) -> Iterator[Samples]:
        if self._resampler is None:
            return
        try:
            frames = self._resampler.resample(frame)
        except (av.error.FFmpegError, ValueError):
            return
        for out in frames:
            block = out.to_ndarray().reshape(-1, out.layout.nb_channels)
            cut = min(self._drop, len(block))
            self._drop -= cut
            block = np.asarray(block[cut:], np.float32)
            if not np.isfinite(block.sum()):
                block = np.nan_to_num(block, posinf=0.0, neginf=0.0)
            if len(block):
                self.n += len(block)
                yield block


class Listener:
    """Frames to mono: the mean of the channels, or one of them where they cancel, without what is not heard.

    Args:
        sr: samples a second.
        timed: as :class:`Aligned` has it.
        together: so many samples are worked on at a time: a frame of an MP4 has 341, and the way to each is long.
    """

    def __init__(self, sr: int, *, timed: bool = True, together: int = 1) -> None:
        self.sr, self.together = sr, together
        self._aligned = Aligned(sr, timed=timed)
        self._mixer, self._floor = Mixer(sr), HighPass(sr)
        self._waiting: list[Samples] = []
        self._waiting_n = self._n = 0

    def hear(self, frame: AudioFrame) -> Iterator[SoundChunk]:
        for block in self._aligned.hear(frame):
            yield from self._take(block)

    def rest(self) -> Iterator[SoundChunk]:
        for block in self._aligned.rest():
            yield from self._take(block)
        yield from self._worked_on()

    def _take(self, block: Samples) -> Iterator[SoundChunk]:
        if self._waiting and self._waiting[0].shape[1] != block.shape[1]:
            yield from self._worked_on()
        self._waiting.append(block)
        self._waiting_n += len(block)
        if self._waiting_n >= self.together:
            yield from self._worked_on()

    def _worked_on(self) -> Iterator[SoundChunk]:
        if self._waiting:
            y = self._mixer.mix(np.concatenate(self._waiting))
            self._waiting, self._waiting_n = [], 0
            yield SoundChunk(self._n / self.sr, self._floor.pass_on(y) if y.any() else y)
            self._n += len(y)


class Mixer:
    """The mean of the channels (FFmpeg's own mix to mono would raise the level by 3 dB). Where they cancel, as one
    wired the wrong way round does, the loudest alone."""

    def __init__(self, sr: int) -> None:
        self.sr = sr
        self._mean, self._each = 0.0, np.zeros(0)

    def mix(self, block: Samples) -> Samples:
        """(n, channels) to (n,)."""
        channels = block.shape[1]
        if channels == 1:
            return block[:, 0]
        mean = block.mean(axis=1, dtype=np.float32)
        if self._each.size != channels:
            self._mean, self._each = 0.0, np.zeros(channels)
        fade = 0.5 ** (len(block) / (MEMORY_S * self.sr))
        self._mean = self._mean * fade + float(mean.var(dtype=np.float64)) * len(block)
        self._each = self._each * fade + block.var(axis=0, dtype=np.float64) * len(block)
        if self._mean < CANCELLED * float(self._each.mean()) / channels:
            return np.ascontiguousarray(block[:, int(self._each.argmax())])
        return mean


class HighPass:
    """Takes out what lies below :data:`CUTOFF_HZ` (first order, 6 dB an octave), from block to block.

    A click is left as it is: it would draw what is slow along, and leave an eighth of a second of that behind it.
    """

    def __init__(self, sr: int) -> None:
        self.sr = sr
        self._pole = float(np.exp(-2 * np.pi * CUTOFF_HZ / sr))
        self._gain = (1 + self._pole) / (2 * self._pole)  # high notes keep their level
        self._size = max(1, int(min(1024, sr / CUTOFF_HZ)))
        self._powers = self._pole ** np.arange(self._size + 1)
        self._low: float | None = None
        """The slow part of the sound so far; begins at the first block's median, so that an offset makes no click."""
        self._level = 0.0

    def pass_on(self, y: Samples) -> Samples:
        if self._low is None:
            self._low = float(np.median(y[: self._size]))
        out = np.empty_like(y)
        for i in range(0, len(y), self._size):
            part = y[i : i + self._size].astype(np.float64)
            n = len(part)
            grown = np.cumsum(self._steady(part, self._low) / self._powers[1 : n + 1]) * (1 - self._pole)
            low = self._powers[1 : n + 1] * (grown + self._low)
            out[i : i + n] = (part - low) * self._gain
            self._low = float(low[-1])
        return out

    def _steady(self, part: npt.NDArray[np.float64], low: float) -> npt.NDArray[np.float64]:
        """The same without what comes too suddenly to be an offset."""
        away = np.abs(part - low)
        rank = int(QUIETER_PART * len(part))
        usual, seconds = float(np.partition(away, rank)[rank]), len(part) / self.sr
        if usual > self._level > 0:
            self._level = min(usual, self._level * 2 ** (seconds / LEVEL_DOUBLES_S))
        else:
            self._level = max(usual, self._level * 0.5 ** (seconds / LEVEL_FADES_S), LEAST_LEVEL)
        return np.where(away > SUDDEN * self._level, low, part)
