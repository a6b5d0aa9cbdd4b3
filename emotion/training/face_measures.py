"""How good a face reader is: accuracy, F1, UAR, calibration, with intervals. Pure functions on arrays."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating[Any]]

LEAST_THRESHOLD: Final = 0.5
"""An answer that holds less than half of the probability is never called sure."""


def wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, J. American Statistical Association 22, 209-212)."""
    if n == 0:
        return 0.0, 1.0
    p = right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def confusion(predicted: Ints, truth: Ints, classes: int) -> Ints:
    """Shape (classes, classes), rows the truth, columns the answer, counts."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (truth, predicted), 1)
    return matrix


def uar(predicted: Ints, truth: Ints, classes: int) -> float:
    """Unweighted average recall: the mean recall over the classes that occur."""
    matrix = confusion(predicted, truth, classes)
    occurs = matrix.sum(axis=1) > 0
    return float((np.diag(matrix)[occurs] / matrix.sum(axis=1)[occurs]).mean())


def macro_f1(predicted: Ints, truth: Ints, classes: int) -> float:
    """The mean over the classes that occur of 2 TP / (2 TP + FP + FN)."""
    matrix = confusion(predicted, truth, classes)
    occurs = matrix.sum(axis=1) > 0
    f1 = 2 * np.diag(matrix) / np.maximum(matrix.sum(axis=0) + matrix.sum(axis=1), 1)
    return float(f1[occurs].mean())


def ece(probs: Floats, truth: Ints, bins: int = 15) -> float:
    """Expected calibration error: |accuracy - confidence| over equal bins of confidence, weighted by their size
    (Guo et al. 2017, "On calibration of modern neural networks")."""
    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == truth
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (which == b).mean() * abs(right[which == b].mean() - confidence[which == b].mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    """Over the last axis of (n, k)."""
    z = np.asarray(logits, np.float64)
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def fit_temperature(logits: Floats, votes: Floats) -> float:
    """The divisor of the logits in [0.3, 3] with the least cross-entropy against the majority label."""
    rows, truth = np.arange(len(logits)), votes.argmax(axis=1)

    def loss(t: float) -> float:
        return -float(log_softmax(logits / t)[rows, truth].mean())

    return float(min(np.geomspace(0.3, 3.0, 231), key=loss))


def fold_votes(votes: Floats, fold: Floats) -> npt.NDArray[np.float64]:
    """Eight-class vote shares (n, 8) to seven (n, 7), contempt folded as the network's is."""
    return votes.astype(np.float64) @ fold


def threshold_for(probs: Floats, truth: Ints, right: float) -> float:
    """The least confidence, at least one half, from which on answers are right that often; 1 if there is none."""
    order = np.argsort(-probs.max(axis=1))
    confidence = probs.max(axis=1)[order]
    share = np.cumsum((probs.argmax(axis=1) == truth)[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= right)
    least = float(confidence[good[-1]]) if len(good) else 1.0
    return round(max(LEAST_THRESHOLD, least), 3)
