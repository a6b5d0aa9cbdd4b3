"""The two research sets, and what was heard in them: read from where they lie, never copied, never shipped.

4Q (Panda, Malheiro and Paiva 2018): 900 clips of 30 s, 225 a quadrant, from the repository
Famelgas/MULT_TP2, folder MER_audio_taffc_dataset. Emotify (Aljanaki, Wiering and Veltkamp 2016): 400
clips of a minute and 8,407 listeners' answers, from sergi-andreu/ProjectMusicInformatics, folder data.
"""

from __future__ import annotations

import csv
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from emotion import media
from recommender.library import mood, track_loudness
from recommender.library.descriptors import Frames
from recommender.library.hear import Heard, hear
from recommender.library.track_sound import MOODS, QUADRANTS
from recommender.training.networks import networks

EMOTIFY_COLUMNS: Final = (
    "joyful_activation", "power", "amazement", "tension", "sadness", "solemnity", "nostalgia", "tenderness",
    "calmness",
)  # fmt: skip
"""Emotify's names of the nine, in the order of MOODS."""
EMOTIFY_MIDDLE_S: Final = (15.0, 45.0)
"""Of pieces of a minute, the middle half is heard: the served head judges in stretches of 30 s."""
assert len(EMOTIFY_COLUMNS) == len(MOODS)


@dataclass(frozen=True, slots=True)
class Clip:
    """``quadrant`` from 0, or None; ``moods`` the share of listeners that named each, or none; ``words`` AllMusic's."""

    path: Path
    group: str
    quadrant: int | None = None
    moods: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    within: tuple[float, float] | None = None
    """Only this stretch (seconds) is heard."""


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
            within=EMOTIFY_MIDDLE_S,
        )
        for n in sorted(answers)
    ]


def features(clips: list[Clip], cache: Path, *, workers: int = 2) -> npt.NDArray[np.float32]:
    """One row a clip, of its middle half minute, as the served head gets them."""
    rows = []
    for heard in all_heard(clips, cache, workers=workers):
        middle = max(0.0, (heard.duration_s - mood.WHOLE_S) / 2)
        span = (middle, min(heard.duration_s, middle + mood.WHOLE_S))
        rows.append(mood.features(heard, [span])[0])
    return np.stack(rows)


def all_heard(clips: list[Clip], cache: Path, *, workers: int = 2) -> Iterator[Heard]:
    """What the networks hear in each clip's file, in order; heard once and kept in ``cache``, about 1 MB a clip."""
    yield from map(_read, all_kept(clips, cache, workers=workers))


def all_kept(clips: list[Clip], cache: Path, *, workers: int = 2) -> Iterator[Path]:
    """The files of :func:`all_heard` in ``cache``."""
    cache.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_kept, clips, [cache] * len(clips), chunksize=8)


def _kept(clip: Clip, cache: Path) -> Path:
    kept = cache / f"{clip.path.parent.name}-{clip.path.stem}.npz"
    if not kept.is_file():
        heard = _heard(clip)
        arrays = {f.name: getattr(heard.frames, f.name) for f in fields(Frames)}
        arrays |= {"embedding": heard.embedding, "tags": heard.tags, "whisper": heard.whisper}
        numbers = [heard.duration_s, heard.singing_s, heard.speech_s, heard.loudness_lufs or -np.inf]
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            part = Path(scratch) / "heard.npz"
            np.savez(part, allow_pickle=False, numbers=np.array(numbers), **arrays)
            part.replace(kept)
    return kept


def _heard(clip: Clip) -> Heard:
    if clip.within is None:
        return hear(clip.path, networks())
    y = media.read_sound(clip.path, track_loudness.SR)
    start, end = (round(t * track_loudness.SR) for t in clip.within)
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "part.wav"
        soundfile.write(wav, y[start:end], track_loudness.SR)
        return hear(wav, networks())


def _read(kept: Path) -> Heard:
    with np.load(kept) as a:
        duration_s, singing_s, speech_s, lufs = a["numbers"].tolist()
        frames = Frames(*(a[f.name] for f in fields(Frames)))
        return Heard(duration_s, frames, a["embedding"], a["tags"], a["whisper"], singing_s, speech_s, lufs)
