"""Music of one instrument, alone and in the light of its library: how often the plane's sides are right.

    python -m recommender.training.evaluate_piano --vgmidi DIR --cache DIR

200 piano arrangements of game music that people put on the plane (VGMIDI, valence and arousal each -1
or 1), played by FluidSynth's piano. The model was taught none of them. Printed: the track read alone,
the same read among the whole set (:func:`recommender.library.mood.among`), among twelve at a time, and
the majority's guess.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from emotion.training import card
from emotion.weights import load, models_dir
from recommender.library.descriptors import Frames
from recommender.library.hear import MODEL, Heard
from recommender.library.mood import ENERGY, VALENCE, MoodHead, among_probs
from recommender.training import music_data, rendered
from recommender.training.music_data import Clip
from recommender.training.train_music import card_lines

COMMAND: Final = "python -m recommender.training.evaluate_piano --vgmidi DIR --cache DIR"
QUADRANT: Final = {(1, 1): 0, (-1, 1): 1, (-1, -1): 2, (1, -1): 3}
SECONDS: Final = (0.0, 40.0)
SMALL: Final = 12

Array = npt.NDArray[Any]


def pieces(root: Path, cache: Path) -> list[Clip]:
    """Each labelled piece, rendered into ``cache``; of a piece with several phrases the first one's labels count."""
    labels: dict[str, int] = {}
    with (root / "vgmidi_labelled.csv").open(encoding="utf-8") as f:
        for row in csv.DictReader(f):
            labels.setdefault(
                Path(row["midi"]).stem.rsplit("_", 1)[0], QUADRANT[int(row["valence"]), int(row["arousal"])]
            )
    clips = []
    for path in sorted((root / "labelled" / "midi").glob("*.mid")):
        if path.stem in labels:
            wav = cache / f"{path.stem}.wav"
            if not wav.is_file():
                rendered.render(path.read_bytes(), wav)
            clips.append(Clip(wav, "piano", labels[path.stem], within=SECONDS))
    return clips


def alone(head: MoodHead, heard: Heard) -> Array:
    """Quadrants (4,) of one piece as the describer judges it."""
    frames = Frames(**{f.name: getattr(heard.frames, f.name).astype(np.float32) for f in fields(Frames)})
    return head.judge(frames, heard.embedding, heard.tags, heard.duration_s).quadrants


def figures(y: Array, probs: Array) -> dict[str, float]:
    def sign(axis: Array, those: tuple[int, int]) -> float:
        return round(float(((probs @ axis > 0) == np.isin(y, those)).mean()), 3)

    return {
        "macro_f1": round(float(f1_score(y, probs.argmax(axis=1), average="macro")), 3),
        "valence_sign": sign(VALENCE, (0, 3)),
        "energy_sign": sign(ENERGY, (0, 1)),
    }


def judged(y: Array, probs: Array) -> dict[str, Any]:
    order = np.random.default_rng(0).permutation(len(y))
    few = np.empty_like(probs)
    for part in np.array_split(order, max(1, len(y) // SMALL)):
        few[part] = among_probs(probs[part])
    majority = np.tile(np.eye(4)[np.bincount(y, minlength=4).argmax()], (len(y), 1))
    return {
        "pieces": len(y),
        "alone": figures(y, probs),
        f"among_{SMALL}": figures(y, few),
        "among_all": figures(y, among_probs(probs)),
        "majority": figures(y, majority),
        "command": COMMAND,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("vgmidi", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR")
    args = parser.parse_args(arguments)
    args.cache.mkdir(parents=True, exist_ok=True)
    clips = pieces(args.vgmidi, args.cache)
    folder = models_dir() / MODEL
    head = MoodHead(load(MODEL))
    probs = np.stack([alone(head, heard) for heard in music_data.all_heard(clips, args.cache)])
    found = judged(np.array([c.quadrant for c in clips]), probs)
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    (folder / "metrics.json").write_text(json.dumps({**metrics, "piano": found}, indent=1) + "\n", encoding="utf-8")
    card.write(folder, card_lines)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
