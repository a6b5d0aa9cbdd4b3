"""The seed's features: 22,050 Hz, quiet ends trimmed, 100 MFCC averaged over time."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from emotion import signals

SR: Final = 22_050
N_MFCC: Final = signals.N_MFCC
SETTINGS: Final = {
    "sr": SR,
    "trim_top_db": signals.TOP_DB,
    "trim_frame_length": signals.FRAME_LENGTH,
    "trim_hop_length": signals.HOP_LENGTH,
    "n_mfcc": N_MFCC,
    "pooling": "mean over time",
}


def features(y: signals.Signal) -> npt.NDArray[np.float32]:
    """Mean MFCC vector, shape (100,), of 22,050 Hz sound of shape (n,); silence gives zeros."""
    kept, _ = signals.trim(y)
    if kept.size == 0:
        return np.zeros(N_MFCC, np.float32)
    return signals.mfcc(kept, SR, N_MFCC).mean(axis=1)
