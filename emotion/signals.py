"""Sound as numbers: pure functions on mono float32 arrays, no files, no models.

Shapes: ``y`` is ``(n,)`` in [-1, 1] at ``sr`` samples a second; features are ``(bands, frames)``.
Empty, silent, very short and non-finite input is defined for each function instead of failing deep
inside a library. librosa is imported where it is needed only: it costs seconds on a first start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]
Features = npt.NDArray[np.float32]
Envelope = tuple[npt.NDArray[np.float64], npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""Times in seconds, lowest and highest sample there."""

WHOLE_S: Final = 600.0
"""Sound up to this length is worked on as one; longer sound in parts, so that memory does not grow with it."""
PART_S: Final = 180.0
"""Hearing holds about a megabyte for each second of a part."""


class Sound(Protocol):
    """Mono float32 samples that are read in stretches: an array, or a file (:mod:`emotion.media.sound_file`)."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Signal: ...


SILENCE_PEAK = 1e-4
"""A signal that never exceeds this (-80 dB of full scale) counts as silent."""

CLICK_CHUNK_S = 0.032
CLICK_CHUNKS = 5
"""What is loud in no more chunks than this is a click, a slate, a bumped microphone: an eighth of a second reaches into
as many."""
CLICK_SHARE = 16
"""Clicks are less than one in so many chunks: of 2500 recordings of acted speech three have something that is taken for
one, of which two would not have with a single click allowed."""
CLICK_TIMES = 4.0
"""So many times (12 dB) as loud as what lasts."""
CLICK_BESIDE_S = 0.002

TOP_DB = 30
FRAME_LENGTH = 1024
HOP_LENGTH = 512
N_MFCC = 100
N_MELS = 128
N_FFT = 2048


def mono(y: npt.ArrayLike) -> Signal:
    """One channel of finite float32.

    Args:
        y: shape ``(n,)`` or ``(channels, n)``; integers are taken as full-scale PCM.

    Returns:
        Shape ``(n,)``, the mean of the channels; NaN and infinity become 0.
    """
    values = np.asarray(y)
    if np.issubdtype(values.dtype, np.integer):
        values = values / float(np.iinfo(values.dtype).max)
    values = np.nan_to_num(values.astype(np.float32, copy=False), nan=0.0, posinf=0.0, neginf=0.0)
    return values if values.ndim == 1 else values.mean(axis=0, dtype=np.float32)


def resample(y: Signal, sr_from: int, sr_to: int) -> Signal:
    """Band-limited resampling (soxr, high quality), shape ``(n * sr_to / sr_from,)``."""
    y = mono(y)
    if sr_from == sr_to or y.size == 0:
        return y
    import soxr

    return np.asarray(soxr.resample(y, sr_from, sr_to, quality="HQ"), dtype=np.float32)


def parts(y: Sound, sr: int) -> Iterator[tuple[int, int]]:
    """Where the parts in which a sound is worked on begin and end, in samples: one, or some of ``PART_S`` seconds."""
    size = len(y) if len(y) <= WHOLE_S * sr else round(PART_S * sr)
    for first in range(0, len(y), max(1, size)):
        yield first, min(len(y), first + size)


def is_silent(y: Sound, sr: int = 16_000) -> bool:
    """True for an empty signal and for one whose peak stays under :data:`SILENCE_PEAK`."""
    return all(float(np.abs(mono(y[first:last])).max()) < SILENCE_PEAK for first, last in parts(y, sr))


def without_clicks(y: Signal, sr: int) -> Signal:
    """What stands beside a click in its place, where it rises far above everything that lasts.

    So it neither sets the level nor is read, and speech that it falls into is not torn apart.

    Args:
        y: shape ``(n,)``. Speech, and any sound of an even level, comes back as it is.
    """
    y = mono(y)
    return mended(y, clicks(y, sr))


def clicks(y: Signal, sr: int) -> list[tuple[int, int]]:
    """Where clicks stand, first sample and the one after the last, with what rings beside them.

    Args:
        y: shape ``(n,)``, finite.
    """
    size = max(1, round(CLICK_CHUNK_S * sr))
    count = y.size // size
    if count <= 2 * CLICK_CHUNKS:
        return []
    peaks = np.abs(y[: count * size]).reshape(count, size).max(axis=1)
    spared = count - 1 - max(CLICK_CHUNKS, count // CLICK_SHARE)
    unbroken = np.lib.stride_tricks.sliding_window_view(peaks, CLICK_CHUNKS + 1).min(axis=1)
    lasting = CLICK_TIMES * max(float(np.partition(peaks, spared)[spared]), float(unbroken.max()))
    loud = np.flatnonzero(np.abs(y) > lasting)
    if loud.size == 0:
        return []
    beside = round(CLICK_BESIDE_S * sr)
    parts = np.flatnonzero(np.diff(loud, prepend=loud[0] - 2 * beside - 2) > 2 * beside + 1)
    firsts, lasts = loud[parts], loud[np.append(parts[1:], loud.size) - 1]
    edges = zip(np.maximum(firsts - beside, 0), np.minimum(lasts + beside + 1, y.size), strict=True)
    return [(int(first), int(last)) for first, last in edges]


def mended(y: Signal, found: Sequence[tuple[int, int]]) -> Signal:
    """The sound with what stands beside them in the place of clicks."""
    out = y.copy() if found else y
    for first, last in found:
        out[first:last] = _beside(y, first, last)
    return out


def _beside(y: Signal, first: int, last: int) -> Signal:
    """What lies before and after a gap, mirrored into it and faded one into the other, shape (last - first,)."""
    size = last - first
    before, after = y[max(first - size, 0) : first][::-1], y[last : last + size][::-1]
    before, after = np.pad(before, (0, size - before.size)), np.pad(after, (size - after.size, 0))
    fade = np.linspace(0, 1, size + 2, dtype=np.float32)[1:-1]
    return (before * (1 - fade) + after * fade).astype(np.float32)


def trim(
    y: Signal, *, top_db: float = TOP_DB, frame_length: int = FRAME_LENGTH, hop_length: int = HOP_LENGTH
) -> tuple[Signal, tuple[int, int]]:
    """Cut the quiet stretches at both ends, as ``librosa.effects.trim`` does.

    Args:
        y: shape ``(n,)``.
        top_db: what lies this many decibels under the loudest frame is quiet.

    Returns:
        The sound left and where it stood, ``(start, end)`` in samples of ``y``. Silence leaves
        nothing: an empty array and ``(0, 0)``, where librosa would keep all of it.
    """
    y = mono(y)
    if is_silent(y):
        return y[:0], (0, 0)
    from emotion.plain_librosa import librosa

    kept, (start, end) = librosa.effects.trim(y, top_db=top_db, frame_length=frame_length, hop_length=hop_length)
    return kept, (int(start), int(end))


def mfcc(y: Signal, sr: int, n_mfcc: int = N_MFCC) -> Features:
    """Mel-frequency cepstral coefficients with librosa's defaults (n_fft 2048, hop 512, 128 mel bands).

    Args:
        y: shape ``(n,)``; shorter than one frame is padded with zeros, empty gives no frames.
        n_mfcc: at most 128, the number of mel bands; more would be cut silently by librosa.

    Returns:
        Shape ``(n_mfcc, 1 + n // 512)``.

    Raises:
        ValueError: ``n_mfcc`` is not between 1 and 128.
    """
    if not 1 <= n_mfcc <= N_MELS:
        raise ValueError(f"n_mfcc must lie between 1 and {N_MELS}, not {n_mfcc}")
    y = _at_least_one_frame(y)
    if y.size == 0:
        return np.zeros((n_mfcc, 0), dtype=np.float32)
    from emotion.plain_librosa import librosa

    return librosa.feature.mfcc(y=y, sr=sr, n_mfcc=n_mfcc, n_mels=N_MELS).astype(np.float32)


def log_mel(y: Signal, sr: int, n_mels: int = N_MELS) -> Features:
    """Mel spectrogram in decibels under its loudest point.

    Args:
        y: shape ``(n,)``; shorter than one frame is padded with zeros, empty gives no frames.

    Returns:
        Shape ``(n_mels, 1 + n // 512)`` in [-80, 0] dB, n_fft 2048, hop 512 samples. Silence is -80.
    """
    y = _at_least_one_frame(y)
    if y.size == 0:
        return np.zeros((n_mels, 0), dtype=np.float32)
    if is_silent(y):
        return np.full((n_mels, 1 + y.size // HOP_LENGTH), -80.0, dtype=np.float32)
    from emotion.plain_librosa import librosa

    power = librosa.feature.melspectrogram(y=y, sr=sr, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=n_mels)
    return librosa.power_to_db(power, ref=np.max, top_db=80.0).astype(np.float32)


def _at_least_one_frame(y: Signal) -> Signal:
    y = mono(y)
    return np.pad(y, (0, N_FFT - y.size)) if 0 < y.size < N_FFT else y


def envelope(y: Sound, sr: int, points: int = 2000) -> Envelope:
    """The waveform small enough to draw: lowest and highest sample of each of equal stretches.

    Args:
        y: shape ``(n,)``.
        points: at most so many values in ``low`` and ``high`` together.

    Returns:
        ``times`` (middle of each stretch, seconds), ``low`` and ``high``, each ``(min(points // 2, n),)``.
    """
    stretches = min(max(points // 2, 1), len(y))
    if stretches == 0:
        return np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.float32)
    edges = np.linspace(0, len(y), stretches + 1).astype(int)
    at_once = max(1, int(WHOLE_S * sr) * stretches // len(y))
    low, high = np.zeros(stretches, np.float32), np.zeros(stretches, np.float32)
    for first in range(0, stretches, at_once):
        some = edges[first : first + at_once + 1]
        part = mono(y[int(some[0]) : int(some[-1])])
        low[first : first + len(some) - 1] = np.minimum.reduceat(part, some[:-1] - some[0])
        high[first : first + len(some) - 1] = np.maximum.reduceat(part, some[:-1] - some[0])
    return (edges[:-1] + edges[1:]) / 2 / sr, low, high


def windows(duration_s: float, window_s: float, hop_s: float) -> Sequence[tuple[float, float]]:
    """Overlapping windows, ``(start_s, end_s)``, that cover all of ``duration_s``.

    What is shorter than a window gets one window of its own length; the last window ends with the
    sound, so that none is cut short. No duration, no window.
    """
    if duration_s <= 0:
        return []
    if duration_s <= window_s:
        return [(0.0, duration_s)]
    count = int(np.ceil((duration_s - window_s) / hop_s - 1e-9)) + 1
    starts = np.minimum(np.arange(count) * hop_s, duration_s - window_s)
    return [(float(start), float(start + window_s)) for start in starts]
