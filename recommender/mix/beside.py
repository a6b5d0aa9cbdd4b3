"""The tracks of a mix beside its timelines, as files that every editing program reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import soundfile

from recommender.mix.plan import SR, MixPlan, Placement
from recommender.mix.stored import Load

FOLDER: Final = "music"
SUBTYPE: Final = "PCM_16"
BLOCK: Final = 10 * SR
_UNFIT: Final = re.compile(r"[^\w .,()&'-]+")

Files = Mapping[tuple[Path, float], str]
"""A track and how fast it is played, to its file below the mix's folder."""
Reference = Callable[[Placement], str]
"""The address by which a timeline names the sound of a placement."""


def write_tracks(plan: MixPlan, load: Load, folder: Path) -> dict[tuple[Path, float], str]:
    """Each track that is used, whole, as it is played, at 48 kHz: editing programs read no Opus."""
    out: dict[tuple[Path, float], str] = {}
    for p in plan.placements:
        key = (p.music.path, p.fit.rate)
        if key in out:
            continue
        stem = _UNFIT.sub("_", p.music.title).strip(" .")[:80] or "track"
        if p.fit.rate != 1:
            stem += f" x{p.fit.rate:.4f}"
        name = stem
        while f"{FOLDER}/{name}.wav" in out.values():
            name += "_"
        out[key] = f"{FOLDER}/{name}.wav"
        path = folder / out[key]
        path.parent.mkdir(parents=True, exist_ok=True)
        track = load(*key)
        with soundfile.SoundFile(path, "w", samplerate=SR, channels=2, subtype=SUBTYPE) as f:
            for start in range(0, track.frames, BLOCK):
                f.write(track.part(start, min(start + BLOCK, track.frames)).T)
    return out


def relative(files: Files) -> Reference:
    """Addresses seen from the timeline's own folder: for what is moved, or sent, as a whole."""
    return lambda p: quote(files[p.music.path, p.fit.rate])


def absolute(files: Files, folder: Path) -> Reference:
    """Addresses on this machine: no program has to search."""
    return lambda p: (folder / files[p.music.path, p.fit.rate]).resolve().as_uri()


def original(p: Placement) -> str:
    """The track's own file; only where it is played as it is."""
    return p.music.path.resolve().as_uri()
