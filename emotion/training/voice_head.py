"""The trained part of the voice: one linear layer over pooled features, in Keras.

Corpora lack classes (nobody was asked to be calm for nEMO): for their recordings the missing ones
are left out of the softmax, so that they are neither confirmed nor denied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops
from scipy.optimize import minimize_scalar

from emotion.labels import EMOTIONS
from emotion.training.voice_data import LABELS_OF, Recording

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
CLASSES = len(EMOTIONS)
LEARNING_RATE = 2e-3
BATCH = 256
EPOCHS = 30


@dataclass(frozen=True)
class Examples:
    """Rows of features with what is known of them; ``variant`` numbers the copies of a recording."""

    x: Floats
    label: Labels
    speaker: npt.NDArray[Any]
    corpus: npt.NDArray[Any]
    variant: Labels

    @classmethod
    def of(cls, items: Sequence[Recording], features: Sequence[Floats]) -> Examples:
        """The recordings as often as there are variants of their features."""
        n = len(features)
        return cls(
            np.concatenate(features),
            np.tile([r.emotion for r in items], n),
            np.tile([r.speaker for r in items], n),
            np.tile([r.corpus for r in items], n),
            np.repeat(np.arange(n), len(items)),
        )

    def __len__(self) -> int:
        return len(self.label)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Examples:
        return Examples(*(a[chosen] for a in (self.x, self.label, self.speaker, self.corpus, self.variant)))

    def with_x(self, x: Floats) -> Examples:
        return replace(self, x=x)


@dataclass(frozen=True)
class Recipe:
    """What is chosen inside the fold."""

    l2: float = 0.3
    other_corpora: float = 0.5
    """Weight of a recording of another corpus beside one of RAVDESS."""
    first_block: int = 2
    last_block: int = 4
    """Which of the encoder's blocks are heard, from 1."""
    copies: int = 2


@dataclass(frozen=True)
class Norm:
    """How features are brought to one scale: ``(x - mean) / scale``, shapes (d,)."""

    mean: Floats
    scale: Floats

    def __call__(self, x: Floats) -> Floats:
        return ((x - self.mean) / self.scale).astype(np.float32)


def columns(recipe: Recipe, blocks: int = 4, width: int = 512) -> npt.NDArray[np.int64]:
    """The features of the chosen blocks among (mean, deviation) x blocks x width."""
    each = np.arange(2 * blocks * width).reshape(2, blocks, width)
    return each[:, recipe.first_block - 1 : recipe.last_block].reshape(-1)


def general_norm(train: Examples) -> Norm:
    """Mean and deviation over RAVDESS, where every emotion is equally frequent for every speaker."""
    home = train.x[train.corpus == "ravdess_speech"] if (train.corpus == "ravdess_speech").any() else train.x
    return Norm(home.mean(axis=0), home.std(axis=0) + 1e-4)


def by_speaker(train: Examples) -> tuple[Floats, Norm]:
    """Each speaker's own mean removed, each copy by itself.

    Returns:
        The features, in units of the mean deviation within a speaker, and the general norm to
        which an unknown speaker's mean is shrunk.
    """
    centred = np.empty_like(train.x)
    deviations = []
    for speaker in np.unique(train.speaker):
        for variant in np.unique(train.variant):
            mine = (train.speaker == speaker) & (train.variant == variant)
            centred[mine] = train.x[mine] - train.x[mine].mean(axis=0)
            deviations.append(train.x[mine].std(axis=0))
    scale = np.mean(deviations, axis=0).astype(np.float32) + 1e-4
    return centred / scale, Norm(general_norm(train).mean, scale)


def masked_loss(targets: Any, logits: Any) -> Any:
    """Cross-entropy over the classes a recording's corpus has; ``targets`` is one-hot beside the mask."""
    wanted, possible = targets[:, :CLASSES], targets[:, CLASSES:]
    return keras.losses.categorical_crossentropy(wanted, logits + (possible - 1.0) * 1e9, from_logits=True)


def fit(x: Floats, train: Examples, recipe: Recipe, seed: int, epochs: int = EPOCHS) -> tuple[Floats, Floats]:
    """Train the layer on normed features; gives its weights (d, 8) and bias (8,)."""
    keras.utils.set_random_seed(seed)
    possible = np.stack([[e in LABELS_OF[c] for e in EMOTIONS] for c in train.corpus]).astype(np.float32)
    targets = np.concatenate([np.eye(CLASSES, dtype=np.float32)[train.label], possible], axis=1)
    weight = np.where(train.corpus == "ravdess_speech", 1.0, recipe.other_corpora)
    layer = keras.layers.Dense(
        CLASSES, kernel_initializer="zeros", kernel_regularizer=keras.regularizers.L2(recipe.l2 / 2)
    )
    model = keras.Sequential([keras.Input((x.shape[1],)), layer])
    rate: Any = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * -(-len(x) // BATCH))
    model.compile(keras.optimizers.Adam(rate), masked_loss, jit_compile=False)
    train_on: Any = model.fit
    train_on(x, targets, batch_size=BATCH, epochs=epochs, sample_weight=weight, verbose=0)
    kernel, bias = layer.get_weights()
    return kernel, bias


def network(kernel: Floats, bias: Floats, temperature: float, name: str) -> keras.Model:
    """The exported head: normed features in, calibrated probabilities out."""
    features = keras.Input((kernel.shape[0],), name="features")
    layer = keras.layers.Dense(CLASSES, name="logits")
    model = keras.Model(features, ops.softmax(layer(features) / temperature), name=name)
    layer.set_weights([kernel, bias])
    return model


def softmax(logits: npt.NDArray[Any], temperature: float = 1.0) -> npt.NDArray[np.float64]:
    z = np.asarray(logits, np.float64) / temperature
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def temperature_of(logits: npt.NDArray[Any], label: Labels) -> float:
    """The temperature with the least cross-entropy on logits of unseen speakers (Guo et al., 2017)."""

    def loss(log_t: float) -> float:
        p = softmax(logits, float(np.exp(log_t)))
        return float(-np.log(p[np.arange(len(label)), label] + 1e-12).mean())

    found: Any = minimize_scalar(loss, bounds=(-3.0, 2.0), method="bounded")
    return float(np.exp(found.x))


def sure_threshold(label: Labels, probs: npt.NDArray[np.float64], target: float = 0.85) -> float:
    """The lowest confidence such that what lies above it is right in ``target`` of the cases."""
    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == label
    order = np.argsort(-confidence)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= target)
    return float(confidence[order[enough[-1]]]) if len(enough) else 1.0
