"""Windows of voice and sightings of faces, brought onto one grid of equal steps. Linear in the clip's length.

1. The voice of a step is the mean of the windows that cover half of it, those centred near it counting most.
2. A picture counts until the next one: a face is seen from its picture's time to the next picture that was read.
3. At each step one face is shown: the one that speaks, where that can be told, else the largest, whoever it is.
   Of two about as large the one shown just now stays, so that the row does not flicker.
4. Where a step shows no face, one that was seen just before or after it still speaks for it (a blink, a short loss).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.fusion import Reliability, fuse_each
from emotion.labels import EMOTIONS
from emotion.timeline import Affect, Clip, EmotionScores, FaceTrack, Moment, Segment

Floats = npt.NDArray[np.float64]
Scores = list[EmotionScores | None]
Affects = Callable[[Sequence[EmotionScores | None]], Sequence[Affect | None]]
"""What a voice reader says of pleasantness and energy, see ``VoiceReader.affects``."""

STEP_S: Final = 1.0
FACE_REACH_S: Final = 0.5
"""Rule 4 reaches so far."""
FRAME_S: Final = 0.2
"""How long a picture counts where nothing is known of the next one."""
MOVES: Final = 0.015
"""A mouth whose opening changes by more than this from picture to picture, on average, speaks: half way between the
0.022 of speech and the 0.007 of silence (assets/models/landmarks-facemesh-v1/metrics.json)."""
STAYS: Final = 1.15
"""Another face must be so many times as large to take the row over."""


@dataclass(frozen=True, eq=False)
class Shown:
    """The pictures that were read: when each came and until when it was on screen, both shape (n,), in order."""

    start_s: Floats
    end_s: Floats

    @classmethod
    def of(cls, times_s: Sequence[float], ends_s: Sequence[float | None], clip_end_s: float) -> Shown:
        """``ends_s`` may leave out what is not known: then the next picture ends it, or the clip."""
        start = np.array(times_s, np.float64)
        following = np.append(start[1:], max(clip_end_s, start[-1])) if len(start) else start
        known = np.array([np.nan if end is None else end for end in ends_s], np.float64)
        return cls(start, np.maximum(np.where(np.isnan(known), following, known), start))

    @classmethod
    def guessed(cls, tracks: Sequence[FaceTrack]) -> Shown:
        """From the sightings alone, where the pictures without a face are not known."""
        start = np.unique(np.array([s.time_s for t in tracks for s in t.sightings], np.float64))
        return cls(start, np.minimum(start + FRAME_S, np.append(start[1:], np.inf)))


@dataclass(frozen=True, eq=False)
class FaceRow:
    """Which face was shown at each step.

    Attributes:
        scores: a step each, None where no face was seen.
        whole: the mean over all that was shown; None where that is nothing.
        seen_s: how long a face was on screen.
    """

    scores: Scores
    whole: EmotionScores | None
    seen_s: float


def grid(duration_s: float, step_s: float = STEP_S) -> list[Segment]:
    """Steps that cover the clip; a rest shorter than half a step joins the last one."""
    count = max(1, math.floor(duration_s / step_s + 0.5))
    edges = [i * step_s for i in range(count)] + [max(duration_s, 1e-3)]
    return [Segment(a, b) for a, b in itertools.pairwise(edges)]


def of_clip(
    clip: Clip,
    windows: Sequence[tuple[Segment, EmotionScores]],
    tracks: Sequence[FaceTrack],
    reliability: Reliability,
    affects: Affects | None = None,
) -> tuple[Moment, ...]:
    """One moment a step. ``windows`` and the sightings of each track are in order of time."""
    steps = steps_of(clip, [w for w, _ in windows])
    return joined(steps, voice_row(steps, windows), face_row(steps, tracks).scores, reliability, affects)


def steps_of(clip: Clip, windows: Sequence[Segment]) -> list[Segment]:
    """The steps of a clip; speech may reach a little over the length that its file gives."""
    return grid(max([clip.duration_s, *(w.end_s for w in windows[-1:])]))


def joined(
    steps: Sequence[Segment], voice: Scores, face: Scores, reliability: Reliability, affects: Affects | None = None
) -> tuple[Moment, ...]:
    """Both rows as moments, with what they say together."""
    fused, differ = fuse_each(voice, face, reliability)
    plane = affects(voice) if affects else [None] * len(steps)
    return tuple(Moment(*row) for row in zip(steps, voice, face, fused, differ, plane, strict=True))


def voice_row(steps: Sequence[Segment], windows: Sequence[tuple[Segment, EmotionScores]]) -> Scores:
    """Rule 1, a step each."""
    if not windows:
        return [None] * len(steps)
    spans = np.array([(w.start_s, w.end_s) for w, _ in windows])
    over = _Overlaps.of(steps, spans[:, 0], spans[:, 1])
    least = np.minimum(STEP_S, over.length_s) / 2
    over = over.where(over.seconds >= least[over.step] - 1e-9)
    weights = over.seconds / (1.0 + np.abs(spans.mean(axis=1)[over.of_what] - over.middle_s[over.step]))
    return _means(over.step, weights, _stacked([s for _, s in windows])[over.of_what], len(steps))


def face_row(steps: Sequence[Segment], tracks: Sequence[FaceTrack], shown: Shown | None = None) -> FaceRow:
    """Rules 2 to 4. ``shown`` are the pictures that were read, where they are known."""
    sightings = [s for t in tracks for s in t.sightings]
    if not sightings:
        return FaceRow([None] * len(steps), None, 0.0)
    shown = shown if shown is not None and len(shown.start_s) else Shown.guessed(tracks)
    times = np.array([s.time_s for s in sightings])
    picture = np.clip(np.searchsorted(shown.start_s, times + 1e-6, side="right") - 1, 0, None)
    ends = np.maximum(shown.end_s[picture], times + 1e-3)
    owner = np.repeat(np.arange(len(tracks)), [len(t.sightings) for t in tracks])
    over = _Overlaps.of(steps, times, ends)
    area = np.array([s.box.area for s in sightings])
    chosen = _chosen(over, owner, area, _movement(tracks), len(steps), len(tracks))
    over = over.where(owner[over.of_what] == chosen[over.step])
    weights = np.array([s.weight for s in sightings])[over.of_what] * over.seconds
    probs = _stacked([s.scores for s in sightings])
    scores = _means(over.step, weights, probs[over.of_what], len(steps))
    whole = _means(np.zeros(len(weights), np.int64), weights, probs[over.of_what], 1)[0]
    _reach(scores, steps, over, times, ends, weights, probs)
    on_screen = np.unique(picture)
    return FaceRow(scores, whole, float((shown.end_s - shown.start_s)[on_screen].sum()))


def _movement(tracks: Sequence[FaceTrack]) -> Floats:
    """How much each sighting's mouth moves: the mean change to the pictures beside it, 0 where that is not known."""
    rows = [np.zeros(0)]
    for t in tracks:
        gaps = np.array([np.nan if s.mouth_open is None else s.mouth_open for s in t.sightings])
        near = np.diff([s.time_s for s in t.sightings]) <= 2 * FRAME_S
        change = np.where(near, np.abs(np.diff(gaps)), np.nan)
        beside = np.stack([np.append(np.nan, change), np.append(change, np.nan)])
        known = ~np.isnan(beside)
        rows.append(np.where(known, beside, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    return np.concatenate(rows)


def _chosen(
    over: _Overlaps, owner: npt.NDArray[np.int64], area: Floats, movement: Floats, steps: int, tracks: int
) -> npt.NDArray[np.int64]:
    """Rule 3: the track shown at each step, -1 where there is none."""
    # one row for each step and track that meet, in order of steps
    keys, back = np.unique(over.step * tracks + owner[over.of_what], return_inverse=True)
    seconds = np.bincount(back, over.seconds)
    size = np.bincount(back, over.seconds * area[over.of_what])
    moved = np.bincount(back, over.seconds * movement[over.of_what]) / np.maximum(seconds, 1e-9)
    step, track = keys // tracks, keys % tracks
    bounds = np.searchsorted(step, np.arange(steps + 1))
    chosen = np.full(steps, -1, np.int64)
    last = -1
    for i in range(steps):
        here = slice(int(bounds[i]), int(bounds[i + 1]))
        if here.start == here.stop:
            continue
        large = size[here] * np.where(track[here] == last, STAYS, 1.0)
        speaks = moved[here] >= MOVES
        rank = np.where(speaks, moved[here] * np.where(track[here] == last, STAYS, 1.0), 0.0) if speaks.any() else large
        last = chosen[i] = track[here][int(rank.argmax())]
    return chosen


def _reach(
    scores: Scores,
    steps: Sequence[Segment],
    over: _Overlaps,
    times: Floats,
    ends: Floats,
    weights: Floats,
    probs: Floats,
) -> None:
    """Rule 4, into ``scores``."""
    order = np.argsort(over.step, kind="stable")
    bounds = np.searchsorted(over.step[order], np.arange(len(steps) + 1))
    for i in [i for i, s in enumerate(scores) if s is None]:
        around = order[bounds[max(0, i - 1)] : bounds[min(len(steps), i + 2)]]
        what = over.of_what[around]
        segment = steps[i]
        near = (ends[what] > segment.start_s - FACE_REACH_S) & (times[what] < segment.end_s + FACE_REACH_S)
        if near.any():
            rows = around[near]
            scores[i] = _means(np.zeros(len(rows), np.int64), weights[rows], probs[over.of_what[rows]], 1)[0]


@dataclass(frozen=True, eq=False)
class _Overlaps:
    """Each meeting of a step with one of several spans: which step, which span, for how many seconds."""

    step: npt.NDArray[np.int64]
    of_what: npt.NDArray[np.int64]
    seconds: Floats
    length_s: Floats
    """Of each step."""
    middle_s: Floats

    @classmethod
    def of(cls, steps: Sequence[Segment], start_s: Floats, end_s: Floats) -> _Overlaps:
        edges = np.array([s.start_s for s in steps] + [steps[-1].end_s])
        first = np.clip(np.searchsorted(edges, start_s, side="right") - 1, 0, len(steps) - 1)
        last = np.clip(np.searchsorted(edges, end_s, side="left") - 1, first, len(steps) - 1)
        counts = last - first + 1
        of_what = np.repeat(np.arange(len(start_s)), counts)
        step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[of_what]
        seconds = np.minimum(edges[step + 1], end_s[of_what]) - np.maximum(edges[step], start_s[of_what])
        # what lies at the very end, or a little after it, still counts for the last step
        return cls(step, of_what, np.maximum(seconds, 1e-6), np.diff(edges), (edges[1:] + edges[:-1]) / 2)

    def where(self, wanted: npt.NDArray[np.bool_]) -> _Overlaps:
        return _Overlaps(self.step[wanted], self.of_what[wanted], self.seconds[wanted], self.length_s, self.middle_s)


def _stacked(scores: Sequence[EmotionScores]) -> Floats:
    return np.array([s.probs for s in scores], np.float64).reshape(len(scores), len(EMOTIONS))


def _means(step: npt.NDArray[np.int64], weights: Floats, probs: Floats, steps: int) -> Scores:
    """The weighted mean of each step's rows; None where it has none. Weights that sum to 0 count as equal."""
    counts = np.bincount(step, minlength=steps)
    totals = np.bincount(step, weights, minlength=steps)
    weights = np.where(totals[step] > 0, weights, 1.0)
    sums = np.stack([np.bincount(step, weights * column, minlength=steps) for column in probs.T], axis=1)
    return [EmotionScores.from_array(row) if n else None for row, n in zip(sums, counts.tolist(), strict=True)]
