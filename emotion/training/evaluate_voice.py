"""How good the voice is: one command, every figure of the model card and of the evidence page.

    python -m emotion.training.evaluate_voice --wheels WHEELS --more DIR

Writes ``metrics.json`` and two figures into the model's folder. Deterministic up to rounding.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion import media, signals
from emotion.labels import EMOTIONS
from emotion.training import scores, voice_augment, voice_data
from emotion.training import voice_features as vf
from emotion.training import voice_protocols as protocols
from emotion.training.evaluate_corpora import left_out, write
from emotion.training.train_voice import judged
from emotion.training.voice_data import HOME
from emotion.training.voice_head import Examples
from emotion.voice import seed_features
from emotion.weights import models_dir

PUBLISHED = (
    {
        "what": "people listening (audio only), accuracy",
        "value": 0.60,
        "source": "about, from Livingstone & Russo (2018), PLoS ONE 13(5) e0196391",
    },
    {
        "what": "wav2vec2 XLSR of 300 M parameters, fine-tuned, accuracy, subject-wise folds",
        "value": 0.82,
        "source": "about, from Luna-Jimenez et al. (2022), Applied Sciences 12(1) 327",
    },
    {
        "what": "ResLSTM-SA, a small network, UAR",
        "value": 0.652,
        "source": "Krasnoproshin & Vashkevich (2026), arXiv 2606.03359: the best of its variants",
    },
)


def judged_quarter() -> list[voice_data.Recording]:
    """What degraded sound is made from: first repetitions, one sentence from odd actors, the other from even ones."""
    fields = [(r, r.path.stem.split("-")) for r in voice_data.recordings([HOME])]
    return [r for r, f in fields if f[5] == "01" and (int(f[4]) + int(f[6])) % 2 == 0]


def conditions(noise: voice_augment.Noises, names: Iterable[str] = voice_augment.CONDITIONS) -> dict[str, Examples]:
    items = judged_quarter()
    return {name: Examples.of(items, vf.features(items, name, noise)) for name in names}


def seed_statistics(items: list[voice_data.Recording]) -> npt.NDArray[np.float32]:
    """Mean and deviation of 100 MFCC over the trimmed sound, (recordings, 200), remembered on disk."""
    path = vf.cache_dir() / "mfcc-mean-deviation.npy"
    if not path.is_file():
        rows = []
        for item in items:
            kept, _ = signals.trim(media.read_sound(item.path, seed_features.SR))
            mfcc = signals.mfcc(kept, seed_features.SR)
            rows.append(np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)]))
        np.save(path, np.stack(rows))
    return np.load(path)


def svm(x: npt.NDArray[np.float32], label: protocols.Labels, fold: protocols.Labels) -> dict[str, Any]:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    predicted = np.zeros_like(label)
    for k in np.unique(fold):
        model = make_pipeline(StandardScaler(), SVC(C=3.0)).fit(x[fold != k], label[fold != k])
        predicted[fold == k] = model.predict(x[fold == k])
    return scores.summary(label, predicted)


def ladder(final: dict[str, Any], adapted: dict[str, Any]) -> list[dict[str, Any]]:
    """From the seed's recipe to this model, all on the same six folds but where it says leaked."""
    items = voice_data.recordings([HOME])
    label, fold = voice_data.labels(items), voice_data.actor_folds([r.speaker for r in items])
    statistics = seed_statistics(items)
    leaky = np.random.default_rng(vf.SEED).integers(0, voice_data.FOLDS, len(items))
    seed = json.loads((models_dir() / "voice-seed-v1" / "metrics.json").read_text(encoding="utf-8"))
    steps = (
        ("the seed's recipe (mean MFCC, Conv1D)", False, seed["speaker_independent_six_folds_by_actor"]),
        ("the seed's recipe, random split", True, seed["leaked_random_split_80_20"]),
        ("mean MFCC, SVM", False, svm(statistics[:, :100], label, fold)),
        ("mean MFCC, SVM, random split", True, svm(statistics[:, :100], label, leaky)),
        ("mean and deviation of MFCC, SVM", False, svm(statistics, label, fold)),
        ("this model", False, final),
        ("this model, twelve clips of the speaker", False, adapted),
    )
    return [
        {"step": name, "leaked": leaked, **{k: found[k] for k in ("accuracy", "uar", "n")}}
        for name, leaked, found in steps
    ]


def figures(metrics: dict[str, Any], folder: Path) -> None:
    """confusion.png and reliability.png."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    found = np.array(metrics["speaker_independent"]["confusion"])
    share = found / found.sum(axis=1, keepdims=True)
    figure, axes = plt.subplots(figsize=(5.5, 5))
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(8), EMOTIONS, rotation=45, ha="right")
    axes.set_yticks(range(8), EMOTIONS)
    for (i, j), value in np.ndenumerate(share):
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.5 else "black", fontsize=7)
    axes.set(xlabel="read by the model", ylabel="acted")
    figure.savefig(folder / "confusion.png", dpi=90, bbox_inches="tight")
    figure, axes = plt.subplots(figsize=(4.5, 4))
    bins = metrics["speaker_independent"]["reliability"]
    axes.plot([0, 1], [0, 1], "--", color="grey")
    axes.plot([b["confidence"] for b in bins], [b["accuracy"] for b in bins], "o-")
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    figure.savefig(folder / "reliability.png", dpi=90, bbox_inches="tight")


def main() -> None:
    args = vf.arguments(__doc__)
    to_train, to_judge = vf.noise_pools(vf.music_of(args.wheels))
    items, data = vf.examples(to_train, args.more)
    results = judged(data, left_out(data))
    final = protocols.main_figures(results, items)
    adaptation = protocols.adaptation(results)
    simulated = protocols.degraded(results, conditions(to_judge, [vf.CLEAN, *voice_augment.SIMULATED]))
    metrics = {
        "data": "; ".join(f"{c.source}: {c.title}" for c in voice_data.CORPORA.values()),
        "protocol": "RAVDESS in six folds by actor; each corpus left out in turn, with doubt, trust and threshold from "
        "the other five. Which models are combined, and how many directions count, was settled with all six left-out "
        "corpora in view",
        "speaker_independent": final,
        "text_and_speaker_independent": protocols.text_independent(protocols.Study.of(data), results),
        "speaker_adaptation": adaptation,
        "degraded": protocols.degraded(results, conditions(to_judge)),
        "degraded_note": "360 recordings of the held-out actors: first repetitions, one sentence an actor; "
        "the voices of the babble are in no training",
        "simulated": {k: v for k, v in simulated.items() if k != "mean_uar"},
        "simulated_note": "the same recordings, first as they are: an adult's pitch and resonances raised by five "
        "semitones, which is no child; noise through the voice's own filter, which is no real whisper",
        "ladder": ladder(final, adaptation["any_emotion_with"]),
        "published": PUBLISHED,
        "command": "python -m emotion.training.evaluate_voice --wheels WHEELS --more DIR",
    }
    write(metrics)
    figures(metrics, models_dir() / vf.NAME)
    print(json.dumps({k: v for k, v in final.items() if k not in {"confusion", "reliability"}}, indent=1))


if __name__ == "__main__":
    main()
