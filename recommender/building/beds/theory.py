"""Scales, chords by Roman numeral, and chords led from one to the next with little movement."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TONICS: Final = {n: i for i, n in enumerate(("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"))}
SCALES: Final[dict[str, tuple[int, ...]]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
}
_DEGREES: Final = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_TONES: Final[dict[str, tuple[int, ...]]] = {
    "": (0, 4, 7), "m": (0, 3, 7), "5": (0, 7), "sus2": (0, 2, 7), "sus4": (0, 5, 7), "dim": (0, 3, 6),
    "aug": (0, 4, 8), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "maj7": (0, 4, 7, 11), "add9": (0, 4, 7, 14),
    "madd9": (0, 3, 7, 14), "dim7": (0, 3, 6, 9), "cluster": (0, 1, 6, 7),
}  # fmt: skip
_NUMERAL: Final = re.compile(r"^(b|#)?([IViv]+)(.*)$")


@dataclass(frozen=True, slots=True)
class Chord:
    """``root`` in semitones above the piece's tonic; ``tones`` in semitones above the root."""

    root: int
    tones: tuple[int, ...]

    def classes(self, tonic: int) -> tuple[int, ...]:
        """Pitch classes, the root's first."""
        return tuple((tonic + self.root + t) % 12 for t in self.tones)


def chord(numeral: str) -> Chord:
    """``i``, ``bVI``, ``Vsus4``, ``iadd9``, ``bIImaj7``: small letters are minor."""
    match = _NUMERAL.match(numeral)
    if match is None:
        raise ValueError(f"not a chord: {numeral!r}")
    accidental, letters, suffix = match.groups()
    minor = letters.islower() and suffix in ("", "7", "add9")
    root = _DEGREES[letters.upper()] + {"b": -1, "#": 1, None: 0}[accidental]
    return Chord(root % 12, _TONES[("m" if minor else "") + suffix])


def voiced(classes: Sequence[int], low: int, high: int, before: Sequence[int] = ()) -> tuple[int, ...]:
    """Pitches of these classes within [low, high], as near as can be to the chord ``before``."""
    choices = [[p for p in range(low, high + 1) if p % 12 == c] for c in classes]
    if any(not c for c in choices):
        raise ValueError(f"no room for {list(classes)} between {low} and {high}")
    centre = (low + high) / 2

    def cost(pitches: tuple[int, ...]) -> float:
        ordered = sorted(pitches)
        crowded = sum(1 for a, b in itertools.pairwise(ordered) if b - a < 2 and low < 55)
        spread = max(0, ordered[-1] - ordered[0] - 16)
        if not before:
            return sum(abs(p - centre) for p in ordered) + 4 * crowded + spread
        moved = sum(min(abs(p - q) for q in before) for p in ordered)
        return moved + 0.3 * abs(sum(ordered) / len(ordered) - centre) + 4 * crowded + spread

    return tuple(sorted(min(itertools.product(*choices), key=cost)))


def in_scale(tonic: int, scale: str, low: int, high: int) -> tuple[int, ...]:
    """All pitches of the scale within [low, high]."""
    return tuple(p for p in range(low, high + 1) if (p - tonic) % 12 in SCALES[scale])
