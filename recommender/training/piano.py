"""Music of one instrument: 200 piano arrangements of game music that people put on the plane (VGMIDI).

Valence and arousal are each -1 or 1; the pieces are played by FluidSynth's piano. How often the plane's
sides are right is judged by heads that were taught the other games alone: each piece read by itself, among
twelve, and among the whole set (:func:`recommender.library.mood.among`), beside the majority's guess.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from recommender.library.mood import ENERGY, VALENCE, among_probs
from recommender.training import rendered
from recommender.training.music_data import Clip
from recommender.training.quadrants import Known

QUADRANT: Final = {(1, 1): 0, (-1, 1): 1, (-1, -1): 2, (1, -1): 3}
SECONDS: Final = (0.0, 40.0)
SMALL: Final = 12
FOLDS: Final = 5

Array = npt.NDArray[Any]


def pieces(root: Path, cache: Path) -> list[Clip]:
    """Each labelled piece by its game, rendered into ``cache``; of several phrases the first one's labels count."""
    labels: dict[str, int] = {}
    with (root / "vgmidi_labelled.csv").open(encoding="utf-8") as f:
        for row in csv.DictReader(f):
            labels.setdefault(
                Path(row["midi"]).stem.rsplit("_", 1)[0], QUADRANT[int(row["valence"]), int(row["arousal"])]
            )
    cache.mkdir(parents=True, exist_ok=True)
    clips = []
    for path in sorted((root / "labelled" / "midi").glob("*.mid")):
        if path.stem in labels:
            wav = cache / f"{path.stem}.wav"
            if not wav.is_file():
                rendered.render(path.read_bytes(), wav)
            clips.append(Clip(wav, path.stem.split("_")[0], labels[path.stem], within=SECONDS))
    return clips


def judged(known: Known, judge: Callable[[Known, Known], Array], untaught: Array) -> dict[str, Any]:
    """By ``judge(learnt from, judged)``, which gives probabilities (n, 4); no game is on both sides.

    ``untaught`` are the probabilities of a head that was taught no piano.
    """
    probs = np.zeros((len(known.x), 4))
    for train, test in GroupKFold(FOLDS).split(known.x, groups=known.groups):
        probs[test] = judge(known.where(train), known.where(test))
    y = known.quadrant
    few = np.empty_like(probs)
    for part in np.array_split(np.random.default_rng(0).permutation(len(y)), max(1, len(y) // SMALL)):
        few[part] = among_probs(probs[part])
    majority = np.tile(np.eye(4)[np.bincount(y, minlength=4).argmax()], (len(y), 1))
    return {
        "pieces": len(y),
        "games": len(set(known.groups)),
        "alone": _figures(y, probs),
        "taught_no_piano": _figures(y, untaught),
        f"among_{SMALL}": _figures(y, few),
        "among_all": _figures(y, among_probs(probs)),
        "majority": _figures(y, majority),
    }


def _figures(y: Array, probs: Array) -> dict[str, float]:
    def sign(axis: Array, those: tuple[int, int]) -> float:
        return round(float(((probs @ axis > 0) == np.isin(y, those)).mean()), 3)

    return {
        "macro_f1": round(float(f1_score(y, probs.argmax(axis=1), average="macro")), 3),
        "valence_sign": sign(VALENCE, (0, 3)),
        "energy_sign": sign(ENERGY, (0, 1)),
    }
