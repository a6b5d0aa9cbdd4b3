"""What a cutter knows of a track: its bars, how each beat sounds, where it is strongest, where it begins and ends."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Signal = npt.NDArray[np.float32]

SR: Final = 22_050
HOP: Final = 512
ALIKE_DB: Final = 1.0
"""Bars that differ by less are as strong as each other to a listener."""
MOST_STRONG: Final = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """From ``start_s`` to ``end_s`` of the track."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, eq=False)
class Material:
    """What fitting needs to know of a track.

    Attributes:
        duration_s: seconds of sound; ``start_s`` and ``end_s`` where the music begins and has ended.
        bars_s: starts of the bars, ascending, shape (bars,).
        features: how each beat sounds, shape (beats, d), unit vectors; ``beats_s`` their starts.
        flux: rise of the spectrum, one value a hop of :data:`HOP` samples at :data:`SR`.
        strong_s: the middles of its strongest bars, the strongest first: nobody hears by ear which of them it is.
        sung: whether somebody sings: words do not survive a cut.
    """

    duration_s: float
    start_s: float
    end_s: float
    bars_s: Array
    beats_s: Array
    features: Array
    flux: Array
    strong_s: tuple[float, ...]
    sung: bool = False

    @property
    def bar_s(self) -> float:
        """How long a bar lasts, typically."""
        return float(np.median(np.diff(self.bars_s)))

    @property
    def own_flux(self) -> float:
        """The 90th percentile of the rises at the track's own beats."""
        return float(np.percentile([rise_at(self.flux, b) for b in self.beats_s], 90)) if len(self.beats_s) else 1.0


def rise(y: Signal) -> Array:
    """Spectral flux (mean rise in decibels over 64 mel bands), one value a hop; shape (frames,)."""
    from emotion.plain_librosa import librosa

    mel = librosa.feature.melspectrogram(y=y, sr=SR, n_fft=1024, hop_length=HOP, n_mels=64)
    db = librosa.power_to_db(mel, amin=1e-7, top_db=None)
    return np.concatenate([[0.0], np.maximum(np.diff(db, axis=1), 0).mean(axis=0)])


def rise_at(flux: Array, time_s: float) -> float:
    """The largest rise within 60 ms of a time."""
    middle, near = round(time_s * SR / HOP), max(1, round(0.06 * SR / HOP))
    return float(flux[max(0, middle - near) : middle + near + 1].max(initial=0.0))


def study(
    y: Signal,
    beats_s: Sequence[float],
    bars_s: Sequence[float],
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    sung: bool = False,
) -> Material:
    """What a track's sound says to a cutter.

    Args:
        y: mono, shape (n,), at :data:`SR`.
        beats_s, bars_s: starts of beats and bars in seconds; may be empty where there is no pulse.
    """
    from emotion.plain_librosa import librosa

    duration_s = len(y) / SR
    end_s = duration_s if end_s is None else end_s
    beats = np.array([b for b in beats_s if start_s - 0.05 <= b < end_s], dtype=np.float64)
    bars = np.array([b for b in bars_s if start_s - 0.05 <= b < end_s], dtype=np.float64)
    chroma = librosa.feature.chroma_stft(y=y, sr=SR, hop_length=HOP, tuning=0.0)
    mel = librosa.feature.melspectrogram(y=y, sr=SR, hop_length=HOP, n_mels=64)
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel, amin=1e-7), n_mfcc=13)
    loud = mel.sum(axis=0)
    frames = np.append(np.round(beats * SR / HOP).astype(int), len(loud))
    rows = [_beat(chroma, mfcc, loud, a, b) for a, b in itertools.pairwise(frames)]
    features = np.array(rows) if rows else np.zeros((0, 26))
    if len(features):
        features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
        features /= np.linalg.norm(features, axis=1, keepdims=True) + 1e-9
    return Material(duration_s, start_s, end_s, bars, beats, features, rise(y), _strongest(loud, bars, end_s), sung)


def _beat(chroma: Array, mfcc: Array, loud: Array, a: int, b: int) -> Array:
    part = slice(a, max(a + 1, b))
    return np.concatenate(
        [chroma[:, part].mean(axis=1), mfcc[1:, part].mean(axis=1) / 20, [10 * np.log10(loud[part].mean() + 1e-9) / 10]]
    )


def _strongest(loud: Array, bars: Array, end_s: float) -> tuple[float, ...]:
    edges = np.append(bars, end_s) if len(bars) else np.arange(0.0, max(end_s, 1.0) + 2.0, 2.0)
    frames = np.round(edges * SR / HOP).astype(int)
    means = np.array([loud[a : max(a + 1, b)].mean() if a < len(loud) else 0.0 for a, b in itertools.pairwise(frames)])
    order = np.argsort(-means, kind="stable")[:MOST_STRONG]
    alike = [int(i) for i in order if means[i] >= means[order[0]] * 10 ** (-ALIKE_DB / 10)]
    return tuple(float(edges[i] + edges[i + 1]) / 2 for i in alike)
