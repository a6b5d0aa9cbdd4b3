"""A track cut or repeated to a wanted length, on bars where it sounds like itself, with its real ending.

A seam leaves the track at the start of one bar and goes on at the start of another. Where the beats
before and after the two places are alike, nobody hears it; how rough it is gets measured on the
result: the rise in the spectrum at the seam against the track's own beats. What would be heard is
faded instead, and said. Idea: C. Fischer's and P. Lamere's "Infinite Jukebox" (2012), beats that can
be exchanged; the measures are our own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import librosa
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Signal = npt.NDArray[np.float32]

SR: Final = 22_050
HOP: Final = 512
AROUND_BEATS: Final = 4
"""So many beats before and after a seam are compared."""
CROSS_S: Final = 0.03
FADE_IN_S: Final = 0.4
FADE_OUT_S: Final = 2.5
ROUGHEST: Final = 1.25
"""A seam may rise by so many times the 90th percentile of the track's own beats."""
MOST_REPEATS: Final = 60
TRIES: Final = 6
PEAK_WEIGHT: Final = 0.02
PART_WEIGHT: Final = 0.3
SHORTENED: Final = 0.15
"""What it costs to leave the track's beginning out."""

Kind = Literal["whole", "cut", "repeated", "faded"]


@dataclass(frozen=True, slots=True)
class Piece:
    """From ``start_s`` to ``end_s`` of the track."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Seam:
    """Where one piece goes over into the next: seconds from the fit's start."""

    at_s: float
    roughness: float
    """Rise of the spectrum at the seam, by the 90th percentile of the track's own beats."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a track fills a length."""

    kind: Kind
    pieces: tuple[Piece, ...]
    fade_in_s: float
    fade_out_s: float
    seams: tuple[Seam, ...] = ()

    @property
    def length_s(self) -> float:
        return sum(p.length_s for p in self.pieces)


@dataclass(frozen=True, eq=False)
class Material:
    """What fitting needs to know of a track.

    Attributes:
        duration_s: seconds of sound; ``start_s`` and ``end_s`` where the music begins and has ended.
        bars_s: starts of the bars, ascending, shape (bars,).
        features: how each beat sounds, shape (beats, d), unit vectors; ``beats_s`` their starts.
        flux: rise of the spectrum, one value a hop of :data:`HOP` samples at :data:`SR`.
        loud_s: the middle of its strongest bar.
        sung: whether somebody sings: words do not survive a cut.
    """

    duration_s: float
    start_s: float
    end_s: float
    bars_s: Array
    beats_s: Array
    features: Array
    flux: Array
    loud_s: float
    sung: bool = False

    @property
    def own_flux(self) -> float:
        """The 90th percentile of the rises at the track's own beats."""
        return float(np.percentile([rise_at(self.flux, b) for b in self.beats_s], 90)) if len(self.beats_s) else 1.0


def rise(y: Signal) -> Array:
    """Spectral flux (mean rise in decibels over 64 mel bands), one value a hop; shape (frames,)."""
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


def _strongest(loud: Array, bars: Array, end_s: float) -> float:
    edges = np.append(bars, end_s) if len(bars) else np.arange(0.0, max(end_s, 1.0) + 2.0, 2.0)
    frames = np.round(edges * SR / HOP).astype(int)
    means = [float(loud[a : max(a + 1, b)].mean()) if a < len(loud) else 0.0 for a, b in itertools.pairwise(frames)]
    best = int(np.argmax(means))
    return float(edges[best] + edges[best + 1]) / 2


@dataclass(frozen=True, slots=True)
class _Candidate:
    cost: float
    kind: Kind
    pieces: tuple[Piece, ...]


def fit(
    material: Material,
    length_s: float,
    *,
    y: Signal | None = None,
    peak_s: float | None = None,
    part: tuple[float, float] | None = None,
) -> Fit:
    """The track filling ``length_s`` seconds exactly.

    Args:
        material: see :func:`study`.
        length_s: the wanted length, above 0.
        y: the sound of the material; seams are measured on it. Without it they are trusted.
        peak_s: where the strongest moment of the music should come, from the fit's start.
        part: the stretch of the track that suits best; it is used where that costs little elsewhere.
    """
    if not material.sung and len(material.bars_s) >= 2:
        for candidate in sorted(_candidates(material, length_s, peak_s, part), key=lambda c: c.cost)[:TRIES]:
            seams = _seams(candidate.pieces, material, y)
            if all(s.roughness <= ROUGHEST for s in seams):
                late = candidate.pieces[0].start_s > material.start_s + 0.05
                return Fit(candidate.kind, candidate.pieces, FADE_IN_S if late else 0.0, 0.0, seams)
    return _faded(material, length_s)


def _faded(material: Material, length_s: float) -> Fit:
    """From the start, or from where the strongest part fits, and out by a fade; looped only if it must be."""
    have = material.end_s - material.start_s
    if have >= length_s:
        start = min(material.start_s, material.end_s - length_s)
        return Fit("faded", (Piece(start, start + length_s),), 0.0, min(FADE_OUT_S, length_s / 3))
    pieces: list[Piece] = []
    left = length_s
    while left > 1e-6:
        part = min(left, have)
        pieces.append(Piece(material.start_s, material.start_s + part))
        left -= part
    return Fit("faded", tuple(pieces), 0.0, min(FADE_OUT_S, length_s / 3))


def _candidates(
    material: Material, length_s: float, peak_s: float | None, part: tuple[float, float] | None
) -> Iterator[_Candidate]:
    """Every way with no seam or one kind of seam; costs are comparable among them."""
    start, end, bars = material.start_s, material.end_s, material.bars_s
    bar_s = float(np.median(np.diff(bars)))
    have = end - start

    def priced(cost: float, kind: Kind, pieces: Sequence[Piece]) -> _Candidate:
        if peak_s is not None:
            cost += PEAK_WEIGHT * min(10.0, _distance(pieces, material.loud_s, peak_s))
        if part is not None:
            cost += PART_WEIGHT * (1 - _inside(pieces, part) / length_s)
        return _Candidate(cost, kind, tuple(pieces))

    if have >= length_s:
        left_out = (have - length_s) / have
        yield priced(
            SHORTENED * min(1.0, (have - length_s) / bar_s) + 0.3 * left_out, "whole", [Piece(end - length_s, end)]
        )
    similar = _similarity(material)
    for i in range(1, len(bars)):
        for j in range(1, len(bars)):
            if i == j or not np.isfinite(similar[i, j]):
                continue
            saved = bars[j] - bars[i]  # what a jump from bar i to bar j leaves out; below 0 it repeats
            times = 1 if saved > 0 else int(np.ceil((length_s - have) / -saved - 1e-9))
            if times < 1 or times > MOST_REPEATS:
                continue
            # What is too much is taken from the beginning: less than a bar, or the choice is another one.
            surplus = have - times * saved - length_s
            if not -1e-6 <= surplus < min(bar_s, bars[i] - start - bar_s / 2):
                continue
            repeats = 0.02 * (times - 1) if saved < 0 else 0.0
            middle = [Piece(bars[j], bars[i])] * (times - 1) if saved < 0 else []
            pieces = [Piece(start + max(0.0, surplus), bars[i]), *middle, Piece(bars[j], end)]
            cost = float(similar[i, j]) + SHORTENED * surplus / bar_s + repeats
            yield priced(cost, "cut" if saved > 0 else "repeated", pieces)


def _distance(pieces: Sequence[Piece], loud_s: float, peak_s: float) -> float:
    """How far the strongest moment comes from where it is wanted, in seconds."""
    at, best = 0.0, 60.0
    for p in pieces:
        if p.start_s <= loud_s < p.end_s:
            best = min(best, abs(at + loud_s - p.start_s - peak_s))
        at += p.length_s
    return best


def _inside(pieces: Sequence[Piece], part: tuple[float, float]) -> float:
    """How many seconds of the pieces come from the part."""
    return sum(max(0.0, min(p.end_s, part[1]) - max(p.start_s, part[0])) for p in pieces)


def _similarity(material: Material) -> Array:
    """How different the beats around two bars are, in [0, 2]; inf where there is too little around."""
    beats, bars, f = material.beats_s, material.bars_s, material.features
    at = np.searchsorted(beats, bars - 0.03)
    n = len(bars)
    out = np.full((n, n), np.inf)
    for i in range(n):
        for j in range(n):
            before, after = min(AROUND_BEATS, at[i], at[j]), min(AROUND_BEATS, len(f) - at[i], len(f) - at[j])
            if before < 1 or after < 1:
                continue
            a = np.concatenate([f[at[i] - before : at[i]], f[at[i] : at[i] + after]])
            b = np.concatenate([f[at[j] - before : at[j]], f[at[j] : at[j] + after]])
            out[i, j] = float(np.mean(1 - (a * b).sum(axis=1)))
    return out


def _seams(pieces: Sequence[Piece], material: Material, y: Signal | None) -> tuple[Seam, ...]:
    """Each seam with its roughness on the joined sound."""
    seams, at, own = [], 0.0, material.own_flux
    for before, after in itertools.pairwise(pieces):
        at += before.length_s
        rough = 1.0
        if y is not None:
            around = 1.0
            left = y[max(0, round((before.end_s - around) * SR)) : round(before.end_s * SR)]
            right = y[round(after.start_s * SR) : round((after.start_s + around) * SR)]
            rough = rise_at(rise(joined(left, right)), len(left) / SR) / max(own, 1e-6)
        seams.append(Seam(round(at, 4), round(rough, 3)))
    return tuple(seams)


def joined(left: Signal, right: Signal, sr: int = SR) -> Signal:
    """Two stretches one after the other; the first fades out over its last :data:`CROSS_S`.

    Mono (n,) or (channels, n). The second begins at full strength: a beat's attack is kept.
    """
    n = min(round(CROSS_S * sr), left.shape[-1])
    left = left.copy()
    if n:
        left[..., -n:] *= np.cos(np.linspace(0, np.pi / 2, n, dtype=np.float32))
    return np.concatenate([left, right], axis=-1)
