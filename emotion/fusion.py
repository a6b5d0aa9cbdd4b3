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
6. Sure. A side is sure by its own threshold, the answer passes that threshold as well, and no side contradicts: each
   gives the answer at least half of what it gives its own first choice (``CONTRADICTS``). An undecided voice is no
   objection. How often that is right, on left-out voices with faces: docs/fusion.md.
"""

from __future__ import annotations

from collections.abc import Sequence
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

CONTRADICTS: Final = 0.5
"""A side that gives the answer less than this part of its own first choice contradicts it."""

Accord = Literal["agree", "differ", "disagree"]

Rows = npt.NDArray[np.float64]

NEUTRAL, CALM = INDEX["neutral"], INDEX["calm"]


@dataclass(frozen=True, slots=True)
class Reliability:
    """UAR of each model on people it was not trained on, from its metrics.json; in (0, 1]."""

    voice: float
    face: float


def share_neutral(face: EmotionScores, voice: EmotionScores) -> EmotionScores:
    """Rule 3: of the face's neutral, the part that the voice calls calm becomes calm."""
    return EmotionScores.from_array(_shared(face.as_array(), voice.as_array()))


def fuse(voice: EmotionScores | None, face: EmotionScores | None, reliability: Reliability) -> EmotionScores | None:
    """Both together by rules 1 to 4; None where neither speaks."""
    return fuse_each([voice], [face], reliability)[0][0]


def disagreement(voice: EmotionScores | None, face: EmotionScores | None) -> float | None:
    """Rule 5: 0 where both say the same, 1 where they share nothing; None where one is missing."""
    return fuse_each([voice], [face], Reliability(1.0, 1.0))[1][0]


def fuse_each(
    voices: Sequence[EmotionScores | None], faces: Sequence[EmotionScores | None], reliability: Reliability
) -> tuple[list[EmotionScores | None], list[float | None]]:
    """:func:`fuse` and :func:`disagreement` of each pair, all pairs at once."""
    fused = [voice or face for voice, face in zip(voices, faces, strict=True)]
    differ: list[float | None] = [None] * len(fused)
    both = [(i, v, f) for i, (v, f) in enumerate(zip(voices, faces, strict=True)) if v is not None and f is not None]
    if both:
        p = np.array([v.probs for _, v, _ in both])
        q = _shared(np.array([f.probs for _, _, f in both]), p)
        pooled, divergence = _pooled(p, q, reliability), _divergence(p, q)
        for (i, _, _), row, d in zip(both, pooled, divergence.tolist(), strict=True):
            fused[i], differ[i] = EmotionScores.from_array(row), d
    return fused, differ


def _shared(face: Rows, voice: Rows) -> Rows:
    """Rule 3 on arrays of shape (..., 8)."""
    probs = face.copy()
    still = face[..., NEUTRAL] + face[..., CALM]
    probs[..., CALM], probs[..., NEUTRAL] = still * voice[..., CALM], still * (1 - voice[..., CALM])
    return probs


def _pooled(p: Rows, q: Rows, reliability: Reliability) -> Rows:
    """Rules 1 and 2: (n, 8) of the voice and (n, 8) of the face give (n, 8)."""
    sides = np.stack([p, q])
    weights = np.array([[reliability.voice], [reliability.face]]) * _decided(sides)
    weights /= weights.sum(axis=0)
    logs = np.log((1 - DOUBT) * sides + DOUBT / sides.shape[-1])
    log_pool = (weights[..., None] * logs).sum(axis=0)
    return np.exp(log_pool - log_pool.max(axis=-1, keepdims=True))


def _divergence(p: Rows, q: Rows) -> Rows:
    """Rule 5, shape (n,)."""
    return np.clip(_entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2, 0.0, 1.0)


def _entropy(p: Rows) -> Rows:
    """In bits, over the last axis."""
    return -(p * np.log2(np.where(p > 0, p, 1.0))).sum(axis=-1)


def _decided(p: Rows) -> Rows:
    return np.maximum(DECIDED_FLOOR, 1 - _entropy(p) / np.log2(p.shape[-1]))


def accord(differ: float, *, sure: bool = False) -> Accord:
    """What a divergence in bits is called; between the two bounds the sides differ in part.

    Where both together are ``sure``, no side contradicts: one is undecided, and that is no disagreement.
    """
    if sure:
        return "agree" if differ < AGREE_BELOW else "differ"
    return "agree" if differ < AGREE_BELOW else "disagree" if differ >= DISAGREE_FROM else "differ"


def verdict_of_both(
    voice: EmotionScores | None,
    face: EmotionScores | None,
    reliability: Reliability,
    thresholds: tuple[float, float],
) -> tuple[Verdict | None, float | None]:
    """The verdict on the whole clip, and how far voice and face differ.

    It is sure by rule 6: it passes the threshold of a modality that is sure by itself (two doubts do not add up
    to certainty), and neither contradicts (calibrated confidence alone cannot tell which of two sure ones is right).
    """
    fused = fuse(voice, face, reliability)
    if fused is None:
        return None, None
    differ = disagreement(voice, face)
    spoken = [(side, t) for side, t in zip((voice, face), thresholds, strict=True) if side is not None]
    sure = any(min(side.confidence, fused.confidence) >= t for side, t in spoken)
    sure = sure and not _contradicted(fused, voice, face)
    return Verdict(fused, sure), differ


def _contradicted(fused: EmotionScores, voice: EmotionScores | None, face: EmotionScores | None) -> bool:
    if voice is None or face is None:
        return False
    sides = (voice, share_neutral(face, voice))
    return any(side[fused.label] < CONTRADICTS * side.confidence for side in sides)
