"""Teach the beat network: ``beats.onnx`` of the music model.

    python -m recommender.training.train_beats --songs DIR --quadrants DIR --cache DIR

``DIR`` after ``--songs`` is a checkout of music-x-lab/POP909-Dataset, after ``--quadrants`` one of 4Q's repository
(:mod:`music_data`), whose clips with a pulse beyond doubt keep what BeatNet knows of recordings. Pieces of
:mod:`beat_examples` that no programme of the taught ones plays are kept for judging. Then :mod:`train_tempo`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import onnx

from emotion.training import export
from emotion.weights import models_dir
from recommender.library import beat_net, beats, tonal
from recommender.library.front_end import BEAT_FPS
from recommender.library.hear import MODEL
from recommender.library.tempo import around
from recommender.training import beat_examples, music_data
from recommender.training.evaluate_rendered import TEMPO, f_measure
from recommender.training.train_music import write_folder

if TYPE_CHECKING:
    import keras

Array = npt.NDArray[np.float32]

CROP: Final = 16 * BEAT_FPS
BATCH: Final = 8
WIDTH: Final = 32
DILATIONS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
RATE: Final = 2e-3
BLUR: Final = 0.03
"""How far (logarithm) a tempo counts for its neighbours."""
NEIGHBOUR: Final = 0.5
"""What a frame beside a beat is asked to answer."""
COLOURED: Final = 0.3
"""Levels are changed by so much (logarithm), smoothly over the bands."""
SLOWEST_BPM, FASTEST_BPM = 52.0, 215.0
FEWEST: Final = 16
PIECES: Final = 884
EPOCHS: Final = 12
SEED: Final = 0
COMMAND: Final = "python -m recommender.training.train_beats --songs DIR --quadrants DIR --cache DIR"
TEMPI: Final = np.exp(np.linspace(np.log(45.0), np.log(230.0), 60))
"""Beats a minute of the tempo's answers, 2.8 % apart: a second task in teaching, not asked afterwards."""
TEMPO_COUNTS: Final = 0.05
"""What the tempo's loss counts against the beats'."""
SURE, UNSURE = 0.5, 0.25
"""BeatNet's mean answer at the beats of a clip that is beyond doubt, and between them."""
UNTOLD: Final = 0.25
"""So often one of the hints is kept from the network."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What is seen of a piece (n, :data:`beat_net.WIDTH`), the answers wanted (n, 2), its beats and bars in seconds."""

    seen: npt.NDArray[np.float16]
    wanted: npt.NDArray[np.float16]
    beats_s: npt.NDArray[np.float64]
    bars_s: npt.NDArray[np.float64]
    drums: bool

    @classmethod
    def of(cls, seen: Array, beats_s: npt.ArrayLike, bars_s: npt.ArrayLike, *, drums: bool) -> Taught:
        times = np.asarray(beats_s, float), np.asarray(bars_s, float)
        wanted = np.stack([_marks(t, len(seen)) for t in times], axis=1)
        return cls(seen.astype(np.float16), wanted.astype(np.float16), *times, drums)


def taught(path: Path) -> Taught:
    h = beat_examples.read(path)
    return Taught.of(_seen(path, h.bands, h.beats, h.pitch), h.beats_s, h.bars_s, drums=h.drums)


def _seen(path: Path, bands: npt.NDArray[Any], answers: npt.NDArray[Any], pitch: npt.NDArray[Any]) -> Array:
    """What the network sees of a piece, kept beside what was heard of it."""
    kept = path.with_suffix(".seen.npy")
    if not kept.is_file():
        colours = tonal.chroma(pitch.astype(np.float32))
        seen = beat_net.picture(bands.astype(np.float32), answers.astype(np.float32), colours)
        np.save(kept, seen.astype(np.float16), allow_pickle=False)
    return np.load(kept)


def _marks(times: npt.NDArray[np.float64], count: int) -> Array:
    marks = np.zeros(count + 2, np.float32)
    at = np.round(times * BEAT_FPS).astype(int)
    at = at[(at >= 0) & (at < count)]
    for shift in (-1, 1):
        np.maximum.at(marks, np.clip(at + shift, 0, count), NEIGHBOUR)
    marks[at] = 1.0
    return marks[:count]


def network() -> keras.Model:
    """Dilated convolutions over time (Davies and Boeck 2019) that look both ways; beats, bars and the tempo."""
    import keras
    from keras import layers

    seen = keras.Input((None, beat_net.WIDTH), name="seen")
    x = layers.Dense(2 * WIDTH, activation="elu")(seen)
    x = layers.Dropout(0.1)(layers.Conv1D(WIDTH, 5, padding="same", activation="elu")(x))
    steps = []
    for k, dilation in enumerate(DILATIONS):
        near = layers.Conv1D(WIDTH, 5, dilation_rate=dilation, padding="same", activation="elu")(x)
        step = layers.Dense(WIDTH)(layers.Dropout(0.1)(near))
        x = layers.Add()([x, step])
        steps.append(step)
        if k == len(DILATIONS) // 2:  # what the whole stretch is like
            whole = layers.Dense(WIDTH)(layers.GlobalAveragePooling1D(keepdims=True)(x))
            x = layers.Add()([x, whole])
    answers = layers.Dense(2, activation="sigmoid", name="answers")(layers.Activation("elu")(x))
    pooled = layers.GlobalAveragePooling1D()(layers.Dense(WIDTH, activation="elu")(layers.Add()(steps)))
    tempo = layers.Dense(len(TEMPI), activation="softmax", name="tempo")(layers.Dropout(0.2)(pooled))
    return keras.Model(seen, [answers, tempo])


def batches(pieces: Sequence[Taught], rng: np.random.Generator) -> Iterator[tuple[Array, tuple[Array, Array]]]:
    """Every piece once, in any order: a stretch of it, coloured otherwise."""
    order = rng.permutation(len(pieces))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        rows = [_stretch(pieces[k], rng) for k in order[start : start + BATCH]]
        seen, wanted, tempo = (np.stack(of) for of in zip(*rows, strict=True))
        yield seen, (wanted, tempo)


def _stretch(piece: Taught, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    first = int(rng.integers(0, max(1, len(piece.seen) - CROP + 1)))
    seen, wanted = (a[first : first + CROP].astype(np.float32) for a in (piece.seen, piece.wanted))
    colour = np.interp(np.linspace(0, 5, beat_net.GROUPS), np.arange(6), rng.normal(0, COLOURED, 6))
    seen[:, beat_net.LEVELS] += colour
    seen[:, beat_net.NEW] *= np.exp(rng.normal(0, 0.2) + colour)
    seen[:, beat_net.COLOURS] = np.roll(seen[:, beat_net.COLOURS], int(rng.integers(12)), axis=1)
    told = seen[:, beat_net.TOLD]
    if rng.random() < UNTOLD:
        told[:, :2] = 0
    if rng.random() < UNTOLD:
        told[:, 2 + int(rng.integers(6))] = 0
    inside = piece.beats_s[(piece.beats_s >= first / BEAT_FPS) & (piece.beats_s < (first + CROP) / BEAT_FPS)]
    tempo = tempi(float(60 / np.median(np.diff(inside if len(inside) > 3 else piece.beats_s))))
    missing = CROP - len(seen)
    if missing:
        seen, wanted = (np.pad(a, ((0, missing), (0, 0))) for a in (seen, wanted))
    return seen, wanted, tempo


def tempi(bpm: float) -> Array:
    """The tempo's answer that is wanted."""
    near = np.exp(-((np.log(TEMPI / bpm) / BLUR) ** 2) / 2)
    return (near / max(float(near.sum()), 1e-6)).astype(np.float32)


def steady(path: Path) -> Taught | None:
    """A clip of real music as BeatNet counts it, if that is beyond doubt: its beats answered, nothing between them."""
    with np.load(path) as a:
        bands, answers, pitch = a["bands"], a["beats"].astype(np.float32), a["pitch"]
    net = answers.sum(axis=1)
    if np.percentile(net, 95) < SURE:
        return None
    frames = beats.likeliest_beats(net, SLOWEST_BPM, FASTEST_BPM)
    between = (frames[1:] + frames[:-1]) // 2
    if len(frames) < FEWEST or around(net, frames).mean() < SURE or around(net, between).mean() > UNSURE:
        return None
    opens, _ = beats.bars(around(answers[:, 1], frames), around(answers[:, 0], frames))
    times = beats.refined(net, frames)
    return Taught.of(_seen(path, bands, answers, pitch), times, times[opens], drums=True)


def teach(model: keras.Model, pieces: Sequence[Taught], epochs: int, rng: np.random.Generator) -> None:
    """Adam, warmed up and let down by half a cosine."""
    import keras

    model.compile(
        keras.optimizers.AdamW(RATE, weight_decay=1e-4, clipnorm=1.0),
        loss=["binary_crossentropy", "categorical_crossentropy"],
        loss_weights=[1.0, TEMPO_COUNTS],
    )
    steps, step = epochs * (len(pieces) // BATCH), 0
    for epoch in range(epochs):
        losses, began = [], time.monotonic()
        for seen, wanted in batches(pieces, rng):
            done = step / steps
            model.optimizer.learning_rate = RATE * min(1.0, step / 200) * 0.5 * (1 + np.cos(np.pi * done))
            losses.append(model.train_on_batch(seen, wanted)[0])
            step += 1
        print(f"epoch {epoch + 1}: loss {np.mean(losses[-200:]):.4f}, {time.monotonic() - began:.0f} s", flush=True)


def judged(model: keras.Model, pieces: Sequence[Taught]) -> dict[str, float]:
    """Beats and tempo by the likeliest pulse under the network's answers alone."""
    rows = []
    for p in pieces:
        answers, tempo = model(p.seen[None].astype(np.float32))
        frames = beats.likeliest_beats(np.asarray(answers)[0, :, 0], SLOWEST_BPM, FASTEST_BPM)
        bpm, truth = beats.tempo(frames / BEAT_FPS), 60 / np.median(np.diff(p.beats_s))
        by_head = TEMPI[int(np.argmax(np.asarray(tempo)[0]))]
        found = f_measure(tuple(p.beats_s), tuple(frames / BEAT_FPS))
        rows.append((found, abs(bpm / truth - 1) < TEMPO, abs(by_head / truth - 1) < TEMPO))
    names = ("beat_f_measure", "tempo", "tempo_by_its_head")
    return {n: round(float(v), 3) for n, v in zip(names, np.mean(rows, axis=0), strict=True)} | {"pieces": len(rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("songs", "quadrants", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR")
    parser.add_argument("--pieces", type=int, default=PIECES)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    args = parser.parse_args()
    paths = list(beat_examples.all_heard(beat_examples.mixed(args.songs, args.pieces), args.cache))
    pieces = [taught(p) for p in paths if not p.stem.startswith(beat_examples.KEPT)]
    kept = [taught(p) for p in paths if p.stem.startswith(beat_examples.KEPT)]
    clips = music_data.all_kept(music_data.four_quadrants(args.quadrants), args.cache)
    real = [t for t in map(steady, clips) if t is not None]
    print(f"{len(pieces)} pieces, {len(real)} clips", flush=True)

    import keras

    keras.utils.set_random_seed(SEED)
    model = network()
    teach(model, [*pieces, *real], args.epochs, np.random.default_rng(SEED))
    figures = judged(model, kept) | {
        "taught_pieces": len(pieces), "taught_clips": len(real), "parameters": model.count_params(),
        "command": COMMAND,
    }  # fmt: skip
    folder = models_dir() / MODEL
    figures["onnx_differs"] = exported(model, kept[0].seen, folder / beat_net.FILE)
    write_folder(folder, {"beats": figures})
    print(json.dumps(figures, indent=1))


def exported(model: keras.Model, seen: npt.NDArray[np.float16], path: Path) -> float:
    """Write the network; gives the largest difference of its answers from Keras's."""
    import onnxruntime as ort

    model.export(str(path), format="onnx", verbose=False)
    graph = onnx.load(str(path))
    for output, name in zip(graph.graph.output, ("answers", "tempo"), strict=True):
        graph.graph.node.append(onnx.helper.make_node("Identity", [output.name], [name]))
        output.name = name
    onnx.save(export.shrunk(graph, "float16"), str(path))
    given = seen[None].astype(np.float32)
    found = ort.InferenceSession(str(path)).run(["answers", "tempo"], {"seen": given})
    wanted = [np.asarray(a) for a in model(given)]
    return round(max(float(np.abs(np.asarray(f) - w).max()) for f, w in zip(found, wanted, strict=True)), 5)


if __name__ == "__main__":
    main()
