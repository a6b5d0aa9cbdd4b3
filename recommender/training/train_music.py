"""Teach the heads of ``music-v5`` and print every figure of its card.

    python -m recommender.training.train_music --quadrants DIR --emotify DIR --vgmidi DIR --cache DIR

``DIR`` are checkouts of the repositories that :mod:`music_data` and :mod:`piano` name. Clips of one artist
(4Q), of one genre (Emotify) or of one game (VGMIDI) are never on both sides; how the quadrants' head is
taught says :mod:`quadrants`. The folds of 4Q are drawn several times: one draw moves the figures by 0.01.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emotion.training import card
from emotion.weights import models_dir, sha256_of
from recommender.library import beat_net, mood, tempo
from recommender.library.hear import MODEL, WHISPER, WHISPER_VALUES
from recommender.library.track_sound import MOODS
from recommender.training import music_data, piano, quadrants
from recommender.training.music_data import Clip
from recommender.training.quadrants import PARTS, Known

Rows = npt.NDArray[np.float32]
Array = npt.NDArray[Any]

FOLDS: Final = 10
DRAWS: Final = 5
"""So often the folds are drawn anew; figures are means over them."""
RIDGE: Final = 3000.0
STANDS_OUT: Final = 0.8
"""A mood is named where its share is so many deviations above the usual track's."""
STEEP: Final = 1.5
PLEASANT: Final = (0, 3)
STIRRED: Final = (0, 1)
ROWS: Final = (
    "this_model", "taught_on_4q_alone", "musicnn_alone", "descriptors_alone", "whisper_alone", "mood_words_alone",
    "majority",
)  # fmt: skip
COMMAND: Final = "python -m recommender.training.train_music --quadrants DIR --emotify DIR --vgmidi DIR --cache DIR"


def cross_validated(known: Known, judge: Callable[[Array, Array], Array]) -> list[Array]:
    """Probabilities (n, 4) of each draw, each from a head that heard nothing of the artist: ``judge(train, test)``."""
    draws = []
    for seed in range(DRAWS):
        probs = np.zeros((len(known.x), 4))
        for train, test in known.folds(FOLDS, seed):
            probs[test] = judge(train, test)
        draws.append(probs)
    return draws


def quadrant_figures(y: Array, draws: Sequence[Array]) -> dict[str, Any]:
    """Means over the draws of the folds, and how far the draws lie apart."""
    each = [_figures(y, probs) for probs in draws]

    def mean(*path: str) -> Any:
        values: list[Any] = [functools.reduce(lambda of, name: of[name], path, one) for one in each]
        return np.round(np.mean(np.array(values), axis=0), 4).tolist()

    return {
        "macro_f1": mean("macro_f1"),
        "macro_f1_deviation": round(float(np.std([one["macro_f1"] for one in each])), 4),
        "f1_by_quadrant": mean("f1_by_quadrant"),
        "valence_sign": mean("valence_sign"),
        "energy_sign": mean("energy_sign"),
        "sure": {"answered": mean("sure", "answered"), "right": mean("sure", "right")},
    }


def _figures(y: Array, probs: Array) -> dict[str, Any]:
    found = probs.argmax(axis=1)
    sure = probs.max(axis=1) >= 0.7

    def sign(axis: Array, those: tuple[int, int]) -> float:
        """Of the value that is shown, not of the likeliest quadrant."""
        return float(((probs @ axis > 0) == np.isin(y, those)).mean())

    return {
        "macro_f1": float(f1_score(y, found, average="macro")),
        "f1_by_quadrant": [float(f1_score(y == k, found == k)) for k in range(4)],
        "valence_sign": sign(mood.VALENCE, PLEASANT),
        "energy_sign": sign(mood.ENERGY, STIRRED),
        "sure": {"answered": float(sure.mean()), "right": float((found == y)[sure].mean()) if sure.any() else 0.0},
    }


def on_quadrants(clips: Sequence[Clip], known: Known, also: Known) -> dict[str, Any]:
    y = known.quadrant

    def ours(*parts: slice, beside: Known | None = also) -> dict[str, Any]:
        """By these features alone; ``beside`` is learnt from in each fold."""
        at = [np.arange(known.x.shape[1])[part] for part in parts]
        within = [slice(a, b) for a, b in pairwise(np.cumsum([0, *map(len, at)]).tolist())]
        columns = np.concatenate(at)
        those = replace(known, x=known.x[:, columns])
        others = None if beside is None else replace(beside, x=beside.x[:, columns])

        def judge(train: Array, test: Array) -> Array:
            learnt = those.where(train) if others is None else those.where(train) + others
            return quadrants.taught(learnt, within).probs(those.x[test])

        return quadrant_figures(y, cross_validated(known, judge))

    names = sorted({w for c in clips for w in c.words})
    words = np.array([[w in c.words for w in names] for c in clips], np.float32)

    def by_words(train: Array, test: Array) -> Array:
        return LogisticRegression(max_iter=3000).fit(words[train], y[train]).predict_proba(words[test])

    return {
        "clips": len(y),
        "artists": len(set(known.groups)),
        "draws": DRAWS,
        "this_model": ours(*PARTS),
        "taught_on_4q_alone": ours(*PARTS, beside=None),
        "musicnn_alone": ours(slice(0, 450)),
        "descriptors_alone": ours(slice(450, -WHISPER_VALUES)),
        "whisper_alone": ours(PARTS[1]),
        "majority": quadrant_figures(y, [np.tile([1.0, 0, 0, 0], (len(y), 1))]) | {"sure": None},
        "mood_words_alone": quadrant_figures(y, cross_validated(known, by_words)),
        "published_f1": {"Panda et al. 2018, 100 features, support vectors": 0.765},
    }


def on_moods(clips: Sequence[Clip], x: Rows) -> dict[str, Any]:
    """Each genre judged by a head that was taught on the other three; Whisper's values bring nothing here."""
    x = x[:, PARTS[0]]
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


def across(known: Known, felt: Known, solo: Known, listeners: Sequence[Clip]) -> dict[str, Any]:
    """Taught on one set, judged on the other; and with three genres of the other, judged on the fourth."""
    pleasant, stirred = quadrants.axes(listeners)

    def told(probs: Array) -> dict[str, float]:
        pairs = (("valence_r", mood.VALENCE, pleasant), ("energy_r", mood.ENERGY, stirred))
        return {name: round(float(np.corrcoef(probs @ axis, said)[0, 1]), 3) for name, axis, said in pairs}

    apart = np.zeros((len(felt.x), 4))
    for train, test in GroupKFold(len(set(felt.groups))).split(felt.x, groups=felt.groups):
        apart[test] = quadrants.taught(known + felt.where(train) + solo).probs(felt.x[test])
    head = make_pipeline(StandardScaler(), Ridge(RIDGE)).fit(felt.x[:, PARTS[0]], np.stack([pleasant, stirred], axis=1))
    back = head.predict(known.x[:, PARTS[0]])
    return {
        "taught_on_4q_judged_on_emotify": told(quadrants.taught(known).probs(felt.x)),
        "taught_on_4q_and_other_genres_judged_on_emotify": told(apart),
        "taught_on_emotify_judged_on_4q": {
            "valence_auc": round(float(roc_auc_score(np.isin(known.quadrant, PLEASANT), back[:, 0])), 3),
            "energy_auc": round(float(roc_auc_score(np.isin(known.quadrant, STIRRED), back[:, 1])), 3),
        },
    }


def on_piano(known: Known, felt: Known, solo: Known) -> dict[str, Any]:
    def judge(learnt: Known, asked: Known) -> Array:
        return quadrants.taught(known + felt + learnt).probs(asked.x)

    return piano.judged(solo, judge, quadrants.taught(known + felt).probs(solo.x))


def final_head(known: Known, felt: Known, solo: Known, listeners: Sequence[Clip]) -> dict[str, Array]:
    """What is served: both heads on features normed alike."""
    head = quadrants.taught(known + felt + solo)
    shares, ex = np.array([c.moods for c in listeners]), felt.x[:, PARTS[0]]
    own = StandardScaler().fit(ex)
    ridge = Ridge(RIDGE).fit(own.transform(ex), shares)
    found = ridge.predict(own.transform(ex))
    # The ridge's own norm is folded into its matrix, so that one norm serves both.
    ratio = head.scale[PARTS[0]] / np.asarray(own.scale_)
    offset = (head.mean[PARTS[0]] - np.asarray(own.mean_)) / np.asarray(own.scale_)
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
    for name in ("quadrants", "emotify", "vgmidi", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    clips, listeners = music_data.four_quadrants(args.quadrants), music_data.emotify(args.emotify)
    played = piano.pieces(args.vgmidi, args.cache)
    qx, ex, px = (music_data.features(of, args.cache) for of in (clips, listeners, played))
    known, felt, solo = quadrants.named(clips, qx), quadrants.felt(listeners, ex), quadrants.named(played, px)
    folder = models_dir() / MODEL
    head = final_head(known, felt, solo, listeners)
    shrunk = {k: v.astype(np.float16 if k == "quadrant_points" else np.float32) for k, v in head.items()}
    np.savez(folder / "head.npz", allow_pickle=False, **shrunk)
    metrics = {
        "four_quadrants": on_quadrants(clips, known, felt + solo),
        "emotify": on_moods(listeners, ex),
        "across_corpora": across(known, felt, solo, listeners),
        "piano": on_piano(known, felt, solo),
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
    names = ("head.npz", WHISPER, tempo.FILE, "musicnn.onnx", "beatnet.onnx", beat_net.FILE)
    config = {
        "files": {n: sha256_of(folder / n) for n in names},
        "labels": {"quadrants": ["Q1", "Q2", "Q3", "Q4"], "moods": list(MOODS)},
        "preprocessing": {"sr": 16_000, "n_fft": 512, "hop_length": 256, "n_mels": 96, "beats_sr": 22_050},
        "licence": "musicnn ISC; Whisper MIT; BeatNet CC BY 4.0 (M. Heydari, F. Cwitkowitz, Z. Duan);"
        " heads from research sets",
        "command": COMMAND,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    if (folder / "MODEL_CARD.md").is_file():
        card.write(folder, card_lines)


def card_lines(metrics: dict[str, Any]) -> list[str]:
    lines = [
        "| 4Q, ten folds by artist, mean of five draws | macro-F1 | valence sign | energy sign |",
        "| --- | --- | --- | --- |",
    ]
    found = metrics["four_quadrants"]
    for name in filter(found.get, ROWS):
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
    if both := across_sets.get("taught_on_4q_and_other_genres_judged_on_emotify"):
        lines.append(
            f"| 4Q and three genres of Emotify to the fourth, r | {both['valence_r']:.2f} | {both['energy_r']:.2f} |"
        )
    lines.append(f"| 4Q to Emotify, Pearson r | {there['valence_r']:.2f} | {there['energy_r']:.2f} |")
    lines.append(f"| Emotify to 4Q, AUC | {back['valence_auc']:.2f} | {back['energy_auc']:.2f} |")
    if net := metrics.get("beats"):
        lines += ["", f"| the beat network alone, {net['pieces']} drawn pieces on instruments it was not taught | |"]
        lines += ["| --- | --- |", f"| beat f measure | {net['beat_f_measure']} |", f"| tempo | {net['tempo']} |"]
    if choice := metrics.get("tempo"):
        lines += ["", "| tempo of pieces that were left out of the teaching of its choice | right | pieces |"]
        lines += ["| --- | --- | --- |"]
        lines += [f"| {name} | {of['right']:.3f} | {of['pieces']} |" for name, of in choice["left_out"].items()]
    if solo := metrics.get("piano"):
        title = f"{solo['pieces']} piano pieces (VGMIDI), each by a head taught other games"
        lines += ["", f"| {title} | macro-F1 | valence sign | energy sign |"]
        lines += ["| --- | --- | --- | --- |"]
        for name in filter(solo.get, ("alone", "taught_no_piano", "among_12", "among_all", "majority")):
            cells = " | ".join(f"{solo[name][k]:.3f}" for k in ("macro_f1", "valence_sign", "energy_sign"))
            lines.append(f"| {name.replace('_', ' ')} | {cells} |")
    if pieces := metrics.get("rendered"):
        lines += ["", "| rendered pieces of known truth | value |", "| --- | --- |"]
        lines += [f"| {k.replace('_', ' ')} | {v} |" for k, v in pieces.items()]
    return lines


if __name__ == "__main__":
    main()
