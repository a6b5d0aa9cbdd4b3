"""A recording that comes in parts from a browser, put together again. What comes is not trusted."""

from __future__ import annotations

import base64
import binascii
import tempfile
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, cast

from emotion import errors

IN_MEMORY_BYTES: Final = 1024**2
SUFFIXES: Final = {"video/webm": ".webm", "video/mp4": ".mp4", "video/x-matroska": ".mkv"}


@dataclass(frozen=True)
class Part:
    """One message: the ``index``-th of ``parts`` parts of the recording ``id``."""

    id: str
    index: int
    parts: int
    suffix: str
    content: bytes

    @classmethod
    def parse(cls, message: Any) -> Part | None:
        """None for what our recorder would not send."""
        try:
            kind = str(message["type"]).split(";")[0].strip().lower()
            part = cls(
                str(message["id"])[:64],
                int(message["index"]),
                int(message["parts"]),
                SUFFIXES.get(kind, ".webm"),
                base64.b64decode(message["content"], validate=True),
            )
        except (TypeError, KeyError, ValueError, OverflowError, binascii.Error):
            return None
        return part if 0 <= part.index < part.parts else None


def _nameless() -> BinaryIO:
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES))


@dataclass
class Recording:
    """The parts so far, in a temporary file that has no name and ends with this object."""

    id: str = ""
    next: int = 0
    size: int = 0
    file: BinaryIO = field(default_factory=_nameless)

    def take(self, part: Part, name: str, max_bytes: int) -> bool:
        """Append the part that is due; whether it was the last. One that came already is passed over.

        Raises:
            TooLarge: the recording has more than ``max_bytes``.
        """
        if part.id != self.id or part.index != self.next:
            return False
        self.size += len(part.content)
        if self.size > max_bytes:
            raise errors.TooLarge(name=name, size_mb=self.size / 1024**2, limit_mb=max_bytes / 1024**2)
        self.file.write(part.content)
        self.next += 1
        return self.next == part.parts
