"""The clips of this machine that were opened last: a list in ``MOODCUE_HOME``, of paths alone, that can be cleared."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emotion import settings

FILE: Final = "recent-clips.json"
MOST: Final = 12

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Recent:
    path: Path
    length_s: float | None = None


def place() -> Path:
    """Where the list is kept."""
    return settings.home_dir() / FILE


def known() -> list[Recent]:
    """The latest first; a list that is damaged is an empty one."""
    try:
        rows = json.loads(place().read_text(encoding="utf-8"))
        return [Recent(Path(str(row["path"])), _number(row.get("length_s"))) for row in rows][:MOST]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return []


def add(path: Path, length_s: float | None = None) -> None:
    """Put a clip first; a disk that cannot be written to costs the list and nothing else."""
    with _lock, contextlib.suppress(OSError, UnicodeError):
        rows = [Recent(path, length_s), *(r for r in known() if r.path != path)][:MOST]
        _write(rows)


def clear() -> None:
    with _lock:
        place().unlink(missing_ok=True)


def _write(rows: list[Recent]) -> None:
    target = place()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{FILE}-", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as f:
            json.dump([{"path": str(r.path), "length_s": r.length_s} for r in rows], f)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 < value < 1e7 else None
