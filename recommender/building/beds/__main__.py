"""``python -m recommender.building.beds [--output assets/music]``: composes, renders and lists our own music.

Needs FluidSynth and FluidR3 (MIT): ``sudo apt-get install fluidsynth fluid-soundfont-gm``.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from recommender import paths
from recommender.building.beds import effects, render
from recommender.building.beds.pieces import PIECES
from recommender.building.beds.score import BEATS_A_BAR, Piece
from recommender.songs.installed import Entry

KBIT_S = 64
EFFECT_PEAK = 0.5
CREDIT = "MoodCue"
LICENCE = "MIT"


def bed(piece: Piece, folder: Path) -> Entry:
    rendered = render.render(piece)
    path = folder / f"{piece.name}.opus"
    tags = {"title": piece.title, "artist": CREDIT, "license": LICENCE, "bpm": str(piece.tempo_bpm)}
    render.write_opus(rendered.y, path, kbit_s=KBIT_S, tags=tags)
    return Entry(
        file=f"{folder.name}/{path.name}",
        title=piece.title,
        artist=CREDIT,
        emotion=piece.emotion,
        moods=piece.moods,
        duration_s=round(rendered.y.shape[1] / render.SR, 3),
        tempo_bpm=float(piece.tempo_bpm),
        beats_per_bar=BEATS_A_BAR,
        first_beat_s=0.0,
        key=piece.key,
        mode=piece.mode,
        loop_start_s=round(rendered.loop_start_s, 4),
        loop_end_s=round(rendered.loop_end_s, 4),
        licence=LICENCE,
    )


def effect(made: effects.Effect, seed: int, folder: Path) -> dict[str, Any]:
    y = made.make(np.random.default_rng(seed))
    y = (EFFECT_PEAK * y / np.abs(y).max()).astype(np.float32)
    path = folder / f"{made.name}.opus"
    render.write_opus(y, path, kbit_s=KBIT_S, tags={"title": made.title, "artist": CREDIT, "license": LICENCE})
    seconds = round(y.shape[1] / render.SR, 3)
    file = f"{folder.name}/{path.name}"
    return {
        "name": made.name,
        "file": file,
        "title": made.title,
        "at_s": made.at_s,
        "duration_s": seconds,
        "licence": LICENCE,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=paths.ASSETS / "music")
    output: Path = parser.parse_args().output
    entries = []
    for piece in PIECES:
        entries.append(bed(piece, output / "beds"))
        print(f"{piece.title}: {piece.emotion}, {entries[-1].duration_s:.1f} s")
    made = [effect(e, 100 + i, output / "effects") for i, e in enumerate(effects.EFFECTS)]
    text = json.dumps({"tracks": [asdict(e) for e in entries], "effects": made}, indent=1, ensure_ascii=False)
    (output / "installed.json").write_text(text + "\n", encoding="utf-8")
    size = sum(f.stat().st_size for f in output.rglob("*.opus"))
    print(f"{len(entries)} pieces and {len(made)} effects, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
