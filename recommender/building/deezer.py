"""Deezer's mood detection data set: valence and arousal of 18,644 Million Song tracks.

R. Delbouys, R. Hennequin, F. Piccoli, J. Royo-Letelier and M. Moussallam (2018), "Music mood
detection based on audio and lyrics with deep neural net", ISMIR. The figures come from Last.fm tags
looked up in Warriner's norms, standardised: about mean 0 and deviation 1.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from emotion.errors import TableFileError, wrong
from emotion.messages import Words
from recommender.songs import spreadsheet

SOURCE: Final = "Deezer"
LICENCE: Final = "research use"
USED: Final[tuple[str, ...]] = ("MSD_track_id", "valence", "arousal", "artist_name", "track_name")


@dataclass(frozen=True, slots=True)
class DeezerSongs:
    """Columns of equal length; ``z`` of shape (n, 2) holds standardised valence and arousal.

    ``rejected``: rows left out, counted by why (``bad_row``, ``no_figure``, ``no_name``, ``twice``).
    """

    track_id: list[str]
    artist: list[str]
    title: list[str]
    z: np.ndarray
    rejected: dict[str, int]

    def __len__(self) -> int:
        return len(self.track_id)


def to_plane(z: np.ndarray) -> np.ndarray:
    """Standardised figures onto [-1, 1]: 2 F(z) - 1 = erf(z / sqrt 2), F the normal distribution.

    A song at the median lies at 0, one above 84 % of the songs at 0.68; the order of songs is kept and
    the whole plane is used.
    """
    return np.vectorize(math.erf, otypes=[float])(np.asarray(z, dtype=float) / math.sqrt(2))


def read(files: Sequence[Path]) -> DeezerSongs:
    """The tracks of all files, in order. Bad rows are counted, never fatal.

    Raises:
        TableFileError: a file cannot be read, or a column is missing.
    """
    rejected = {"bad_row": 0, "no_figure": 0, "no_name": 0, "twice": 0}
    ids: dict[str, tuple[str, str, float, float]] = {}
    for path in files:
        try:
            with path.open("rb") as f, spreadsheet.rows(f) as rows:
                _collect(rows, path.name, ids, rejected)
        except (OSError, csv.Error) as e:
            raise TableFileError(name=path.name, **wrong(e)) from e
    rows = list(ids.values())
    z = np.array([r[2:] for r in rows], dtype=np.float64).reshape(-1, 2)
    return DeezerSongs(list(ids), [r[0] for r in rows], [r[1] for r in rows], z, rejected)


def _collect(rows, name: str, ids: dict[str, tuple[str, str, float, float]], rejected: dict[str, int]) -> None:
    header = next(rows, [])
    missing = [c for c in USED if c not in header]
    if missing:
        raise TableFileError(name=name, detail=Words.of("fault.column_missing", column=missing[0]))
    at = [header.index(c) for c in USED]
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            rejected["bad_row"] += 1
            continue
        track_id, valence, arousal, artist, title = (row[i].strip() for i in at)
        figures = [_figure(valence), _figure(arousal)]
        if not (track_id and artist and title):
            rejected["no_name"] += 1
        elif figures[0] is None or figures[1] is None:
            rejected["no_figure"] += 1
        elif track_id in ids:
            rejected["twice"] += 1
        else:
            ids[track_id] = (artist, title, figures[0], figures[1])


def _figure(text: str) -> float | None:
    """A finite number within ten deviations, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= 10 else None
