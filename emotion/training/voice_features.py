"""Features of every recording, clean and degraded, remembered on disk between runs.

They come from the serving path itself: the same decoder, the same voice activity, the same extractor.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emotion import media
from emotion.timeline import Segment
from emotion.training import export, voice_augment, voice_data
from emotion.voice import model, speech
from emotion.weights import Weights, models_dir

SEED = 20
CLEAN = "clean"
COPIES = ("copy_1", "copy_2")
NAME = "voice-v1"


def cache_dir() -> Path:
    """``MOODCUE_CACHE``, or a folder beside the data that may be deleted at any time."""
    folder = Path(os.environ.get("MOODCUE_CACHE", voice_data.data_dir().parents[1] / "scratch" / "voice" / "cache"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def extractor() -> model.WhisperExtractor:
    """The frozen part of the product's model, on one thread."""
    folder = models_dir() / NAME
    files = {"encoder.onnx": export.sha256(folder / "encoder.onnx")}
    return model.WhisperExtractor(Weights("voice", "1", folder, {"files": files}), threads=1)


def span(y: npt.NDArray[np.float32]) -> Segment:
    """From the first speech to the last; all of it where none is found."""
    found = speech.speech_segments(y, model.WhisperExtractor.sr)
    return Segment(found[0].start_s, found[-1].end_s) if found else Segment(0.0, len(y) / model.WhisperExtractor.sr)


def features(
    items: Sequence[voice_data.Recording], condition: str, noise: voice_augment.Noises | None
) -> npt.NDArray[np.float32]:
    """One row for each recording under a condition: clean, one of the copies, one of the judged ones.

    Args:
        condition: ``clean``, a name of ``COPIES``, or one of ``voice_augment.CONDITIONS``.
        noise: what is mixed under the voice; may be None for clean sound.

    Returns:
        Shape (recordings, d); row i depends on recording i and the condition alone.
    """
    listen = extractor()
    key = "\n".join([condition, str(noise and len(noise.speech)), *(item.path.name for item in items)])
    encoder = export.sha256(models_dir() / NAME / "encoder.onnx")
    digest = hashlib.sha256(f"{encoder}{key}".encode()).hexdigest()[:12]
    path = cache_dir() / f"{condition}-{digest}.npy"
    if path.is_file():
        return np.load(path)
    rows = []
    for i, item in enumerate(items):
        y = media.read_sound(item.path)
        if condition != CLEAN:
            if noise is None:
                raise ValueError(f"{condition} needs noises")
            rng = np.random.default_rng([SEED, _number(condition), _number(item.path.name)])
            y = voice_augment.CONDITIONS.get(condition, voice_augment.random_chain)(y, rng, noise)
        rows.append(listen.extract(y, [span(y)], lambda fraction: None, lambda: False)[0])
        if i % 500 == 0:
            print(f"{condition}: {i} of {len(items)}", flush=True)
    np.save(path, np.stack(rows))
    return np.stack(rows)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def noise_pools(music: Path) -> tuple[voice_augment.Noises, voice_augment.Noises]:
    """Speech and music to mix in, for training and for judging: no recording and no track in both."""
    others = [r.path for r in voice_data.recordings(["nemo", "emodb"])]
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(others))[:160]
    to_train, to_judge = voice_augment.music_files(music)
    return (
        voice_augment.noises([others[i] for i in order[:80]], to_train),
        voice_augment.noises([others[i] for i in order[80:]], to_judge),
    )
