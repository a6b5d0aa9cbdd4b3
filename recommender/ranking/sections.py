"""Cuts a timeline where the expressed emotion changes, so that each stretch gets its own songs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from emotion.timeline import EmotionScores, Moment, Segment, Timeline
from recommender.ranking.picks import Modality

SHORTEST_S: Final = 2.0
"""A change that lasts less is no change of music: it joins the stretch before it (or after it)."""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the clip with one leading emotion.

    ``probs`` and ``weights``: one row a moment, shapes (m, 8) and (m,); the weights are the moments'
    durations and sum to 1. ``modality`` is the side that shows the leading emotion ("fused": both).
    ``voice`` and ``face`` are what each side shows most, None where it says nothing; ``heard_s`` the
    seconds in which something is read.
    """

    segment: Segment
    probs: np.ndarray
    weights: np.ndarray
    modality: Modality
    heard_s: float
    voice: str | None = None
    face: str | None = None

    @property
    def scores(self) -> EmotionScores:
        """The stretch's mean distribution."""
        return EmotionScores.from_array(self.weights @ self.probs)


def sections(timeline: Timeline, modality: Modality = "fused") -> list[Section]:
    """The stretches of a timeline in order; one over the whole clip where it has no moments.

    ``modality`` says whose emotion counts; "fused" falls back on the side there is. Empty where
    that side says nothing at all.
    """
    heard = [(m, s) for m in timeline.moments if (s := _of(m, modality)) is not None]
    if not heard:
        verdict = (timeline.best if modality == "fused" else None) or getattr(timeline, modality)
        if verdict is None:
            return []
        whole = Segment(0.0, max(timeline.clip.duration_s, 0.0))
        sides = [None if v is None else v.scores for v in (timeline.voice, timeline.face)]
        heard = [(Moment(whole, voice=sides[0], face=sides[1], fused=verdict.scores), verdict.scores)]
    return [_section(run, modality) for run in _runs(heard)]


def _of(moment: Moment, modality: Modality) -> EmotionScores | None:
    if modality == "fused":
        return moment.fused or moment.voice or moment.face
    return getattr(moment, modality)


Run = list[tuple[Moment, EmotionScores]]


def _runs(heard: Run) -> list[Run]:
    """Neighbours with one label together, stretches that are too short joined to another."""
    runs: list[Run] = []
    for moment, scores in heard:
        if runs and runs[-1][-1][1].label == scores.label:
            runs[-1].append((moment, scores))
        else:
            runs.append([(moment, scores)])
    merged: list[Run] = []
    for run in runs:
        joins = merged and (_duration_s(run) < SHORTEST_S or _label(merged[-1]) == _label(run))
        if joins:
            merged[-1] += run
        else:
            merged.append(run)
    if len(merged) > 1 and _duration_s(merged[0]) < SHORTEST_S:
        merged[:2] = [merged[0] + merged[1]]
    return merged


def _duration_s(run: Run) -> float:
    """Seconds in which something is read: a silence between two words of one mood is none of them."""
    return sum(m.segment.duration_s for m, _ in run)


def _label(run: Run) -> str:
    return EmotionScores.mean([s for _, s in run], [m.segment.duration_s for m, _ in run]).label


def _section(run: Run, modality: Modality) -> Section:
    durations = np.array([max(m.segment.duration_s, 1e-6) for m, _ in run])
    return Section(
        Segment(run[0][0].segment.start_s, max(m.segment.end_s for m, _ in run)),
        np.array([s.probs for _, s in run]),
        durations / durations.sum(),
        modality if modality != "fused" else _side(run, _label(run)),
        _duration_s(run),
        *(_shown(run, side) for side in ("voice", "face")),
    )


def _shown(run: Run, side: str) -> str | None:
    """What a side shows most in a run; None where it says nothing."""
    said = [(s, m.segment.duration_s) for m, _ in run if (s := getattr(m, side)) is not None]
    return EmotionScores.mean([s for s, _ in said], [d for _, d in said]).label if said else None


def _side(run: Run, label: str) -> Modality:
    """Which side alone shows the label of the run; "fused" where both do or none does."""
    agree = {side: _shown(run, side) == label for side in ("voice", "face")}
    if agree["voice"] != agree["face"]:
        return "voice" if agree["voice"] else "face"
    return "fused"
