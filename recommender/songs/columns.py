"""The columns of every catalogue, declared once: music to use, and reference songs.

What is in memory, in Parquet, in CSV and in the types :class:`usable.Usable` and :class:`catalogue.Track` goes by this
list; ``tests/test_columns.py`` holds all of them to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["text", "words", "number", "whole", "yes_no"]
"""``words`` are several texts; ``number`` has decimals."""
Of = Literal["music", "reference"]

UNKNOWN: Final[Mapping[Kind, Any]] = {"text": "", "words": (), "number": None, "whole": -1, "yes_no": -1}
"""What stands in memory for a fact that is not known; in a file the cell is empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``of`` are the catalogues that have it. ``unknown`` where its kind's sign means something else."""

    name: str
    kind: Kind
    of: tuple[Of, ...]
    required: bool = False
    unknown: Any = None

    def cell(self, value: Any) -> Any:
        """A value of memory as it stands in a file and in a track: plain, None where it is not known."""
        if value is None or value == (UNKNOWN[self.kind] if self.unknown is None else self.unknown):
            return None
        if self.kind == "yes_no":
            return bool(value)
        return {"text": str, "words": tuple, "number": float, "whole": int}[self.kind](value)


_MUSIC: Final[tuple[Of, ...]] = ("music",)
_REFERENCE: Final[tuple[Of, ...]] = ("reference",)
_BOTH: Final[tuple[Of, ...]] = ("music", "reference")
COLUMNS: Final[tuple[Column, ...]] = (
    Column("id", "text", _BOTH, required=True),
    Column("source", "text", _BOTH, required=True),
    Column("title", "text", _BOTH, required=True),
    Column("artist", "text", _BOTH, required=True),
    Column("licence", "text", _BOTH, required=True),
    # What may be used
    Column("credit", "text", _MUSIC, required=True),
    Column("path", "text", _MUSIC),
    Column("url", "text", _MUSIC),
    Column("page", "text", _MUSIC),
    Column("duration_s", "number", _MUSIC),
    Column("valence", "number", _BOTH),
    Column("energy", "number", _MUSIC),
    Column("measured", "yes_no", _MUSIC),
    Column("moods", "words", _MUSIC),
    Column("tempo_bpm", "number", _MUSIC),
    Column("key", "text", _MUSIC),
    Column("mode", "text", _MUSIC),
    Column("vocals", "yes_no", _MUSIC),
    Column("instruments", "words", _MUSIC),
    Column("loudness_lufs", "number", _MUSIC),
    Column("isrc", "text", _MUSIC),
    Column("description", "text", _MUSIC),
    Column("said", "words", _MUSIC),
    # Reference songs: the seed's columns
    Column("year", "whole", _REFERENCE, unknown=0),
    Column("genre", "text", _REFERENCE),
    Column("mood", "text", _REFERENCE),
    Column("emotion", "text", _REFERENCE),
    Column("seed_rank", "whole", _REFERENCE),
    Column("arousal", "number", _REFERENCE),
    Column("has_words", "yes_no", _REFERENCE),
    Column("video_id", "text", _REFERENCE),
)


def of(kind: Of) -> tuple[Column, ...]:
    """The columns of one kind of catalogue."""
    return tuple(c for c in COLUMNS if kind in c.of)


MUSIC: Final = of("music")
REFERENCE: Final = of("reference")
