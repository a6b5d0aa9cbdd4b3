"""How the voice is judged: nobody who is judged has been heard in training, for any choice at all."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS, INDEX, VALENCE_AROUSAL
from emotion.training import scores, voice_data, voice_head
from emotion.training.voice_data import HOME
from emotion.training.voice_head import Examples, Heads, Recipe, general_head, heads, softmax
from emotion.voice.profile import SpeakerProfile

Labels = npt.NDArray[np.int64]
Probs = npt.NDArray[np.float64]
FOLDS = range(voice_data.FOLDS)
SURE_TARGET = 0.87
"""What the threshold aims at on inner speakers, a little above the promise of 0.85."""


@dataclass(frozen=True)
class Study:
    """The examples with the fold of each; other corpora have none (-1) and are always in training.

    Speakers set aside for the judged babble (-2) are in no training.
    """

    data: Examples
    fold: Labels

    @classmethod
    def of(cls, data: Examples) -> Study:
        fold = np.where(np.isin(data.speaker, list(voice_data.ASIDE)), -2, -1)
        home = data.corpus == HOME
        fold[home] = voice_data.actor_folds(data.speaker[home].tolist())
        return cls(data, fold)

    def without(self, *folds: int) -> Examples:
        return self.data.where(~np.isin(self.fold, (-2, *folds)))

    def clean(self, fold: int) -> Examples:
        return self.data.where((self.fold == fold) & (self.data.variant == 0))


@dataclass(frozen=True)
class Judged:
    """One outer fold: what was chosen and trained without it, and what that says of it."""

    test: Examples
    heads: Heads
    temperature: float
    threshold: float
    logits: npt.NDArray[np.float32]

    @property
    def probs(self) -> Probs:
        return softmax(self.logits, self.temperature)


def nested(study: Study, recipes: Sequence[Recipe]) -> list[Judged]:
    """Six folds by actor; recipe, temperature and threshold are chosen on five of them each time.

    For the choice, neighbouring folds are left out together: what is trained on the other four says
    of the one fold how the recipe does when the other one is the test, and the other way round.
    """
    inner: dict[tuple[Recipe, int, int], npt.NDArray[np.float32]] = {}
    for recipe, a in itertools.product(recipes, FOLDS):
        b = (a + 1) % len(FOLDS)
        found = general_logits(study.without(a, b), recipe)
        inner[recipe, a, b] = found(study.clean(b).x)
        inner[recipe, b, a] = found(study.clean(a).x)
    results = []
    for k in FOLDS:
        others = [(k - 1) % len(FOLDS), (k + 1) % len(FOLDS)]
        label = np.concatenate([study.clean(j).label for j in others])
        logits = {r: np.concatenate([inner[r, k, j] for j in others]) for r in recipes}
        recipe = max(recipes, key=lambda r: scores.uar(label, logits[r].argmax(axis=1)))
        temperature = voice_head.temperature_of(logits[recipe], label)
        threshold = voice_head.sure_threshold(label, softmax(logits[recipe], temperature), SURE_TARGET)
        trained, test = heads(study.without(k), recipe), study.clean(k)
        results.append(Judged(test, trained, temperature, threshold, trained.logits(test.x)))
        uar = scores.uar(test.label, results[-1].logits.argmax(axis=1))
        print(f"fold {k}: {recipe} temperature {temperature:.3f} threshold {threshold:.3f} UAR {uar:.3f}", flush=True)
    return results


def general_logits(train: Examples, recipe: Recipe) -> Any:
    norm, (kernel, bias) = general_head(train, recipe)
    chosen = voice_head.columns(recipe)
    return lambda x: norm(x[:, chosen]) @ kernel + bias


def joined(results: Sequence[Judged]) -> tuple[Labels, Probs]:
    return np.concatenate([r.test.label for r in results]), np.concatenate([r.probs for r in results])


def main_figures(results: Sequence[Judged], items: Sequence[voice_data.Recording]) -> dict[str, Any]:
    """The headline, by class, sex and intensity, with calibration and doubt."""
    label, probs = joined(results)
    predicted = probs.argmax(axis=1)
    of = {r.speaker: r.sex for r in items if r.corpus == HOME}
    sex = np.array([of[s] for r in results for s in r.test.speaker])
    folds = voice_data.actor_folds([r.speaker for r in items if r.corpus == HOME])
    by_fold = [[r for r, f in zip((i for i in items if i.corpus == HOME), folds, strict=True) if f == k] for k in FOLDS]
    intensity = np.array([r.intensity for fold in by_fold for r in fold])
    matrix = scores.confusion(label, predicted)
    sure = np.concatenate([r.probs.max(axis=1) >= r.threshold for r in results])
    right = predicted == label
    plane = probs @ VALENCE_AROUSAL
    return {
        **scores.summary(label, predicted),
        "uar_by_fold": [round(scores.uar(r.test.label, r.logits.argmax(axis=1)), 4) for r in results],
        "recall": dict(zip(EMOTIONS, scores.recalls(matrix).round(4).tolist(), strict=True)),
        "confusion": matrix.tolist(),
        "uar_by_sex": {s: round(scores.uar(label[sex == s], predicted[sex == s]), 4) for s in np.unique(sex).tolist()},
        "uar_by_intensity": {
            s: round(scores.uar(label[intensity == s], predicted[intensity == s]), 4)
            for s in np.unique(intensity).tolist()
        },
        "ece": round(scores.expected_calibration_error(label, probs), 4),
        "reliability": scores.reliability(label, probs),
        "sure": {
            "answered": round(float(sure.mean()), 4),
            "right": round(float(right[sure].mean()), 4),
            "right_when_unsure": round(float(right[~sure].mean()), 4),
        },
        "valence_arousal": {
            "checked_against": "the coordinates of the emotion that was acted (emotion/labels.py), Pearson r",
            "valence_r": _pearson(plane[:, 0], VALENCE_AROUSAL[label, 0]),
            "arousal_r": _pearson(plane[:, 1], VALENCE_AROUSAL[label, 1]),
        },
    }


def _pearson(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    return round(float(np.corrcoef(a, b)[0, 1]), 4)


def degraded(results: Sequence[Judged], of_condition: dict[str, Examples]) -> dict[str, Any]:
    """The same outer heads on degraded sound of the same held-out actors."""
    report: dict[str, Any] = {}
    for name, data in of_condition.items():
        found: list[tuple[Labels, Probs]] = []
        for r in results:
            mine = data.where(np.isin(data.speaker, np.unique(r.test.speaker)))
            found.append((mine.label, softmax(r.heads.logits(mine.x), r.temperature)))
        label, probs = (np.concatenate(part) for part in zip(*found, strict=True))
        report[name] = {
            **scores.summary(label, probs.argmax(axis=1)),
            "ece": round(scores.expected_calibration_error(label, probs), 4),
        }
    report["mean_uar"] = round(float(np.mean([r["uar"] for r in report.values()])), 4)
    return report


def text_independent(study: Study, results: Sequence[Judged]) -> dict[str, Any]:
    """Neither the actor nor the sentence has been heard: the recipe of the fold, the other sentence."""
    found: list[tuple[Labels, Labels]] = []
    for (k, r), heard in itertools.product(zip(FOLDS, results, strict=True), ("01", "02")):
        train = study.without(k)
        train = train.where((train.corpus != HOME) | (train.sentence == heard))
        test = r.test.where(r.test.sentence != heard)
        found.append((test.label, general_logits(train, r.heads.recipe)(test.x).argmax(axis=1)))
    return scores.summary(*(np.concatenate(part) for part in zip(*found, strict=True)))


def corpus_out(data: Examples, recipe: Recipe) -> dict[str, Any]:
    """Trained without a whole corpus (another language, other rooms), judged on it.

    Among its own classes, and among all eight; no adaptation, and a recipe fixed beforehand.
    """
    report: dict[str, Any] = {}
    for corpus, wanted in (
        ("emodb", ("neutral", "happy", "sad", "angry")),
        ("nemo", ("neutral", "happy", "sad", "angry", "fearful", "surprised")),
    ):
        classes = np.array([INDEX[e] for e in wanted])
        test = data.where((data.corpus == corpus) & (data.variant == 0) & np.isin(data.label, classes))
        logits = general_logits(voice_head.trainable(data.where(data.corpus != corpus)), recipe)(test.x)
        report[corpus] = {
            "classes": list(wanted),
            "among_its_classes": scores.summary(test.label, classes[logits[:, classes].argmax(axis=1)]),
            "among_all_eight": scores.summary(test.label, logits.argmax(axis=1)),
        }
    return report


def adaptation(results: Sequence[Judged], clips: int = 12, draws: int = 4, seed: int = 20) -> dict[str, Any]:
    """Unlabelled clips of the held-out speaker: any emotions, and all of one emotion.

    The clips given are not judged; ``without`` is the general head on the very same other clips.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, list[tuple[Labels, Labels]]] = {}
    for r in results:
        for speaker, _ in itertools.product(np.unique(r.test.speaker), range(draws)):
            mine = r.test.where(r.test.speaker == speaker)
            mood = int(rng.integers(0, len(EMOTIONS)))
            of_mood = np.flatnonzero(mine.label == mood)
            for kind, pool in (("any_emotion", np.arange(len(mine))), ("one_emotion", of_mood)):
                given = rng.choice(pool, min(clips, len(pool)), replace=False)
                rest = np.setdiff1d(np.arange(len(mine)), given)
                for name, logits in (("without", r.heads.logits(mine.x)), ("with", _adapted(r, mine.x, given))):
                    found.setdefault(f"{kind}_{name}", []).append((mine.label[rest], logits[rest].argmax(axis=1)))
    parts = {name: [np.concatenate(p) for p in zip(*pairs, strict=True)] for name, pairs in found.items()}
    return {"clips": clips, **{name: scores.summary(*pair) for name, pair in parts.items()}}


def _adapted(r: Judged, x: npt.NDArray[np.float32], given: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    columns = voice_head.columns(r.heads.recipe)
    general = softmax(r.heads.logits(x[given]), r.temperature)
    profile = SpeakerProfile.learn(x[given][:, columns], general)
    return r.heads.adapted_logits(x, profile.centre(r.heads.norm.mean, r.heads.class_offsets))


def adapted_temperature(results: Sequence[Judged]) -> float:
    """For the adapted head, from held-out speakers with all of their clips as the profile."""
    logits = np.concatenate(
        [
            _adapted(r, r.test.x, np.flatnonzero(r.test.speaker == s))[r.test.speaker == s]
            for r in results
            for s in np.unique(r.test.speaker)
        ]
    )
    label = np.concatenate([r.test.label[r.test.speaker == s] for r in results for s in np.unique(r.test.speaker)])
    return voice_head.temperature_of(logits, label)
