"""Key and mode from the sound: spectral peaks gathered by pitch, folded into pitch classes, compared with profiles.

The steps are Gomez' (2006, "Tonal description of polyphonic audio"): peaks of a long spectrum instead
of all its bins, so that drums and noise count little; tuning found from where the peaks lie between
the semitones; the chroma compared with key profiles by correlation.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library.front_end import SR, Signal

N_FFT: Final = 8192
HOP: Final = 2205
"""Ten pictures a second, each of 0.37 s."""
FRAMES_A_SECOND: Final = SR / HOP
LOWEST_MIDI: Final = 36
SEMITONES: Final = 64
"""From C2 (65 Hz) to D#7 (2,489 Hz)."""
BINS_A_SEMITONE: Final = 5
BLOCK: Final = 128
A4_MIDI: Final = 69
A4_HZ: Final = 440.0


def pitch_energy(y: Signal) -> npt.NDArray[np.float32]:
    """Magnitude of the spectral peaks by pitch: (frames, 320), five bins a semitone from C2, 10 frames a second."""
    count = max(1, -(-len(y) // HOP))
    padded = np.pad(y, (N_FFT // 2, N_FFT))
    views = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[: count * HOP : HOP]
    window = np.hanning(N_FFT).astype(np.float32)
    hz = np.fft.rfftfreq(N_FFT, 1 / SR)
    last = int(np.searchsorted(hz, _hz(LOWEST_MIDI + SEMITONES))) + 2
    rows = [_peaks(np.abs(np.fft.rfft(views[s : s + BLOCK] * window))[:, :last]) for s in range(0, count, BLOCK)]
    return np.concatenate(rows)


def _hz(midi: float) -> float:
    return A4_HZ * 2 ** ((midi - A4_MIDI) / 12)


def _peaks(magnitude: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Local maxima, their pitch refined by a parabola through the logarithms, added up by bin."""
    level = np.log(magnitude + 1e-9)
    before, middle, after = level[:, :-2], level[:, 1:-1], level[:, 2:]
    frame, k = np.nonzero((middle > before) & (middle >= after) & (magnitude[:, 1:-1] > 1e-3))
    left, top, right = before[frame, k], middle[frame, k], after[frame, k]
    shift = 0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-9)
    midi = A4_MIDI + 12 * np.log2(np.maximum(k + 1 + shift, 1e-6) * SR / N_FFT / A4_HZ)
    bins = np.round((midi - LOWEST_MIDI) * BINS_A_SEMITONE).astype(int) + BINS_A_SEMITONE // 2
    width = SEMITONES * BINS_A_SEMITONE
    kept = (bins >= 0) & (bins < width)
    flat = np.bincount(
        frame[kept] * width + bins[kept], magnitude[:, 1:-1][frame[kept], k[kept]], minlength=len(magnitude) * width
    )
    return flat.reshape(len(magnitude), width).astype(np.float32)
