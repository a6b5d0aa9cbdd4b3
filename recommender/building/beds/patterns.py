"""Ways of playing: a pattern makes the notes of one layer from the piece's harmony.

Every pattern has the signature of :data:`Pattern`; the layer's ``options`` are its keyword arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender.building.beds.score import BEATS_A_BAR, Layer, Note, Piece
from recommender.building.beds.theory import Chord, in_scale, voiced


@dataclass(frozen=True, slots=True)
class Bars:
    """A run of bars of one part: where it begins (in bars), how loud it is, and its chords."""

    first: int
    loud: float
    chords: tuple[Chord, ...]


Pattern = Callable[..., list[Note]]


def runs(piece: Piece, layer: Layer) -> list[Bars]:
    """The parts in which the layer plays."""
    harmony = piece.harmony()
    return [
        Bars(s.first_bar, layer.parts[s.part], harmony[s.first_bar : s.first_bar + s.bars])
        for s in piece.form
        if layer.parts.get(s.part)
    ]


def _velocity(loud: float, accent: float = 1.0) -> int:
    return int(np.clip(round(30 + 80 * loud * accent), 1, 122))


def pad(piece: Piece, layer: Layer, rng: np.random.Generator, *, every: int = 1) -> list[Note]:
    """Held chords, led smoothly; a new attack every ``every`` bars."""
    del rng
    notes, before = [], ()
    for run in runs(piece, layer):
        for i in range(0, len(run.chords), every):
            before = voiced(run.chords[i].classes(piece.tonic), layer.low, layer.high, before)
            bars = min(every, len(run.chords) - i)
            for p in before:
                length = bars * BEATS_A_BAR + 0.15
                notes.append(Note((run.first + i) * BEATS_A_BAR, length, p, _velocity(run.loud)))
    return notes


def drone(
    piece: Piece, layer: Layer, rng: np.random.Generator, *, intervals: Sequence[int] = (0, 7), bars: int = 4
) -> list[Note]:
    """The tonic, and what stands over it, held."""
    del rng
    root = next(p for p in range(layer.low, layer.low + 12) if p % 12 == piece.tonic)
    return [
        Note(
            (run.first + i) * BEATS_A_BAR,
            min(bars, len(run.chords) - i) * BEATS_A_BAR + 0.2,
            root + k,
            _velocity(run.loud),
        )
        for run in runs(piece, layer)
        for i in range(0, len(run.chords), bars)
        for k in intervals
    ]


def ostinato(
    piece: Piece,
    layer: Layer,
    rng: np.random.Generator,
    *,
    steps: Sequence[int | None] = (0, 1, 2, 1),
    step: float = 0.5,
    accents: Sequence[float] = (1.0, 0.7, 0.8, 0.7),
    length: float = 0.9,
) -> list[Note]:
    """Chord tones by number (from below, going on into the next octave), None a rest."""
    notes, before = [], ()
    for run in runs(piece, layer):
        for i, harmony in enumerate(run.chords):
            before = voiced(harmony.classes(piece.tonic), layer.low, layer.high, before)
            for k in range(round(BEATS_A_BAR / step)):
                tone = steps[k % len(steps)]
                if tone is None:
                    continue
                octave, which = divmod(tone, len(before))
                accent = accents[k % len(accents)] * (1 + 0.05 * float(rng.standard_normal()))
                start = (run.first + i) * BEATS_A_BAR + k * step
                notes.append(Note(start, step * length, before[which] + 12 * octave, _velocity(run.loud, accent)))
    return notes


def bass(
    piece: Piece,
    layer: Layer,
    rng: np.random.Generator,
    *,
    hits: Sequence[tuple[float, float, int]] = ((0, 4, 0),),
) -> list[Note]:
    """The chord's root; ``hits`` are (beat, length, semitones above the root)."""
    del rng
    notes = []
    for run in runs(piece, layer):
        for i, harmony in enumerate(run.chords):
            root = next(p for p in range(layer.low, layer.low + 12) if p % 12 == (piece.tonic + harmony.root) % 12)
            for beat, length, above in hits:
                accent = 1.0 if beat == 0 else 0.85
                notes.append(
                    Note((run.first + i) * BEATS_A_BAR + beat, length, root + above, _velocity(run.loud, accent))
                )
    return notes


def stabs(
    piece: Piece,
    layer: Layer,
    rng: np.random.Generator,
    *,
    hits: Sequence[tuple[float, float]] = ((0, 0.5),),
    every: int = 1,
) -> list[Note]:
    """The whole chord at some beats of every so many bars."""
    del rng
    notes, before = [], ()
    for run in runs(piece, layer):
        for i, harmony in enumerate(run.chords):
            before = voiced(harmony.classes(piece.tonic), layer.low, layer.high, before)
            if i % every:
                continue
            for beat, length in hits:
                start = (run.first + i) * BEATS_A_BAR + beat
                notes += [Note(start, length, p, _velocity(run.loud)) for p in before]
    return notes


def melody(
    piece: Piece,
    layer: Layer,
    rng: np.random.Generator,
    *,
    rhythm: Sequence[tuple[float, float]] = ((0, 1.5), (1.5, 0.5), (2, 2), (4, 3)),
    leap: int = 2,
    phrase: int = 2,
) -> list[Note]:
    """A tune: one rhythm of ``phrase`` bars, answered and brought home.

    Strong beats take a tone of the chord, the others step through the scale; the contour of the
    first phrase comes back, so that it can be remembered; the last phrase of a part ends on the chord.
    """
    scale = in_scale(piece.tonic, piece.scale, layer.low, layer.high)
    contour = rng.integers(-leap, leap + 1, size=len(rhythm))
    answer = np.where(rng.random(len(rhythm)) < 0.35, -contour, contour)
    notes: list[Note] = []
    at = len(scale) // 2
    for run in runs(piece, layer):
        for i in range(0, len(run.chords), phrase):
            last = i + phrase >= len(run.chords)
            for k, (beat, length) in enumerate(rhythm):
                bar = i + int(beat // BEATS_A_BAR)
                if bar >= len(run.chords):
                    break
                move = (contour if (i // phrase) % 2 == 0 else answer)[k]
                at = int(np.clip(at + move, 1, len(scale) - 2))
                if beat % 2 == 0 or (last and k == len(rhythm) - 1):
                    at = _to_chord(scale, at, run.chords[bar].classes(piece.tonic))
                start = (run.first + i) * BEATS_A_BAR + beat
                accent = 1.0 if beat % 4 == 0 else 0.86
                notes.append(Note(start, length * 0.98, scale[at], _velocity(run.loud, accent)))
    return notes


def _to_chord(scale: Sequence[int], at: int, classes: Sequence[int]) -> int:
    """The place in the scale nearest to ``at`` that belongs to the chord; ``at`` where none does."""
    near = [i for i, p in enumerate(scale) if p % 12 in classes]
    return min(near, key=lambda i: (abs(i - at), i), default=at)


def drops(
    piece: Piece,
    layer: Layer,
    rng: np.random.Generator,
    *,
    chance: float = 0.35,
    step: float = 1.0,
    length: float = 3.0,
) -> list[Note]:
    """Single tones of the chord, here and there, left to ring."""
    notes = []
    for run in runs(piece, layer):
        for i, harmony in enumerate(run.chords):
            classes = harmony.classes(piece.tonic)
            tones = [p for p in range(layer.low, layer.high + 1) if p % 12 in classes]
            for k in range(round(BEATS_A_BAR / step)):
                if (i == 0 and k == 0) or rng.random() < chance:
                    pitch = int(rng.choice(tones))
                    accent = float(rng.uniform(0.6, 1.0))
                    notes.append(
                        Note((run.first + i) * BEATS_A_BAR + k * step, length, pitch, _velocity(run.loud, accent))
                    )
    return notes


def drums(
    piece: Piece,
    layer: Layer,
    rng: np.random.Generator,
    *,
    kit: Sequence[tuple[int, Sequence[float], float]] = (),
    fill: Sequence[tuple[int, float, float]] = (),
) -> list[Note]:
    """``kit``: (drum, beats, accent) every bar; ``fill``: (drum, beat, accent) in the last bar of a part."""
    notes = []
    for run in runs(piece, layer):
        for i in range(len(run.chords)):
            start = (run.first + i) * BEATS_A_BAR
            for drum, beats, accent in kit:
                for beat in beats:
                    wobble = 1 + 0.06 * float(rng.standard_normal())
                    notes.append(Note(start + beat, 0.25, drum, _velocity(run.loud, accent * wobble)))
            if i == len(run.chords) - 1:
                notes += [Note(start + beat, 0.25, drum, _velocity(run.loud, accent)) for drum, beat, accent in fill]
    return notes


PATTERNS: Final[dict[str, Pattern]] = {
    "pad": pad, "drone": drone, "ostinato": ostinato, "bass": bass, "stabs": stabs,
    "melody": melody, "drops": drops, "drums": drums,
}  # fmt: skip


def play(piece: Piece) -> list[list[Note]]:
    """The notes of each layer, in the order of the layers; the same for the same seed."""
    return [
        PATTERNS[layer.pattern](piece, layer, np.random.default_rng((piece.seed, i)), **layer.options)
        for i, layer in enumerate(piece.layers)
    ]
