"""How the parts of :mod:`free_pieces` move: rhythms drawn at random over the beats of a bar.

Half of them are habits of popular and classical music (blocks, off-beats, waltzes, broken chords, grooves),
half are drawn place by place, the likelier the stronger a place is in its bar. Nothing here is shared with
:mod:`patterns`, whose pieces judge what was learnt from these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender.training.patterns import DRUMS, Note

Hits = tuple[tuple[float, float], ...]
"""Where notes begin and how long they last, in beats from the bar's first."""
QUICKEST_S: Final = 0.1
"""No part has notes that follow each other faster."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The time that all parts share: beats a bar, equal parts of a beat (2, 3 or 4), seconds a beat, their number."""

    metre: int
    division: int
    beat_s: float
    count: int

    @property
    def finest(self) -> int:
        """Notes that a beat has room for."""
        fits = [d for d in (1, self.division) if self.beat_s / d >= QUICKEST_S]
        return max(fits, default=1)


def drawn(rng: np.random.Generator, bars: Bars, density: float) -> Hits:
    """A bar's rhythm drawn place by place."""
    step = 1 / bars.finest
    places = np.arange(0, bars.metre - 1e-6, step)
    strength = np.where(places == 0, 1.0, np.where(places % 1 == 0, 0.75, np.where(places * 2 % 1 == 0, 0.45, 0.25)))
    taken = places[rng.random(len(places)) < np.clip(strength * 2 * density, 0, 0.97)]
    return _lengths([float(p) for p in taken], bars.metre, legato=bool(rng.random() < 0.6))


def _lengths(starts: list[float], metre: int, *, legato: bool) -> Hits:
    ends = [*starts[1:], float(metre)][: len(starts)]
    return tuple((s, (e - s) * (0.95 if legato else 0.5)) for s, e in zip(starts, ends, strict=True))


def _every(step: float, metre: int, first: float = 0.0) -> list[float]:
    return [float(p) for p in np.arange(first, metre - 1e-6, step)]


def habit(rng: np.random.Generator, bars: Bars) -> Hits:
    """A bar's rhythm as chords are often played."""
    m, half = bars.metre, 0.5 if bars.division != 3 else 2 / 3
    ways: list[list[float]] = [[0.0], _every(1, m), _every(1, m, 1.0), _every(2, m)]
    if bars.beat_s / 2 >= 0.16:
        ways += [_every(1, m, half), [0.0, 1 + half], [0.0, *_every(1, m, 1 + half)], _every(0.5, m)]
        ways += [[0.0, half, *_every(1, m, 1.0)], [0.0, 1 + half, m - 1.0], [0.0, 0.0 + half, m - 1 + half]]
    if bars.division == 4 and bars.beat_s / 4 >= QUICKEST_S:
        ways += [[0.0, 0.75, 1.5, *([2.0, 2.75, 3.5] if m == 4 else [])], [0.0, 0.75, *_every(1, m, 1.0)]]
    if bars.division == 3:
        ways += [_every(1 / 3, m), sorted({*_every(1, m), *_every(1, m, 2 / 3)})]
    way = sorted({p for p in ways[int(rng.integers(len(ways)))] if p < m})
    return _lengths(way or [0.0], m, legato=bool(rng.random() < 0.6))


def rhythm(rng: np.random.Generator, bars: Bars, density: float) -> list[Hits]:
    """Of every bar: one or two bars that come again, now and then varied."""
    make: Callable[[], Hits] = (lambda: habit(rng, bars)) if rng.random() < 0.5 else (lambda: drawn(rng, bars, density))
    pattern = [make() for _ in range(int(rng.choice([1, 1, 2, 4])))]
    varied = rng.random() * 0.3
    return [
        drawn(rng, bars, density) if rng.random() < varied else pattern[k % len(pattern)] for k in range(bars.count)
    ]


Chords = list[list[tuple[float, float, list[int]]]]
"""Of every bar: the chords as (from beat, to beat, pitches from low to high within an octave and a half)."""


def _at(chords: list[tuple[float, float, list[int]]], place: float) -> list[int]:
    return next((p for start, end, p in chords if start <= place + 1e-6 < end), chords[-1][2])


def _accent(rng: np.random.Generator, place: float, depth: float) -> int:
    strong = 1.0 if place == 0 else 0.6 if place % 1 == 0 else 0.0
    return int(np.clip(66 + 34 * depth * strong + rng.normal(0, 4), 25, 125))


def held(rng: np.random.Generator, bars: Bars, chords: Chords, channel: int) -> list[Note]:
    """Chords that sound until the next one."""
    octave, level = 12 * int(rng.integers(0, 2)), int(rng.integers(50, 90))
    return [
        Note(k * bars.metre + start, (end - start) * 0.98, p + octave, level, channel)
        for k, bar in enumerate(chords)
        for start, end, pitches in bar
        for p in pitches
    ]


def struck(rng: np.random.Generator, bars: Bars, chords: Chords, channel: int) -> list[Note]:
    """Chords in a rhythm, sometimes strummed."""
    octave, depth, strum = 12 * int(rng.integers(0, 2)), float(rng.random()), float(rng.choice([0, 0, 0.02]))
    notes = []
    for k, hits in enumerate(rhythm(rng, bars, float(rng.uniform(0.2, 0.7)))):
        for place, length in hits:
            level = _accent(rng, place, depth)
            notes += [
                Note(k * bars.metre + place + i * strum / bars.beat_s, length, p + octave, level, channel)
                for i, p in enumerate(_at(chords[k], place))
            ]
    return notes


def broken(rng: np.random.Generator, bars: Bars, chords: Chords, channel: int) -> list[Note]:
    """One tone of the chord after the other, evenly."""
    fits = [n for n in {1, bars.division, 2 if bars.division != 3 else 3} if bars.beat_s / n >= QUICKEST_S] or [1]
    a_beat = max(fits) if rng.random() < 0.7 else int(rng.choice(fits))
    span = int(rng.integers(3, 7))
    order = [*range(span)] if rng.random() < 0.4 else [*range(span), *range(span - 2, 0, -1)]
    if rng.random() < 0.3:
        order = [int(k) for k in rng.integers(0, span, size=bars.metre * a_beat)]
    anew = bool(rng.random() < 0.7)
    depth, octave, ring = float(rng.random()), 12 * int(rng.integers(0, 2)), float(rng.choice([0.5, 0.95, 2.0]))
    notes, run = [], 0
    for k in range(bars.count):
        run = 0 if anew else run
        for i in range(bars.metre * a_beat):
            place = i / a_beat
            tones = _at(chords[k], place)
            tone = order[run % len(order)]
            pitch = tones[tone % len(tones)] + 12 * (tone // len(tones)) + octave
            level = _accent(rng, place, depth)
            notes.append(Note(k * bars.metre + place, ring / a_beat, pitch, level, channel))
            run += 1
    return notes


def bass(rng: np.random.Generator, bars: Bars, chords: Chords, channel: int) -> list[Note]:
    depth, walks = float(rng.random()), float(rng.choice([0.0, 0.2, 0.7]))
    notes = []
    for k, hits in enumerate(rhythm(rng, bars, float(rng.uniform(0.15, 0.6)))):
        for place, length in hits or ((0.0, float(bars.metre)),):
            tones = _at(chords[k], place)
            tone = tones[int(rng.integers(len(tones)))] if place > 0 and rng.random() < walks else tones[0]
            notes.append(
                Note(k * bars.metre + place, length, 28 + (tone - 28) % 12, 8 + _accent(rng, place, depth), channel)
            )
    return notes


def melody(
    rng: np.random.Generator, bars: Bars, chords: Chords, channel: int, scale: list[int], dense: bool
) -> list[Note]:
    """A tune over the chords: their tones where the bar is strong, steps of the scale between."""
    depth, height = float(rng.random()), int(rng.choice([60, 67, 72, 79]))
    density = float(rng.uniform(0.35 if dense else 0.1, 0.7))
    rest = 0.0 if dense else float(rng.choice([0.0, 0.15, 0.4]))
    notes, near = [], height
    for k, hits in enumerate(rhythm(rng, bars, density)):
        if rng.random() < rest:
            continue
        for place, length in hits:
            tones = [t % 12 for t in _at(chords[k], place)] if place % 1 == 0 else [s % 12 for s in scale]
            pool = [p for p in range(height - 9, height + 10) if p % 12 in tones]
            weight = np.exp(-np.abs(np.array(pool) - near) / 3.0)
            near = int(rng.choice(pool, p=weight / weight.sum()))
            notes.append(Note(k * bars.metre + place, length, near, 6 + _accent(rng, place, depth), channel))
    return notes


KICK, SNARE, STICK, CLAP, HAT, OPEN, RIDE, SHAKER, TOM, CRASH = 36, 38, 37, 39, 42, 46, 51, 70, 45, 49


def drums(rng: np.random.Generator, bars: Bars) -> list[Note]:
    """A groove that comes again, with fills."""
    m, d = bars.metre, bars.division
    off = 2 / 3 if d == 3 else 0.5
    kicks = [[0.0], _every(2, m), _every(1, m), [0.0, 1 + off, 2.0], [0.0, 2 + off], [0.0, off, 2.0, 2 + off]]
    kick = [p for p in kicks[int(rng.integers(len(kicks)))] if p < m]
    if rng.random() < 0.3:
        kick = sorted({0.0, *(p for p, _ in drawn(rng, bars, 0.3))})
    back = {4: [1.0, 3.0], 3: [1.0, 2.0] if rng.random() < 0.6 else [2.0], 2: [1.0]}.get(m, _every(2, m, 1.0))
    per_beat = [n for n in (1, d, 2 if d != 3 else 3) if bars.beat_s / n >= QUICKEST_S]
    hat = _every(1 / int(rng.choice(per_beat)), m)
    if d == 3 and rng.random() < 0.6:
        hat = sorted({*_every(1, m), *_every(1, m, 2 / 3)})
    if rng.random() < 0.15:
        hat = _every(1, m, off)
    voices: list[tuple[int, list[float], int]] = [
        (int(rng.choice([HAT, HAT, HAT, RIDE, SHAKER])), hat, int(rng.integers(45, 85)))
    ]
    if rng.random() < 0.88:
        voices.append((KICK, kick, int(rng.integers(85, 120))))
    if rng.random() < 0.85:
        voices.append((int(rng.choice([SNARE, SNARE, STICK, CLAP])), back, int(rng.integers(70, 115))))
    if rng.random() < 0.2:
        voices.append((OPEN, _every(1, m, off), 70))
    fill = int(rng.choice([0, 4, 8]))
    notes = []
    for k in range(bars.count):
        filled = fill and k % fill == fill - 1
        for drum, places, level in voices:
            for p in places:
                if not (filled and p >= m - 1 and drum != KICK):
                    loud = level + (8 if p % 1 == 0 else -8) + int(rng.normal(0, 4))
                    notes.append(Note(k * m + p, 0.1, drum, int(np.clip(loud, 20, 127)), DRUMS))
        if filled:
            steps = _every(1 / bars.finest, m, m - 1.0)
            notes += [Note(k * m + p, 0.1, int(rng.choice([SNARE, TOM])), 90, DRUMS) for p in steps]
            notes.append(Note((k + 1) * m, 0.5, CRASH, 90, DRUMS))
    return notes
