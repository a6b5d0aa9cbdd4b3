"""What the fence and its workers say to each other: a head in JSON and, where it announces them, raw bytes.

No pickles: whoever took over a worker could only send numbers, words and pixels.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Mapping
from io import FileIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Head = dict[str, Any]
"""JSON as it came: who reads it checks what it holds."""

SIZES: Final = struct.Struct("!IQ")
MOST_HEAD: Final = 1024**2
MOST_BODY: Final = 1024**3
ALIVE: Final = "alive"
"""The kind of a message that says nothing but that the work goes on."""
NOTHING: Final[Bytes] = np.zeros(0, np.uint8)


class Broken(Exception):
    """What came is not a message."""


class Line:
    """One end. ``idle_since`` is when it began to wait for the other end, None while it does not wait."""

    def __init__(self, source: FileIO, target: FileIO) -> None:
        self.source, self.target = source, target
        self.idle_since: float | None = None

    def send(self, head: Mapping[str, Any], body: Bytes | None = None) -> None:
        text = json.dumps(head).encode()
        self._write(SIZES.pack(len(text), 0 if body is None else body.nbytes) + text)
        if body is not None:
            self._write(np.ascontiguousarray(body).reshape(-1).data)

    def receive(self) -> tuple[Head, Bytes] | None:
        """The next message; None where the other end is gone.

        Raises:
            Broken: it is no message.
        """
        self.idle_since = time.monotonic()
        try:
            sizes = self._read(SIZES.size)
            if sizes is None:
                return None
            head_size, body_size = SIZES.unpack(sizes.tobytes())
            if head_size > MOST_HEAD or body_size > MOST_BODY:
                raise Broken
            text, body = self._read(head_size), self._read(body_size)
        finally:
            self.idle_since = None
        if text is None or body is None:
            return None
        try:
            head = json.loads(text.tobytes())
        except ValueError as e:
            raise Broken from e
        if not isinstance(head, dict):
            raise Broken
        return head, body

    def close(self) -> None:
        self.source.close()
        self.target.close()

    def _write(self, data: bytes | memoryview) -> None:
        left = memoryview(data)
        while len(left):
            left = left[self.target.write(left) or 0 :]

    def _read(self, size: int) -> Bytes | None:
        if size == 0:
            return NOTHING
        out = np.empty(size, np.uint8)
        left = out.data
        while len(left):
            count = self.source.readinto(left)
            if not count:
                return None
            left = left[count:]
            self.idle_since = time.monotonic()
        return out
