"""MP4 and MOV seen as the boxes that they are made of, where FFmpeg only says "invalid data"."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

FIRST: Final = frozenset({b"ftyp", b"wide", b"mdat", b"free", b"skip", b"pnot", b"moov"})
"""With one of these a file of this family begins."""
MOST_BOXES: Final = 4096


def unfinished(path: Path) -> bool:
    """Whether this is an MP4 or MOV whose table of contents is missing or cut off: the recording broke off, or
    the copy did."""
    size = path.stat().st_size
    with path.open("rb") as f:
        at = 0
        for _ in range(MOST_BOXES):
            f.seek(at)
            head = f.read(16)
            if len(head) < 8 or (at == 0 and head[4:8] not in FIRST):
                return at > 0
            length: int = struct.unpack(">I", head[:4])[0]
            if length == 1 and len(head) == 16:
                length = struct.unpack(">Q", head[8:])[0]
            if head[4:8] == b"moov":
                return at + length > size
            if length < 8:  # 0: goes on to the end, as while it is recorded
                return True
            at += length
    return True
