"""Levels by ITU-R BS.1770-4, step by step and in all, and true peaks: hours of sound pass in constant memory.

The filters' coefficients are pyloudnorm's (:class:`pyloudnorm.IIRfilter`); what that library lacks
is done here: sound that comes in pieces, loudness a second, and the true peak. Both it and scipy's
filters take a second to import, which whoever only looks at a cue sheet need not wait for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]
"""Shape (channels, n), in [-1, 1]."""
Levels = npt.NDArray[np.float64]
"""LUFS, one value a step; -inf where there is silence."""

STEP_S: Final = 0.1
BLOCK_STEPS: Final = 4
"""BS.1770's blocks of 400 ms overlap by three quarters: four steps of 100 ms."""
ABSOLUTE_GATE_LUFS: Final = -70.0
RELATIVE_GATE_LU: Final = -10.0
OFFSET: Final = -0.691
OVERSAMPLE: Final = 4
_MARGIN: Final = 64
"""Samples of the piece before that the oversampling filter needs to see."""


def lufs(power: npt.ArrayLike) -> Levels:
    """Loudness of K-weighted power summed over the channels."""
    with np.errstate(divide="ignore"):
        return OFFSET + 10 * np.log10(np.asarray(power, dtype=np.float64))


@dataclass(slots=True)
class _Filter:
    b: npt.NDArray[np.float64]
    a: npt.NDArray[np.float64]
    state: npt.NDArray[np.float64]

    def run(self, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        from scipy.signal import lfilter

        out, self.state = lfilter(self.b, self.a, y, axis=1, zi=self.state)
        return out


class Meter:
    """Takes sound piece by piece; tells the power of each 100 ms, the integrated loudness, the true peak.

    Args:
        sr: samples a second.
        channels: 1 or 2; each counts alike (left, right).
        peaks: whether to look for the true peak, which costs as much as the rest.
    """

    def __init__(self, sr: int, channels: int = 2, *, peaks: bool = True) -> None:
        from pyloudnorm.iirfilter import IIRfilter

        shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, sr, "high_shelf_DeMan")
        high = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, sr, "high_pass_DeMan")
        self._filters = [_Filter(f.b, f.a, np.zeros((channels, 2))) for f in (shelf, high)]
        self._step = round(STEP_S * sr)
        self._rest = np.zeros(0)
        self._powers: list[npt.NDArray[np.float64]] = []
        self._before = np.zeros((channels, 0))
        self._peaks = peaks
        self.true_peak = 0.0
        """The largest absolute value between samples so far, by fourfold oversampling."""

    def add(self, y: Sound) -> None:
        """The next piece, shape (channels, n)."""
        if y.shape[1] == 0:
            return
        wide = y.astype(np.float64)
        if self._peaks:
            self._look_for_peak(wide)
        for f in self._filters:
            wide = f.run(wide)
        power = np.concatenate([self._rest, (wide**2).sum(axis=0)])
        whole = len(power) // self._step * self._step
        self._powers.append(power[:whole].reshape(-1, self._step).mean(axis=1))
        self._rest = power[whole:]

    def _look_for_peak(self, y: npt.NDArray[np.float64]) -> None:
        from scipy.signal import resample_poly

        joined = np.concatenate([self._before, y], axis=1)
        self.true_peak = max(self.true_peak, float(np.abs(resample_poly(joined, OVERSAMPLE, 1, axis=1)).max()))
        self._before = joined[:, -_MARGIN:]

    @property
    def powers(self) -> npt.NDArray[np.float64]:
        """K-weighted power of each whole 100 ms, shape (steps,)."""
        return np.concatenate(self._powers) if self._powers else np.zeros(0)

    @property
    def integrated_lufs(self) -> float:
        """Gated twice, as the standard says; -inf where nothing passes the gate."""
        return integrated(self.powers)

    @property
    def true_peak_dbtp(self) -> float:
        return float(20 * np.log10(max(self.true_peak, 1e-9)))


def integrated(powers: npt.NDArray[np.float64]) -> float:
    """Integrated loudness of powers a step, see :attr:`Meter.powers`."""
    if len(powers) < BLOCK_STEPS:
        return float("-inf")
    blocks = np.convolve(powers, np.full(BLOCK_STEPS, 1 / BLOCK_STEPS), mode="valid")
    loud = blocks[lufs(blocks) >= ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return float("-inf")
    loud = loud[lufs(loud) >= float(lufs(loud.mean())) + RELATIVE_GATE_LU]
    return float(lufs(loud.mean())) if len(loud) else float("-inf")


def of(y: Sound, sr: int) -> Meter:
    """All of a sound at once."""
    meter = Meter(sr, len(y))
    meter.add(y)
    return meter
