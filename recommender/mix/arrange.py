"""Every way to fill a length with a track by one seam, or by one before and one after its strongest moment.

Pure and cheap: bars, and how alike the beats around two of them sound. What a seam sounds like is measured
afterwards, see :mod:`recommender.mix.fit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender.mix import stretch
from recommender.mix.material import Array, Material, Piece

AROUND_BEATS: Final = 4
"""So many beats before and after a seam are compared."""
MOST_REPEATS: Final = 60
REPEATED: Final = 0.02
AWAY: Final = 1.0
"""What it costs that the strongest moment comes a second or more from where it is wanted; less, if it is nearer."""
FAR: Final = 0.02
"""And for each further second, up to ten."""
PART: Final = 0.3
SHORTENED: Final = 0.15
"""What it costs to leave the track's beginning out."""
LEFT_OUT: Final = 0.3
MOST_EARLY_S: Final = 1.0
EARLY: Final = 0.15
"""What it costs to have rung out a second before the end, which is how music often ends."""
STRETCHED: Final = 0.1
"""What the most stretching costs."""
LONGEST_STRETCHED_S: Final = 600.0
"""A longer track is played as it is: stretching holds all of it in memory."""
BEST_HALVES: Final = 24
"""Ways to the strongest moment, and from it, that are put together."""
SHORTEST_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Pieces of a track, in seconds of it, that fill a length when it is played ``rate`` times as fast."""

    cost: float
    pieces: tuple[Piece, ...]
    rate: float = 1.0
    early_s: float = 0.0
    """So much before the length is over the track has rung out."""


@dataclass(frozen=True, slots=True)
class _Half:
    cost: float
    pieces: tuple[Piece, ...]

    @property
    def length_s(self) -> float:
        return sum(p.length_s for p in self.pieces)


def arrangements(
    material: Material, length_s: float, peak_s: float | None, part: tuple[float, float] | None
) -> Iterator[Arrangement]:
    """All of them, cheaper ones being better; costs are comparable. Without bars there is none."""
    if len(material.bars_s) < 2:
        return
    similar = similarity(material)
    ways = list(_one_seam(material, length_s, similar))
    if peak_s is not None:
        for loud_s in material.strong_s:
            ways += _around_the_peak(material, loud_s, length_s, peak_s, similar)
    for way in ways:
        cost = way.cost + STRETCHED * abs(way.rate - 1) / stretch.MOST
        if peak_s is not None:
            away_s = distance(way.pieces, material.strong_s, peak_s * way.rate)
            cost += AWAY * min(1.0, away_s) + FAR * min(10.0, away_s)
        if part is not None:
            cost += PART * (1 - _inside(way.pieces, part) / (length_s * way.rate))
        yield Arrangement(cost, way.pieces, way.rate, way.early_s)


def _one_seam(material: Material, length_s: float, similar: Array) -> Iterator[Arrangement]:
    """The track from its start with one jump, and its real ending; or its last part as it is."""
    start, end, bars = material.start_s, material.end_s, material.bars_s
    bar_s, have = material.bar_s, end - start
    yield from _trimmed(material, _Half(0.0, (Piece(start, end),)), length_s, have - SHORTEST_S)
    for i in range(1, len(bars)):
        for j in range(1, len(bars)):
            if i == j or not np.isfinite(similar[i, j]):
                continue
            saved = bars[j] - bars[i]  # what a jump from bar i to bar j leaves out; below 0 it repeats
            longest = length_s * (1 + stretch.MOST)
            times = 1 if saved > 0 else int(np.ceil((length_s * (1 - stretch.MOST) - have) / -saved - 1e-9))
            if times < 1 or times > MOST_REPEATS or have - times * saved > longest + bar_s:
                continue
            first = Piece(start, bars[i])
            pieces = (first, *[Piece(bars[j], bars[i])] * (times - 1 if saved < 0 else 0), Piece(bars[j], end))
            cost = float(similar[i, j]) + (REPEATED * (times - 1) if saved < 0 else 0.0)
            # What is too much is taken from the beginning: less than a bar, or the choice is another one.
            yield from _trimmed(material, _Half(cost, pieces), length_s, min(bar_s, first.length_s - bar_s / 2))


def _trimmed(material: Material, half: _Half, length_s: float, most_s: float) -> Iterator[Arrangement]:
    """The same pieces stretched to the length, and with what is too much left out at the beginning."""
    rate = half.length_s / length_s
    if rate != 1 and abs(rate - 1) <= stretch.MOST and material.duration_s <= LONGEST_STRETCHED_S:
        yield Arrangement(half.cost, half.pieces, rate)
    surplus = half.length_s - length_s
    if -1e-6 <= surplus < max(most_s, 1e-6):
        yield Arrangement(half.cost + _price(material, surplus), _without(half.pieces, surplus))


def _price(material: Material, surplus_s: float) -> float:
    """Of leaving so much out at the beginning."""
    have = material.end_s - material.start_s
    return SHORTENED * min(1.0, surplus_s / material.bar_s) + LEFT_OUT * surplus_s / have


def _without(pieces: tuple[Piece, ...], surplus_s: float) -> tuple[Piece, ...]:
    first = pieces[0]
    return (Piece(first.start_s + max(0.0, surplus_s), first.end_s), *pieces[1:])


# Around the strongest moment -------------------------------------------------------------------------


def _around_the_peak(
    material: Material, loud_s: float, length_s: float, peak_s: float, similar: Array
) -> Iterator[Arrangement]:
    """Ways on which the strong moment ``loud_s`` comes exactly at ``peak_s`` and the real ending exactly at the end."""
    if not SHORTEST_S < peak_s < length_s - SHORTEST_S:
        return
    left_s = length_s - peak_s
    fitting = []
    for half in _after(material, loud_s, similar):
        rate = min(max(half.length_s / left_s, 1 - stretch.MOST), 1 + stretch.MOST)
        if material.duration_s > LONGEST_STRETCHED_S:
            rate = 1.0
        early_s = left_s - half.length_s / rate
        if -1e-9 <= early_s <= MOST_EARLY_S:
            fitting.append((_Half(half.cost + EARLY * early_s, half.pieces), rate, max(0.0, early_s)))
    fitting.sort(key=lambda x: x[0].cost)
    before = sorted(_before(material, loud_s, similar, peak_s), key=lambda h: h.cost)
    for end, rate, early_s in fitting[:BEST_HALVES]:
        tried = 0
        for begin in before:
            surplus = begin.length_s - peak_s * rate
            if not -1e-6 <= surplus < begin.pieces[0].length_s - SHORTEST_S:
                continue
            cost = begin.cost + end.cost + _price(material, surplus)
            yield Arrangement(cost, _joined(_without(begin.pieces, surplus), end.pieces), rate, early_s)
            tried += 1
            if tried >= BEST_HALVES:
                break


def _after(material: Material, loud: float, similar: Array) -> Iterator[_Half]:
    """From the strongest moment to the real ending, with at most one jump."""
    end, bars = material.end_s, material.bars_s
    yield _Half(0.0, (Piece(loud, end),))
    later = [i for i in range(1, len(bars)) if bars[i] > loud + SHORTEST_S]
    for i in later:
        for j in later:
            if i != j and np.isfinite(similar[i, j]):
                times = 1 if j > i else 4
                for n in range(1, times + 1):
                    again = [Piece(bars[j], bars[i])] * (n - 1)
                    cost = float(similar[i, j]) + REPEATED * (n - 1)
                    yield _Half(cost, (Piece(loud, bars[i]), *again, Piece(bars[j], end)))


def _before(material: Material, loud: float, similar: Array, peak_s: float) -> Iterator[_Half]:
    """From the start to the strongest moment, with at most one jump; long enough for the peak."""
    start, bars = material.start_s, material.bars_s
    needed = peak_s * (1 - stretch.MOST)
    yield _Half(0.0, (Piece(start, loud),))
    earlier = [i for i in range(1, len(bars)) if start + SHORTEST_S < bars[i] <= loud - SHORTEST_S]
    for i in earlier:
        for j in earlier:
            if i == j or not np.isfinite(similar[i, j]):
                continue
            saved = bars[j] - bars[i]
            times = 1 if saved > 0 else max(1, int(np.ceil((needed - (loud - start)) / -saved - 1e-9)))
            if times > MOST_REPEATS:
                continue
            again = [Piece(bars[j], bars[i])] * (times - 1 if saved < 0 else 0)
            cost = float(similar[i, j]) + (REPEATED * (times - 1) if saved < 0 else 0.0)
            yield _Half(cost, (Piece(start, bars[i]), *again, Piece(bars[j], loud)))


def _joined(before: tuple[Piece, ...], after: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Both halves; what meets at the strongest moment is one piece."""
    return (*before[:-1], Piece(before[-1].start_s, after[0].end_s), *after[1:])


def distance(pieces: Sequence[Piece], strong_s: Sequence[float], peak_s: float) -> float:
    """How far the nearest of the strongest moments comes from where it is wanted, in seconds; 60 where none comes."""
    at, best = 0.0, 60.0
    for p in pieces:
        for strong in strong_s:
            if p.start_s <= strong < p.end_s:
                best = min(best, abs(at + strong - p.start_s - peak_s))
        at += p.length_s
    return best


def _inside(pieces: Sequence[Piece], part: tuple[float, float]) -> float:
    """How many seconds of the pieces come from the part."""
    return sum(max(0.0, min(p.end_s, part[1]) - max(p.start_s, part[0])) for p in pieces)


def similarity(material: Material) -> Array:
    """How different the beats around two bars are, in [0, 2]; inf where there is too little around.

    Shape (bars, bars).
    """
    f, n = material.features, len(material.bars_s)
    at = np.searchsorted(material.beats_s, material.bars_s - 0.03)
    alike = f @ f.T
    total, count = np.zeros((n, n)), np.zeros((n, n))
    before, after = np.zeros((n, n), bool), np.zeros((n, n), bool)
    for k in range(-AROUND_BEATS, AROUND_BEATS):
        beat = at + k
        there = (beat >= 0) & (beat < len(f))
        both = there[:, None] & there[None, :]
        beat = np.clip(beat, 0, max(0, len(f) - 1))
        total += np.where(both, 1 - alike[np.ix_(beat, beat)], 0.0) if len(f) else 0.0
        count += both
        side = before if k < 0 else after
        side |= both
    return np.where(before & after, total / np.maximum(count, 1), np.inf)
