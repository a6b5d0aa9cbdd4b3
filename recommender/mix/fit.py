"""A track cut or repeated to a wanted length, on bars where it sounds like itself, with its real ending.

A seam leaves the track at the start of one bar and goes on at the start of another. Where the beats
before and after the two places are alike, nobody hears it; how rough it is gets measured on the
result: the rise in the spectrum at the seam against the track's own beats. What would be heard is
faded instead, and said. Idea: C. Fischer's and P. Lamere's "Infinite Jukebox" (2012), beats that can
be exchanged; the measures are our own.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from recommender.mix.arrange import Arrangement, arrangements
from recommender.mix.material import SR, Material, Piece, Signal, rise, rise_at

CROSS_S: Final = 0.03
FADE_IN_S: Final = 0.4
FADE_OUT_S: Final = 2.5
ROUGHEST: Final = 1.25
"""A seam may rise by so many times the 90th percentile of the track's own beats."""
TRIES: Final = 12

Kind = Literal["whole", "cut", "repeated", "faded"]
Reason = Literal["sung", "no_beat", "rough"]
"""Words do not survive a cut; without bars there is no place for one; each one that was tried would be heard."""


@dataclass(frozen=True, slots=True)
class Seam:
    """Where one piece goes over into the next: seconds from the fit's start."""

    at_s: float
    roughness: float
    """Rise of the spectrum at the seam, by the 90th percentile of the track's own beats."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a track fills a length: whole, cut or repeated on its bars with its own ending, or faded out."""

    kind: Kind
    pieces: tuple[Piece, ...]
    fade_in_s: float
    fade_out_s: float
    seams: tuple[Seam, ...] = ()
    rate: float = 1.0
    """The track is played so many times as fast; pieces and seams are in seconds of it as it is played."""
    why: Reason | None = None
    """Why it was faded and not cut."""
    rest_s: float = 0.0
    """Silence after the pieces: the track has rung out a little early."""

    @property
    def length_s(self) -> float:
        return sum(p.length_s for p in self.pieces) + self.rest_s


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
    why: Reason = "sung" if material.sung else "no_beat"
    if not material.sung and len(material.bars_s) >= 2:
        why = "rough"
        ways = sorted(arrangements(material, length_s, peak_s, part), key=lambda a: a.cost)
        for way in ways[:TRIES]:
            seams = _seams(way.pieces, material, y)
            if all(s.roughness <= ROUGHEST for s in seams):
                late = way.pieces[0].start_s > material.start_s + 0.05
                return _played(way, seams, FADE_IN_S if late else 0.0)
    return _faded(material, length_s, peak_s, part, why)


def _played(way: Arrangement, seams: Sequence[Seam], fade_in_s: float) -> Fit:
    """Times of the track become times of it as it is played."""
    pieces, rate = way.pieces, way.rate
    kind: Kind = "whole" if len(pieces) == 1 else "cut"
    if any(b.start_s < a.end_s for a, b in itertools.pairwise(pieces)):
        kind = "repeated"
    played = tuple(Piece(p.start_s / rate, p.end_s / rate) for p in pieces)
    return Fit(
        kind, played, fade_in_s, 0.0, tuple(Seam(s.at_s / rate, s.roughness) for s in seams), rate, None, way.early_s
    )


def _faded(
    material: Material, length_s: float, peak_s: float | None, part: tuple[float, float] | None, why: Reason
) -> Fit:
    """Out by a fade, from where its strongest moment comes right or its best part begins; looped only if it must be."""
    have, fade_s = material.end_s - material.start_s, min(FADE_OUT_S, length_s / 3)
    if have >= length_s:
        wish = material.start_s
        if peak_s is not None:
            wish = min(
                (s - peak_s for s in material.strong_s),
                key=lambda w: max(material.start_s - w, w + length_s - material.end_s, 0.0),
            )
        elif part is not None:
            wish = part[0]
        start = min(max(wish, material.start_s), material.end_s - length_s)
        fade_in_s = FADE_IN_S if start > material.start_s + 0.05 else 0.0
        return Fit("faded", (Piece(start, start + length_s),), fade_in_s, fade_s, why=why)
    pieces: list[Piece] = []
    left = length_s
    while left > 1e-6:
        share = min(left, have)
        pieces.append(Piece(material.start_s, material.start_s + share))
        left -= share
    return Fit("faded", tuple(pieces), 0.0, fade_s, why=why)


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
