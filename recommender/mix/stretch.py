"""The same music a little faster or slower at the same pitch, by Signalsmith Stretch (MIT)."""

from __future__ import annotations

from typing import Final

import numpy as np

from recommender.mix.levels import Sound

MOST: Final = 0.03
"""More than this is heard as another performance."""
SEED: Final = 7


def stretched(y: Sound, rate: float, sr: int) -> Sound:
    """``y`` of shape (2, n) played ``rate`` times as fast, in [1 - MOST, 1 + MOST]; shape (2, round(n / rate)).

    Raises:
        ValueError: a rate outside of that.
    """
    if abs(rate - 1) > MOST + 1e-9:
        raise ValueError(f"stretched by more than {MOST:.0%}: {rate}")
    if rate == 1 or y.shape[1] == 0:
        return y
    from python_stretch import Signalsmith

    tool = Signalsmith.Stretch(SEED)  # two runs give the same file
    tool.preset(len(y), sr)
    tool.setTimeFactor(rate)
    out = np.asarray(tool.process(np.ascontiguousarray(y, np.float32)), np.float32)
    wanted = round(y.shape[1] / rate)
    return np.pad(out[:, :wanted], ((0, 0), (0, max(0, wanted - out.shape[1]))))
