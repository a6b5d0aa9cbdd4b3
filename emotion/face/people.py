"""Stretches to people, rules 2 to 4 of :mod:`emotion.face.track`: those of one person are joined, ghosts are dropped,
and what is read of a face is smoothed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from emotion.face import person
from emotion.face.stretch import Encoder, Stretch
from emotion.timeline import EmotionScores, Sighting

AT_ONCE: Final = 256
"""So many stretches are compared with each other; of more, neighbours first, then whom they were found to be."""
VECTORS: Final = 24
"""Looks that stand for a person of many stretches."""
FEW: Final = 3
CONFIDENT: Final = 0.8
DOUBTFUL: Final = 0.5
READABLE: Final = 0.5
SMOOTH_S: Final = 0.3
SMOOTH_REACH_S: Final = 1.0


def joined(stretches: list[Stretch], encoder: Encoder) -> list[Stretch]:
    """Rule 2: the stretches of one person become one."""
    clear = [t for t in stretches if t.clear]
    rest = [t for t in stretches if not t.clear]
    before = len(clear) + 1
    while AT_ONCE < len(clear) < before:
        before = len(clear)
        clear = [p for i in range(0, before, AT_ONCE) for p in _people(clear[i : i + AT_ONCE], encoder)]
    return [*_people(clear, encoder), *rest] if len(clear) > 1 else [*clear, *rest]


def _people(stretches: list[Stretch], encoder: Encoder) -> list[Stretch]:
    vectors = [t.looks(encoder) for t in stretches]
    groups = person.groups(vectors, [frozenset(s.time_s for s in t.sightings) for t in stretches])
    return [_one([stretches[i] for i in g]) for g in groups]


def _one(stretches: list[Stretch]) -> Stretch:
    if len(stretches) == 1:
        return stretches[0]
    sightings = sorted((s for t in stretches for s in t.sightings), key=lambda s: s.time_s)
    looks = sorted(((at_s, v) for t in stretches for at_s, v in t.vectors.items()), key=lambda look: look[0])
    some = dict(looks[:: max(1, -(-len(looks) // VECTORS))])
    return Stretch(sightings, sum(t.standing for t in stretches), live=False, vectors=some, settled=True)


def worth_keeping(sightings: list[Sighting]) -> bool:
    """Rule 3."""
    surest = max(s.confidence for s in sightings)
    readable = sum(s.weight for s in sightings) >= READABLE
    return readable and surest >= (DOUBTFUL if len(sightings) >= FEW else CONFIDENT)


def smooth(sightings: list[Sighting]) -> tuple[Sighting, ...]:
    """Rule 4, over sightings in order of time."""
    times = np.array([s.time_s for s in sightings])
    weights = np.array([s.weight for s in sightings])
    probs = np.array([s.scores.probs for s in sightings])
    first = np.searchsorted(times, times - SMOOTH_REACH_S)
    last = np.searchsorted(times, times + SMOOTH_REACH_S, side="right")
    out = []
    for i, s in enumerate(sightings):
        near = slice(int(first[i]), int(last[i]))
        w = weights[near] * np.exp(-0.5 * ((times[near] - s.time_s) / SMOOTH_S) ** 2)
        out.append(replace(s, scores=EmotionScores.from_array((w[:, None] * probs[near]).sum(axis=0) / w.sum())))
    return tuple(out)
