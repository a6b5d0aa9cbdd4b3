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

from emotion.labels import EMOTIONS
from recommender.cues.evidence import leading, plane
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
SIDED: Final = 0.1
"""From here on a cue wants one side of an axis; in doubt it lies near the middle, and where it lies still counts."""
OTHER_SIDE: Final = 0.3
"""Distance added, for each axis, to a track that lies :data:`CLEARLY` or more on the other side than the cue wants."""
CLEARLY: Final = 0.1
CALLED_OTHERWISE: Final = 0.15
"""Distance added to a track whose maker names an emotion that the cue is least likely of."""
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


@dataclass(frozen=True, eq=False)
class Course:
    """What the clip shows along its time: ``times`` in order, shape (n,), and running sums of valence and energy."""

    times: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]
    """Shape (n + 1, 2): the sums of all that lie before."""

    @classmethod
    def of(cls, sheet: CueSheet) -> Course:
        there = [(m.segment.middle_s, s) for m in sheet.moments if (s := leading(m)) is not None]
        there.sort(key=lambda at: at[0])
        values = plane(np.array([s.probs for _, s in there]).reshape(-1, len(EMOTIONS)))[0]
        return cls(np.array([t for t, _ in there]), np.concatenate([np.zeros((1, 2)), np.cumsum(values, axis=0)]))

    def near(self, middles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The mean within :data:`STEP_S` of each time, shape (k, 2); nan where nothing is read."""
        first = np.searchsorted(self.times, middles - STEP_S, side="left")
        last = np.searchsorted(self.times, middles + STEP_S, side="right")
        count = (last - first)[:, None]
        mean = (self.total[last] - self.total[first]) / np.maximum(count, 1)
        return np.where(count > 0, mean, np.nan)


def wanted(sheet: CueSheet, cue: Cue, read: Course | None = None) -> npt.NDArray[np.float64] | None:
    """What the cue's music should do: valence and energy every 3 s, shape (k, 2); None where it wants none.

    The clip's own course, moved to where the cue's direction wants it (a contrast's is turned over). ``read`` is
    that of the sheet, where several cues are asked for.
    """
    direction = cue.direction
    if direction.advice == "none" or direction.valence is None or direction.energy is None:
        return None
    goal = np.array([direction.valence, direction.energy])
    length_s = float(cue.length)
    k = max(1, round(length_s / STEP_S))
    if direction.advice == "light":
        return np.tile(goal, (k, 1))
    course = (read or Course.of(sheet)).near(float(cue.start) + (np.arange(k) + 0.5) * length_s / k)
    known = np.isfinite(course[:, 0])
    if not known.any():
        return np.tile(goal, (k, 1))
    for axis in (0, 1):
        course[:, axis] = np.interp(np.arange(k), np.flatnonzero(known), course[known, axis])
    course -= course.mean(axis=0)
    if cue.intent == "contrast":
        course[:, 0] *= -1  # the unhappier the clip becomes, the happier what contrasts with it
    return np.clip(course + goal, -1, 1)


def rank(
    sheet: CueSheet,
    shelf: Shelf,
    *,
    wish: Wish | None = None,
    count: int = ALTERNATIVES,
    kept: Mapping[int, Sequence[str]] | None = None,
) -> dict[int, tuple[Part, ...]]:
    """For each cue that wants music, its best tracks with their best parts, nearest first.

    ``kept``: cues that have their tracks already, by id, with the ids of these; they get none anew, and what
    they have is not put under another cue where another will do.
    """
    facts, kept, read = shelf.facts, kept or {}, Course.of(sheet)
    rows = {t.id: i for i, t in enumerate(shelf.tracks)} if kept else {}
    keep = facts.mask(wish or Wish())
    base = np.where(facts.here, 0.0, ELSEWHERE) + np.where(facts.measured, 0.0, BY_WORDS)
    used: dict[int, float] = {}
    out: dict[int, tuple[Part, ...]] = {}
    for cue in sheet.cues:
        if cue.id in kept:
            first_row = next((rows[id] for id in kept[cue.id] if id in rows), None)
            if first_row is not None:
                used[first_row] = AGAIN
            continue
        course = wanted(sheet, cue, read)
        if course is None or not keep.any():
            out[cue.id] = ()
            continue
        distance, first = nearest(shelf.curves, course, keep)
        score = distance + base + _for_cue(facts, cue) + _across(shelf.curves.means, course.mean(axis=0))
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
    if cue.intent == "match" and cue.direction.advice == "music" and cue.scores is not None:
        # What its maker calls wonder is no music for a scene that is perhaps angry, though a part of it sounds alike.
        likely = np.array(cue.scores.probs) / max(cue.scores.probs)
        cost += np.where(facts.called < 0, 0.0, CALLED_OTHERWISE * (1 - likely[facts.called]))
    return cost


def _across(means: npt.NDArray[np.floating], goal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What tracks on another side of the plane cost, shape (n,)."""
    side = np.where(np.abs(goal) < SIDED, 0.0, np.sign(goal))
    return OTHER_SIDE * np.clip(-means * side / CLEARLY, 0.0, 1.0).sum(axis=1)


def _part(shelf: Shelf, i: int, distance: float, first: int, length_s: float) -> Part:
    track = shelf.tracks[i]
    start_s = first * STEP_S
    end_s = start_s + length_s
    if track.duration_s is not None:
        end_s = min(end_s, track.duration_s)
        start_s = max(0.0, min(start_s, end_s - 1.0))
    return Part(track, round(distance, 4), round(start_s, 3), round(end_s, 3))
