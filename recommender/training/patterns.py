"""What the pieces of :mod:`rendered` are made of: how chords, bass, melody and drums fill a bar.

How dense a part may be depends on the tempo, as in music that people play: no runs of sixteenths at
160, and no bare half notes alone at 60, which nobody could tell from quarters at 120.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np

T = TypeVar("T")

DRUMS: Final = 9
"""General MIDI's channel of drums, counted from 0."""
KICK, SNARE, SIDE, CLAP, HAT, OPEN, RIDE, TAMBOURINE = 36, 38, 37, 39, 42, 46, 51, 54


@dataclass(frozen=True, slots=True)
class Note:
    """Times in beats; ``channel`` from 0."""

    start: float
    length: float
    pitch: int
    velocity: int
    channel: int


@dataclass(frozen=True, slots=True)
class Tune:
    """What all parts share; ``progression`` in degrees of ``scale``, one a bar, or two where ``halves`` is set."""

    metre: int
    bars: int
    bpm: float
    tonic: int
    scale: tuple[int, ...]
    minor: bool
    progression: tuple[int, ...]
    halves: bool = False

    def degrees(self, bar: int) -> tuple[int, ...]:
        """Of a bar's chord, or of both its chords; every piece ends on its first degree."""
        if bar == self.bars - 1:
            return (0,)
        each = 2 if self.halves else 1
        return tuple(self.progression[(each * bar + k) % len(self.progression)] for k in range(each))

    def pitch(self, degree: int, octave: int) -> int:
        return 12 * (octave + 1) + self.tonic + self.scale[degree % 7] + 12 * (degree // 7)

    def chord(self, degree: int, octave: int) -> list[int]:
        pitches = [self.pitch(degree + k, octave) for k in (0, 2, 4)]
        if self.minor and degree == 4:
            pitches[1] += 1  # the leading note
        return pitches


@dataclass(frozen=True, slots=True)
class Groove:
    """Strokes of one bar: drum to the beats that it falls on; and the tempi at which it is played."""

    metre: int
    slowest: float
    fastest: float
    strokes: dict[int, tuple[float, ...]]


def _every(step: float, metre: int, first: float = 0.0) -> tuple[float, ...]:
    return tuple(float(b) for b in np.arange(first, metre, step))


GROOVES: Final = (
    Groove(4, 60, 180, {KICK: (0, 2), SNARE: (1, 3), HAT: _every(0.5, 4)}),
    Groove(4, 70, 150, {KICK: (0, 1.5, 2), SNARE: (1, 3), HAT: _every(0.5, 4)}),
    Groove(4, 60, 180, {KICK: (0, 2.5), SNARE: (1, 3), HAT: _every(1, 4)}),
    Groove(4, 60, 100, {KICK: (0, 0.75, 2, 2.75), SNARE: (1, 3), HAT: _every(0.25, 4)}),
    Groove(4, 100, 150, {KICK: _every(1, 4), CLAP: (1, 3), OPEN: _every(1, 4, 0.5)}),
    Groove(4, 90, 180, {KICK: (0, 2), HAT: (1, 3), RIDE: (0, 1, 1.5, 2, 3, 3.5)}),
    Groove(4, 80, 150, {KICK: (0, 1.5, 2, 3.5), SIDE: (0, 1.5, 3), HAT: _every(0.5, 4)}),
    Groove(4, 60, 120, {KICK: (0, 2), SIDE: (1, 3)}),
    Groove(4, 60, 180, {TAMBOURINE: _every(1, 4)}),
    Groove(3, 80, 180, {KICK: (0,), HAT: (1, 2)}),
    Groove(3, 60, 180, {KICK: (0,), SNARE: (1, 2), HAT: _every(0.5, 3)}),
    Groove(3, 60, 140, {KICK: (0,), SNARE: (2,), RIDE: _every(0.5, 3)}),
)


def score(rng: np.random.Generator, tune: Tune, *, drums: bool) -> list[Note]:
    """All notes of a piece, on time to the tick."""
    groove = _choice(rng, [g for g in GROOVES if g.metre == tune.metre and g.slowest <= tune.bpm <= g.fastest])
    chords = _choice(rng, _comping(tune, drums=drums))
    bass = _choice(rng, _basses(tune))
    melody = "none" if rng.random() < 0.15 else _choice(rng, _melodies(tune))
    figure = rng.integers(0, 5, size=(2, tune.metre * 4))
    opening = int(rng.choice([0, 0, 2])) if drums else 0
    notes: list[Note] = []
    for bar in range(tune.bars):
        at = float(bar * tune.metre)
        spans = np.linspace(at, at + tune.metre, len(tune.degrees(bar)) + 1)
        for degree, (start, end) in zip(tune.degrees(bar), pairwise(spans.tolist()), strict=True):
            made = [*_chords(tune, chords, degree, at), *_bass(tune, bass, degree, at)]
            made += _melody(rng, tune, melody, degree, at, figure[bar % 2])
            notes += _within(made, start, end) if tune.halves else made
        if drums and bar >= opening:
            notes += _drums(groove, at)
    return notes


def _within(notes: list[Note], start: float, end: float) -> list[Note]:
    """Of a bar's notes those that begin in a part of it; none outlasts it."""
    return [
        Note(n.start, min(n.length, end - n.start), n.pitch, n.velocity, n.channel)
        for n in notes
        if start <= n.start < end
    ]


def _choice(rng: np.random.Generator, of: Sequence[T]) -> T:
    return of[int(rng.integers(len(of)))]


def _comping(tune: Tune, *, drums: bool) -> list[str]:
    """Ways of playing the chords that are played at this tempo; held chords alone have no beats to find."""
    ways = ["beats", "oompah", "rhythm"]
    if tune.bpm < 150:
        ways += ["broken", "alberti"]
    if tune.bpm < 95:
        ways += ["sixteenths", "triplets"]
    if drums:
        ways += ["held", "off"]
    if tune.bpm > 100:
        ways += ["half"]
    return ways


def _chords(tune: Tune, way: str, degree: int, at: float) -> list[Note]:
    metre, low = tune.metre, tune.chord(degree, 3)
    broken = {
        "broken": (2, (0, 1, 2, 3)), "alberti": (2, (0, 2, 1, 2)), "sixteenths": (4, (0, 1, 2, 1)),
        "triplets": (3, (0, 1, 2)),
    }  # fmt: skip
    if way in broken:
        a_beat, order = broken[way]
        tones = [*low, low[0] + 12]
        return [
            Note(at + k / a_beat, 1 / a_beat, tones[order[k % len(order)]], 74 if k % a_beat == 0 else 62, 0)
            for k in range(metre * a_beat)
        ]
    hits: dict[str, tuple[tuple[float, float], ...]] = {
        "beats": tuple((float(k), 0.9) for k in range(metre)),
        "oompah": tuple((float(k), 0.5) for k in range(metre) if k % 2 == 1 or (metre == 3 and k > 0)),
        "rhythm": ((0, 1.4), (1.5, 0.4), (2, 0.9), *(((3, 0.9),) if metre == 4 else ())),
        "held": ((0, metre - 0.1),),
        "off": tuple((k + 0.5, 0.4) for k in range(metre)),
        "half": ((0, 1.9), (2, metre - 2.1)),
    }
    return [Note(at + s, length, p, 74 if s == 0 else 64, 0) for s, length in hits[way] for p in low]


def _basses(tune: Tune) -> list[str]:
    return ["root", "fifth", "walking"] + (["eighths"] if tune.bpm < 150 else []) + (["dotted"] * (tune.bpm < 130))


def _bass(tune: Tune, way: str, degree: int, at: float) -> list[Note]:
    metre, root = tune.metre, tune.pitch(degree, 2)
    fifth = root + 7 if degree < 6 else root
    steps: dict[str, tuple[tuple[float, float, int], ...]] = {
        "root": ((0, metre - 0.1, root),),
        "fifth": ((0, 1.9, root), (2, metre - 2.1, fifth)),
        "walking": tuple((float(k), 0.9, (root, tune.pitch(degree + 2, 2), fifth, root + 12)[k]) for k in range(metre)),
        "eighths": tuple((k / 2, 0.4, root) for k in range(metre * 2)),
        "dotted": ((0, 1.4, root), (1.5, 0.4, root), (2, metre - 2.1, fifth)),
    }
    return [Note(at + s, length, p, 94 if s == 0 else 80, 1) for s, length, p in steps[way]]


def _melodies(tune: Tune) -> list[str]:
    ways = ["beats", "long"]
    if tune.bpm < 150:
        ways += ["mixed", "dotted"]
    return ways + (["runs"] if tune.bpm < 100 else [])


RHYTHMS: Final[dict[str, tuple[tuple[tuple[float, float], ...], ...]]] = {
    # One beat (start, length) after the other, taken by the figure's number.
    "beats": (((0, 0.9),),),
    "mixed": (((0, 0.9),), ((0, 0.45), (0.5, 0.45)), ((0, 0.9),), ((0, 0.45), (0.5, 0.45)), ((0.5, 0.45),)),
    "dotted": (((0, 0.7), (0.75, 0.2)), ((0, 0.9),), ((0, 0.9),), ((0, 0.45), (0.5, 0.45)), ((0, 0.7), (0.75, 0.2))),
    "runs": (
        ((0, 0.45), (0.5, 0.45)), ((0, 0.2), (0.25, 0.2), (0.5, 0.2), (0.75, 0.2)), ((0, 0.9),),
        ((0, 0.45), (0.5, 0.2), (0.75, 0.2)), ((0, 0.45), (0.5, 0.45)),
    ),
    "long": (((0, 1.9),), (), ((0, 0.9),), (), ((0, 1.9),)),
    "none": ((),),
}  # fmt: skip


def _melody(rng: np.random.Generator, tune: Tune, way: str, degree: int, at: float, figure: np.ndarray) -> list[Note]:
    rhythm = RHYTHMS[way]
    notes = []
    for k in range(tune.metre):
        for i, (start, length) in enumerate(rhythm[int(figure[k]) % len(rhythm)]):
            by_figure = int((0, 2, 4, 2, 7)[figure[tune.metre + k]])
            step = degree + by_figure + i if rng.random() < 0.7 else degree + int(rng.integers(0, 7))
            notes.append(Note(at + k + start, length, tune.pitch(step, 5), 90 if k == 0 else 82 - 6 * (i > 0), 2))
    return notes


def _drums(groove: Groove, at: float) -> list[Note]:
    return [
        Note(at + beat, 0.1, drum, 100 if beat == 0 else 88 if beat % 1 == 0 else 66, DRUMS)
        for drum, beats in groove.strokes.items()
        for beat in beats
    ]
