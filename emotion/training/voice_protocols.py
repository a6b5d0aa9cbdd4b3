"""How the voice is judged: nobody who is judged has been heard in training, for any choice at all."""

from __future__ import annotations

import functools
import hashlib
import itertools
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS, VALENCE_AROUSAL
from emotion.training import scores, voice_data, voice_features, voice_head
from emotion.training.voice_data import HOME
from emotion.training.voice_head import Examples, Recipe, general_head, temperature_of
from emotion.training.voice_reading import HOME_RECIPES, TRAINING, fitted
from emotion.voice.profile import SpeakerProfile
from emotion.voice.reading import Reading, softmax

Labels = npt.NDArray[np.int64]
Probs = npt.NDArray[np.float64]
FOLDS = range(voice_data.FOLDS)


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
    """One fold of the home corpus, and a reading that never heard its actors."""

    test: Examples
    reading: Reading
    threshold: float

    @functools.cached_property
    def rows(self) -> npt.NDArray[np.float32]:
        return self.reading.place(self.test.x)

    @functools.cached_property
    def probs(self) -> Probs:
        return self.reading.probs(self.rows)


def folds(study: Study, recipe: Recipe, calibration: Mapping[str, Any], threshold: float) -> list[Judged]:
    """Six folds by actor. The recipe is fixed; what the home layers' temperatures are, the other folds tell.

    Args:
        calibration: guard, doubt and affect, from corpora left out; the home corpus is none of them.
    """
    tests, trained = [study.clean(k) for k in FOLDS], [without_fold(study, recipe, k) for k in FOLDS]
    logits = [home_logits(r, test) for r, test in zip(trained, tests, strict=True)]
    results = []
    for k in FOLDS:
        others = [j for j in FOLDS if j != k]
        temperatures = home_temperatures([logits[j] for j in others], [tests[j].label for j in others])
        arrays = {**trained[k].a, **calibration, "home_temperature": temperatures}
        results.append(Judged(tests[k], Reading(arrays), threshold))
    return results


def without_fold(study: Study, recipe: Recipe, k: int) -> Reading:
    """A reading that has not heard the actors of a fold; remembered on disk."""
    key = hashlib.sha256(study.data.x.tobytes() + repr((recipe, TRAINING, k)).encode()).hexdigest()[:12]
    path = voice_features.cache_dir() / f"fold-{key}.pickle"
    if not path.is_file():
        path.write_bytes(pickle.dumps(fitted(study.without(k), recipe)))
        print(f"fold {k} trained", flush=True)
    return pickle.loads(path.read_bytes())


def home_temperatures(logits: Sequence[tuple[Any, Any]], labels: Sequence[Labels]) -> npt.NDArray[np.float64]:
    """Of the two home layers, from actors that they have not heard."""
    label = np.concatenate(labels)
    return np.array([temperature_of(np.concatenate([pair[i] for pair in logits]), label) for i in (0, 1)])


def home_logits(reading: Reading, test: Examples) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What both home layers say of a fold."""
    return reading.home(reading.place(test.x), None), _known_logits(reading, test)


def _known_logits(reading: Reading, test: Examples) -> npt.NDArray[Any]:
    """Of the home layer that knows the speaker, each with all of their clips as the profile."""
    rows, found = reading.place(test.x), np.zeros((len(test), len(EMOTIONS)))
    own = softmax(rows[:, reading.spans["home"]])
    for speaker in np.unique(test.speaker):
        mine = test.speaker == speaker
        found[mine] = reading.home(rows[mine], SpeakerProfile.learn(rows[mine], own[mine]))
    return found


def general_logits(
    train: Examples, x: npt.NDArray[np.float32], recipes: Sequence[Recipe] = HOME_RECIPES
) -> npt.NDArray[Any]:
    """What the layers of the home studio say without knowing the speaker, of features with all columns."""
    found = 0.0
    for recipe in recipes:
        norm, (kernel, bias) = general_head(train, recipe)
        found = found + norm(x[:, voice_head.columns(recipe)]) @ kernel + bias
    return np.asarray(found)


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
        "uar_by_fold": [round(scores.uar(r.test.label, r.probs.argmax(axis=1)), 4) for r in results],
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
        found: list[tuple[Labels, Probs, npt.NDArray[np.bool_]]] = []
        for r in results:
            mine = data.where(np.isin(data.speaker, np.unique(r.test.speaker)))
            said = r.reading.probs(r.reading.place(mine.x))
            found.append((mine.label, said, said.max(axis=1) >= r.threshold))
        label, probs, sure = (np.concatenate(part) for part in zip(*found, strict=True))
        right = probs.argmax(axis=1) == label
        report[name] = {
            **scores.summary(label, probs.argmax(axis=1)),
            "ece": round(scores.expected_calibration_error(label, probs), 4),
            "called_sure": round(float(sure.mean()), 4),
            "right_when_sure": round(float(right[sure].mean()), 4) if sure.any() else None,
        }
    report["mean_uar"] = round(float(np.mean([r["uar"] for r in report.values()])), 4)
    return report


def text_independent(study: Study, results: Sequence[Judged]) -> dict[str, Any]:
    """Neither the actor nor the sentence has been heard: the home layer alone, trained on the other sentence."""
    found: list[tuple[Labels, Labels]] = []
    for (k, r), heard in itertools.product(zip(FOLDS, results, strict=True), ("01", "02")):
        train = study.without(k)
        train = train.where((train.corpus != HOME) | (train.sentence == heard))
        test = r.test.where(r.test.sentence != heard)
        found.append((test.label, general_logits(train, test.x).argmax(axis=1)))
    return scores.summary(*(np.concatenate(part) for part in zip(*found, strict=True)))


def adaptation(results: Sequence[Judged], clips: int = 12, draws: int = 4, seed: int = 20) -> dict[str, Any]:
    """Unlabelled clips of the held-out speaker: any emotions, and all of one emotion.

    The clips given are not judged; ``without`` is the general head on the very same other clips.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, list[tuple[Labels, Labels]]] = {}
    for r in results:
        for speaker, _ in itertools.product(np.unique(r.test.speaker), range(draws)):
            mine = r.test.where(r.test.speaker == speaker)
            rows = r.reading.place(mine.x)
            mood = int(rng.integers(0, len(EMOTIONS)))
            of_mood = np.flatnonzero(mine.label == mood)
            for kind, pool in (("any_emotion", np.arange(len(mine))), ("one_emotion", of_mood)):
                given = rng.choice(pool, min(clips, len(pool)), replace=False)
                rest = np.setdiff1d(np.arange(len(mine)), given)
                profile = SpeakerProfile.learn(rows[given], r.reading.probs(rows[given]))
                for name, known in (("without", None), ("with", profile)):
                    said = r.reading.probs(rows, known).argmax(axis=1)
                    found.setdefault(f"{kind}_{name}", []).append((mine.label[rest], said[rest]))
    parts = {name: [np.concatenate(p) for p in zip(*pairs, strict=True)] for name, pairs in found.items()}
    return {"clips": clips, **{name: scores.summary(*pair) for name, pair in parts.items()}}
