"""What the networks see of the sound: log-mel spectrograms (musicnn, Whisper) and a log-frequency one (BeatNet).

Pure functions on mono float32 arrays. Each network gets exactly the picture that it was trained on,
so every constant here is its authors': musicnn's configuration (Pons and Serra 2019) and BeatNet's
(Heydari, Cwitkowitz and Duan 2021), whose filters are madmom's (Boeck et al. 2016).
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]
Spectrogram = npt.NDArray[np.float32]

SR: Final = 22_050
"""Samples a second of what is read from a file; musicnn's 16 kHz are made from it."""

MEL_SR: Final = 16_000
MEL_FFT: Final = 512
MEL_HOP: Final = 256
MEL_BANDS: Final = 96
PATCH_FRAMES: Final = 187
PATCH_S: Final = PATCH_FRAMES * MEL_HOP / MEL_SR
"""musicnn hears patches of 2.992 s."""

EQUALLY_LOUD: Final = 10 ** (-23 / 20)
"""The level (root mean square) at which Whisper hears a patch: how loud a track is says musicnn."""
SILENT: Final = 1e-3
"""What is quieter is raised as if it were so loud."""

BEAT_FPS: Final = 50
BEAT_HOP: Final = SR // BEAT_FPS
BEAT_FRAME: Final = 1411
"""64 ms."""
BEAT_BANDS_AN_OCTAVE: Final = 24
BEAT_FMIN: Final = 30.0
BEAT_FMAX: Final = 17_000.0
REFERENCE_HZ: Final = 440.0

BLOCK: Final = 256
"""So many frames are transformed at once: memory stays small for an hour of music."""


def _magnitudes(
    y: Signal, frame: int, hop: int, n_fft: int, window: npt.NDArray[np.float32], weights: npt.NDArray[np.float32],
    *, power: bool, offset: int,
) -> Spectrogram:  # fmt: skip
    """Frames centred on multiples of ``hop`` (``offset`` samples before the middle), weighed into bands."""
    count = -(-len(y) // hop)
    padded = np.pad(y, (offset, frame))
    views = np.lib.stride_tricks.sliding_window_view(padded, frame)[: count * hop : hop]
    rows = np.empty((count, weights.shape[1]), np.float32)
    for start in range(0, count, BLOCK):
        spectrum = rfft(views[start : start + BLOCK] * window, n_fft)[:, : len(weights)]
        magnitude = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        rows[start : start + BLOCK] = (magnitude if power else np.sqrt(magnitude)) @ weights
    return rows


def rfft(frames: npt.NDArray[np.float32], n_fft: int) -> npt.NDArray[np.complex64]:
    """By scipy, which takes a fifth of numpy's time in single precision."""
    from scipy import fft

    return np.asarray(fft.rfft(frames, n_fft, axis=-1))


def log_mel(y: Signal) -> Spectrogram:
    """musicnn's picture of sound at :data:`MEL_SR`: (frames, 96), log10(1 + 10000 power), 62.5 frames a second."""
    window = np.hanning(MEL_FFT + 1)[:-1].astype(np.float32)
    power = _magnitudes(y, MEL_FFT, MEL_HOP, MEL_FFT, window, _mel_filters(), power=True, offset=MEL_FFT // 2)
    return np.log10(1.0 + 10_000.0 * power)


def patches(mel: Spectrogram) -> npt.NDArray[np.float32]:
    """(n, 187, 96) side by side; the last one ends with the sound, and a short sound is repeated."""
    if len(mel) == 0:
        return np.zeros((0, PATCH_FRAMES, MEL_BANDS), np.float32)
    if len(mel) < PATCH_FRAMES:
        mel = np.tile(mel, (-(-PATCH_FRAMES // len(mel)), 1))[:PATCH_FRAMES]
    return np.stack([mel[s : s + PATCH_FRAMES] for s in _starts(len(mel))])


def stretches(y: Signal) -> npt.NDArray[np.float32]:
    """The sound at :data:`MEL_SR` under each of :func:`patches`, all equally loud: (n, 47872)."""
    frames, size = -(-len(y) // MEL_HOP), PATCH_FRAMES * MEL_HOP
    if frames == 0:
        return np.zeros((0, size), np.float32)
    if frames < PATCH_FRAMES:
        frames, y = PATCH_FRAMES, np.resize(y, size)
    y = np.pad(y, (0, frames * MEL_HOP - len(y)))
    cut = np.stack([y[s * MEL_HOP : s * MEL_HOP + size] for s in _starts(frames)])
    loud = np.sqrt(np.mean(cut.astype(np.float64) ** 2, axis=1, keepdims=True))
    return (cut * (EQUALLY_LOUD / np.maximum(loud, SILENT))).astype(np.float32)


def _starts(frames: int) -> list[int]:
    """Of the patches, in frames."""
    starts = list(range(0, frames - PATCH_FRAMES + 1, PATCH_FRAMES))
    if frames - (starts[-1] + PATCH_FRAMES) > PATCH_FRAMES // 3:
        starts.append(frames - PATCH_FRAMES)
    return starts


def beat_bands(y: Signal) -> Spectrogram:
    """Log-frequency spectrogram at :data:`SR`: (frames, bands), log10(1 + magnitude), 50 frames a second."""
    filters = _beat_filters()
    window = np.hanning(BEAT_FRAME).astype(np.float32)
    magnitude = _magnitudes(
        y, BEAT_FRAME, BEAT_HOP, BEAT_FRAME, window, filters, power=False, offset=BEAT_FRAME // 2
    )  # fmt: skip
    return np.log10(1.0 + magnitude)


def with_rise(bands: Spectrogram) -> Spectrogram:
    """The bands beside what they rose by since the frame before: (frames, 2 * bands), BeatNet's picture."""
    rise = np.zeros_like(bands)
    rise[1:] = np.maximum(bands[1:] - bands[:-1], 0.0)
    return np.hstack([bands, rise])


@functools.cache
def _mel_filters() -> npt.NDArray[np.float32]:
    """(257, 96): triangles on Slaney's mel scale, each of area 1 (in Hz)."""
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(MEL_SR / 2), MEL_BANDS + 2))
    hz = np.linspace(0.0, MEL_SR / 2, MEL_FFT // 2 + 1)
    rising = (hz[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - hz[:, None]) / np.diff(edges)[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (edges[2:] - edges[:-2])).astype(np.float32)


STEP_MEL: Final = 15.0
"""Slaney's scale: linear up to 1,000 Hz, which is mel 15, logarithmic above."""
LOG_STEP: Final = np.log(6.4) / 27.0


def _hz_to_mel(hz: float) -> float:
    return STEP_MEL + np.log(hz / 1000.0) / LOG_STEP if hz >= 1000.0 else hz * 3.0 / 200.0


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel >= STEP_MEL, 1000.0 * np.exp(LOG_STEP * (mel - STEP_MEL)), mel * 200.0 / 3.0)


@functools.cache
def _beat_filters() -> npt.NDArray[np.float32]:
    """(705, 136): triangles between neighbouring quarter tones that fall on different bins, each of sum 1."""
    bins = _quarter_tone_bins()
    filters = np.zeros((BEAT_FRAME // 2, len(bins) - 2), np.float32)
    for i, (start, middle, stop) in enumerate(zip(bins[:-2], bins[1:-1], bins[2:], strict=True)):
        if stop - start < 2:
            middle, stop = start, start + 1
        filters[start:middle, i] = np.linspace(0, 1, middle - start, endpoint=False)
        filters[middle:stop, i] = np.linspace(1, 0, stop - middle, endpoint=False)
    return filters / filters.sum(axis=0)


def _quarter_tone_bins() -> list[int]:
    lowest = np.floor(np.log2(BEAT_FMIN / REFERENCE_HZ) * BEAT_BANDS_AN_OCTAVE)
    highest = np.ceil(np.log2(BEAT_FMAX / REFERENCE_HZ) * BEAT_BANDS_AN_OCTAVE)
    hz = REFERENCE_HZ * 2.0 ** (np.arange(lowest, highest) / BEAT_BANDS_AN_OCTAVE)
    hz = hz[(hz >= BEAT_FMIN) & (hz <= BEAT_FMAX)]
    count = BEAT_FRAME // 2
    bin_hz = np.fft.fftfreq(count * 2, 1 / SR)[:count]
    right = np.clip(np.searchsorted(bin_hz, hz), 1, count - 1)
    nearest = np.where(hz - bin_hz[right - 1] < bin_hz[right] - hz, right - 1, right)
    return sorted({int(b) for b in nearest})
