"""Key and mode from the sound: spectral peaks gathered by pitch, folded into pitch classes, compared with profiles.

The steps are Gomez' (2006, "Tonal description of polyphonic audio"): peaks of a long spectrum instead
of all its bins, so that drums and noise count little; tuning found from where the peaks lie between
the semitones; the chroma compared with key profiles by correlation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library.front_end import SR, Signal, rfft
from recommender.library.track_sound import PITCH_CLASSES, Mode

N_FFT: Final = 8192
HOP: Final = 2205
"""Ten pictures a second, each of 0.37 s."""
FRAMES_A_SECOND: Final = SR / HOP
LOWEST_MIDI: Final = 36
SEMITONES: Final = 64
"""From C2 (65 Hz) to D#7 (2,489 Hz)."""
LOW: Final = slice(0, 20)
"""Of these the low register: up to G3, basses and the roots of chords."""
MIDDLE: Final = slice(12, 32)
"""From C3 to G4: chords, under most melodies."""
BINS_A_SEMITONE: Final = 5
BLOCK: Final = 32
A4_MIDI: Final = 69
A4_HZ: Final = 440.0
QUIET_FRAME: Final = 0.1
"""Frames with less than this share of a loud frame's sound do not count."""
EDGES: Final = 1.0
"""Weight of the first and of the last :data:`EDGE_S` seconds against the whole."""
EDGE_S: Final = 4.0


def pitch_energy(y: Signal) -> npt.NDArray[np.float32]:
    """Magnitude of the spectral peaks by pitch: (frames, 320), five bins a semitone from C2, 10 frames a second."""
    count = max(1, -(-len(y) // HOP))
    padded = np.pad(y, (N_FFT // 2, N_FFT))
    views = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[: count * HOP : HOP]
    window = np.hanning(N_FFT).astype(np.float32)
    hz = np.fft.rfftfreq(N_FFT, 1 / SR)
    last = int(np.searchsorted(hz, _hz(LOWEST_MIDI + SEMITONES))) + 2
    rows = [_peaks(np.abs(rfft(views[s : s + BLOCK] * window, N_FFT))[:, :last]) for s in range(0, count, BLOCK)]
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


PROFILES: Final[dict[Mode, npt.NDArray[np.float64]]] = {
    "major": np.array([0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081]),
    "minor": np.array([0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052]),
}
"""How often each degree sounds above the tonic: Albrecht and Shanahan (2013), 982 pieces."""
NO_KEY: Final = 0.35
"""Correlation under which a track has no key."""


@dataclass(frozen=True, slots=True)
class Key:
    """The tonic by its name, major or minor, and how well the chroma fits the profile, in [-1, 1]."""

    tonic: str
    mode: Mode
    fit: float


def find_key(energy: npt.NDArray[np.float32]) -> Key | None:
    """The key of a whole track from :func:`pitch_energy`; None where nothing fits (drums, noise, speech)."""
    fits = key_fits(_weighed(chroma(energy)))
    mode, tonic = max(fits, key=fits.__getitem__)
    fit = fits[mode, tonic]
    return None if fit < NO_KEY else Key(PITCH_CLASSES[tonic], mode, round(fit, 3))


def _weighed(frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The mean chroma, with the first and last moments counted again: pieces begin and end on their tonic."""
    sounding = frames[frames.sum(axis=1) > 0]
    if len(sounding) == 0:
        return np.zeros(12, np.float32)
    moments = int(EDGE_S * FRAMES_A_SECOND)
    return sounding.mean(axis=0) + EDGES * (sounding[:moments].mean(axis=0) + sounding[-moments:].mean(axis=0))


def key_fits(profile: npt.NDArray[np.floating]) -> dict[tuple[Mode, int], float]:
    """Correlation of a chroma (12,) with each of the 24 keys."""
    if float(np.ptp(profile)) < 1e-9:
        return {("major", 0): 0.0}
    return {
        (mode, tonic): float(np.corrcoef(np.roll(PROFILES[mode], tonic), profile)[0, 1])
        for mode in PROFILES
        for tonic in range(12)
    }


def chroma(energy: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Pitch classes from C, (frames, 12), each frame of sum 1 or 0: square roots, so that one loud note is not all."""
    folded = _folded(energy, slice(None))
    return folded / np.maximum(folded.sum(axis=1, keepdims=True), 1e-9)


def chords(energy: npt.NDArray[np.float32], register: slice) -> npt.NDArray[np.float32]:
    """Pitch classes of the semitones of one register alone, (frames, 12): what is played there, without the rest."""
    return _folded(energy, register)


def _folded(energy: npt.NDArray[np.float32], register: slice) -> npt.NDArray[np.float32]:
    """The square roots of the semitones by pitch class; nothing of quiet frames."""
    tones = np.sqrt(semitones(energy))
    loud = tones.sum(axis=1)
    tones[loud < QUIET_FRAME * np.percentile(loud, 90)] = 0
    folded = np.zeros((len(tones), 12), np.float32)
    for k in range(SEMITONES)[register]:
        folded[:, (LOWEST_MIDI + k) % 12] += tones[:, k]
    return folded


def semitones(energy: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(frames, 64), after the whole track's tuning is taken out."""
    shift = tuning(energy)
    rolled = np.roll(energy, -shift, axis=1)
    return rolled.reshape(len(energy), SEMITONES, BINS_A_SEMITONE).sum(axis=2)


def tuning(energy: npt.NDArray[np.float32]) -> int:
    """How many fifths of a semitone the track stands above A = 440 Hz, -2 to 2."""
    by_offset = energy.sum(axis=0).reshape(SEMITONES, BINS_A_SEMITONE).sum(axis=0)
    return int(by_offset.argmax()) - BINS_A_SEMITONE // 2
