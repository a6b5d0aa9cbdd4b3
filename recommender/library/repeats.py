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

LAGS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Beats after which something may come again."""
FEWEST: Final = 4
"""So many pairs of beats must lie that far apart."""
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


def turns(rows: Rows) -> npt.NDArray[np.float64]:
    """How different each beat is from the one before it (1 less the cosine), 0 for the first; shape (n,)."""
    unit = _unit(rows)
    return np.concatenate([[0.0], 1 - (unit[1:] * unit[:-1]).sum(axis=1)])


def again(rows: Rows) -> npt.NDArray[np.float64]:
    """How alike beats are that lie each of :data:`LAGS` apart, over the mean of all lags; 0 where there are too few."""
    unit = _unit(rows - rows.mean(axis=0))
    alike = np.array([(unit[:-n] * unit[n:]).sum(axis=1).mean() if len(unit) > n + FEWEST else np.nan for n in LAGS])
    known = np.isfinite(alike)
    return np.where(known, alike - alike[known].mean(), 0.0) if known.any() else np.zeros(len(LAGS))


def _unit(rows: Rows) -> npt.NDArray[np.float64]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def stands_out(values: npt.NDArray[np.floating], every: int) -> float:
    """How much the beats of one place in groups of ``every`` differ from all others, over the mean; the most of any."""
    if len(values) <= 2 * every:
        return 0.0
    total, count = values.sum(), len(values)
    sums = np.array([values[k::every].sum() for k in range(every)])
    counts = np.array([len(values[k::every]) for k in range(every)])
    return float(np.abs(sums / counts - (total - sums) / (count - counts)).max() / (total / count + 0.02))
