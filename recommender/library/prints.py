"""A print of how a track sounds, small and alike for every coding of one recording: MP3, Opus, FLAC.

The energy of some bands, twice a second, over the first three quarters of a minute. Two prints are of one recording
where they run alike and last alike; whole spectra are compared, so that another mix, or the same piece without its
singer, is another recording.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library.descriptors import MEL_FPS
from recommender.library.front_end import MEL_BANDS

BANDS: Final = 24
STEP: Final = round(MEL_FPS / 2)
STEPS: Final = 90
SCALE: Final = 40.0
"""Levels (log10 of the power, 0 to about 6) are kept in fortieths."""

ALIKE: Final = 0.97
"""Correlation from which two prints are of one recording; see the figures in ``tests/test_library_prints.py``."""
LONGER_S: Final = 0.5
"""Codings add or take so much at the ends, at most."""
SHORTEST_S: Final = 4.0
"""Of less sound nothing is said."""


def of_mel(mel: npt.NDArray[np.floating]) -> bytes:
    """The print of a log-mel spectrogram, shape (frames, 96): :data:`BANDS` bytes a step."""
    whole = min(len(mel) // STEP, STEPS)
    power = 10.0 ** mel[: whole * STEP].astype(np.float32) - 1.0
    bands = power.reshape(whole, STEP, BANDS, MEL_BANDS // BANDS).mean(axis=(1, 3))
    return np.clip(np.rint(np.log10(1.0 + np.maximum(bands, 0)) * SCALE), 0, 255).astype(np.uint8).tobytes()


def alike(a: bytes, others: list[bytes]) -> npt.NDArray[np.float64]:
    """How alike print ``a`` runs to each of the others, -1 to 1; 0 where there is too little sound to say."""
    out = np.zeros(len(others))
    mine = np.frombuffer(a, np.uint8).reshape(-1, BANDS)
    for i, other in enumerate(others):
        theirs = np.frombuffer(other, np.uint8).reshape(-1, BANDS)
        n = min(len(mine), len(theirs))
        if abs(len(mine) - len(theirs)) <= 1 and n * STEP / MEL_FPS >= SHORTEST_S:
            out[i] = _course(mine[:n], theirs[:n])
    return out


def _course(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    """The correlation of both over time and bands, each band about its own mean: the timbre alone says nothing."""
    x, y = (v.astype(np.float64) - v.mean(axis=0) for v in (a, b))
    size = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return 0.0 if size == 0 else float((x * y).sum()) / size
