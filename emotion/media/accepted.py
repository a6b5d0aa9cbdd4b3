"""What is taken for a clip: types of files, how large, how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emotion import settings

LONGEST_S: Final = 7260.0
"""Of a clip that is read where it lies: two hours, and a minute for what is not cut to the second."""

# fmt: off
SUFFIXES: Final = frozenset((
    "wav", "w64", "aif", "aiff", "aifc", "caf", "mp3", "flac", "ogg", "oga", "opus", "m4a", "m4b", "aac", "mka",
    "mp4", "m4v", "mov", "qt", "3gp", "3g2", "webm", "mkv", "avi",
    "mpg", "mpeg", "vob", "ts", "mts", "m2ts", "m2t", "mxf",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a clip is accepted."""

    max_bytes: int = 200 * 1024**2
    max_duration_s: float = 600.0

    @classmethod
    def from_environment(cls) -> Limits:
        """``MOODCUE_MAX_MB`` and ``MOODCUE_MAX_SECONDS``, where set."""
        return cls(
            max_bytes=int(settings.MAX_MB.read() * settings.MEGABYTE),
            max_duration_s=settings.MAX_SECONDS.read(),
        )

    @classmethod
    def in_place(cls) -> Limits:
        """Of a file that lies on this machine and is read there: any size, and two hours, or ``MOODCUE_MAX_SECONDS``
        where that is more."""
        return cls(max_bytes=2**62, max_duration_s=max(LONGEST_S, settings.MAX_SECONDS.read()))
