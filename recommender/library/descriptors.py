"""What musicians would say of a stretch of music, as numbers: soft or loud, slow or fast, minor or major.

They stand beside musicnn's values, which mostly hear the instruments: music of one instrument differs
in these. Pure functions on the frames of one track (:class:`Frames`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library import tonal
from recommender.library.beat_net import rises
from recommender.library.front_end import BEAT_FPS, MEL_BANDS, MEL_HOP, MEL_SR

Array = npt.NDArray[np.floating]
MEL_FPS: Final = MEL_SR / MEL_HOP
PITCH_FPS: Final = tonal.FRAMES_A_SECOND

DYNAMICS: Final = ("level_mean", "level_sd", "level_range", "level_swing", "quiet_share")
SPECTRUM: Final = (
    "centroid", "centroid_sd", "spread", "tilt", "low", "middle", "high", "contrast", "flux", "flux_sd",
)  # fmt: skip
RHYTHM: Final = (
    "onsets_a_second", "strong_onsets", "onset_mean", "onset_sd", "beat_mean", "beat_high", "down_high",
    "pulse", "pulse_rate", "onsets_even",
)  # fmt: skip
TONALITY: Final = (
    "major_less_minor", "key_fit", "major_fit", "minor_fit", "chroma_entropy", "height", "height_sd", "bass",
    "treble", "notes_at_once", "change", "long_change",
    "seconds", "thirds_minor", "thirds_major", "fourths", "tritones", "unisons",
)  # fmt: skip
NAMES: Final = (*DYNAMICS, *SPECTRUM, *RHYTHM, *TONALITY)
EPSILON: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """One track in frames: ``mel`` (62.5 a second, 96), ``bands`` (50, 136), ``beats`` (50, 2), ``pitch`` (10, 320)."""

    mel: Array
    bands: Array
    beats: Array
    pitch: Array


def describe(frames: Frames, spans: list[tuple[float, float]]) -> npt.NDArray[np.float32]:
    """One row of :data:`NAMES` for each stretch (start and end in seconds), shape (n, 43)."""
    onset = rises(frames.bands.astype(np.float32))
    pitch = frames.pitch.astype(np.float32)
    tones, colours = tonal.semitones(pitch), tonal.chroma(pitch)
    rows = []
    for start, end in spans:
        mel = _part(frames.mel, MEL_FPS, start, end)
        heard, answers = _part(onset, BEAT_FPS, start, end), _part(frames.beats, BEAT_FPS, start, end)
        parts = (
            _dynamics(mel),
            _spectrum(mel),
            _rhythm(heard, answers),
            _tonality(_part(tones, PITCH_FPS, start, end), _part(colours, PITCH_FPS, start, end)),
        )
        rows.append(np.concatenate(parts))
    return np.nan_to_num(np.stack(rows).astype(np.float32))


def _part(values: Array, rate: float, start_s: float, end_s: float) -> Array:
    """At least two frames, whatever is asked for."""
    first = min(max(0, int(start_s * rate)), max(0, len(values) - 2))
    part = values[first : max(first + 2, int(end_s * rate))].astype(np.float32, copy=False)
    return part if len(part) >= 2 else np.zeros((2, *values.shape[1:]), np.float32)


def _dynamics(mel: Array) -> list[float]:
    level = np.log10(np.maximum((10**mel - 1).sum(axis=1), EPSILON))  # tenfold power is 1
    # Over half a second: what the ear calls loud.
    smooth = np.convolve(level, np.full(31, 1 / 31), "same")[15:-15] if len(level) > 62 else level
    low, high = np.percentile(smooth, [5, 95])
    swing = float(np.abs(np.diff(smooth[::31])).mean()) if len(smooth) > 62 else 0.0
    return [
        float(level.mean()),
        float(smooth.std()),
        float(high - low),
        swing,
        float((smooth < smooth.mean() - 0.5).mean()),
    ]


def _spectrum(mel: Array) -> list[float]:
    band = np.arange(MEL_BANDS) / MEL_BANDS
    weight = mel / np.maximum(mel.sum(axis=1, keepdims=True), EPSILON)
    centroid = weight @ band
    spread = np.sqrt(np.maximum((weight * (band - centroid[:, None]) ** 2).sum(axis=1), 0))
    mean = mel.mean(axis=0)
    thirds = [float(part.mean()) for part in np.split(mean, 3)]
    flux = np.maximum(np.diff(mel, axis=0), 0).mean(axis=1)
    return [
        float(centroid.mean()),
        float(centroid.std()),
        float(spread.mean()),
        float(np.polyfit(band, mean, 1)[0]),
        *thirds,
        float((mel.std(axis=1) / (mel.mean(axis=1) + 0.1)).mean()),
        float(flux.mean()),
        float(flux.std()),
    ]


def _rhythm(onset: Array, answers: Array) -> list[float]:
    seconds = len(onset) / BEAT_FPS
    peaks = np.flatnonzero((onset[1:-1] > onset[:-2]) & (onset[1:-1] >= onset[2:])) + 1
    heights = onset[peaks]
    gaps = np.diff(peaks[heights > 0.15])
    either = answers.sum(axis=1)
    pulse, rate = _periodicity(onset)
    return [
        float((heights > 0.15).sum() / seconds),
        float((heights > 0.5).sum() / seconds),
        float(onset.mean()),
        float(onset.std()),
        float(either.mean()),
        float(np.percentile(either, 95)),
        float(np.percentile(answers[:, 1], 97)),
        pulse,
        rate,
        float(gaps.std() / (gaps.mean() + EPSILON)) if len(gaps) > 2 else 1.0,
    ]


def _periodicity(onset: Array) -> tuple[float, float]:
    """How regular the onsets are (autocorrelation, up to 1), and at how many a second, as a power of two."""
    shortest, longest = BEAT_FPS // 8, int(1.2 * BEAT_FPS)
    if len(onset) < 2 * longest or float(onset.std()) < EPSILON:
        return 0.0, 0.0
    x = onset - onset.mean()
    spectrum = np.abs(np.fft.rfft(x, 2 * len(x))) ** 2
    correlation = np.fft.irfft(spectrum)[: longest + 1]
    correlation /= correlation[0] + EPSILON
    lag = int(correlation[shortest:].argmax()) + shortest
    return float(correlation[lag]), float(np.log2(BEAT_FPS / lag))


def _tonality(tones: Array, colours: Array) -> list[float]:
    mean = colours.mean(axis=0)
    fits = tonal.key_fits(mean)
    major = max((f for (mode, _), f in fits.items() if mode == "major"), default=0.0)
    minor = max((f for (mode, _), f in fits.items() if mode == "minor"), default=0.0)
    share = mean / (mean.sum() + EPSILON)
    entropy = float(-(share * np.log(share + EPSILON)).sum())
    total = tones.sum(axis=1, keepdims=True)
    weight = tones / np.maximum(total, EPSILON)
    pitch = np.arange(tones.shape[1]) / 12.0
    height = weight @ pitch
    sounding = total[:, 0] > 0.05 * (np.percentile(total, 95) + EPSILON)
    many = (tones > 0.1 * np.maximum(tones.max(axis=1, keepdims=True), EPSILON)).sum(axis=1)
    if not sounding.any():
        sounding[:] = True
    return [
        major - minor,
        max(major, minor),
        major,
        minor,
        entropy,
        float(height[sounding].mean()),
        float(height[sounding].std()),
        float(weight[sounding, :16].sum(axis=1).mean()),
        float(weight[sounding, 40:].sum(axis=1).mean()),
        float(many[sounding].mean()),
        _change(colours, 2),
        _change(colours, 10),
        *_intervals(colours[sounding]),
    ]


def _change(colours: Array, lag: int) -> float:
    """How different the chroma is from that of ``lag`` tenths of a second before (1 less the cosine)."""
    if len(colours) <= lag:
        return 0.0
    a, b = colours[:-lag], colours[lag:]
    length = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    there = length > EPSILON
    return float((1 - (a * b).sum(axis=1)[there] / length[there]).mean()) if there.any() else 0.0


def _intervals(colours: Array) -> list[float]:
    """Share of each interval between pitch classes that sound together, seconds to tritones, and of unisons."""
    sharp = np.maximum(colours - 0.04, 0)
    sharp /= np.maximum(sharp.sum(axis=1, keepdims=True), EPSILON)
    by_interval = [float((sharp * np.roll(sharp, k, axis=1)).sum(axis=1).mean()) for k in range(7)]
    total = sum(by_interval[1:]) + EPSILON
    second = (by_interval[1] + by_interval[2]) / total
    return [
        second,
        by_interval[3] / total,
        by_interval[4] / total,
        by_interval[5] / total,
        by_interval[6] / total,
        by_interval[0],
    ]
