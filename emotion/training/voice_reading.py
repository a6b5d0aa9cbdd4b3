"""The numbers of :class:`emotion.voice.reading.Reading`, made from recordings of several corpora.

Corpora count alike, and in each of them its moods. What is chosen (temperature, trust, the slope of valence and
arousal) is chosen on corpora that were left out of training: :mod:`emotion.training.voice_calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from emotion.training import voice_head
from emotion.training.voice_data import HOME
from emotion.training.voice_head import CLASSES, Examples, Recipe
from emotion.voice.reading import Reading

Floats = npt.NDArray[np.floating]
Weights = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]

DIRECTIONS, GENERATIVE_DIRECTIONS, GATE_DIRECTIONS, MOOD_DIRECTIONS = 500, 100, 200, 5
L2 = 0.03
SPREAD = 0.1
"""How far the covariance within recordings is drawn to a round one."""
GATE_SHARPNESS, GATE_AT = 1.5, 2.2
"""The gate to the home studio: steep, and a little on the side of elsewhere."""
HOME_DATA = (HOME, "nemo", "emodb")
"""What the layers of the home studio are trained on."""
HOME_RECIPES = tuple(Recipe(l2=0.3, first_block=block, last_block=block) for block in (2, 3, 4))
"""Each hears one of Whisper's blocks beside the speaker encoder; their mean is served. Better than one that hears all
three: every five of the six folds choose it for the sixth."""
TRAINING = (DIRECTIONS, GENERATIVE_DIRECTIONS, GATE_DIRECTIONS, MOOD_DIRECTIONS, L2, SPREAD, GATE_SHARPNESS, GATE_AT)
TRAINING += HOME_RECIPES
"""What another choice of makes another model."""


def alike(data: Examples, recipe: Recipe) -> npt.NDArray[np.float64]:
    """Weights by which corpora, and in each its moods, count alike; copies as the recipe says."""
    weight = np.where(data.variant > 0, recipe.copy_weight, 1.0)
    for corpus in np.unique(data.corpus):
        mine = data.corpus == corpus
        for mood in np.unique(data.label[mine]):
            weight[mine & (data.label == mood)] /= weight[mine & (data.label == mood)].sum()
        weight[mine] /= weight[mine].sum()
    return weight * len(data)


@dataclass(frozen=True)
class Centres:
    """Where the features of each voice lie whatever it expresses: moods count alike in every mean."""

    of: npt.NDArray[np.int64]
    """The voice of each row: a speaker, each kind of copy by itself."""
    voices: Floats
    corpus: npt.NDArray[Any]
    sex: npt.NDArray[Any]

    @classmethod
    def measure(cls, z: Floats, data: Examples) -> Centres:
        names = np.array([f"{s}/{v}" for s, v in zip(data.speaker, data.variant, strict=True)])
        _, first, of = np.unique(names, return_index=True, return_inverse=True)
        voices = np.stack([_balanced(z[of == i], data.label[of == i]) for i in range(len(first))])
        return cls(of, voices, data.corpus[first], data.sex[first])

    def over(self, corpus: str, sex: str | None = None) -> Floats:
        mine = (self.corpus == corpus) & ((self.sex == sex) if sex else True)
        return self.voices[mine if mine.any() else self.corpus == corpus].mean(axis=0)

    def everybody(self, sex: str | None = None) -> Floats:
        return np.mean([self.over(c, sex) for c in np.unique(self.corpus)], axis=0)


def _balanced(z: Floats, label: voice_head.Labels) -> Floats:
    return np.mean([z[label == e].mean(axis=0) for e in np.unique(label)], axis=0)


def fitted(data: Examples, recipe: Recipe) -> Reading:
    """Everything but what :mod:`emotion.training.voice_calibration` sets. ``data.x`` holds all columns.

    No layers of the home studio are there where its corpus is missing.
    """
    columns = voice_head.columns(recipe)
    x, weight = data.x[:, columns], alike(data, recipe)
    mean, scale, projection = _directions(x, data, weight)
    z = ((x - mean) / scale) @ projection
    centres = Centres.measure(z, data)
    unit = np.float32(np.sqrt(np.average((z - centres.voices[centres.of]) ** 2, axis=0, weights=weight).mean()))
    a: Arrays = {"columns": columns, "mean": mean, "scale": scale, "projection": projection, "unit": np.array(unit)}
    a |= _layers(z, data, weight, centres, float(unit))
    a |= _covariances(z[:, :GENERATIVE_DIRECTIONS].astype(np.float64), data, weight, centres)
    a |= _home(z, data, columns)
    a |= {"doubt": np.zeros(4), "guard": np.zeros((7, 3)), "affect": np.array([[0.0, 1.0, 1.0]] * 2)}
    a["guard"][:-1, 1] = 1
    return Reading(a)


def _directions(x: Floats, data: Examples, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, scale and leading directions of features less their speaker's mean."""
    from sklearn.decomposition import TruncatedSVD

    centres = Centres.measure(x, data)
    centred = x - centres.voices[centres.of]
    scale = np.sqrt(np.average(centred**2, axis=0, weights=weight)).astype(np.float32) + np.float32(1e-4)
    weighed = (centred / scale * np.sqrt(weight / weight.sum())[:, None]).astype(np.float32)
    found = TruncatedSVD(min(DIRECTIONS, *weighed.shape), n_iter=3, random_state=20).fit(weighed)
    right = np.asarray(found.components_, np.float32)
    return centres.everybody().astype(np.float32), scale, right.T.astype(np.float32)


def _layers(z: Floats, data: Examples, weight: Weights, centres: Centres, unit: float) -> Arrays:
    """The four linear layers, each on features less another mean."""
    corpora = np.unique(data.corpus).tolist()
    of_corpus = {c: centres.over(c) for c in corpora}
    of_sex = {(c, s): centres.over(c, s) for c in corpora for s in "FM"}
    less = {
        "corpus": np.stack([of_corpus[c] for c in data.corpus]),
        "sexes": np.stack([of_sex[c, s] for c, s in zip(data.corpus, data.sex, strict=True)]),
        "speaker": centres.voices[centres.of],
    }
    centre = centres.everybody()
    found: Arrays = {"centre": centre, "women": centres.everybody("F"), "men": centres.everybody("M")}
    for name, mean in less.items():
        kernel, bias = voice_head.minimum(((z - mean) / unit).astype(np.float32), data, weight, L2)
        found[name] = np.vstack([kernel, bias])
    found["sex"] = _binary((z - centre) / unit, data.sex == "F", weight)
    return found


def _binary(x: Floats, yes: npt.NDArray[np.bool_], weight: Floats, strength: float = 0.01) -> Floats:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=200).fit(x, yes, sample_weight=weight)
    return np.append(model.coef_[0], model.intercept_)


def _covariances(z: Floats, data: Examples, weight: Floats, centres: Centres) -> Arrays:
    """Between recordings and within them, made diagonal together; and the moods' offsets in these coordinates."""
    y = z.shape[1]
    voices = centres.voices[:, :y].astype(np.float64)
    offsets, of_corpus = _offsets(z - voices[centres.of], data)
    voices = voices + np.stack([of_corpus[c] for c in centres.corpus])
    share = np.array([1 / (centres.corpus == c).sum() for c in centres.corpus])
    share /= share.sum()
    origin = share @ voices
    between = ((voices - origin) * share[:, None]).T @ (voices - origin)
    rest = z - voices[centres.of] - offsets[data.label]
    within = (rest * (weight / weight.sum())[:, None]).T @ rest
    within = (1 - SPREAD) * within + SPREAD * np.trace(within) / y * np.eye(y)
    values, turn = eigh(between, within)
    heard = np.isin(np.arange(CLASSES), data.label)
    offsets = offsets @ turn
    _, _, directions = np.linalg.svd(offsets[heard] - offsets[heard].mean(axis=0), full_matrices=True)
    return {
        "origin": origin,
        "turn": turn,
        "back": np.linalg.inv(turn),
        "between": np.maximum(values, 1e-9),
        "offsets": offsets,
        "possible": np.where(heard, 0.0, np.log(1e-6)),
        "moods": directions,
        "mood_directions": np.array(MOOD_DIRECTIONS),
    }


def _offsets(centred: Floats, data: Examples, rounds: int = 30) -> tuple[Floats, dict[str, Floats]]:
    """Of each mood, and of each corpus for the moods that it lacks, by turns; (8, y) and (y,) a corpus."""
    corpora = np.unique(data.corpus).tolist()
    mean = {
        (c, e): centred[(data.corpus == c) & (data.label == e)].mean(axis=0)
        for c in corpora
        for e in np.unique(data.label[data.corpus == c]).tolist()
    }
    of_corpus: dict[str, Floats] = dict.fromkeys(corpora, np.zeros(centred.shape[1]))
    offsets = np.zeros((CLASSES, centred.shape[1]))
    for _ in range(rounds):
        for e in range(CLASSES):
            theirs = [mean[c, e] - of_corpus[c] for c in corpora if (c, e) in mean]
            if theirs:
                offsets[e] = np.sum(theirs, axis=0) / (len(theirs) + 0.3)
        of_corpus = {c: np.mean([m - offsets[e] for (d, e), m in mean.items() if d == c], axis=0) for c in corpora}
    return offsets, of_corpus


def _home(z: Floats, data: Examples, columns: npt.NDArray[np.int64]) -> Arrays:
    """The home studio's layers and the gate to them; shut where the home corpus is not in the data."""
    g = GATE_DIRECTIONS
    at_home = data.corpus == HOME
    if not at_home.any():
        layer = np.zeros((len(columns) + 1, CLASSES))
        gate = np.append(np.zeros(g), -50.0)
        none = {"general_home": np.zeros(CLASSES), "home_offsets": np.zeros((CLASSES, CLASSES))}
        return {"home": layer, "home_known": layer, "gate": gate, "home_temperature": np.ones(2), **none}
    weight = alike(data, Recipe())
    weight[at_home] *= len(np.unique(data.corpus)) - 1
    unit = float(np.sqrt((z**2).mean()))
    gate = _binary(z[:, :g] / unit, at_home, weight)
    gate[:-1] /= unit
    gate[-1] -= GATE_AT
    found = home_layers(data, columns)
    return {**found, "gate": gate * GATE_SHARPNESS, "home_temperature": np.ones(2)}


def home_layers(data: Examples, columns: npt.NDArray[np.int64]) -> Arrays:
    """The mean of what the heads of ``HOME_RECIPES`` say, as layers on features of ``columns``, the bias last."""
    found: Arrays = {
        "home": np.zeros((len(columns) + 1, CLASSES)),
        "home_known": np.zeros((len(columns) + 1, CLASSES)),
        "general_home": np.zeros(CLASSES),
        "home_offsets": np.zeros((CLASSES, CLASSES)),
    }
    studio = data.where(np.isin(data.corpus, HOME_DATA))
    for recipe in HOME_RECIPES:
        heads, at = voice_head.heads(studio, recipe), np.searchsorted(columns, voice_head.columns(recipe))
        (kernel, bias), (known, known_bias) = heads.general, heads.adapted
        scaled, known = kernel / heads.norm.scale[:, None], known / heads.within.scale[:, None]
        found["home"][at] += scaled
        found["home"][-1] += bias - heads.norm.mean @ scaled
        found["home_known"][at] += known
        found["home_known"][-1] += known_bias
        found["general_home"] += heads.norm.mean @ known
        found["home_offsets"] += heads.class_offsets @ known
    return {name: array / len(HOME_RECIPES) for name, array in found.items()}
