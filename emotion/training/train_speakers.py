"""Make the space in which speakers are told apart: how voices differ from themselves, by mood and sentence.

    python -m emotion.training.train_speakers
    python -m emotion.training.evaluate_speakers

The embeddings come from the voice model's speaker encoder; their within-speaker covariance over all
speakers of the three corpora, shrunk towards the identity, is whitened.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion import media
from emotion.training import voice_data
from emotion.training.voice_data import Recording
from emotion.training.voice_features import cache_dir, span
from emotion.voice import infer
from emotion.voice.speakers import DEFAULT, Embeddings, VoiceSpace
from emotion.weights import load, models_dir, sha256_of

SR: Final = 16_000
SHRINKAGE: Final = 0.5
"""So much of the identity (times the mean variance) is added to the covariance."""


def embeddings(items: Sequence[Recording]) -> Embeddings:
    """One row for each recording, remembered on disk."""
    encoder = load(infer.DEFAULT).config["files"]["speaker.onnx"]
    key = encoder + "".join(item.path.name for item in items)
    path = cache_dir() / f"voices-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npy"
    if not path.is_file():
        reader = infer.build_reader(threads=1)
        rows = []
        for i, item in enumerate(items):
            y = media.read_sound(item.path, SR)
            rows.append(reader.embeddings(y, SR, [span(y)])[0])
            if i % 500 == 0:
                print(f"{i} of {len(items)}", flush=True)
        np.save(path, np.stack(rows))
    return np.load(path)


def space(rows: Embeddings, speaker: npt.NDArray[Any]) -> VoiceSpace:
    """From embeddings (n, d) and whose they are; every speaker counts alike."""
    names = np.unique(speaker)
    within = np.mean([np.cov(rows[speaker == name].T, bias=True) for name in names], axis=0)
    mean = np.mean([rows[speaker == name].mean(axis=0) for name in names], axis=0)
    shrunk = within + SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    values, vectors = np.linalg.eigh(shrunk)
    whitening = (vectors * values**-0.5) @ vectors.T
    return VoiceSpace(mean.astype(np.float32), whitening.astype(np.float32))


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    items = voice_data.recordings()
    found = space(embeddings(items), np.array([r.speaker for r in items]))
    folder = models_dir() / DEFAULT
    folder.mkdir(exist_ok=True)
    np.savez(folder / "space.npz", mean=found.mean.astype(np.float16), whitening=found.whitening.astype(np.float16))
    config = {
        "files": {"space.npz": sha256_of(folder / "space.npz")},
        "preprocessing": {"embeddings": "speaker.onnx of the voice model", "shrinkage": SHRINKAGE},
        "licence": "CC BY-NC-SA 4.0 (covariance over RAVDESS, nEMO and EMO-DB)",
        "command": "python -m emotion.training.train_speakers",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
