"""How loud a whole track is, by ITU-R BS.1770-5, from blocks of sound: nothing of the sound is kept."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

SR: Final = 48_000
"""The recommendation gives its filters for this rate."""

K_WEIGHTING: Final = np.array(
    [
        # The head's shelf, then the revised low-frequency curve: tables 1 and 2 of the recommendation.
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
STEP: Final = SR // 10
WINDOW_STEPS: Final = 4
"""Blocks of 400 ms that overlap by three quarters."""
OFFSET: Final = -0.691
ABSOLUTE_GATE: Final = -70.0
RELATIVE_GATE: Final = -10.0


class Meter:
    """Takes blocks of (n, channels) at :data:`SR`, one or two channels, and says how loud all of it is."""

    def __init__(self) -> None:
        self._state: npt.NDArray[np.float64] | None = None
        self._rest = np.zeros(0)
        self._powers: list[npt.NDArray[np.float64]] = []
        self._samples = 0

    @property
    def seconds(self) -> float:
        """How much it has heard."""
        return self._samples / SR

    def add(self, block: npt.NDArray[np.float32]) -> None:
        from scipy.signal import sosfilt

        self._samples += len(block)
        sides = np.ascontiguousarray(block.T, np.float64)  # along the last axis the filter takes half the time
        if self._state is None or self._state.shape[1] != len(sides):
            self._state = np.zeros((len(K_WEIGHTING), len(sides), 2))
        weighted, self._state = sosfilt(K_WEIGHTING, sides, zi=self._state)
        power = np.concatenate([self._rest, (np.asarray(weighted) ** 2).sum(axis=0)])
        whole = len(power) // STEP * STEP
        self._powers.append(power[:whole].reshape(-1, STEP).mean(axis=1))
        self._rest = power[whole:]

    def integrated(self) -> float | None:
        """LUFS; None for less than 400 ms, and where nothing is louder than -70 LUFS."""
        steps = np.concatenate(self._powers) if self._powers else np.zeros(0)
        if len(steps) < WINDOW_STEPS:
            return None
        power = np.convolve(steps, np.full(WINDOW_STEPS, 1 / WINDOW_STEPS), "valid")
        power = power[_lufs(power) > ABSOLUTE_GATE]
        if len(power) == 0:
            return None
        gate = _lufs(power.mean()) + RELATIVE_GATE
        kept = power[_lufs(power) > gate]
        return round(float(_lufs(kept.mean())), 2)


def _lufs(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return OFFSET + 10 * np.log10(np.maximum(np.asarray(power, np.float64), 1e-12))
