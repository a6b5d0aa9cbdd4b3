"""The seed's own recipe, done honestly: the baseline that every later voice model is compared with.

    python -m emotion.training.train_voice_seed [--epochs 30]

Sound at 22,050 Hz, quiet ends trimmed, 100 MFCC averaged over time, four Conv1D layers. Evaluated in
six folds that keep every actor on one side; the random split that leaks speakers and sentences is
reported beside it as what it is. The exported file is trained on all 24 actors.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from emotion import media
from emotion.labels import EMOTIONS
from emotion.training import export, scores, voice_data
from emotion.voice import seed_features
from emotion.weights import models_dir, sha256_of

NAME = "voice-seed-v1"
SEED = 20

Array = npt.NDArray[Any]


def network() -> keras.Model:
    """Conv 128 x 5 with batch norm and ReLU, again, max-pool 8, two more, softmax over eight."""

    def conv(x: Any) -> Any:
        x = keras.layers.Conv1D(128, 5, padding="same")(x)
        return keras.layers.Activation("relu")(keras.layers.BatchNormalization()(x))

    mfcc = keras.Input((seed_features.N_MFCC,), name="features")
    x = conv(conv(keras.layers.Reshape((seed_features.N_MFCC, 1))(mfcc)))
    x = conv(conv(keras.layers.MaxPooling1D(8)(x)))
    x = keras.layers.Dropout(0.25)(keras.layers.Flatten()(x))
    logits = keras.layers.Dense(len(EMOTIONS), name="logits")(x)
    return keras.Model(mfcc, keras.layers.Softmax(name="probs")(logits), name="voice_seed")


def fit(x: Array, labels: Array, epochs: int, seed: int) -> tuple[keras.Model, Array, Array]:
    """Train from scratch; gives the model and the mean and deviation that norm its input."""
    keras.utils.set_random_seed(seed)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    model = network()
    steps = epochs * -(-len(x) // 32)
    rate: Any = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    train: Any = model.fit
    train((x - mean) / scale, labels, batch_size=32, epochs=epochs, verbose=0)
    return model, mean, scale


def cross_validate(x: Array, labels: Array, folds: Array, epochs: int) -> dict[str, Any]:
    """Each recording in a fold of 0 or more judged once, by a network that saw none of its fold."""
    predicted = np.zeros_like(labels)
    for fold in np.unique(folds[folds >= 0]):
        test = folds == fold
        model, mean, scale = fit(x[~test], labels[~test], epochs, SEED + int(fold))
        predicted[test] = np.asarray(model((x[test] - mean) / scale)).argmax(axis=1)
        print(f"fold {fold}: {(predicted[test] == labels[test]).mean():.3f}", flush=True)
    labels, predicted = labels[folds >= 0], predicted[folds >= 0]
    return {**scores.summary(labels, predicted), "confusion": scores.confusion(labels, predicted).tolist()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=30, help="fixed beforehand, not chosen on any fold")
    epochs = parser.parse_args().epochs
    items = voice_data.recordings(["ravdess_speech"])
    labels = voice_data.labels(items)
    x = np.stack([seed_features.features(media.read_sound(r.path, seed_features.SR)) for r in items])
    by_actor = cross_validate(x, labels, voice_data.actor_folds([r.speaker for r in items]), epochs)
    leaky = np.where(np.random.default_rng(SEED).random(len(items)) < 0.2, 0, -1)
    leaked = cross_validate(x, labels, leaky, epochs)
    model, mean, scale = fit(x, labels, epochs, SEED)
    folder = models_dir() / NAME
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "head.onnx", folder / "norm.npz"]
    export.to_onnx(model, {"features": np.zeros((1, seed_features.N_MFCC), np.float32)}, files[0])
    np.savez(files[1], mean=mean, scale=scale)
    metrics = {
        "data": "RAVDESS speech, 1,440 recordings, 24 actors, eight emotions",
        "speaker_independent_six_folds_by_actor": by_actor,
        "leaked_random_split_80_20": {**leaked, "warning": "actors and sentences on both sides: never quote it"},
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    config = {
        "files": {file.name: sha256_of(file) for file in files},
        "labels": list(EMOTIONS),
        "preprocessing": {"features": "seed", **seed_features.SETTINGS},
        "threshold": 0.6,
        "reliability": by_actor["uar"],
        "licence": "CC BY-NC-SA 4.0 (trained on RAVDESS, which is non-commercial)",
        "command": f"python -m emotion.training.train_voice_seed --epochs {epochs}",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


if __name__ == "__main__":
    main()
