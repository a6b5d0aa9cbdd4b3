"""Pieces that people wrote down: piano arrangements of game music with the beats that their authors chose.

VGMIDI (Ferreira and Whitehead 2019; repository lucasnfe/vgmidi, folder ``labelled/midi``): what is a
beat in them, and not half of one or two, is a person's judgement. Used are those whose notes stand on
their beats, in quarters, at a tempo that hardly changes. Nothing of them is shipped.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import mido
import numpy as np

from recommender.training.rendered import Piece

SECONDS: Final = 34.0
ON_THE_BEAT: Final = 0.9
"""Share of the notes that must begin on a sixteenth or on a triplet."""
SLIP: Final = 0.08
CHANGE: Final = 1.25
"""The fastest beat over the slowest one."""
SLOWEST_BPM, FASTEST_BPM = 55.0, 190.0
FEWEST_BEATS: Final = 16


@dataclass(frozen=True, slots=True)
class Written:
    """The truth of a piece, its game series (pieces of one are kept together), and the MIDI file to play."""

    piece: Piece
    series: str
    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class _Events:
    """Places in ticks: tempo changes (place, microseconds a beat), beginnings of notes, beats a bar and their unit."""

    tempi: list[tuple[int, int]]
    notes: np.ndarray
    metre: tuple[int, int]


def written(root: Path) -> Iterator[Written]:
    """The usable pieces, in the order of their names."""
    for path in sorted((root / "labelled" / "midi").glob("*.mid")):
        try:
            midi = mido.MidiFile(path)
        except (OSError, ValueError, KeyError):
            continue  # a few of the set's files are broken
        events = _events(midi)
        beats = _beats(events, midi.ticks_per_beat) if _usable(events, midi.ticks_per_beat) else []
        steps = np.diff(beats)
        if len(steps) < FEWEST_BEATS or steps.max() / steps.min() > CHANGE:
            continue
        bpm = float(60 / np.median(steps))
        if SLOWEST_BPM <= bpm <= FASTEST_BPM:
            times = tuple(round(float(b), 4) for b in beats)
            piece = Piece(path.stem, "written", False, times, times[:: events.metre[0]], bpm, "", "major")
            content = io.BytesIO()
            midi.save(file=content)
            yield Written(piece, path.stem.split("_")[0], content.getvalue())


def tempo_changes(midi: mido.MidiFile) -> list[tuple[int, int]]:
    """In order of time, each as its place in ticks and microseconds a beat; before the first it is 500,000."""
    changes = []
    for track in midi.tracks:
        at = 0
        for message in track:
            at += message.time
            if message.type == "set_tempo":
                changes.append((at, message.tempo))
    return sorted(changes)


def _events(midi: mido.MidiFile) -> _Events:
    notes, metres = [], []
    for track in midi.tracks:
        at = 0
        for message in track:
            at += message.time
            if message.type == "time_signature":
                metres.append((at, message.numerator, message.denominator))
            elif message.type == "note_on" and message.velocity:
                notes.append(at)
    metres.sort()
    return _Events(tempo_changes(midi), np.array(notes), metres[0][1:] if metres else (4, 4))


def _usable(events: _Events, ticks: int) -> bool:
    if not events.tempi or len(events.notes) == 0 or events.metre[1] != 4 or events.metre[0] not in (2, 3, 4):
        return False
    fourths, thirds = (events.notes / ticks * n % 1 for n in (4, 3))
    on = (np.minimum(fourths, 1 - fourths) < SLIP) | (np.minimum(thirds, 1 - thirds) < SLIP)
    return bool(on.mean() >= ON_THE_BEAT)


def _beats(events: _Events, ticks: int) -> list[float]:
    """Times of the beats within the first :data:`SECONDS`."""
    changes = [*events.tempi, (2**62, 0)]
    beats: list[float] = []
    at_s, last, pace, k = 0.0, 0, 500_000, 0
    while at_s < SECONDS and len(beats) * ticks <= events.notes.max():
        target = len(beats) * ticks
        while changes[k][0] <= target:
            at_s += (changes[k][0] - last) / ticks * pace / 1e6
            last, pace = changes[k]
            k += 1
        at_s += (target - last) / ticks * pace / 1e6
        last = target
        beats.append(at_s)
    return beats
