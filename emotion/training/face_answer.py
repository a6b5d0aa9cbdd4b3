"""From what the network learnt to what the app shows: how probabilities are composed, and by what that was chosen.

FER2013's pictures come from the web, and FER+'s voters call much of them neutral: a network that learnt their votes
calls a posed anger neutral and a posed fear sad, because both are rare there. In what is shown, the voters' priors are
taken out to a power (Menon et al. 2021, "Long-tail learning via logit adjustment", arXiv:2007.07314), and three classes
are moved by a fixed amount. Contempt, which is not shown, keeps its prior. The picture is seen a little closer, as
people who pose fill it more.

Few things are chosen, from a coarse grid, by posed faces of people who train nothing; of all answers, only those
compete that keep what FER+'s voters said of PublicTest's kept pictures. :func:`chosen_without` says how good the choice
is on people whom it did not see.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion.training import face_measures
from emotion.training.face_data import CONTEMPT, FERPLUS, Posed

Floats = npt.NDArray[np.floating[Any]]

CLOSER: Final = (1.0, 1.15)
PRIORS: Final = (0.5, 0.75, 1.0)
ANGER: Final = (0.0, 0.5)
SADNESS: Final = (0.0, -0.5)
FEAR: Final = (0.5, 1.0, 1.5)
LEAST_ACCURACY: Final = 0.846
LEAST_CLEAR: Final = 0.876
LEAST_UAR: Final = 0.765
"""What the kept pictures of PublicTest must still be right in: eight classes, all, clear ones, and the mean recall."""
FOLDS: Final = 5


@dataclass(frozen=True)
class Answer:
    """How logits become what is shown.

    Attributes:
        closer: the picture is enlarged this much more, and its middle is read.
        priors: the voters' priors are divided out to this power.
        anger, sadness, fear: what is added to these classes' logits.
        temperature: what the sum is divided by.
    """

    closer: float
    priors: float
    anger: float
    sadness: float
    fear: float
    temperature: float = 1.0

    def shift(self, priors: Floats) -> npt.NDArray[np.float64]:
        """Shape (8,): what is added to the log-probabilities of FER+'s classes, whose ``priors`` sum to 1."""
        shift = -self.priors * np.log(np.asarray(priors, np.float64))
        shift[CONTEMPT] = 0.0
        for name in ("anger", "sadness", "fear"):
            shift[FERPLUS.index(name)] += getattr(self, name)
        return shift

    def probabilities(self, logits: Floats, priors: Floats) -> npt.NDArray[np.float64]:
        """FER+'s eight classes, (n, 8), from calibrated logits (n, 8)."""
        z = (face_measures.log_softmax(logits) + self.shift(priors)) / self.temperature
        return np.exp(face_measures.log_softmax(z))


@dataclass(frozen=True)
class Judged:
    """An answer on what it is chosen by: recalls of the posed faces, and their probabilities, (n, 7)."""

    answer: Answer
    accuracy: float
    clear: float
    uar: float
    posed: npt.NDArray[np.float64]

    @property
    def keeps(self) -> bool:
        return self.accuracy >= LEAST_ACCURACY and self.clear >= LEAST_CLEAR and self.uar >= LEAST_UAR


def candidates() -> Iterator[Answer]:
    for values in itertools.product(CLOSER, PRIORS, ANGER, SADNESS, FEAR):
        yield Answer(*values)


def recalls(probs: Floats, labels: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Mean recall of the posed classes among themselves, and among all seven, from probabilities (n, 7)."""
    six = face_measures.uar(probs[:, :6].argmax(axis=1), labels, 6)
    return six, face_measures.uar(probs.argmax(axis=1), labels, 7)


def worth(judged: Judged, posed: Posed, rows: npt.NDArray[np.bool_] | None = None) -> float:
    """What is chosen by: the mean of both recalls on these rows (all where None)."""
    rows = np.ones(len(posed.labels), bool) if rows is None else rows
    return float(np.mean(recalls(judged.posed[rows], posed.labels[rows])))


def choose(judged: Sequence[Judged], posed: Posed, rows: npt.NDArray[np.bool_] | None = None) -> Judged:
    """The best of those that keep FER+.

    Raises:
        ValueError: none keeps it.
    """
    return max((j for j in judged if j.keeps), key=lambda j: worth(j, posed, rows))


def chosen_without(judged: Sequence[Judged], posed: Posed, seed: int = 3) -> npt.NDArray[np.float64]:
    """Probabilities (n, 7) of each posed face by what was chosen on the faces of four fifths of the other people."""
    people = np.random.default_rng(seed).permutation(np.unique(posed.subjects))
    out = np.zeros_like(judged[0].posed)
    for fold in np.array_split(people, FOLDS):
        left_out = np.isin(posed.subjects, fold)
        out[left_out] = choose(judged, posed, ~left_out).posed[left_out]
    return out


def temperature(public: Floats, majority: npt.NDArray[np.int64], posed: Floats, labels: npt.NDArray[np.int64]) -> float:
    """The divisor with which the sum of both cross-entropies is least: of the voters' pictures (logits (n, 8)) and of
    the posed ones, each class of which counts alike."""
    share = 1.0 / np.bincount(labels, minlength=8)[labels]

    def loss(t: float) -> float:
        web = face_measures.log_softmax(public / t)[np.arange(len(majority)), majority]
        staged = face_measures.log_softmax(posed / t)[np.arange(len(labels)), labels]
        return -float(web.mean() + (staged * share).sum() / share.sum())

    return float(min(np.geomspace(0.5, 3.0, 181), key=loss))


def described(answer: Answer, priors: Floats) -> Mapping[str, Any]:
    """For config.json."""
    return {
        "closer": answer.closer,
        "priors_to_the_power": answer.priors,
        "added_to_anger": answer.anger,
        "added_to_sadness": answer.sadness,
        "added_to_fear": answer.fear,
        "temperature_of_the_answer": round(answer.temperature, 4),
        "priors": dict(zip(FERPLUS, np.round(priors, 4).tolist(), strict=True)),
        "rule": "softmax((log p + shift) / temperature_of_the_answer), p what the voters would say (ferplus), shift = "
        "-power x log prior (contempt 0) + what is added; then contempt is folded",
    }
