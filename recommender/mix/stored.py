"""A track's sound at hand without holding it in memory: decoded once into a file without a name, read in parts."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from recommender.mix.levels import Sound

CHANNELS: Final = 2
_BYTES: Final = 4 * CHANNELS


class Readable(Protocol):
    """Sound that is read in parts."""

    @property
    def frames(self) -> int:
        """Samples a channel."""
        ...

    def part(self, start: int, stop: int) -> Sound:
        """Samples ``start`` to ``stop``, shape (2, stop - start); silence where there are none."""
        ...


Load = Callable[[Path, float], Readable]
"""Reads a file as stereo at the mix's rate, played so many times as fast (1: as it is)."""


class Stored:
    """A sound of any length on the disk, as 32-bit floats; the file goes with this object, or with the process."""

    def __init__(self, blocks: Iterable[Sound]) -> None:
        self._file = tempfile.TemporaryFile(prefix="moodcue-")  # noqa: SIM115 - it lives as long as this does
        self._lock = threading.Lock()
        self.frames = 0
        for y in blocks:
            self._file.write(np.ascontiguousarray(y.T, np.float32).tobytes())
            self.frames += y.shape[1]

    def part(self, start: int, stop: int) -> Sound:
        first, last = max(0, start), max(0, min(stop, self.frames))
        with self._lock:
            self._file.seek(first * _BYTES)
            raw = self._file.read(max(0, last - first) * _BYTES)
        y = np.frombuffer(raw, np.float32).reshape(-1, CHANNELS).T
        before = max(0, min(stop, 0) - start)
        return np.pad(y, ((0, 0), (before, stop - start - before - y.shape[1])))


def grouped(blocks: Iterable[Sound], least: int) -> Iterator[Sound]:
    """The same sound in blocks of at least ``least`` samples: a decoder's own are so short that calls cost the most."""
    held: list[Sound] = []
    length = 0
    for y in blocks:
        held.append(y)
        length += y.shape[1]
        if length >= least:
            yield np.concatenate(held, axis=1)
            held, length = [], 0
    if held:
        yield np.concatenate(held, axis=1)
