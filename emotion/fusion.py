"""Late fusion: what voice and face say apart becomes one distribution, by the rules written here.

1. Weights. A modality counts by how reliable its model was on held-out people (``RELIABILITY``,
   its UAR there) times how decided it is now: 1 minus its normalised entropy, floored, so that an
   undecided modality does not blur a decided one.
2. Combination. Weighted product of probabilities (log-linear pool), each first mixed with a little
   uniform doubt so that no modality alone can rule an emotion out.
3. Calm. No face data set here labels calm, so the face gives it no probability of its own. A calm
   face is read as neutral; the voice tells the two apart. Before pooling, the face's neutral is
   divided between neutral and calm in the voice's proportion. With no voice, it stays neutral.
4. Missing. One modality alone is taken as it is; none gives None.
5. Disagreement. Jensen-Shannon divergence in bits, in [0, 1], after rule 3: Lin (1991), "Divergence
   measures based on the Shannon entropy", IEEE Trans. Information Theory 37(1), 145-151.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from emotion.labels import INDEX
from emotion.timeline import EmotionScores, Verdict

DECIDED_FLOOR: Final = 0.25
DOUBT: Final = 0.02
AGREE_BELOW: Final = 0.2
DISAGREE_FROM: Final = 0.4
"""Bits of divergence: under the first voice and face agree, from the second on they disagree."""

Accord = Literal["agree", "differ", "disagree"]

NEUTRAL, CALM = INDEX["neutral"], INDEX["calm"]


@dataclass(frozen=True, slots=True)
class Reliability:
    """UAR of each model on people it was not trained on, from its metrics.json; in (0, 1]."""

    voice: float
    face: float


def share_neutral(face: EmotionScores, voice: EmotionScores) -> EmotionScores:
    """Rule 3: of the face's neutral, the part that the voice calls calm becomes calm."""
    probs = face.as_array()
    still = probs[NEUTRAL] + probs[CALM]
    probs[CALM], probs[NEUTRAL] = still * voice["calm"], still * (1 - voice["calm"])
    return EmotionScores.from_array(probs)


def fuse(voice: EmotionScores | None, face: EmotionScores | None, reliability: Reliability) -> EmotionScores | None:
    """Both together by rules 1 to 4; None where neither speaks."""
    if voice is None or face is None:
        return voice or face
    sides = (voice.as_array(), share_neutral(face, voice).as_array())
    weights = np.array([reliability.voice, reliability.face]) * [_decided(p) for p in sides]
    weights /= weights.sum()
    log_pool = sum(w * np.log((1 - DOUBT) * p + DOUBT / len(p)) for w, p in zip(weights, sides, strict=True))
    pooled = np.exp(log_pool - np.max(log_pool))
    return EmotionScores.from_array(pooled / pooled.sum())


def disagreement(voice: EmotionScores | None, face: EmotionScores | None) -> float | None:
    """Rule 5: 0 where both say the same, 1 where they share nothing; None where one is missing."""
    if voice is None or face is None:
        return None
    p, q = voice.as_array(), share_neutral(face, voice).as_array()
    middle = (p + q) / 2
    return float(np.clip(_entropy(middle) - (_entropy(p) + _entropy(q)) / 2, 0.0, 1.0))


def _entropy(p: npt.NDArray[np.float64]) -> float:
    """In bits."""
    positive = p[p > 0]
    return float(-(positive * np.log2(positive)).sum())


def _decided(p: npt.NDArray[np.float64]) -> float:
    return max(DECIDED_FLOOR, 1 - _entropy(p) / float(np.log2(len(p))))


def accord(differ: float) -> Accord:
    """What a divergence in bits is called; between the two bounds the sides differ in part."""
    return "agree" if differ < AGREE_BELOW else "disagree" if differ >= DISAGREE_FROM else "differ"


def verdict_of_both(
    voice: EmotionScores | None,
    face: EmotionScores | None,
    reliability: Reliability,
    thresholds: tuple[float, float],
) -> tuple[Verdict | None, float | None]:
    """The verdict on the whole clip, and how far voice and face differ.

    It is sure when it passes the threshold of the modality that spoke (the higher one of both), at
    least one of them is sure by itself (two doubts do not add up to certainty), and the two do not
    disagree (calibrated confidence alone cannot tell which of two sure ones is right).
    """
    fused = fuse(voice, face, reliability)
    if fused is None:
        return None, None
    differ = disagreement(voice, face)
    spoken = [(side, t) for side, t in zip((voice, face), thresholds, strict=True) if side is not None]
    sure = (
        fused.confidence >= max(t for _, t in spoken)
        and any(side.confidence >= t for side, t in spoken)
        and (differ or 0.0) < DISAGREE_FROM
    )
    return Verdict(fused, sure), differ
