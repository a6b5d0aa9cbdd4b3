"""The two research sets, and what was heard in them: read from where they lie, never copied, never shipped.

4Q (Panda, Malheiro and Paiva 2018): 900 clips of 30 s, 225 a quadrant, from the repository
Famelgas/MULT_TP2, folder MER_audio_taffc_dataset. Emotify (Aljanaki, Wiering and Veltkamp 2016): 400
clips of a minute and 8,407 listeners' answers, from sergi-andreu/ProjectMusicInformatics, folder data.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library import mood
from recommender.library.hear import Networks, hear
from recommender.library.track_sound import MOODS, QUADRANTS

EMOTIFY_COLUMNS: Final = (
    "joyful_activation", "power", "amazement", "tension", "sadness", "solemnity", "nostalgia", "tenderness",
    "calmness",
)  # fmt: skip
"""Emotify's names of the nine, in the order of MOODS."""
assert len(EMOTIFY_COLUMNS) == len(MOODS)


@dataclass(frozen=True, slots=True)
class Clip:
    """``quadrant`` from 0, or None; ``moods`` the share of listeners that named each, or none; ``words`` AllMusic's."""

    path: Path
    group: str
    quadrant: int | None = None
    moods: tuple[float, ...] = ()
    words: tuple[str, ...] = ()


def four_quadrants(root: Path) -> list[Clip]:
    """The 4Q clips, grouped by artist."""
    folder = root / "MER_audio_taffc_dataset"
    with (folder / "panda_dataset_taffc_metadata.csv").open(encoding="utf-8", errors="replace") as f:
        rows = list(csv.DictReader(f))
    return [
        Clip(
            folder / row["Quadrant"] / f"{row['Song']}.mp3",
            row["Artist"],
            QUADRANTS.index(row["Quadrant"]),
            words=tuple(w.strip().lower() for w in row["MoodsStr"].split(";") if w.strip()),
        )
        for row in rows
    ]


def emotify(root: Path) -> list[Clip]:
    """The Emotify clips, grouped by genre; a hundred a genre, numbered from 1 in the order of the table."""
    answers: dict[int, list[list[float]]] = defaultdict(list)
    genre: dict[int, str] = {}
    with (root / "data" / "data.csv").open(encoding="utf-8") as f:
        for row in csv.DictReader(f, skipinitialspace=True):
            number = int(row["track id"])
            answers[number].append([float(row[name]) for name in EMOTIFY_COLUMNS])
            genre[number] = row["genre"]
    first = {g: min(n for n, of in genre.items() if of == g) for g in set(genre.values())}
    return [
        Clip(
            root / "data" / "emotifymusic" / genre[n] / f"{n - first[genre[n]] + 1}.mp3",
            genre[n],
            moods=tuple(np.mean(answers[n], axis=0).tolist()),
        )
        for n in sorted(answers)
    ]


def features(clips: list[Clip], cache: Path, *, workers: int = 2) -> npt.NDArray[np.float32]:
    """One row a clip, of its middle half minute, as the served head gets them; heard once and kept in ``cache``."""
    cache.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        return np.stack(list(pool.map(_row, [c.path for c in clips], [cache] * len(clips), chunksize=8)))


_networks: list[Networks] = []


def _row(path: Path, cache: Path) -> npt.NDArray[np.float32]:
    kept = cache / f"{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.npy"
    if not kept.is_file():
        if not _networks:
            _networks.append(Networks())
        heard = hear(path, _networks[0])
        middle = max(0.0, (heard.duration_s - mood.WHOLE_S) / 2)
        span = (middle, min(heard.duration_s, middle + mood.WHOLE_S))
        np.save(kept, mood.features(heard.frames, heard.embedding, heard.tags, [span])[0])
    return np.load(kept)
