"""Keeps the true peak under a ceiling: gain that goes down before a peak comes and up again after it, smoothly."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.mix.levels import OVERSAMPLE, Sound

REACH_S: Final = 0.03
"""How long before and after a peak the gain moves."""


class Limiter:
    """Takes sound piece by piece and hands it out later by :attr:`delay` samples, limited.

    The gain at each sample is the smallest that any sample within reach needs, smoothed by a window no
    longer than that reach: so it never lies above what a peak needs (as in look-ahead limiters since
    Bendix, "A peak limiter with look-ahead", 1982). The window is two running means: they cost the same
    however long they are.

    Args:
        ceiling_db: the true peak that stays below, in dBTP.
    """

    def __init__(self, ceiling_db: float, sr: int, channels: int = 2) -> None:
        self._ceiling = 10 ** (ceiling_db / 20)
        reach = round(REACH_S * sr)
        self._width = 2 * reach + 1
        self._half = reach + 1
        self.delay = 2 * self._width
        """Samples between what comes in and what goes out."""
        self._held = np.zeros((channels, self.delay), np.float32)
        self.deepest_db = 0.0
        """How far the gain has gone down at most."""

    def add(self, y: Sound) -> Sound:
        """The next piece; what comes back is what can be told already."""
        joined = np.concatenate([self._held, y], axis=1)
        ready = joined.shape[1] - 2 * self.delay
        if ready <= 0:
            self._held = joined
            return y[:, :0]
        gain = self._gain(joined)
        out = (joined * gain)[:, self.delay : self.delay + ready].astype(np.float32)
        self._held = joined[:, ready:]
        return out

    def rest(self) -> Sound:
        """What is still held."""
        silence = np.zeros((len(self._held), self.delay), np.float32)
        joined = np.concatenate([self._held, silence], axis=1)
        out = (joined * self._gain(joined))[:, self.delay : -self.delay].astype(np.float32)
        self._held = self._held[:, :0]
        return out

    def _gain(self, y: Sound) -> npt.NDArray[np.float64]:
        from scipy.ndimage import minimum_filter1d, uniform_filter1d
        from scipy.signal import resample_poly

        wide = np.abs(resample_poly(y.astype(np.float64), OVERSAMPLE, 1, axis=1)).max(axis=0)
        peak = np.maximum(wide.reshape(-1, OVERSAMPLE).max(axis=1), np.abs(y).max(axis=0))
        needed = np.minimum(1.0, self._ceiling / np.maximum(peak, 1e-9))
        if needed.min() == 1.0:
            return needed
        gain = minimum_filter1d(needed, self._width)
        for _ in range(2):
            gain = uniform_filter1d(gain, self._half, mode="nearest")
        self.deepest_db = min(self.deepest_db, float(20 * np.log10(max(gain.min(), 1e-6))))
        return gain
