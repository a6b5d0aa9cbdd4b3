"""The sound of the placements, block by block: however long a clip or a track is, a few seconds are in memory."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

from recommender.mix import fit as fits
from recommender.mix.levels import Sound
from recommender.mix.plan import START_FADE_S, EffectPlacement, Placement
from recommender.mix.stored import Load, Readable

OPEN: Final = 4
"""Tracks at hand: those that sound at once, and a little more."""


class MusicSound:
    """Hands out the music as it lies under the clip, before ducking.

    Args:
        placements: in order of time; they may overlap where one fades into the next.
        load: how a file is read.
        sr: samples a second.
    """

    def __init__(self, placements: Sequence[Placement | EffectPlacement], load: Load, sr: int) -> None:
        self._placements = placements
        self._sr = sr
        self._load = functools.lru_cache(maxsize=OPEN)(load)

    def block(self, start: int, length: int) -> Sound:
        """``length`` samples from sample ``start`` of the clip, shape (2, length)."""
        out = np.zeros((2, length), np.float32)
        for p in self._placements:
            first = round(p.start_s * self._sr)
            if first >= start + length or (isinstance(p, Placement) and round(p.end_s * self._sr) <= start):
                continue
            if isinstance(p, Placement):
                cut = Cut(self._load(p.music.path, p.fit.rate), p.fit, self._sr)
                frames, part = cut.frames, cut.part
            else:
                effect = self._load(p.path, 1.0)
                frames, part = effect.frames, effect.part
            a, b = max(start, first), min(start + length, first + frames)
            if a < b:
                out[:, a - start : b - start] += part(a - first, b - first) * np.float32(10 ** (p.level_db / 20))
        return out


class Cut:
    """A track as a fit cuts it: its pieces one after the other, the seams and both ends faded.

    The first of two pieces fades out over its last :data:`recommender.mix.fit.CROSS_S`; the second begins
    at full strength, so that a beat's attack is kept.
    """

    def __init__(self, track: Readable, fit: fits.Fit, sr: int) -> None:
        self._track, self._fit, self._sr = track, fit, sr
        self.frames = round(fit.length_s * sr)
        ends = itertools.accumulate(p.length_s for p in fit.pieces)
        self._edges = [0, *(min(self.frames, round(e * sr)) for e in ends)]

    def part(self, start: int, stop: int) -> Sound:
        """Samples ``start`` to ``stop`` of the cut track, shape (2, stop - start)."""
        out = np.zeros((2, stop - start), np.float32)
        last = len(self._fit.pieces) - 1
        for i, (piece, (first, end)) in enumerate(zip(self._fit.pieces, itertools.pairwise(self._edges), strict=True)):
            a, b = max(start, first), min(stop, end)
            if a >= b:
                continue
            offset = round(piece.start_s * self._sr) - first
            y = self._track.part(a + offset, b + offset)
            if i < last:
                y = y * _going(np.arange(a, b), end, round(fits.CROSS_S * self._sr))
            out[:, a - start : b - start] = y
        coming, going = (round(s * self._sr) for s in fades(self._fit))
        at = np.arange(start, stop)
        if coming and start < coming:
            out *= np.sin(np.clip(at / coming, 0, 1) * (np.pi / 2)).astype(np.float32)
        if going and stop > self.frames - going:
            out *= _going(at, self.frames, going)
        return out


def _going(at: np.ndarray, end: int, over: int) -> Sound:
    """A fade out that ends at sample ``end``, at the samples ``at``."""
    return np.cos(np.clip(1 - (end - 1 - at) / max(1, over), 0, 1) * (np.pi / 2)).astype(np.float32)


def fades(fit: fits.Fit) -> tuple[float, float]:
    """Seconds over which a fit fades in and out; what begins inside a track never begins at once."""
    return max(fit.fade_in_s, START_FADE_S if fit.pieces[0].start_s > 0.1 else 0.0), fit.fade_out_s
