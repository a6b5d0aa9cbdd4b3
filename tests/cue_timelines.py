"""Timelines made for the tests of the cue sheet: moods of known length, each reading blurred at random."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline

NTSC = Fraction(30000, 1001)


def scores(emotion: str, p: float = 0.7) -> EmotionScores:
    """``p`` on one emotion, the rest alike."""
    return EmotionScores.from_array([p if e == emotion else (1 - p) / 7 for e in EMOTIONS])


def timeline(
    parts: Sequence[tuple[str | None, int]],
    *,
    rate: Fraction | None = Fraction(25),
    blur: float = 0.3,
    seed: int = 0,
    rest_s: float = 0.0,
    name: str = "talk.mp4",
) -> Timeline:
    """One moment a second: (emotion, seconds) after another, None where nobody speaks and no face is seen."""
    rng = np.random.default_rng(seed)
    moments: list[Moment] = []
    speech: list[Segment] = []
    for emotion, seconds in parts:
        for _ in range(seconds):
            here = Segment(float(len(moments)), len(moments) + 1.0)
            if emotion is None:
                moments.append(Moment(here))
                continue
            mixed = (1 - blur) * scores(emotion, 0.8).as_array() + blur * rng.dirichlet(np.ones(len(EMOTIONS)))
            read = EmotionScores.from_array(mixed)
            moments.append(Moment(here, voice=read, fused=read))
            speech.append(here)
    joined: list[Segment] = []
    for s in speech:
        if joined and joined[-1].end_s == s.start_s:
            joined[-1] = Segment(joined[-1].start_s, s.end_s)
        else:
            joined.append(s)
    clip = Clip(name, len(moments) + rest_s, 16000, rate, 640, 360)
    return Timeline(clip, tuple(moments), speech=tuple(joined))
