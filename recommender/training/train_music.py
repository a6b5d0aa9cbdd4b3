"""Teach the heads of ``music-v3`` and print every figure of its card.

    python -m recommender.training.train_music --quadrants DIR --emotify DIR --cache DIR

``DIR`` are checkouts of the two repositories that :mod:`music_data` names. Clips of one artist (4Q) or
of one genre (Emotify) are never on both sides; how strongly the head is held back is chosen inside
each training part.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emotion.training import card
from emotion.weights import models_dir, sha256_of
from recommender.library import beat_net, mood, tempo
from recommender.library.hear import MODEL
from recommender.library.quadrant_head import QuadrantHead, kernel, normed
from recommender.library.track_sound import MOODS
from recommender.training import music_data
from recommender.training.music_data import Clip

Rows = npt.NDArray[np.float32]
Array = npt.NDArray[Any]

FOLDS: Final = 10
STRENGTH: Final = 0.01
"""Inverse of how much the linear half of the quadrants' head is held back (C)."""
KERNELS: Final = ((0.2, 0.3), (0.2, 1.0), (0.4, 0.3), (0.4, 1.0), (0.7, 0.3), (0.7, 1.0))
"""Width, and how much it is held back, of the half that goes by likeness."""
RIDGE: Final = 3000.0
STANDS_OUT: Final = 0.8
"""A mood is named where its share is so many deviations above the usual track's."""
STEEP: Final = 1.5
PLEASANT: Final = (0, 3)
STIRRED: Final = (0, 1)
COMMAND: Final = "python -m recommender.training.train_music --quadrants DIR --emotify DIR --cache DIR"


def quadrant_head(x: Rows, y: Array, width: float, ridge: float) -> QuadrantHead:
    """Both halves of the head, taught on features (n, d) and quadrants (n,)."""
    norm = StandardScaler().fit(x)
    mean, scale = np.asarray(norm.mean_), np.asarray(norm.scale_)
    z = normed(x, mean, scale)
    linear = LogisticRegression(C=STRENGTH, max_iter=1000, tol=1e-3).fit(z, y)
    wanted = np.eye(4)[y]
    level = wanted.mean(axis=0)
    pull = np.linalg.solve(kernel(z, z, width) + ridge * np.eye(len(z)), wanted - level)
    return QuadrantHead(
        mean, scale, np.asarray(linear.coef_).T, np.asarray(linear.intercept_), z, pull, level, np.array(width)
    )


def chosen(x: Rows, y: Array, groups: Array) -> tuple[float, float]:
    """One of the kernels, by three folds of groups inside what may be learnt from."""
    folds = list(StratifiedGroupKFold(3, shuffle=True, random_state=1).split(x, y, groups))
    scores = []
    for variant in KERNELS:
        found = np.zeros_like(y)
        for train, test in folds:
            found[test] = quadrant_head(x[train], y[train], *variant).probs(x[test]).argmax(axis=1)
        scores.append(f1_score(y, found, average="macro"))
    return KERNELS[int(np.argmax(scores))]


def cross_validated(x: Rows, y: Array, groups: Array, judge: Callable[[Array, Array], Array]) -> Array:
    """Probabilities (n, 4), each from a head that heard nothing of the artist: ``judge(train, test)``."""
    probs = np.zeros((len(y), 4))
    for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(x, y, groups):
        probs[test] = judge(train, test)
    return probs


def quadrant_figures(y: Array, probs: Array) -> dict[str, Any]:
    found = probs.argmax(axis=1)
    sure = probs.max(axis=1) >= 0.7

    def sign(axis: Array, those: tuple[int, int]) -> float:
        """Of the value that is shown, not of the likeliest quadrant."""
        return round(float(((probs @ axis > 0) == np.isin(y, those)).mean()), 4)

    return {
        "macro_f1": round(float(f1_score(y, found, average="macro")), 4),
        "f1_by_quadrant": [round(float(f1_score(y == k, found == k)), 4) for k in range(4)],
        "valence_sign": sign(mood.VALENCE, PLEASANT),
        "energy_sign": sign(mood.ENERGY, STIRRED),
        "sure": {"answered": round(float(sure.mean()), 4), "right": round(float((found == y)[sure].mean()), 4)},
    }


def on_quadrants(clips: Sequence[Clip], x: Rows) -> dict[str, Any]:
    y = np.array([c.quadrant for c in clips])
    groups = np.array([c.group for c in clips])

    def ours(columns: slice) -> dict[str, Any]:
        part = x[:, columns]

        def judge(train: Array, test: Array) -> Array:
            variant = chosen(part[train], y[train], groups[train])
            return quadrant_head(part[train], y[train], *variant).probs(part[test])

        return quadrant_figures(y, cross_validated(part, y, groups, judge))

    known = sorted({w for c in clips for w in c.words})
    words = np.array([[w in c.words for w in known] for c in clips], np.float32)

    def by_words(train: Array, test: Array) -> Array:
        return LogisticRegression(max_iter=3000).fit(words[train], y[train]).predict_proba(words[test])

    return {
        "clips": len(y),
        "artists": len(set(groups)),
        "this_model": ours(slice(None)),
        "musicnn_alone": ours(slice(0, 450)),
        "descriptors_alone": ours(slice(450, None)),
        "majority": quadrant_figures(y, np.tile([1.0, 0, 0, 0], (len(y), 1))) | {"sure": None},
        "mood_words_alone": quadrant_figures(y, cross_validated(words, y, groups, by_words)),
        "published_f1": {"Panda et al. 2018, 100 features, support vectors": 0.765},
    }


def on_moods(clips: Sequence[Clip], x: Rows) -> dict[str, Any]:
    """Each genre judged by a head that was taught on the other three."""
    shares = np.array([c.moods for c in clips])
    genres = np.array([c.group for c in clips])
    found = np.zeros_like(shares)
    for train, test in GroupKFold(len(set(genres))).split(x, shares, genres):
        found[test] = make_pipeline(StandardScaler(), Ridge(RIDGE)).fit(x[train], shares[train]).predict(x[test])
    by_mood = {}
    for k, name in enumerate(MOODS):
        often = shares[:, k] >= np.quantile(shares[:, k], 0.75)
        r = float(np.corrcoef(found[:, k], shares[:, k])[0, 1])
        by_mood[name] = {"r": round(r, 3), "auc_top_quarter": round(float(roc_auc_score(often, found[:, k])), 3)}
    mean_auc = float(np.mean([v["auc_top_quarter"] for v in by_mood.values()]))
    return {
        "clips": len(clips),
        "genres_kept_apart": sorted(set(genres)),
        "by_mood": by_mood,
        "mean_r": round(float(np.mean([v["r"] for v in by_mood.values()])), 3),
        "mean_auc_top_quarter": round(mean_auc, 3),
        "majority_auc": 0.5,
    }


def across(quadrants: Sequence[Clip], qx: Rows, clips: Sequence[Clip], ex: Rows) -> dict[str, Any]:
    """Taught on one set, judged on the other: nothing but the music is shared."""
    y = np.array([c.quadrant for c in quadrants])
    probs = quadrant_head(qx, y, *KERNELS[3]).probs(ex)
    shares = dict(zip(MOODS, np.array([c.moods for c in clips]).T, strict=True))
    pleasant = shares["joy"] + shares["tenderness"] + shares["calmness"] - shares["tension"] - shares["sadness"]
    stirred = shares["joy"] + shares["power"] + shares["tension"] - shares["calmness"] - shares["tenderness"]
    head = make_pipeline(StandardScaler(), Ridge(RIDGE)).fit(ex, np.stack([pleasant, stirred], axis=1))
    back = head.predict(qx)
    return {
        "taught_on_4q_judged_on_emotify": {
            "valence_r": round(float(np.corrcoef(probs @ mood.VALENCE, pleasant)[0, 1]), 3),
            "energy_r": round(float(np.corrcoef(probs @ mood.ENERGY, stirred)[0, 1]), 3),
        },
        "taught_on_emotify_judged_on_4q": {
            "valence_auc": round(float(roc_auc_score(np.isin(y, PLEASANT), back[:, 0])), 3),
            "energy_auc": round(float(roc_auc_score(np.isin(y, STIRRED), back[:, 1])), 3),
        },
    }


def final_head(quadrants: Sequence[Clip], qx: Rows, clips: Sequence[Clip], ex: Rows) -> dict[str, Array]:
    """What is served: both heads on features normed alike."""
    y, groups = np.array([c.quadrant for c in quadrants]), np.array([c.group for c in quadrants])
    head = quadrant_head(qx, y, *chosen(qx, y, groups))
    shares = np.array([c.moods for c in clips])
    own = StandardScaler().fit(ex)
    ridge = Ridge(RIDGE).fit(own.transform(ex), shares)
    found = ridge.predict(own.transform(ex))
    # The ridge's own norm is folded into its matrix, so that one norm serves both.
    ratio = head.scale / np.asarray(own.scale_)
    offset = (head.mean - np.asarray(own.mean_)) / np.asarray(own.scale_)
    weights = np.asarray(ridge.coef_).T
    gain = STEEP / np.maximum(found.std(axis=0), 1e-6)
    bias = (offset @ weights + ridge.intercept_ - shares.mean(axis=0)) * gain - STEEP * STANDS_OUT
    return {
        **head.arrays(),
        "mood_weights": ratio[:, None] * weights * gain,
        "mood_bias": bias,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("quadrants", "emotify", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    quadrants, clips = music_data.four_quadrants(args.quadrants), music_data.emotify(args.emotify)
    qx, ex = (music_data.features(of, args.cache) for of in (quadrants, clips))
    folder = models_dir() / MODEL
    head = final_head(quadrants, qx, clips, ex)
    shrunk = {k: v.astype(np.float16 if k == "quadrant_points" else np.float32) for k, v in head.items()}
    np.savez(folder / "head.npz", allow_pickle=False, **shrunk)
    metrics = {
        "four_quadrants": on_quadrants(quadrants, qx),
        "emotify": on_moods(clips, ex),
        "across_corpora": across(quadrants, qx, clips, ex),
        "people": {
            "three listeners agree fully (MTG, 11,000 tracks)": {
                "happy": 0.53, "sad": 0.53, "relaxed": 0.57, "aggressive": 0.71,
            }
        },
        "command": COMMAND,
    }  # fmt: skip
    write_folder(folder, metrics)
    print(json.dumps(metrics, indent=1))


def write_folder(folder: Path, metrics: dict[str, Any]) -> None:
    """metrics.json (the rendered pieces' figures stay), config.json with the hashes, the card's figures."""
    path = folder / "metrics.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**kept, **metrics}, indent=1) + "\n", encoding="utf-8")
    names = ("head.npz", tempo.FILE, "musicnn.onnx", "beatnet.onnx", beat_net.FILE)
    config = {
        "files": {n: sha256_of(folder / n) for n in names},
        "labels": {"quadrants": ["Q1", "Q2", "Q3", "Q4"], "moods": list(MOODS)},
        "preprocessing": {"sr": 16_000, "n_fft": 512, "hop_length": 256, "n_mels": 96, "beats_sr": 22_050},
        "licence": "musicnn ISC; BeatNet CC BY 4.0 (M. Heydari, F. Cwitkowitz, Z. Duan); heads from research sets",
        "command": COMMAND,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    if (folder / "MODEL_CARD.md").is_file():
        card.write(folder, card_lines)


def card_lines(metrics: dict[str, Any]) -> list[str]:
    lines = ["| 4Q, ten folds by artist | macro-F1 | valence sign | energy sign |", "| --- | --- | --- | --- |"]
    found = metrics["four_quadrants"]
    for name in ("this_model", "musicnn_alone", "descriptors_alone", "mood_words_alone", "majority"):
        row = found[name]
        cells = (row["macro_f1"], row["valence_sign"], row["energy_sign"])
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(f'{c:.3f}' for c in cells)} |")
    for name, f1 in found["published_f1"].items():
        lines.append(f"| {name} (other folds) | {f1:.3f} | | |")
    lines += ["", "| Emotify, each genre kept out in turn | r | AUC of the top quarter |", "| --- | --- | --- |"]
    lines += [f"| {n} | {v['r']:.2f} | {v['auc_top_quarter']:.2f} |" for n, v in metrics["emotify"]["by_mood"].items()]
    across_sets = metrics["across_corpora"]
    lines += ["", "| taught on one set, judged on the other | valence | energy |", "| --- | --- | --- |"]
    there, back = across_sets["taught_on_4q_judged_on_emotify"], across_sets["taught_on_emotify_judged_on_4q"]
    lines.append(f"| 4Q to Emotify, Pearson r | {there['valence_r']:.2f} | {there['energy_r']:.2f} |")
    lines.append(f"| Emotify to 4Q, AUC | {back['valence_auc']:.2f} | {back['energy_auc']:.2f} |")
    if net := metrics.get("beats"):
        lines += ["", f"| the beat network alone, {net['pieces']} drawn pieces on instruments it was not taught | |"]
        lines += ["| --- | --- |", f"| beat f measure | {net['beat_f_measure']} |", f"| tempo | {net['tempo']} |"]
    if choice := metrics.get("tempo"):
        lines += ["", "| tempo of pieces that were left out of the teaching of its choice | right | pieces |"]
        lines += ["| --- | --- | --- |"]
        for kind, name in (("rendered", "rendered, other ensembles"), ("written", "written by people, other games")):
            lines.append(f"| {name} | {choice['left_out'][kind]:.3f} | {choice['left_out'][f'{kind}_pieces']} |")
    if piano := metrics.get("piano"):
        lines += ["", f"| {piano['pieces']} piano pieces (VGMIDI) | macro-F1 | valence sign | energy sign |"]
        lines += ["| --- | --- | --- | --- |"]
        for name in ("alone", "among_12", "among_all", "majority"):
            cells = " | ".join(f"{piano[name][k]:.3f}" for k in ("macro_f1", "valence_sign", "energy_sign"))
            lines.append(f"| {name.replace('_', ' ')} | {cells} |")
    if pieces := metrics.get("rendered"):
        lines += ["", "| rendered pieces of known truth | value |", "| --- | --- |"]
        lines += [f"| {k.replace('_', ' ')} | {v} |" for k, v in pieces.items()]
    return lines


if __name__ == "__main__":
    main()
