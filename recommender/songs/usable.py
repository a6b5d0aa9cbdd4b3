"""Music that may go into a cut: one shape for what is installed, for open catalogues, and for the editor's own folders.

The songs of :mod:`catalogue` are *reference music*: somebody's hits, which need a licence. What stands here has a
licence that says what it may be used for, the credit line that it asks for, and a file, or an address to fetch it from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from recommender.songs import columns
from recommender.songs.licences import LICENCES, REFERENCE, UNKNOWN, USES, Licence, Use

__all__ = ["LICENCES", "REFERENCE", "UNKNOWN", "USES", "Licence", "Usable", "Use", "read_parquet", "write_parquet"]

Source = Literal["installed", "own", "open"]
SOURCES: Final[tuple[Source, ...]] = get_args(Source)


@dataclass(frozen=True, slots=True)
class Usable:
    """A track that may be used. The fields are the columns of :mod:`recommender.songs.columns`.

    Attributes:
        id: the same in every run.
        path, url: where its sound is: a file of this machine, or an address of a host that is asked for it.
        valence, energy: both in [-1, 1]; ``measured`` from its sound, else its maker's words on the plane.
        moods: what was measured, else its maker's words.
        said: mood words that its maker, its tags or its lyrics give; they stay when the sound was measured.
        credit: the line to print with the video.
    """

    id: str
    source: Source
    title: str
    artist: str
    licence: str
    credit: str
    path: str | None = None
    url: str | None = None
    page: str | None = None
    duration_s: float | None = None
    valence: float | None = None
    energy: float | None = None
    measured: bool = False
    moods: tuple[str, ...] = ()
    tempo_bpm: float | None = None
    key: str | None = None
    mode: str | None = None
    vocals: bool | None = None
    instruments: tuple[str, ...] = ()
    loudness_lufs: float | None = None
    isrc: str | None = None
    description: str = ""
    said: tuple[str, ...] = ()

    @property
    def uses(self) -> frozenset[Use]:
        """What the licence allows; nothing where it is unknown."""
        known = LICENCES.get(self.licence)
        return known.uses if known else frozenset()

    @property
    def file(self) -> Path | None:
        return None if self.path is None else Path(self.path)


COLUMNS: Final = tuple(c.name for c in columns.MUSIC)
_MANY: Final = frozenset(c.name for c in columns.MUSIC if c.kind == "words")


def write_parquet(tracks: Iterable[Usable], path: Path) -> None:
    """A catalogue file, written whole or not at all."""
    import pyarrow
    import pyarrow.parquet

    rows = [dataclasses.asdict(t) for t in tracks]
    table = {c: [list(r[c]) if c in _MANY else r[c] for r in rows] for c in COLUMNS}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    pyarrow.parquet.write_table(pyarrow.table(table), partial, compression="zstd")
    partial.replace(path)


def read_parquet(path: Path) -> Iterator[Usable]:
    """The tracks of a catalogue file that :func:`write_parquet` made."""
    import pyarrow.parquet

    for row in pyarrow.parquet.read_table(path).to_pylist():
        yield _from_row(row)


def _from_row(row: Mapping[str, Any]) -> Usable:
    values: dict[str, Any] = {c: row[c] for c in COLUMNS if c in row}
    for c in _MANY & values.keys():
        values[c] = tuple(values[c])
    return Usable(**values)
