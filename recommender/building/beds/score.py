"""What a piece is made of: notes, layers of instruments, sections, and the piece as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from recommender.building.beds.theory import SCALES, TONICS, Chord, chord

BEATS_A_BAR: Final = 4

Part = Literal["intro", "A", "B", "A2", "end"]


@dataclass(frozen=True, slots=True)
class Note:
    """Times in beats from the piece's start; velocity 1 to 127."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One instrument with one way of playing.

    ``programme`` is the General MIDI number, from 0; None is the drum kit. ``parts`` says how loud it
    is in each part of the form (0 to 1); where a part is not named it is silent there.
    """

    pattern: str
    programme: int | None
    low: int = 48
    high: int = 72
    level: float = 0.8
    pan: float = 0.5
    reverb: float = 0.5
    parts: Mapping[Part, float] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """Some bars of the piece."""

    part: Part
    first_bar: int
    bars: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as data; all else follows from it and its seed."""

    name: str
    title: str
    emotion: str
    moods: tuple[str, ...]
    tempo_bpm: int
    key: str
    scale: str
    chords_a: tuple[str, ...]
    chords_b: tuple[str, ...]
    layers: tuple[Layer, ...]
    last: str = "i"
    seed: int = 1

    @property
    def tonic(self) -> int:
        return TONICS[self.key]

    @property
    def mode(self) -> str:
        """``major`` or ``minor``, by the third of the scale."""
        return "major" if 4 in SCALES[self.scale] and 3 not in SCALES[self.scale] else "minor"

    @property
    def form(self) -> tuple[Section, ...]:
        """About 45 seconds, in whole phrases of four bars."""
        bars = 46 * self.tempo_bpm / 60 / BEATS_A_BAR
        lengths: tuple[tuple[Part, int], ...]
        if bars < 14:
            lengths = (("intro", 2), ("A", 4), ("B", 4), ("end", 2))
        elif bars < 19:
            lengths = (("intro", 2), ("A", 4), ("B", 4), ("A2", 4), ("end", 2))
        elif bars < 23:
            lengths = (("intro", 2), ("A", 8), ("B", 4), ("A2", 4), ("end", 2))
        elif bars < 29:
            lengths = (("intro", 4), ("A", 8), ("B", 8), ("A2", 4), ("end", 2))
        else:
            lengths = (("intro", 4), ("A", 8), ("B", 8), ("A2", 8), ("end", 3))
        first, sections = 0, []
        for part, n in lengths:
            sections.append(Section(part, first, n))
            first += n
        return tuple(sections)

    @property
    def bars(self) -> int:
        return sum(s.bars for s in self.form)

    def harmony(self) -> tuple[Chord, ...]:
        """One chord a bar."""
        out: list[Chord] = []
        for s in self.form:
            row = self.chords_b if s.part == "B" else self.chords_a
            names = [self.last] * s.bars if s.part == "end" else [row[i % len(row)] for i in range(s.bars)]
            out += map(chord, names)
        return tuple(out)
