"""What the evaluations wrote, as the page shows it: pure, no streamlit.

``metrics.json`` of a model is a tree. Wherever a node states an accuracy or a UAR it is a
:class:`Result`, named by its path; everything else that is a number is a :class:`Figure`. So whatever
an evaluation adds is shown without a change here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion import weights
from emotion.labels import EMOTIONS

Path = tuple[str, ...]
SCORES: Final = ("accuracy", "uar", "macro_f1")
LEAKED: Final = "leak"
LADDER: Final = "ladder"
NAMES: Final = ("name", "what", "step", "change", "key")
"""What names an entry of a list, the first that is there."""
SERIES: Final = frozenset({"confusion", "reliability", "bins", "labels"})
"""What is drawn and not listed number by number."""
OTHERS: Final = ("published", "baseline")


@dataclass(frozen=True, eq=False)
class Result:
    """One evaluation of one model. ``confusion`` has shape (k, k), rows true, columns predicted."""

    path: Path
    accuracy: float | None
    uar: float | None
    macro_f1: float | None
    n: int | None
    labels: tuple[str, ...]
    confusion: npt.NDArray[np.float64] | None = None
    reliability: tuple[Mapping[str, float], ...] = ()
    ece: float | None = None
    source: str | None = None
    marked: bool = False

    @property
    def leaked(self) -> bool:
        """The same speakers stood on both sides: shown as a warning, never as a merit."""
        return self.marked or any(LEAKED in part for part in self.path)

    @property
    def step(self) -> bool:
        """A step of the way from the first recipe to this model."""
        return self.path[0] == LADDER

    @property
    def published(self) -> bool:
        return any(part.startswith(OTHERS) for part in self.path)

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """The confusion matrix, or an empty one."""
        return np.zeros((0, 0)) if self.confusion is None else self.confusion

    @property
    def score(self) -> float | None:
        return self.accuracy if self.uar is None else self.uar

    def recalls(self) -> dict[str, tuple[float, int]]:
        """Recall and count of each class that occurs."""
        if self.confusion is None:
            return {}
        totals = self.confusion.sum(axis=1)
        return {
            label: (float(self.confusion[i, i] / totals[i]), int(totals[i]))
            for i, label in enumerate(self.labels)
            if totals[i]
        }

    def mix_ups(self, count: int = 3) -> list[tuple[str, str, float]]:
        """The commonest mistakes: true class, what it was taken for, and the share of the true class."""
        if self.confusion is None:
            return []
        totals = np.maximum(self.confusion.sum(axis=1, keepdims=True), 1)
        share = self.confusion / totals
        np.fill_diagonal(share, 0)
        order = np.argsort(-share, axis=None, kind="stable")[:count]
        pairs = [divmod(int(flat), len(self.labels)) for flat in order]
        return [(self.labels[i], self.labels[j], float(share[i, j])) for i, j in pairs if share[i, j] > 0]


@dataclass(frozen=True)
class Figure:
    """A number of metrics.json that belongs to no result."""

    path: Path
    value: float


@dataclass(frozen=True)
class Doubt:
    """The share of clips that the model calls sure, and the share of these that are right."""

    answered: float
    right: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """One model folder: its registry entry, its results in the file's order, and the other numbers."""

    weights: weights.Weights
    results: tuple[Result, ...]
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]
    sure: Doubt | None = None
    command: str = ""
    """What makes the figures (or, where that is not stated, the weights)."""

    @property
    def folder(self) -> str:
        return self.weights.folder.name

    @property
    def main(self) -> Result | None:
        """The result to judge the model by: the first not leaked one with a confusion matrix, else the first."""
        own = [r for r in self.results if not (r.leaked or r.published or r.step)]
        return next((r for r in own if r.confusion is not None), own[0] if own else None)

    @property
    def compared(self) -> list[Result]:
        """The way to this model where the file states it, else its result; and those of others on the same task."""
        others = [r for r in self.results if r.published]
        tasks = {r.path[2:] for r in others}
        same = next((r for r in self.results if r.path[-1:] in tasks and not r.published and not r.leaked), self.main)
        steps = [r for r in self.results if r.step]
        if same is None or steps:
            return [*steps, *others]
        return [
            same,
            *([self.leaked] if self.leaked else []),
            *(r for r in others if r.path[2:] in ((), same.path[-1:])),
        ]

    @property
    def leaked(self) -> Result | None:
        return next((r for r in self.results if r.leaked), None)

    @property
    def calibrated(self) -> Result | None:
        return next((r for r in self.results if r.reliability and not r.leaked), None)


def read_all() -> list[Evidence]:
    """Every model folder, read afresh; a folder without metrics.json has no results."""
    return [read(w) for w in weights.available()]


def read(model: weights.Weights) -> Evidence:
    path = model.folder / "metrics.json"
    tree = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    labels = tuple(tree.get("labels") or model.config.get("labels") or EMOTIONS)
    results = _with_calibration(list(_results(tree, (), labels)))
    figures = tuple(Figure(p, v) for p, v in _numbers(tree, ()))
    command = str(tree.get("command") or model.config.get("command") or "")
    notes = tuple(v for key, v in tree.items() if isinstance(v, str) and key != "command")
    return Evidence(model, tuple(results), figures, notes, next(_doubts(tree), None), command)


def _results(node: Any, path: Path, labels: tuple[str, ...]) -> Iterator[Result]:
    for key, child in _children(node):
        if not isinstance(child, Mapping):
            if isinstance(child, list) and key not in SERIES:
                yield from _results(child, (*path, key), labels)
            continue
        here = (*path, key)
        stated = any(_is_number(child.get(s)) for s in (*SCORES, "value"))
        if stated or _is_reliability(child.get("reliability") or child.get("bins")):
            yield _result(child, here, labels)
        yield from _results(child, here, labels)


def _result(node: Mapping[str, Any], path: Path, labels: tuple[str, ...]) -> Result:
    matrix = np.array(node["confusion"], dtype=float) if _is_matrix(node.get("confusion")) else None
    own = tuple(node.get("labels") or labels)
    if matrix is not None and len(own) != len(matrix):
        own = EMOTIONS if len(matrix) == len(EMOTIONS) else tuple(str(i) for i in range(len(matrix)))
    bins = node.get("reliability") or node.get("bins")
    ece = node.get("ece", node.get("expected_calibration_error"))
    accuracy, uar, macro_f1 = (float(node[s]) if _is_number(node.get(s)) else None for s in SCORES)
    if accuracy is None and uar is None and _is_number(node.get("value")):
        accuracy = float(node["value"])
    return Result(
        path,
        accuracy,
        uar,
        macro_f1,
        n=int(node["n"]) if _is_number(node.get("n")) else None,
        labels=own,
        confusion=matrix,
        reliability=tuple(bins) if bins and _is_reliability(bins) else (),
        ece=float(ece) if _is_number(ece) else None,
        marked=node.get("leaked") is True,
        source=node.get("source") if isinstance(node.get("source"), str) else None,
    )


def _doubts(node: Any) -> Iterator[Doubt]:
    """Wherever a part called sure... states how much is answered and how much of it is right."""
    for key, child in _children(node):
        if not isinstance(child, Mapping):
            continue
        answered = child.get("answered", child.get("share"))
        if key.startswith("sure") and _is_number(answered) and _is_number(child.get("right")):
            yield Doubt(float(answered), float(child["right"]))
        yield from _doubts(child)


def _with_calibration(results: list[Result]) -> list[Result]:
    """Results that state a score come first; those that hold a reliability diagram alone come last."""
    return sorted(results, key=lambda r: r.score is None)


def _numbers(node: Any, path: Path) -> Iterator[tuple[Path, float]]:
    """Every number outside confusion matrices and reliability bins, with its path."""
    for key, child in _children(node):
        here = (*path, key)
        if _is_number(child):
            yield here, float(child)
        elif key not in SERIES:
            yield from _numbers(child, here)


def _children(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        yield from ((str(k), v) for k, v in node.items())
    elif isinstance(node, list):
        for i, child in enumerate(node, 1):
            if isinstance(child, Mapping):
                yield str(next((child[n] for n in NAMES if child.get(n)), i)), child


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_matrix(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) > 1 and all(
        isinstance(row, Sequence) and len(row) == len(value) for row in value
    )  # fmt: skip


def _is_reliability(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(
        isinstance(b, Mapping) and {"confidence", "accuracy"} <= b.keys() for b in value
    )  # fmt: skip
