"""What else was tried: the same six folds by actor, one thing changed at a time."""

# pyright: reportOptionalOperand=false, reportOptionalSubscript=false, reportOptionalIterable=false
# (keras.ops is annotated as if it could return None)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from emotion.training import scores, voice_head
from emotion.training.voice_data import HOME
from emotion.training.voice_head import Examples, Recipe, general_norm, on_columns, softmax
from emotion.training.voice_protocols import FOLDS, Study, general_logits

Logits = npt.NDArray[Any]
HIDDEN, EPOCHS = 128, 15
WHISPER, SPEAKER = "Whisper alone", "speaker encoder alone"


def alternatives(study: Study, recipe: Recipe) -> list[dict[str, Any]]:
    """The table: a name, accuracy, UAR and macro-F1 of each alternative to the recipe over all six folds."""
    label = np.concatenate([study.clean(k).label for k in FOLDS])
    rows: list[dict[str, Any]] = []

    def tell(name: str, found: Logits) -> None:
        rows.append({"change": name, **scores.summary(label, found.argmax(axis=1))})
        print(rows[-1], flush=True)

    logits = {name: _over_folds(study, general_logits, variant) for name, variant in _variants(recipe).items()}
    for name, found in logits.items():
        tell(name, found)
    both = [logits[WHISPER], logits[SPEAKER]]
    tell("two heads, mean of their logits", np.mean(both, axis=0))
    tell("two heads, mean of their probabilities", np.mean([softmax(z) for z in both], axis=0))
    tell("a hidden layer of 128", _over_folds(study, hidden_layer, recipe))
    return rows


def _variants(recipe: Recipe) -> dict[str, Recipe]:
    return {
        WHISPER: replace(recipe, speaker=False),
        SPEAKER: replace(recipe, first_block=1, last_block=0),
        "block 3 alone": replace(recipe, first_block=3, last_block=3, speaker=False),
        "no degraded copies": replace(recipe, copy_weight=0.0),
        "no other corpora": replace(recipe, other_corpora=0.0),
    }


def _over_folds(study: Study, train: Callable[[Examples, Recipe], Any], recipe: Recipe) -> Logits:
    return np.concatenate([train(study.without(k), recipe)(study.clean(k).x) for k in FOLDS])


def hidden_layer(train: Examples, recipe: Recipe) -> Callable[[npt.NDArray[np.float32]], Logits]:
    """A small network on RAVDESS alone, clean and degraded, in place of the linear layer.

    Half of the inputs and of the hidden units are dropped at random in training; the number of
    epochs was fixed beforehand.
    """
    chosen = on_columns(train.where(train.corpus == HOME), recipe)
    norm = general_norm(chosen)
    weight = np.where(chosen.variant > 0, recipe.copy_weight, 1.0) * np.where(
        chosen.label == 0, recipe.neutral_weight, 1
    )
    keras.utils.set_random_seed(0)
    net: Any = keras.Sequential(
        [
            keras.layers.Dropout(0.5),
            keras.layers.Dense(HIDDEN, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(voice_head.CLASSES),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(keras.optimizers.AdamW(1e-3, weight_decay=0.05), loss)
    net.fit(norm(chosen.x), chosen.label, sample_weight=weight, batch_size=64, epochs=EPOCHS, verbose=0)
    columns = voice_head.columns(recipe)
    return lambda x: np.asarray(net.predict(norm(x[:, columns]), verbose=0))
