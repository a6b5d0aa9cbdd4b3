"""The sound of the placements, block by block: one track in memory at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from recommender.mix import fit as fits
from recommender.mix.loudness import Sound
from recommender.mix.plan import START_FADE_S, EffectPlacement, Placement

Load = Callable[[Path], Sound]
"""Reads a file as stereo float32 at the mix's rate, shape (2, n)."""

IN_MEMORY: Final = 2
"""Tracks held decoded: one that ends and one that begins."""


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
        self._sound = functools.lru_cache(maxsize=IN_MEMORY)(self._placed)
        self._load = functools.lru_cache(maxsize=IN_MEMORY)(load)

    def block(self, start: int, length: int) -> Sound:
        """``length`` samples from sample ``start`` of the clip, shape (2, length)."""
        out = np.zeros((2, length), np.float32)
        for i, p in enumerate(self._placements):
            first = round(p.start_s * self._sr)
            if first >= start + length or (isinstance(p, Placement) and round(p.end_s * self._sr) <= start):
                continue
            y = self._sound(i)
            a, b = max(start, first), min(start + length, first + y.shape[1])
            if a < b:
                out[:, a - start : b - start] += y[:, a - first : b - first]
        return out

    def _placed(self, i: int) -> Sound:
        p = self._placements[i]
        y = self._load(p.path if isinstance(p, EffectPlacement) else p.music.path)
        if isinstance(p, Placement):
            y = cut(y, p.fit, self._sr)
        return y * np.float32(10 ** (p.level_db / 20))


def cut(y: Sound, fit: fits.Fit, sr: int) -> Sound:
    """The pieces of a fit joined, faded in and out; shape (2, n) of exactly the fit's length."""
    total, at = round(fit.length_s * sr), 0.0
    parts: list[Sound] = []
    for piece in fit.pieces:
        a, at = round(piece.start_s * sr), at + piece.length_s
        wanted = round(at * sr) - sum(p.shape[1] for p in parts)
        part = y[:, a : a + wanted]
        parts.append(np.pad(part, ((0, 0), (0, wanted - part.shape[1]))))
    out = parts[0]
    for part in parts[1:]:
        out = fits.joined(out, part, sr)
    out = out[:, :total].copy()
    coming, going = fades(fit)
    _fade(out, coming, sr, coming=True)
    _fade(out, going, sr, coming=False)
    return out


def fades(fit: fits.Fit) -> tuple[float, float]:
    """Seconds over which a fit fades in and out; what begins inside a track never begins at once."""
    return max(fit.fade_in_s, START_FADE_S if fit.pieces[0].start_s > 0.1 else 0.0), fit.fade_out_s


def _fade(y: Sound, seconds: float, sr: int, *, coming: bool) -> None:
    n = min(round(seconds * sr), y.shape[1])
    if n > 0:
        ramp = np.sin(np.linspace(0, np.pi / 2, n, dtype=np.float32))
        if coming:
            y[:, :n] *= ramp
        else:
            y[:, -n:] *= ramp[::-1]
