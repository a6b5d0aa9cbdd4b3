"""The beat network of ours: what it sees of a track, and its answers, piece by piece of the track.

It stands on BeatNet's answers and on the same bands, and hears besides what BeatNet was not taught: soft
attacks, and chords that change. Unlike BeatNet it looks ahead, so it decides what a beat is over half a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.library.front_end import BEAT_FPS, Spectrogram
from recommender.library.tonal import FRAMES_A_SECOND

Array = npt.NDArray[np.float32]
Run = Callable[[Array], Array]
"""The network: from what it sees, (frames, :data:`WIDTH`), to beat and bar, (frames, 2)."""

FILE: Final = "beats.onnx"
GROUP: Final = 4
GROUPS: Final = 34
"""Bands are taken together by fours."""
HINTS: Final = 9
"""BeatNet's two answers, three kinds of rises, three of chord changes, and whether anything sounds."""
LEVELS: Final = slice(0, GROUPS)
NEW: Final = slice(GROUPS, 2 * GROUPS)
COLOURS: Final = slice(2 * GROUPS, 2 * GROUPS + 12)
TOLD: Final = slice(COLOURS.stop, COLOURS.stop + HINTS)
WIDTH: Final = TOLD.stop
SILENT_SHARE: Final = 0.15
"""Of the level of the loud parts (logarithmic)."""
LOOK_BACK_S: Final = (0.2, 0.5, 1.0)
"""How much of the chroma before and after a moment is compared."""
RISE_FRAMES: Final = 3
SOFT: Final = 100.0
"""Soft onsets count too: the bands are compressed that much more."""
LOW_BANDS: Final = slice(0, 12)
HIGH_BANDS: Final = slice(100, None)
"""Of the 136: under about 200 Hz, where kicks and basses are, and above 5 kHz, where hats are."""

PART: Final = 60 * BEAT_FPS
AROUND: Final = 12 * BEAT_FPS
"""A long track is read in parts, each with so much before and after it."""


def picture(bands: Spectrogram, answers: Array, colours: Array) -> Array:
    """What the network sees, (frames, :data:`WIDTH`): levels, what is new in them, the chroma, and hints.

    Args:
        bands: (frames, 136), the log-frequency spectrogram.
        answers: (frames, 2), BeatNet's.
        colours: (tenths of a second, 12), the chroma.
    """
    loud = softened(bands)
    new = _grouped(_risen(loud))
    level = bands.mean(axis=1)
    sounding = level > SILENT_SHARE * (np.percentile(level, 90) if len(level) else 0.0)
    levels = _grouped(loud)
    levels -= levels[sounding].mean() if sounding.any() else 0.0
    new /= np.percentile(new.mean(axis=1), 97) + 1e-3 if len(new) else 1.0
    curves = [rises(bands), rises(bands[:, LOW_BANDS]), rises(bands[:, HIGH_BANDS])]
    turns = [_at_frames(turning(colours, s)[:, None], len(bands)) for s in LOOK_BACK_S]
    told = np.column_stack([answers, *curves, *turns, sounding])
    return np.hstack([levels, np.minimum(new, 8), _at_frames(colours, len(bands)) * 4, told]).astype(np.float32)


def softened(bands: Spectrogram) -> Array:
    return np.log10(1 + SOFT * (10.0**bands - 1)).astype(np.float32)


def _risen(loud: Array) -> Array:
    """How much each band rises within 60 ms, over the strongest of its neighbours: a vibrato is no new note."""
    risen = np.zeros_like(loud)
    if len(loud) > RISE_FRAMES:
        before = np.pad(loud, ((0, 0), (1, 1)), mode="edge")
        before = np.maximum(np.maximum(before[:, :-2], before[:, 1:-1]), before[:, 2:])
        risen[RISE_FRAMES:] = np.maximum(loud[RISE_FRAMES:] - before[:-RISE_FRAMES], 0)
    return risen


def _grouped(values: Array) -> Array:
    return values.reshape(len(values), GROUPS, GROUP).mean(axis=2).astype(np.float32)


def rises(bands: Spectrogram) -> Array:
    """Where new notes begin, in [0, 1]: how much the bands rise within 60 ms, over the last second's usual.

    BeatNet was trained on music with drums and hears little in bowed strings; this does.
    """
    if len(bands) == 0:
        return np.zeros(0, np.float32)
    rise = _risen(softened(bands)).mean(axis=1)
    around = np.convolve(np.pad(rise, BEAT_FPS // 2, mode="edge"), np.full(BEAT_FPS + 1, 1 / (BEAT_FPS + 1)), "valid")
    above = np.maximum(rise - around[: len(rise)], 0)
    return np.clip(above / (np.percentile(above, 97) + 1e-6), 0, 1).astype(np.float32)


def turning(colours: Array, seconds: float) -> Array:
    """How different the chroma of so many seconds before each moment is from that after it (1 less the cosine)."""
    half = max(1, round(seconds * FRAMES_A_SECOND))
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(colours, axis=0, dtype=np.float64)])
    at = np.arange(len(colours))
    before = sums[at] - sums[np.maximum(at - half, 0)]
    after = sums[np.minimum(at + half, len(colours))] - sums[at]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return np.where(lengths > 1e-6, 1 - (before * after).sum(axis=1) / np.maximum(lengths, 1e-6), 0.0).astype(
        np.float32
    )


def _at_frames(values: Array, count: int) -> Array:
    """From ten a second to fifty, (n, d) to (count, d)."""
    if len(values) == 0:
        return np.zeros((count, values.shape[1]), np.float32)
    at = np.minimum(np.arange(count) / BEAT_FPS * FRAMES_A_SECOND, len(values) - 1)
    first = np.minimum(at.astype(int), max(0, len(values) - 2))
    after = np.minimum(first + 1, len(values) - 1)
    share = (at - first)[:, None]
    return (values[first] * (1 - share) + values[after] * share).astype(np.float32)


def in_parts(run: Run, seen: Array) -> Array:
    """The network's answers over a whole track: (frames, 2), beat and bar."""
    found = []
    for start in range(0, len(seen), PART):
        first = max(0, start - AROUND)
        found.append(run(seen[first : start + PART + AROUND])[start - first : start - first + PART])
    return np.concatenate(found)
