"""Whose voice it is: Resemblyzer's network, for its hidden frames and for its embeddings.

The hidden frames of its second layer help to read the expression; the embeddings tell speakers
apart. Reference: resemble-ai/Resemblyzer ``voice_encoder.py`` (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.voice import features
from emotion.voice.sessions import abreast, session

Frames = npt.NDArray[np.float32]

PARTIAL: Final = 160
"""Frames (1.6 s) that one embedding is taken from; a longer stretch is the mean over several."""
STEP: Final = 77
"""Frames from one of them to the next, as Resemblyzer has it: 1.3 a second."""
WIDE_STEP: Final = 140
"""The same where windows overlap anyway: two of them in a window of three seconds."""
BATCH: Final = 32


class SpeakerEncoder:
    """The network on 16 kHz sound that stands at ``features.LEVEL_DB``."""

    rate = features.SR // features.HOP_LENGTH
    together_s = 32.0
    """It goes from frame to frame: four chunks at once take half the time that one after the other does."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self._session, self._threads = session(str(path)), threads

    def hidden(self, sounds: Sequence[features.Signal]) -> list[Frames]:
        """Hidden frames of the second layer of each sound, (1 + n // 160, 256), 100 a second."""
        mels = [features.speaker_mel(y) for y in sounds]
        mel = np.zeros((len(mels), max(len(m) for m in mels), features.SPEAKER_MELS), np.float32)
        for i, m in enumerate(mels):
            mel[i, : len(m)] = m
        (found,) = self._session.run(["hidden"], {"mel": mel})
        return [h[: len(m)] for h, m in zip(found, mels, strict=True)]

    def embeddings(self, sounds: Sequence[features.Signal], step: int = STEP) -> Frames:
        """One embedding for each sound, (sounds, 256), of length 1; a sound under 1.6 s is filled up with silence."""
        pieces = list(abreast(lambda y: _partials(y, step), sounds, self._threads))
        flat = np.concatenate(pieces)

        def embedded(first: int) -> Frames:
            (voice,) = self._session.run(["voice"], {"mel": flat[first : first + BATCH]})
            return _of_length_one(voice[:, -1])

        parts = list(abreast(embedded, range(0, len(flat), BATCH), self._threads))
        ends = np.cumsum([len(p) for p in pieces])[:-1]
        return _of_length_one(np.stack([e.mean(axis=0) for e in np.split(np.concatenate(parts), ends)]))


def _partials(y: features.Signal, step: int) -> Frames:
    """The stretches that Resemblyzer embeds one by one, (partials, 160, 40).

    The last one is filled up with silence where at least three quarters of it are heard.
    """
    frames = (y.size + features.HOP_LENGTH) // features.HOP_LENGTH
    starts = list(range(0, max(1, frames - PARTIAL + step + 1), step))
    if len(starts) > 1 and (y.size / features.HOP_LENGTH - starts[-1]) / PARTIAL < 0.75:
        starts.pop()
    missing = (starts[-1] + PARTIAL) * features.HOP_LENGTH - y.size
    mel = features.speaker_mel(np.pad(y, (0, max(0, missing))))
    return np.stack([mel[start : start + PARTIAL] for start in starts])


def _of_length_one(rows: Frames) -> Frames:
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)
