"""A timeline as a visitor reads it: "this is not sad"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emotion.errors import UnknownEmotion
from emotion.labels import EMOTIONS, INDEX
from emotion.timeline import EmotionScores, Moment, Timeline, Verdict


def corrected(timeline: Timeline, shown: str, right: str) -> Timeline:
    """The timeline in which ``right`` has what was given to ``shown``, at every moment and on each side.

    What else the clip expresses stays, so music that follows the clip still turns where it turns.

    Raises:
        UnknownEmotion: not one of the eight.
    """
    for name in (shown, right):
        if name not in EMOTIONS:
            raise UnknownEmotion(emotion=name, known=", ".join(EMOTIONS))
    if shown == right:
        return timeline

    def scores(given: EmotionScores | None) -> EmotionScores | None:
        if given is None:
            return None
        probs = given.as_array()
        probs[INDEX[right]] += probs[INDEX[shown]]
        probs[INDEX[shown]] = 0.0
        return EmotionScores.from_array(np.maximum(probs, 0.0))

    def verdict(given: Verdict | None) -> Verdict | None:
        return None if given is None else replace(given, scores=scores(given.scores))

    def moment(m: Moment) -> Moment:
        return replace(m, voice=scores(m.voice), face=scores(m.face), fused=scores(m.fused), affect=None)

    return replace(
        timeline,
        voice=verdict(timeline.voice),
        face=verdict(timeline.face),
        fused=verdict(timeline.fused),
        moments=tuple(moment(m) for m in timeline.moments),
    )
