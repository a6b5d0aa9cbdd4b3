"""The eight expressed emotions: order, codes, colours, and where each lies on the valence-arousal plane.

The order is the order of every probability vector in this project.

Coordinates are the means in Russell & Mehrabian (1977), "Evidence for a three-factor theory of
emotions", J. Research in Personality 11, 273-294, pleasure and arousal columns, which are on
[-1, 1] as printed. Neutral is the origin by definition. See ``docs/mapping.md`` for the terms read.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Emotion:
    """One emotion of the RAVDESS vocabulary.

    ``code`` is the third field of a RAVDESS file name; ``colour`` and ``dash`` and ``symbol`` are
    the same in every chart, so that colour is never the only sign.
    """

    name: str
    code: int
    colour: str
    symbol: str
    emoji: str
    valence: float
    arousal: float


TABLE: Final[tuple[Emotion, ...]] = (
    Emotion("neutral", 1, "#8a8f98", "circle", "😐", 0.0, 0.0),
    Emotion("calm", 2, "#2a9d8f", "square", "😌", 0.68, -0.46),
    Emotion("happy", 3, "#e9a400", "star", "😀", 0.81, 0.51),
    Emotion("sad", 4, "#3b6fd4", "triangle-down", "😢", -0.63, -0.27),
    Emotion("angry", 5, "#d1333d", "triangle-up", "😠", -0.51, 0.59),
    Emotion("fearful", 6, "#8d4fc9", "diamond", "😨", -0.64, 0.60),
    Emotion("disgust", 7, "#6b8e23", "x", "🤢", -0.60, 0.35),
    Emotion("surprised", 8, "#e56ba8", "cross", "😲", 0.40, 0.67),
)

EMOTIONS: Final[tuple[str, ...]] = tuple(e.name for e in TABLE)
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(EMOTIONS)}
BY_NAME: Final[dict[str, Emotion]] = {e.name: e for e in TABLE}

VALENCE_AROUSAL: Final[npt.NDArray[np.float64]] = np.array([(e.valence, e.arousal) for e in TABLE])
"""Shape (8, 2), columns valence and arousal in [-1, 1], rows in the order of ``EMOTIONS``."""
