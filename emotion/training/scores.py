"""The measures of the metrics files, each with its formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Probs = npt.NDArray[np.float64]


def confusion(true: Labels, predicted: Labels, classes: int = 8) -> npt.NDArray[np.int64]:
    """Rows true, columns predicted."""
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def recalls(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Diagonal over row sum; NaN for a class that never occurs."""
    totals = matrix.sum(axis=1)
    return np.where(totals > 0, matrix.diagonal() / np.maximum(totals, 1), np.nan)


def uar(true: Labels, predicted: Labels) -> float:
    """Unweighted average recall: the mean of the recalls of the classes that occur."""
    return float(np.nanmean(recalls(confusion(true, predicted))))


def macro_f1(matrix: npt.NDArray[np.int64]) -> float:
    """Mean over the classes that occur of 2 tp / (2 tp + fp + fn)."""
    tp = matrix.diagonal()
    denominator = matrix.sum(axis=0) + matrix.sum(axis=1)
    occurs = matrix.sum(axis=1) > 0
    return float((2 * tp / np.maximum(denominator, 1))[occurs].mean())


def summary(true: Labels, predicted: Labels) -> dict[str, Any]:
    """Accuracy, UAR and macro-F1, rounded to four places, and how many were judged."""
    matrix = confusion(true, predicted)
    return {
        "accuracy": round(float((true == predicted).mean()), 4),
        "uar": round(uar(true, predicted), 4),
        "macro_f1": round(macro_f1(matrix), 4),
        "n": len(true),
    }


def reliability(true: Labels, probs: Probs, bins: int = 10) -> list[dict[str, float]]:
    """Ten bins of equal width over the largest probability: mean confidence, share right, count."""
    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == true
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {
            "confidence": round(float(confidence[which == b].mean()), 4),
            "accuracy": round(float(right[which == b].mean()), 4),
            "n": int((which == b).sum()),
        }
        for b in range(bins)
        if (which == b).any()
    ]


def expected_calibration_error(true: Labels, probs: Probs) -> float:
    """Sum over ten bins of n / N times |share right - mean confidence| (Guo et al., 2017)."""
    return sum(abs(b["accuracy"] - b["confidence"]) * b["n"] for b in reliability(true, probs)) / len(true)
