"""Recordings of one speaker, or of one place, read in the light of each other; none teaches anything about itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from emotion.timeline import EmotionScores
from emotion.voice.profile import SpeakerProfile

if TYPE_CHECKING:
    from emotion.voice.infer import VoiceReader


def read(reader: VoiceReader, recordings: Sequence[npt.NDArray[np.float32]]) -> list[EmotionScores]:
    """One distribution for each recording.

    Args:
        recordings: what the reader's ``features`` gave for each, shape (windows, d), at least one window; the windows
            of one recording count together as one clip.
    """
    if not recordings:
        return []
    rows = np.stack([windows.mean(axis=0) for windows in recordings]).astype(np.float64)
    said = np.stack([reader.judge(windows).mean(axis=0) for windows in recordings])
    count = len(rows) - 1
    total, power, spoken = rows.sum(axis=0), (rows**2).sum(axis=0), said.sum(axis=0)
    found = []
    for row, probs, windows in zip(rows, said, recordings, strict=True):
        if not (count and reader.adapts):
            found.append(EmotionScores.from_array(probs))
            continue
        mean = (total - row) / count
        deviation = np.sqrt(np.maximum((power - row**2) / count - mean**2, 0.0))
        others = SpeakerProfile(mean.astype(np.float32), deviation.astype(np.float32), (spoken - probs) / count, count)
        found.append(EmotionScores.from_array(reader.judge(windows, others).mean(axis=0)))
    return found
