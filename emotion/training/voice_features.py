"""Features of every recording, clean and degraded, remembered on disk between runs.

They come from the serving path itself: the same decoder, the same voice activity, the same extractor.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

from emotion import media, settings
from emotion.timeline import Segment
from emotion.training import voice_augment, voice_data
from emotion.training.voice_head import Examples
from emotion.voice import model, speech
from emotion.weights import Weights, models_dir, sha256_of

SEED = 20
CLEAN = "clean"
COPIES = {"copy_1": ("emodb", "ravdess_speech", "casia", "emovo")}
"""The degraded training copies, and of which corpora they are made."""
NAME = "voice-v3"
ENCODERS = {"encoder.onnx": "whisper", "speaker.onnx": "speaker"}
"""The frozen networks, in the order of their columns. Each one's features are remembered by themselves."""
WIDTHS = {"encoder.onnx": 4096, "speaker.onnx": 512}


def arguments(about: str | None) -> argparse.Namespace:
    """The command line of whatever trains or judges the voice: where its wheels and its corpora lie."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True, help="folder of the four downloaded wheels")
    parser.add_argument("--more", type=Path, required=True, help="where the public corpora are unpacked")
    return parser.parse_args()


def cache_dir() -> Path:
    """``MOODCUE_CACHE``, or the user's cache folder; what lies there may be deleted at any time."""
    folder = settings.TRAINING_CACHE.read() or user_cache_path("moodcue") / "voice-features"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def extractor(files: Sequence[str] = tuple(ENCODERS)) -> model.Extractor:
    """Frozen parts of the product's model, on one thread."""
    folder = models_dir() / NAME
    hashes = {file: sha256_of(folder / file) for file in files}
    kind = "+".join(ENCODERS[file] for file in files)
    return model.EXTRACTORS[kind](Weights("voice", "2", folder, {"files": hashes}), 1)


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
        condition: ``clean``, a name of ``COPIES``, or one of ``voice_augment.JUDGED``.
        noise: what is mixed under the voice; may be None for clean sound.

    Returns:
        Shape (recordings, d); row i depends on recording i and the condition alone.
    """
    corpora = list(dict.fromkeys(item.corpus for item in items))
    if len(corpora) > 1:  # each by itself, so that another choice of corpora finds them again
        found = np.zeros((len(items), sum(WIDTHS.values())), np.float32)
        for corpus in corpora:
            at = [i for i, item in enumerate(items) if item.corpus == corpus]
            found[at] = features([items[i] for i in at], condition, noise)
        return found
    paths = cached(items, condition, noise)
    missing = [file for file, path in paths.items() if not path.is_file()]
    if missing:
        rows = _computed(items, condition, noise, missing)
        widths = [WIDTHS[file] for file in missing]
        for file, part in zip(missing, np.split(rows, np.cumsum(widths)[:-1], axis=1), strict=True):
            np.save(paths[file], part)
    return np.concatenate([np.load(path) for path in paths.values()], axis=1)


def cached(
    items: Sequence[voice_data.Recording], condition: str, noise: voice_augment.Noises | None
) -> dict[str, Path]:
    """Where the features of each encoder are remembered."""
    key = "\n".join([condition, str(noise and noise.mark), *(item.key for item in items)])
    paths = {}
    for file in ENCODERS:
        digest = hashlib.sha256(f"{sha256_of(models_dir() / NAME / file)}{key}".encode()).hexdigest()[:12]
        paths[file] = cache_dir() / f"{condition}-{digest}.npy"
    return paths


def _computed(
    items: Sequence[voice_data.Recording], condition: str, noise: voice_augment.Noises | None, files: Sequence[str]
) -> npt.NDArray[np.float32]:
    listen = extractor(files)
    rows = []
    for i, item in enumerate(items):
        y, heard = _prepared(media.read_sound(item.path), condition, _number(item.key), noise)
        rows.append(listen.extract(y, [heard], lambda fraction: None, lambda: False)[0])
        if i % 500 == 0:
            print(f"{condition}: {i} of {len(items)}", flush=True)
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
    if condition in voice_augment.JUDGED:
        y = voice_augment.JUDGED[condition](y, rng, noise)
        return y, span(y)
    heard = span(y)
    wide = rng.uniform(-0.1, 0.2, 2) * voice_augment.SR
    first = max(0, int(heard.start_s * voice_augment.SR - wide[0]))
    last = int(heard.end_s * voice_augment.SR + wide[1])
    y = voice_augment.CHAINS[condition](y[first:last], rng, noise)
    return y, Segment(0.0, len(y) / voice_augment.SR)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def noise_pools(music: Path) -> tuple[voice_augment.Noises, voice_augment.Noises]:
    """Speech and music to mix in, for training and for judging: no speaker and no track in both.

    The voices of the judged babble (``voice_data.ASIDE``) are in no training at all.
    """
    others = voice_data.recordings(["nemo", "emodb"])
    rng = np.random.default_rng(SEED)
    to_train, to_judge = voice_augment.music_files(music)

    def some(aside: bool) -> list[Path]:
        pool = [r.path for r in others if (r.speaker in voice_data.ASIDE) == aside]
        return [pool[i] for i in rng.permutation(len(pool))[:80]]

    return voice_augment.noises(some(False), to_train), voice_augment.noises(some(True), to_judge)


def music_of(wheels: Path) -> Path:
    """The tracks of the music wheel, unpacked into the cache."""
    folder = cache_dir() / "music"
    (wheel,) = wheels.glob("immich_memories_music-*.whl")
    with zipfile.ZipFile(wheel) as z:
        z.extractall(folder)
    return folder


def examples(noise: voice_augment.Noises, more: Path) -> tuple[list[voice_data.Recording], Examples]:
    """Every recording of all corpora clean, then the degraded copies of some.

    Returns:
        The clean recordings in a fixed order, and the examples that begin with them.
    """
    items = voice_data.recordings(tuple(voice_data.CORPORA), more=more)
    parts = [Examples.of(items, features(items, CLEAN, None))]
    for copy, corpora in COPIES.items():
        copied = voice_data.recordings(corpora, more=more)
        parts.append(Examples.of(copied, features(copied, copy, noise)))
    return items, Examples.joined(parts)
