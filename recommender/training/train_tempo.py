"""Teach the choice between half and double the tempo: ``tempo.onnx`` of the music model.

    python -m recommender.training.train_tempo --vgmidi DIR --songs DIR --cache DIR

``DIR`` after ``--vgmidi`` is a checkout of lucasnfe/vgmidi (:mod:`written`), after ``--songs`` one of
music-x-lab/POP909-Dataset. How well a choice does on ensembles, game series and songs that it was not taught
is printed beside it. Rendered pieces of other seeds: :mod:`evaluate_rendered`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
import numpy.typing as npt

from emotion.training import export
from emotion.weights import models_dir
from recommender.library.hear import MODEL
from recommender.library.tempo import FILE, WIDTH, Choice, Laid, together
from recommender.training import tempo_examples
from recommender.training.tempo_examples import Example, Kind
from recommender.training.train_music import write_folder

if TYPE_CHECKING:
    import keras

COUNTS: Final[dict[Kind, float]] = {"a chord a bar": 1.0, "other harmony": 0.7, "written": 3.0, "song": 0.5}
"""What a piece of each kind counts: there are few written ones."""
UNITS: Final = 48
REACH: Final = 5
"""Beats that a convolution sees; the second sees every fourth of so many."""
DROPPED: Final = 0.2
HELD_BACK: Final = 1e-4
OUTLIER: Final = 4.0
"""Deviations; what lies farther out counts as so much."""
RATE: Final = 2e-3
BATCH: Final = 32
EPOCHS: Final = 25
MEMBERS: Final = 3
"""Networks from other beginnings; the choice is their mean."""
SHORTEST: Final = 0.65
"""Of a piece, so much at least is seen at a time."""
FOLDS: Final = 3
COMMAND: Final = "python -m recommender.training.train_tempo --vgmidi DIR --songs DIR --cache DIR"

Array = npt.NDArray[np.float32]


def member(mean: Array, deviation: Array) -> keras.Model:
    """One network: convolutions along the beats, then what they find on the average and how much it varies."""
    import keras
    from keras import layers, ops, regularizers

    small = regularizers.L2(HELD_BACK)
    laid, there = keras.Input((None, WIDTH), name="laid"), keras.Input((None, 1), name="there")
    normed = layers.Rescaling((1 / deviation).tolist(), (-mean / deviation).tolist())(laid)
    x = ops.clip(normed, -OUTLIER, OUTLIER)
    x = layers.Dense(UNITS, activation="silu", kernel_regularizer=small)(layers.SpatialDropout1D(DROPPED)(x))
    x = layers.Multiply()([x, there])
    for apart in (1, 4):
        along = layers.Conv1D(
            UNITS, REACH, dilation_rate=apart, padding="same", activation="silu", kernel_regularizer=small
        )
        x = layers.Multiply()([layers.Add()([x, along(x)]), there])
    beats = ops.maximum(ops.sum(there, axis=1), 1.0)
    average = ops.divide(ops.sum(x, axis=1), beats)
    apart_from = layers.Multiply()([layers.Subtract()([x, ops.expand_dims(average, 1)]), there])
    varies = ops.sqrt(ops.maximum(ops.divide(ops.sum(ops.square(apart_from), axis=1), beats), 1e-4))
    found = layers.Dropout(DROPPED)(layers.Concatenate()([average, varies]))
    found = layers.Dropout(DROPPED)(layers.Dense(UNITS, activation="silu", kernel_regularizer=small)(found))
    score = layers.Dense(1, kernel_regularizer=small)(found)
    return keras.Model([laid, there], ops.squeeze(score, axis=-1))


def batches(
    examples: Sequence[Example], rng: np.random.Generator
) -> Iterator[tuple[Array, Array, npt.NDArray[np.int32], Array, Array]]:
    """Every piece once, in any order, a stretch of each: candidates, their beats, pieces, whether right, and counts."""
    order = rng.permutation(len(examples))
    for some in np.array_split(order, max(1, len(order) // BATCH)):
        chosen = [examples[k] for k in some]
        stretches = [each for e in chosen for each in _stretch(e, rng)]
        piece = np.repeat(np.arange(len(chosen), dtype=np.int32), [len(e.laid) for e in chosen])
        right = np.concatenate([e.right for e in chosen]).astype(np.float32)
        yield *together(stretches), piece, right, np.array([COUNTS[e.kind] for e in chosen], np.float32)


def _stretch(e: Example, rng: np.random.Generator) -> list[Laid]:
    """The same part of a piece, as each candidate counts it."""
    first = rng.uniform(0, 1 - SHORTEST)
    last = rng.uniform(max(first + 0.5, SHORTEST), 1)
    return [each[int(first * len(each)) : max(2, round(last * len(each)))].astype(np.float32) for each in e.laid]


def taught(examples: Sequence[Example], *, seed: int, epochs: int = EPOCHS) -> keras.Model:
    """A network under which the candidate chosen is likely a right one (AdamW, let down by half a cosine)."""
    import keras
    import tensorflow as tf

    usable = [e for e in examples if e.right.any()]
    keras.utils.set_random_seed(seed)
    rows = np.concatenate([each for e in usable for each in e.laid]).astype(np.float32)
    model = member(rows.mean(axis=0), rows.std(axis=0) + 1e-3)
    steps = epochs * max(1, len(usable) // BATCH)
    rate: Any = keras.optimizers.schedules.CosineDecay(RATE, steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3)
    optimizer.build(model.trainable_variables)

    def step(laid: Any, there: Any, piece: Any, right: Any, counts: Any) -> None:
        with tf.GradientTape() as tape:
            scores = model([laid, there], training=True)
            raised = tf.exp(scores - tf.gather(tf.math.segment_max(scores, piece), piece))
            among_right = tf.math.segment_sum(raised * right, piece) / tf.math.segment_sum(raised, piece)
            loss = -tf.reduce_mean(counts * tf.math.log(among_right + 1e-9)) + tf.add_n(model.losses)
        slopes = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(slopes, model.trainable_variables, strict=True))

    run = tf.function(step, reduce_retracing=True)
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        for batch in batches(usable, rng):
            run(*map(tf.constant, batch))
    return model


def mean_of(members: Sequence[keras.Model]) -> keras.Model:
    """One network that answers the mean of several."""
    import keras

    laid, there = keras.Input((None, WIDTH), name="laid"), keras.Input((None, 1), name="there")
    scores = [m([laid, there]) for m in members]
    return keras.Model([laid, there], keras.layers.Average()(scores) if len(scores) > 1 else scores[0])


def choice_of(model: keras.Model) -> Choice:
    return Choice(lambda laid, there: np.asarray(model([laid, there])))


def share_right(choice: Choice, examples: Sequence[Example]) -> list[bool]:
    return [bool(len(e.laid) and e.right[choice.best([x.astype(np.float32) for x in e.laid])]) for e in examples]


def left_out(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Each fold of groups judged by one network that was taught the others; the kinds of pieces apart."""
    fold = {g: k % FOLDS for k, g in enumerate(sorted({e.group for e in examples}))}
    right: dict[Kind, list[bool]] = {kind: [] for kind in get_args(Kind)}
    for k in range(FOLDS):
        choice = choice_of(taught([e for e in examples if fold[e.group] != k], seed=k))
        for kind, found in right.items():
            found += share_right(choice, [e for e in examples if fold[e.group] == k and e.kind == kind])
        print(f"fold {k + 1}", {kind: round(float(np.mean(found)), 3) for kind, found in right.items()}, flush=True)
    return {kind: {"right": round(float(np.mean(found)), 3), "pieces": len(found)} for kind, found in right.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("vgmidi", "songs", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    sources = tempo_examples.sources(args.vgmidi, args.songs)
    examples = list(tempo_examples.all_heard(sources, args.cache))
    print(f"{len(examples)} pieces", flush=True)
    model = mean_of([taught(examples, seed=seed) for seed in range(MEMBERS)])
    laid, there = together([each.astype(np.float32) for each in examples[0].laid])
    folder = models_dir() / MODEL
    differs = export.to_onnx(model, {"laid": laid, "there": there}, folder / FILE, storage="float16")
    figures = {
        "left_out": left_out(examples), "onnx_differs": round(differs, 5), "parameters": model.count_params(),
        "command": COMMAND,
    }  # fmt: skip
    write_folder(folder, {"tempo": figures})
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
