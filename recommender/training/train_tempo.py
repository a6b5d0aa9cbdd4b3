"""Teach the choice between half and double the tempo: ``tempo.npz`` of the music model.

    python -m recommender.training.train_tempo --vgmidi DIR --cache DIR [--pieces 45]

``DIR`` is a checkout of lucasnfe/vgmidi (:mod:`written`). Taught are rendered pieces and written ones; how
well the choice does on ensembles and on game series that it was not taught is printed beside it.
Rendered pieces of other seeds: :mod:`evaluate_rendered`.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from emotion import media
from emotion.weights import models_dir
from recommender.library import beats, front_end, tonal
from recommender.library.front_end import BEAT_FPS
from recommender.library.hear import MODEL, Networks
from recommender.library.tempo import FILE, NAMES, Choice
from recommender.training import rendered, written
from recommender.training.rendered import Piece
from recommender.training.train_music import write_folder

HELD_BACK: Final = 2.0
"""Of the squared weights, against one piece's log-likelihood."""
WRITTEN: Final = 0.5
"""What a written piece counts against a rendered one: what its author calls a beat is one habit of several."""
FOLDS: Final = 5
COMMAND: Final = "python -m recommender.training.train_tempo --vgmidi DIR --cache DIR"
RIGHT: Final = 0.04
"""A tempo within so much of the truth counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """The evidence for each candidate of a piece (n, d), and which of them are right (n,)."""

    group: str
    rows: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]


def example(piece: Piece, group: str, content: bytes, networks: Networks, cache: Path) -> Example:
    """Play, hear and measure one piece; what was heard is kept in ``cache``."""
    kept = cache / f"{hashlib.sha256(content).hexdigest()[:16]}.npz"
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as scratch:
            wav = Path(scratch) / "piece.wav"
            rendered.render(content, wav)
            y = media.read_sound(wav, front_end.SR)[: round(written.SECONDS * front_end.SR)]
        bands = front_end.beat_bands(y)
        answers = networks.beats(bands, bands[:0])
        np.savez(kept, allow_pickle=False, bands=bands, beats=answers, pitch=tonal.pitch_energy(y))
    with np.load(kept) as arrays:
        answers, bands, pitch = (arrays[n].astype(np.float32) for n in ("beats", "bands", "pitch"))
    heard = beats.hearing(answers, bands, tonal.chroma(pitch), networks.pulse)
    found = [f for f in beats.candidates(heard, bands) if len(f) >= beats.MIN_BEATS]
    rows = np.array([beats.measured(answers, heard, f) for f in found]).reshape(-1, len(NAMES))
    bpm = np.array([beats.tempo(f / BEAT_FPS) for f in found])
    return Example(group, rows, np.abs(bpm / piece.tempo_bpm - 1) < RIGHT)


def taught(examples: Sequence[Example]) -> dict[str, npt.NDArray[np.float64]]:
    """A conditional logit: the likelihood that the candidate chosen is a right one, weights held back."""
    usable = [e for e in examples if e.right.any()]
    together = np.vstack([e.rows for e in usable])
    mean, scale = together.mean(axis=0), together.std(axis=0) + 1e-6
    normed = [(e.rows - mean) / scale for e in usable]

    counts = [WRITTEN if e.group.startswith("written") else 1.0 for e in usable]

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        value, slope = HELD_BACK * float(weights @ weights) / 2, HELD_BACK * weights
        for rows, e, count in zip(normed, usable, counts, strict=True):
            scores = rows @ weights
            raised = np.exp(scores - scores.max())
            among_right = raised * e.right
            value -= count * float(np.log(among_right.sum() / raised.sum() + 1e-12))
            slope = slope - count * (among_right / (among_right.sum() + 1e-12) - raised / raised.sum()) @ rows
        return value, slope

    found: Any = minimize(loss, np.zeros(together.shape[1]), jac=True, method="L-BFGS-B")
    return {"mean": mean, "scale": scale, "weights": np.asarray(found.x)}


def share_right(choice: Choice, examples: Sequence[Example]) -> list[bool]:
    return [bool(len(e.rows) and e.right[choice.best(list(e.rows))]) for e in examples]


def left_out(examples: Sequence[Example]) -> dict[str, float]:
    """Each fold of groups judged by a choice that was taught the others; rendered and written pieces apart."""
    fold = {g: k % FOLDS for k, g in enumerate(sorted({e.group for e in examples}))}
    right: dict[str, list[bool]] = {"rendered": [], "written": []}
    for k in range(FOLDS):
        choice = Choice(**taught([e for e in examples if fold[e.group] != k]))
        for kind, found in right.items():
            those = [e for e in examples if fold[e.group] == k and e.group.startswith(kind)]
            found += share_right(choice, those)
    return {kind: round(float(np.mean(found)), 3) for kind, found in right.items()} | {
        f"{kind}_pieces": len(found) for kind, found in right.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vgmidi", type=Path, required=True, metavar="DIR")
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR")
    parser.add_argument("--pieces", type=int, default=45)
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    networks = Networks()
    examples = []
    for seed, half in itertools.product(range(args.pieces), range(len(rendered.ENSEMBLES))):
        piece, content = rendered.compose(seed, half=half)
        examples.append(example(piece, f"rendered {piece.ensemble}", content, networks, args.cache))
    examples += [
        example(w.piece, f"written {w.series}", w.content, networks, args.cache) for w in written.written(args.vgmidi)
    ]
    folder = models_dir() / MODEL
    np.savez(folder / FILE, allow_pickle=False, **{k: v.astype(np.float32) for k, v in taught(examples).items()})
    figures = {"left_out": left_out(examples), "command": COMMAND}
    write_folder(folder, {"tempo": figures})
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
