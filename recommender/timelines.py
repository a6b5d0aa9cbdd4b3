"""Timelines and cue sheets in JSON files, as people have them: in UTF-8 or as a PowerShell ``>`` writes them."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any, Final

from emotion.errors import FileMissing, TimelineFileError, wrong
from emotion.messages import Words
from emotion.result import from_dict
from emotion.timeline import Timeline

LARGEST_BYTES: Final = 200_000_000
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def read_json(path: Path) -> Any:
    """What a JSON file holds, its encoding told by its byte order mark; UTF-8 without one.

    Raises:
        FileMissing: there is no such file.
        TimelineFileError: it cannot be read, or is not JSON.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise TimelineFileError(name=path.name, detail=Words.of("fault.too_large"))
        raw = path.read_bytes()
        return json.loads(raw.decode(next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")))
    except FileNotFoundError as e:
        raise FileMissing(name=path.name) from e
    except (OSError, ValueError, RecursionError) as e:
        detail = wrong(e) if isinstance(e, OSError) else {"detail": Words.of("fault.not_json")}
        raise TimelineFileError(name=path.name, **detail) from e


def of_json(data: Any, *, name: str) -> list[Timeline]:
    """The timelines of what ``python -m emotion --format json`` printed: one result, or a list of them.

    Raises:
        TimelineFileError: it is something else.
    """
    return [from_dict(d, name=name) for d in (data if isinstance(data, list) and data else [data])]
