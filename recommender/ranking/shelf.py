"""Music that may be used, ranked for each cue of a sheet: which track, and which part of it.

The distance is that of curves (:mod:`parts`); on top come variety (no track under two cues where
another will do) and what the editor asks for: a use that the licence must allow, voices or none, a tempo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.cues.evidence import leading
from recommender.cues.sheet import Cue, CueSheet
from recommender.library.track_sound import TrackSound
from recommender.ranking.parts import STEP_S, Curves, nearest
from recommender.songs.facts import Facts, Wish
from recommender.songs.usable import Usable

__all__ = ["Part", "Shelf", "Wish", "rank", "wanted"]

ALTERNATIVES: Final = 3
AGAIN: Final = 0.25
"""Distance added to a track that stands under another cue already."""
SAME_ARTIST: Final = 0.05
ELSEWHERE: Final = 0.03
"""Distance added to a track whose sound must be fetched first: what is here is heard at once."""
BY_WORDS: Final = 0.1
"""Distance added to a track known by its maker's words alone."""
TEMPO_SLACK: Final = 0.04
"""A tempo a little outside of a cue's range is in it."""
OUT_OF_TEMPO: Final = 0.15
SINGS: Final = 0.3
"""Distance added to a song under speech: two texts at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """A track for a cue: ``start_s`` to ``end_s`` of it fits best."""

    track: Usable
    distance: float
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class Shelf:
    """Tracks in order, with their curves; a track without a curve counts as its one point.

    Tracks with no place on the plane at all are left out.
    """

    tracks: tuple[Usable, ...]
    curves: Curves
    facts: Facts

    @classmethod
    def of(cls, tracks: Sequence[Usable], sounds: Mapping[str, TrackSound] | None = None) -> Shelf:
        """The tracks, and what is known of their sound by id."""
        sounds = sounds or {}
        placed, curves = [], []
        for track in tracks:
            sound = sounds.get(track.id)
            if sound is not None and sound.valence_curve:
                curves.append((sound.valence_curve, sound.energy_curve))
            elif track.valence is not None and track.energy is not None:
                curves.append(((track.valence,), (track.energy,)))
            else:
                continue
            placed.append(track)
        return cls(tuple(placed), Curves.of(curves), Facts.of(placed))

    def __len__(self) -> int:
        return len(self.tracks)


def wanted(sheet: CueSheet, cue: Cue) -> npt.NDArray[np.float64] | None:
    """What the cue's music should do: valence and energy every 3 s, shape (k, 2); None where it wants none.

    The clip's own course, moved to where the cue's direction wants it.
    """
    direction = cue.direction
    if direction.advice == "none" or direction.valence is None or direction.energy is None:
        return None
    goal = np.array([direction.valence, direction.energy])
    length_s = float(cue.length)
    k = max(1, round(length_s / STEP_S))
    if direction.advice == "light":
        return np.tile(goal, (k, 1))
    course = np.full((k, 2), np.nan)
    middles = float(cue.start) + (np.arange(k) + 0.5) * length_s / k
    for i, t in enumerate(middles):
        near = [s for m in sheet.moments if abs(m.segment.middle_s - t) <= STEP_S and (s := leading(m)) is not None]
        if near:
            course[i] = np.mean([(s.valence, s.arousal) for s in near], axis=0)
    known = np.isfinite(course[:, 0])
    if not known.any():
        return np.tile(goal, (k, 1))
    for axis in (0, 1):
        course[:, axis] = np.interp(np.arange(k), np.flatnonzero(known), course[known, axis])
    return np.clip(course - course.mean(axis=0) + goal, -1, 1)


def rank(
    sheet: CueSheet, shelf: Shelf, *, wish: Wish | None = None, count: int = ALTERNATIVES
) -> dict[int, tuple[Part, ...]]:
    """For each cue that wants music, its best tracks with their best parts, nearest first."""
    facts = shelf.facts
    keep = facts.mask(wish or Wish())
    base = np.where(facts.here, 0.0, ELSEWHERE) + np.where(facts.measured, 0.0, BY_WORDS)
    used: dict[int, float] = {}
    out: dict[int, tuple[Part, ...]] = {}
    for cue in sheet.cues:
        course = wanted(sheet, cue)
        if course is None or not keep.any():
            out[cue.id] = ()
            continue
        distance, first = nearest(shelf.curves, course, keep)
        score = distance + base + _for_cue(facts, cue)
        for i, more in used.items():
            score[i] += more
        chosen: list[int] = []
        for _ in range(min(count, int(np.isfinite(score).sum()))):
            i = int(np.argmin(score))
            chosen.append(i)
            score[i] = np.inf
            score[facts.artist == facts.artist[i]] += SAME_ARTIST
        out[cue.id] = tuple(_part(shelf, i, float(distance[i]), int(first[i]), float(cue.length)) for i in chosen)
        if chosen:
            used[chosen[0]] = AGAIN
    return out


def _for_cue(facts: Facts, cue: Cue) -> npt.NDArray[np.float64]:
    """What a track costs under this cue beside its curve, shape (n,): a tempo that does not suit, words over words."""
    cost = np.where(facts.vocals == 1, SINGS, 0.0) if cue.speech else np.zeros(len(facts.vocals))
    tempo = cue.direction.tempo_bpm
    if tempo is not None:
        low, high = tempo[0] * (1 - TEMPO_SLACK), tempo[1] * (1 + TEMPO_SLACK)
        felt = np.isnan(facts.tempo_bpm)
        for factor in (0.5, 1.0, 2.0):  # half and double time feel alike: 140 beats a minute may be felt as 70
            felt |= (facts.tempo_bpm * factor >= low) & (facts.tempo_bpm * factor <= high)
        cost += np.where(felt, 0.0, OUT_OF_TEMPO)
    return cost


def _part(shelf: Shelf, i: int, distance: float, first: int, length_s: float) -> Part:
    track = shelf.tracks[i]
    start_s = first * STEP_S
    end_s = start_s + length_s
    if track.duration_s is not None:
        end_s = min(end_s, track.duration_s)
        start_s = max(0.0, min(start_s, end_s - 1.0))
    return Part(track, round(distance, 4), round(start_s, 3), round(end_s, 3))
