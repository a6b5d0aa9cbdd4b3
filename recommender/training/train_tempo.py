"""Teach the choice between half and double the tempo: ``tempo.npz`` of the music model.

    python -m recommender.training.train_tempo --vgmidi DIR --cache DIR [--pieces 530] [--varied 200]

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
from collections.abc import Iterator, Sequence
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
from recommender.library.tempo import FILE, NAMES, Choice, normed
from recommender.training import rendered, written
from recommender.training.rendered import Piece
from recommender.training.train_music import write_folder

FIRST_SEED: Final = 1000
"""Of the rendered pieces; those that judge have others (:mod:`evaluate_rendered`)."""
PIECES: Final = 530
"""Of each half of the ensembles, with a chord a bar."""
VARIED: Final = 200
"""And so many whose chords last longer or shorter, or never return: a chord a bar is one habit of several."""
FIRST_VARIED: Final = 2000
HELD_BACK: Final = 4.0
"""Of the squared weights, against one piece's log-likelihood."""
HIDDEN: Final = 8
NETWORKS: Final = 6
"""So many of as many hidden units, each from other beginnings; the choice is their sum."""
STEPS: Final = 300
COUNTS: Final = {"rendered": 0.5, "varied": 1.0, "written": 3.0}
"""What a piece of each kind counts; picked, as what is held back was, by what is left out."""
FOLDS: Final = 5
COMMAND: Final = "python -m recommender.training.train_tempo --vgmidi DIR --cache DIR"
Array = npt.NDArray[np.float64]

RIGHT: Final = 0.04
"""A tempo within so much of the truth counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """The evidence for each candidate of a piece (n, d), and which of them are right (n,).

    ``kind`` is rendered, varied or written; pieces of a ``group`` (ensemble, game series) are left out together.
    """

    kind: str
    group: str
    rows: Array
    right: npt.NDArray[np.bool_]


def example(kind: str, group: str, piece: Piece, content: bytes, networks: Networks, cache: Path) -> Example:
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
    heard = beats.hearing(answers, bands, pitch, networks.pulse)
    found = [f for f in beats.candidates(heard, bands) if len(f) >= beats.MIN_BEATS]
    rows = np.array([beats.measured(answers, heard, f) for f in found]).reshape(-1, len(NAMES))
    bpm = np.array([beats.tempo(f / BEAT_FPS) for f in found])
    return Example(kind, group, rows, np.abs(bpm / piece.tempo_bpm - 1) < RIGHT)


@dataclass(frozen=True, slots=True, eq=False)
class _Together:
    """The candidates of all pieces one below the other, normed; ``first`` the row at which each piece begins."""

    rows: Array
    right: Array
    counts: Array
    first: npt.NDArray[np.int_]
    piece: npt.NDArray[np.int_]

    def unlikely(self, scores: Array) -> tuple[float, Array]:
        """Minus the log-likelihood that a right candidate is chosen, and its slope by the scores."""
        raised = np.exp(scores - np.maximum.reduceat(scores, self.first)[self.piece])
        total = np.add.reduceat(raised, self.first)
        among_right = np.add.reduceat(raised * self.right, self.first) + 1e-12
        value = -float((self.counts * np.log(among_right / total)).sum())
        slope = raised / total[self.piece] - raised * self.right / among_right[self.piece]
        return value, self.counts[self.piece] * slope


def taught(examples: Sequence[Example]) -> dict[str, Array]:
    """The choice's arrays: the likelihood that the candidate chosen is a right one, weights held back."""
    usable = [e for e in examples if e.right.any()]
    rows = np.vstack([e.rows for e in usable])
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    lengths = [len(e.rows) for e in usable]
    together = _Together(
        normed(rows, mean, scale),
        np.concatenate([e.right for e in usable]).astype(float),
        np.array([COUNTS[e.kind] for e in usable]),
        np.concatenate([[0], np.cumsum(lengths)[:-1]]),
        np.repeat(np.arange(len(usable)), lengths),
    )
    weights, hidden, bias, out = zip(*(_network(together, seed) for seed in range(NETWORKS)), strict=True)
    return {
        "mean": mean, "scale": scale, "weights": np.sum(weights, axis=0), "hidden": np.hstack(hidden),
        "bias": np.concatenate(bias), "out": np.concatenate(out),
    }  # fmt: skip


def _network(of: _Together, seed: int) -> tuple[Array, Array, Array, Array]:
    """Weights (d,), hidden (d, h), bias (h,) and out (h,) of one network (L-BFGS)."""
    d, h, rng = of.rows.shape[1], HIDDEN, np.random.default_rng(seed)
    ends = np.cumsum([d, d * h, h, h])

    def parts(at: Array) -> tuple[Array, Array, Array, Array]:
        weights, hidden, bias, out = np.split(at, ends[:-1])
        return weights, hidden.reshape(d, h), bias, out

    def loss(at: Array) -> tuple[float, Array]:
        weights, hidden, bias, out = parts(at)
        units = np.tanh(of.rows @ hidden + bias)
        value, slope = of.unlikely(of.rows @ weights + units @ out)
        into = np.outer(slope, out) * (1 - units**2)
        value += HELD_BACK * float((weights**2).sum() + (hidden**2).sum() + (out**2).sum()) / 2
        slopes = [
            of.rows.T @ slope + HELD_BACK * weights, (of.rows.T @ into + HELD_BACK * hidden).ravel(),
            into.sum(axis=0), units.T @ slope + HELD_BACK * out,
        ]  # fmt: skip
        return value, np.concatenate(slopes)

    begin = [np.zeros(d), rng.normal(0, 0.3 / np.sqrt(d), d * h), np.zeros(h), rng.normal(0, 0.3, h)]
    found: Any = minimize(loss, np.concatenate(begin), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return parts(np.asarray(found.x))


def share_right(choice: Choice, examples: Sequence[Example]) -> list[bool]:
    return [bool(len(e.rows) and e.right[choice.best(list(e.rows))]) for e in examples]


def left_out(examples: Sequence[Example]) -> dict[str, float]:
    """Each fold of groups judged by a choice that was taught the others; the kinds of pieces apart."""
    fold = {g: k % FOLDS for k, g in enumerate(sorted({e.group for e in examples}))}
    right: dict[str, list[bool]] = {kind: [] for kind in COUNTS}
    for k in range(FOLDS):
        choice = Choice(**taught([e for e in examples if fold[e.group] != k]))
        for kind, found in right.items():
            found += share_right(choice, [e for e in examples if fold[e.group] == k and e.kind == kind])
    return {kind: round(float(np.mean(found)), 3) for kind, found in right.items()} | {
        f"{kind}_pieces": len(found) for kind, found in right.items()
    }


def pieces(count: int, varied: int) -> Iterator[tuple[str, Piece, bytes]]:
    """The rendered ones, of both halves of the ensembles: kind, truth and MIDI file."""
    halves = range(len(rendered.ENSEMBLES))
    for seed, half in itertools.product(range(FIRST_SEED, FIRST_SEED + count), halves):
        yield "rendered", *rendered.compose(seed, half=half)
    for seed, half in itertools.product(range(FIRST_VARIED, FIRST_VARIED + varied), halves):
        yield "varied", *rendered.compose(seed, half=half, harmony=rendered.unusual(seed + half))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vgmidi", type=Path, required=True, metavar="DIR")
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR")
    parser.add_argument("--pieces", type=int, default=PIECES)
    parser.add_argument("--varied", type=int, default=VARIED)
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    networks = Networks()
    examples = [
        example(kind, piece.ensemble, piece, content, networks, args.cache)
        for kind, piece, content in pieces(args.pieces, args.varied)
    ]
    examples += [
        example("written", w.series, w.piece, w.content, networks, args.cache) for w in written.written(args.vgmidi)
    ]
    folder = models_dir() / MODEL
    np.savez(folder / FILE, allow_pickle=False, **{k: v.astype(np.float32) for k, v in taught(examples).items()})
    figures = {"left_out": left_out(examples), "command": COMMAND}
    write_folder(folder, {"tempo": figures})
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
