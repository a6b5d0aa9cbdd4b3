"""What the voice model hears: mel frames, as its two encoders know them, in plain numpy.

The same functions serve and train. Both encoders take 16 kHz, n_fft 400, hop 160, a periodic Hann
window and Slaney's mel bands. Whisper (openai/whisper ``audio.py``, MIT): 80 bands, log10, at most 8
decades under the loudest point, ``(x + 4) / 4``. Resemblyzer (resemble-ai/Resemblyzer ``audio.py``,
Apache-2.0): 40 bands, power as it is, at -30 dB.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.signals import without_clicks
from emotion.timeline import Segment

Signal = npt.NDArray[np.float32]
Frames = npt.NDArray[np.float32]

SR: Final = 16_000
N_FFT: Final = 400
HOP_LENGTH: Final = 160
N_MELS: Final = 80
SPEAKER_MELS: Final = 40
FLOOR: Final = 1e-10
LEVEL_DB: Final = -23.0
"""Every stretch is brought to this level, so that how near the microphone stood says nothing."""
SPEAKER_LEVEL_DB: Final = -30.0
"""The level at which the speaker encoder was trained; its mel is not logarithmic."""


@functools.cache
def mel_filters(n_mels: int = N_MELS) -> npt.NDArray[np.float32]:
    """Triangles on Slaney's mel scale, area-normed, shape (N_FFT // 2 + 1, n_mels)."""

    def to_mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        linear = hz * 3 / 200
        return np.where(hz < 1000, linear, 15 + np.log(np.maximum(hz, 1000) / 1000) * 27 / np.log(6.4))

    def to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))

    edges = to_hz(np.linspace(0.0, to_mel(np.array([SR / 2]))[0], n_mels + 2))
    bins = np.fft.rfftfreq(N_FFT, 1 / SR)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))
    return triangles.astype(np.float32)


def log_mel(y: Signal) -> Frames:
    """Frames of 25 ms every 10 ms, scaled as Whisper expects.

    Args:
        y: shape (n,), 16 kHz mono in [-1, 1].

    Returns:
        Shape (frames, 80), an even number of frames, at least 2; about [-1, 1.5].
    """
    frames = max(2, y.size // (2 * HOP_LENGTH) * 2)
    padded = np.pad(y, (N_FFT // 2, N_FFT), mode="reflect" if y.size > N_FFT else "constant")
    logs = np.log10(np.maximum(_power(padded, frames) @ mel_filters(), FLOOR))
    return ((np.maximum(logs, logs.max() - 8.0) + 4.0) / 4.0).astype(np.float32)


def speaker_mel(y: Signal) -> Frames:
    """Frames of 25 ms every 10 ms for the speaker encoder.

    Args:
        y: shape (n,), 16 kHz mono, at ``LEVEL_DB``.

    Returns:
        Power in 40 bands at ``SPEAKER_LEVEL_DB``, shape (1 + n // 160, 40).
    """
    quieter = 10 ** ((SPEAKER_LEVEL_DB - LEVEL_DB) / 10)
    padded = np.pad(y, (N_FFT // 2, N_FFT))
    return (_power(padded, 1 + y.size // HOP_LENGTH) @ mel_filters(SPEAKER_MELS) * np.float32(quieter)).astype(
        np.float32
    )


def _power(padded: Signal, frames: int) -> Frames:
    """The power spectrum of the first frames of padded sound, (frames, N_FFT // 2 + 1)."""
    framed = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[: frames * HOP_LENGTH : HOP_LENGTH][:frames]
    window = np.hanning(N_FFT + 1)[:-1].astype(np.float32)
    spectrum = _rfft(framed * window)
    return spectrum.real**2 + spectrum.imag**2


def _rfft(frames: Frames) -> npt.NDArray[np.complex64]:
    """Single precision: scipy keeps it, which takes half the time of numpy's double."""
    from scipy.fft import rfft

    return np.asarray(rfft(frames, axis=-1))


def level(y: Signal, segments: Sequence[Segment]) -> Signal:
    """The sound at ``LEVEL_DB`` (RMS under full scale) over what the segments cover; silence stays, clicks go."""
    y = without_clicks(y, SR)
    covered = np.zeros(y.size, bool)
    for segment in segments:
        covered[int(segment.start_s * SR) : int(segment.end_s * SR)] = True
    heard = y[covered]
    rms = float(np.sqrt(np.mean(heard.astype(np.float64) ** 2))) if heard.size else 0.0
    return (y * (10 ** (LEVEL_DB / 20) / rms)).astype(np.float32) if rms > 0 else y


def pool(frames: Frames) -> Frames:
    """Hidden frames (frames, d) to their mean and deviation over time, (2 * d,)."""
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)])
