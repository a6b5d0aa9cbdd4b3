"""The trained part of the voice: one linear layer over pooled features.

Corpora lack classes (nobody was asked to be calm for nEMO): for their recordings the missing ones
are left out of the softmax, so that they are neither confirmed nor denied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

from emotion.labels import EMOTIONS
from emotion.training.voice_data import ASIDE, HOME, LABELS_OF, Recording

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
CLASSES = len(EMOTIONS)
BLOCKS, BLOCK_WIDTH, SPEAKER_WIDTH = 4, 512, 256
WHISPER_COLUMNS = 2 * BLOCKS * BLOCK_WIDTH
ALL_COLUMNS = WHISPER_COLUMNS + 2 * SPEAKER_WIDTH
"""Mean and deviation of Whisper's blocks, then of the speaker encoder's second layer."""

OPTIMISER = {"maxiter": 50, "gtol": 1e-5}
POSSIBLE = {c: np.array([e in known for e in EMOTIONS], np.float32) for c, known in LABELS_OF.items()}


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of features with what is known of them; ``variant`` numbers the copies of a recording."""

    x: Floats
    label: Labels
    speaker: npt.NDArray[Any]
    corpus: npt.NDArray[Any]
    sentence: npt.NDArray[Any]
    sex: npt.NDArray[Any]
    variant: Labels

    @classmethod
    def of(cls, items: Sequence[Recording], x: Floats) -> Examples:
        """One row of features for each recording, variant 0."""
        return cls(
            x,
            np.array([r.emotion for r in items]),
            np.array([r.speaker for r in items]),
            np.array([r.corpus for r in items]),
            np.array([r.sentence for r in items]),
            np.array([r.sex for r in items]),
            np.zeros(len(items), np.int64),
        )

    def __len__(self) -> int:
        return len(self.label)

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """Several sets; what is the second one's first variant becomes the next number, and so on."""
        merged: dict[str, Any] = {}
        for name in ("x", "label", "speaker", "corpus", "sentence", "sex"):
            merged[name] = np.concatenate([getattr(part, name) for part in parts])
        merged["variant"] = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        return cls(**merged)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Examples:
        return Examples(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def with_x(self, x: Floats) -> Examples:
        return replace(self, x=x)


@dataclass(frozen=True)
class Recipe:
    """What is chosen inside the fold."""

    l2: float = 0.3
    other_corpora: float = 0.1
    """Weight of a recording of another corpus beside one of RAVDESS."""
    copy_weight: float = 0.25
    """Weight of a degraded copy beside its clean recording; 0 leaves the copies out."""
    neutral_weight: float = 2.0
    """RAVDESS holds half as many neutral recordings as of any other emotion: 2 evens that out."""
    first_block: int = 2
    last_block: int = 4
    """Which of Whisper's blocks are heard, from 1; none where the last comes before the first."""
    speaker: bool = True
    """Whether the speaker encoder's second layer is heard."""


@dataclass(frozen=True)
class Norm:
    """How features are brought to one scale: ``(x - mean) / scale``, shapes (d,)."""

    mean: Floats
    scale: Floats

    def __call__(self, x: Floats) -> Floats:
        return ((x - self.mean) / self.scale).astype(np.float32)


def columns(recipe: Recipe) -> npt.NDArray[np.int64]:
    """The features that the recipe hears among all: (mean, deviation) x blocks x width, then the speaker's."""
    each = np.arange(WHISPER_COLUMNS).reshape(2, BLOCKS, BLOCK_WIDTH)
    blocks = each[:, recipe.first_block - 1 : recipe.last_block].reshape(-1)
    return np.concatenate([blocks, np.arange(WHISPER_COLUMNS, ALL_COLUMNS)]) if recipe.speaker else blocks


def trainable(data: Examples) -> Examples:
    """Without the speakers whose voices make the judged babble."""
    return data.where(~np.isin(data.speaker, list(ASIDE)))


def general_norm(train: Examples) -> Norm:
    """Mean and deviation over RAVDESS, where every emotion is equally frequent for every speaker."""
    home = train.x[train.corpus == HOME] if (train.corpus == HOME).any() else train.x
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
            if not mine.any():
                continue
            centred[mine] = train.x[mine] - train.x[mine].mean(axis=0)
            deviations.append(train.x[mine].std(axis=0))
    scale = np.mean(deviations, axis=0).astype(np.float32) + 1e-4
    return centred / scale, Norm(general_norm(train).mean, scale)


def fit(x: Floats, train: Examples, recipe: Recipe) -> tuple[Floats, Floats]:
    """Train the layer on normed features (n, d); gives its weights (d, 8) and bias (8,).

    Weighted mean cross-entropy over the classes a recording's corpus has, plus l2 / 2 |W|^2. The loss
    is convex: L-BFGS from zero leads to its one minimum, so that there is no seed and no learning rate.
    """
    weight = np.where(train.corpus == HOME, 1.0, recipe.other_corpora)
    weight = weight * np.where(train.variant > 0, recipe.copy_weight, 1.0)
    weight = weight * np.where((train.corpus == HOME) & (train.label == 0), recipe.neutral_weight, 1.0)
    return minimum(x, train, weight, recipe.l2)


def minimum(x: Floats, train: Examples, weight: npt.NDArray[np.float64], l2: float) -> tuple[Floats, Floats]:
    """The layer (d, 8) and its bias (8,) with the least weighted cross-entropy plus l2 / 2 |W|^2."""
    barred = np.where(np.stack([POSSIBLE[c] for c in train.corpus]) > 0, 0, -1e9).astype(np.float32)
    used = weight > 0
    x, barred = np.ascontiguousarray(x[used], np.float32), barred[used]
    share = (weight[used] / weight[used].sum()).astype(np.float32)[:, None]
    wanted = np.eye(CLASSES, dtype=np.float32)[train.label[used]]

    def objective(theta: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        kernel, bias = _parts(theta)
        z = x @ kernel + bias + barred
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        total = p.sum(axis=1, keepdims=True)
        loss = float(-(share * ((z * wanted).sum(axis=1, keepdims=True) - np.log(total))).sum())
        off = (p / total - wanted) * share
        gradient = np.concatenate([(x.T @ off + l2 * kernel).ravel(), off.sum(axis=0)])
        return loss + l2 / 2 * float((kernel**2).sum()), gradient.astype(np.float64)

    start = np.zeros((x.shape[1] + 1) * CLASSES)
    return _parts(minimize(objective, start, jac=True, method="L-BFGS-B", options=OPTIMISER).x)


def _parts(theta: npt.NDArray[np.float64]) -> tuple[Floats, Floats]:
    values = theta.astype(np.float32)
    return values[:-CLASSES].reshape(-1, CLASSES), values[-CLASSES:]


@dataclass(frozen=True)
class Heads:
    """Both heads, trained on the same examples."""

    recipe: Recipe
    norm: Norm
    general: tuple[Floats, Floats]
    within: Norm
    adapted: tuple[Floats, Floats]
    class_offsets: Floats

    def logits(self, x: Floats) -> Floats:
        """Of features with all columns, without knowledge of the speaker."""
        kernel, bias = self.general
        return np.asarray(self.norm(x[:, columns(self.recipe)]) @ kernel + bias)

    def adapted_logits(self, x: Floats, centre: Floats) -> Floats:
        kernel, bias = self.adapted
        normed = (x[:, columns(self.recipe)] - centre) / self.within.scale
        return np.asarray(normed @ kernel + bias, np.float32)


def on_columns(train: Examples, recipe: Recipe) -> Examples:
    """The features and the copies that the recipe hears."""
    if recipe.copy_weight == 0:
        train = train.where(train.variant == 0)
    return train.with_x(train.x[:, columns(recipe)])


def general_head(train: Examples, recipe: Recipe) -> tuple[Norm, tuple[Floats, Floats]]:
    """The head that knows nothing of the speaker, on the recipe's columns."""
    chosen = on_columns(train, recipe)
    norm = general_norm(chosen)
    return norm, fit(norm(chosen.x), chosen, recipe)


def heads(train: Examples, recipe: Recipe) -> Heads:
    """Both heads of one set of speakers."""
    norm, general = general_head(train, recipe)
    chosen = on_columns(train, recipe)
    centred, within = by_speaker(chosen)
    adapted = fit(centred, chosen, recipe)
    home = chosen.corpus == HOME
    offsets = [centred[home & (chosen.label == c)].mean(axis=0) * within.scale for c in range(len(EMOTIONS))]
    return Heads(recipe, norm, general, within, adapted, np.stack(offsets))


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
