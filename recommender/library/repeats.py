"""What comes again, counted in beats: chords that change every so often, harmony and rhythm that return.

Half the tempo counts a bar of four beats as two, double as eight; a progression of four bars comes again
after 8, 16 or 32. So where things change and return tells which of several tempi is the beat.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library.front_end import BEAT_FPS
from recommender.library.tonal import FRAMES_A_SECOND

LAGS: Final = 16
"""Each beat is compared with so many before it."""
LATE: Final = 0.6
"""A beat's harmony is read from so many tenths of a second after it, when its notes sound."""

Rows = npt.NDArray[np.floating]


def a_beat(colours: Rows, frames: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
    """The mean of what sounds from each beat to the next: from (tenths of a second, d) to (beats, d)."""
    sums = np.concatenate([np.zeros((1, colours.shape[1])), np.cumsum(colours, axis=0, dtype=np.float64)])
    edges = np.append(frames, 2 * frames[-1] - frames[-2]) * FRAMES_A_SECOND / BEAT_FPS + LATE
    at = np.clip(np.round(edges).astype(int), 0, len(colours))
    length = np.maximum(np.diff(at), 1)
    return (sums[np.minimum(at[:-1] + length, len(colours))] - sums[at[:-1]]) / length[:, None]


def alike(rows: Rows) -> npt.NDArray[np.float64]:
    """How alike each beat and the 1 to :data:`LAGS` before it are: (beats, d) to (beats, LAGS), cosines of what
    differs from the mean of all; 0 where there is no beat so far before."""
    each = unit(rows - rows.mean(axis=0))
    found = np.zeros((len(each), LAGS))
    for lag in range(1, min(LAGS, len(each) - 1) + 1):
        found[lag:, lag - 1] = (each[lag:] * each[:-lag]).sum(axis=1)
    return found


def unit(rows: Rows) -> npt.NDArray[np.float64]:
    """Every row of length one; nothing stays nothing."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
