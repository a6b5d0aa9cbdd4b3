"""Sound of any length with next to nothing of it in memory: its samples lie in a file, and parts are read as asked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion import settings

Samples = npt.NDArray[np.float32]
BYTES: Final = 4


class SoundFile:
    """Mono float32 samples, written once from front to back and read in slices, ``y[a:b]``, as an array is.

    The file has no name (on Windows: goes when it is closed), so that nothing of a clip outlives the process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or settings.cache_dir()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(prefix="sound-", dir=folder)  # noqa: SIM115 - closed by close()
        self._count = 0

    def append(self, y: Samples) -> None:
        """More samples, shape (n,).

        Raises:
            OSError: the disk is full.
        """
        self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(y, np.float32).data)
        self._file.flush()  # a full disk is met here, not while reading
        self._count += len(y)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> Samples:
        """A copy of these samples; the step must be 1."""
        first, last, step = part.indices(self._count)
        if step != 1:
            raise ValueError("only whole stretches can be read")
        self._file.seek(first * BYTES)
        return np.frombuffer(bytearray(self._file.read(max(0, last - first) * BYTES)), np.float32)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> SoundFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
