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
from platformdirs import user_cache_path

from emotion import media
from emotion.timeline import Segment
from emotion.training import export, voice_augment, voice_data
from emotion.voice import model, speech
from emotion.weights import Weights, models_dir

SEED = 20
CLEAN = "clean"
COPIES = ("copy_1",)
NAME = "voice-v1"


def cache_dir() -> Path:
    """``MOODCUE_CACHE``, or the user's cache folder; what lies there may be deleted at any time."""
    folder = Path(os.environ.get("MOODCUE_CACHE") or user_cache_path("moodcue") / "voice-features")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def extractor() -> model.Extractor:
    """The frozen part of the product's model, on one thread."""
    folder = models_dir() / NAME
    files = {"encoder.onnx": export.sha256(folder / "encoder.onnx")}
    return model.EXTRACTORS["whisper"](Weights("voice", "1", folder, {"files": files}), 1)


def span(y: npt.NDArray[np.float32]) -> Segment:
    """From the first speech to the last; all of it where none is found."""
    found = speech.speech_segments(y, voice_augment.SR)
    return Segment(found[0].start_s, found[-1].end_s) if found else Segment(0.0, len(y) / voice_augment.SR)


def features(
    items: Sequence[voice_data.Recording], condition: str, noise: voice_augment.Noises | None
) -> npt.NDArray[np.float32]:
    """One row for each recording under a condition: clean, one of the copies, one of the judged ones.

    Judged sound goes the whole way that a user's does. For a training copy, which is made of the
    speech alone, the stretch is cut before the sound is degraded, up to a fifth of a second wide of it.

    Args:
        condition: ``clean``, a name of ``COPIES``, or one of ``voice_augment.CONDITIONS``.
        noise: what is mixed under the voice; may be None for clean sound.

    Returns:
        Shape (recordings, d); row i depends on recording i and the condition alone.
    """
    key = "\n".join([condition, str(noise and len(noise.speech)), *(item.path.name for item in items)])
    encoder = export.sha256(models_dir() / NAME / "encoder.onnx")
    digest = hashlib.sha256(f"{encoder}{key}".encode()).hexdigest()[:12]
    path = cache_dir() / f"{condition}-{digest}.npy"
    if path.is_file():
        return np.load(path)
    listen = extractor()
    rows = []
    for i, item in enumerate(items):
        y, heard = _prepared(media.read_sound(item.path), condition, _number(item.path.name), noise)
        rows.append(listen.extract(y, [heard], lambda fraction: None, lambda: False)[0])
        if i % 500 == 0:
            print(f"{condition}: {i} of {len(items)}", flush=True)
    np.save(path, np.stack(rows))
    return np.stack(rows)


def _prepared(
    y: voice_augment.Signal, condition: str, number: int, noise: voice_augment.Noises | None
) -> tuple[voice_augment.Signal, Segment]:
    """The sound under a condition, and the stretch of it that is heard."""
    if condition == CLEAN:
        return y, span(y)
    if noise is None:
        raise ValueError(f"{condition} needs noises")
    rng = np.random.default_rng([SEED, _number(condition), number])
    if condition in voice_augment.CONDITIONS:
        y = voice_augment.CONDITIONS[condition](y, rng, noise)
        return y, span(y)
    heard = span(y)
    wide = rng.uniform(-0.1, 0.2, 2) * voice_augment.SR
    first = max(0, int(heard.start_s * voice_augment.SR - wide[0]))
    last = int(heard.end_s * voice_augment.SR + wide[1])
    y = voice_augment.random_chain(y[first:last], rng, noise)
    return y, Segment(0.0, len(y) / voice_augment.SR)


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
