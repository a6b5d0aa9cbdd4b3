"""What is known of one speaker: where the features of this voice lie, whatever it expresses.

Norming the features with unlabelled speech of the same person is the largest gain there is after
the choice of the network. Footage of one mood would shift the norm by that mood; so what the
general model reads in the footage is taken out again, the more so the less varied it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]

SHRINKAGE: Final = 3.0
"""So many clips' worth of the general speaker are mixed in."""
ONE_MOOD: Final = 4.0
ALL_MOODS: Final = 7.0
"""Below this variety footage counts as of one mood, from this on as balanced.

What is read wrongly makes footage of one mood look varied (up to 5), which matters most where the
windows to be read are of that mood too: ``emotion.training.evaluate_adaptation`` measures it.
"""


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerProfile:
    """Where a speaker's features lie, and how much is known of it.

    Attributes:
        mean: shape (d,), mean of the features over the speaker's clips.
        deviation: shape (d,), their deviation; shown, not used in norming.
        mixture: shape (8,), mean of what the general model read in these clips.
        count: the number of clips (windows of about 3 s that overlap by two thirds count a third).
    """

    mean: Vector
    deviation: Vector
    mixture: npt.NDArray[np.float64]
    count: float

    @classmethod
    def learn(
        cls, features: npt.NDArray[np.float32], probs: npt.NDArray[np.float64], count: float | None = None
    ) -> SpeakerProfile:
        """From features (clips, d) and the general readings (clips, 8) of at least one clip."""
        if not len(features):
            raise ValueError("a profile needs at least one clip")
        known = float(len(features)) if count is None else count
        return cls(features.mean(axis=0), features.std(axis=0), probs.mean(axis=0), known)

    def merge(self, other: SpeakerProfile) -> SpeakerProfile:
        """The profile of both footages together."""
        count = self.count + other.count
        a, b = self.count / count, other.count / count
        mean = (a * self.mean + b * other.mean).astype(np.float32)
        power = a * (self.deviation**2 + self.mean**2) + b * (other.deviation**2 + other.mean**2)
        deviation = np.sqrt(np.maximum(power - mean**2, 0)).astype(np.float32)
        return SpeakerProfile(mean, deviation, a * self.mixture + b * other.mixture, count)

    @property
    def variety(self) -> float:
        """How many emotions the footage seems to hold, from 1 (one mood only) to 8 (all alike)."""
        p = self.mixture[self.mixture > 0]
        return float(np.exp(-(p * np.log(p)).sum()))

    def centre(self, general: Vector, class_offsets: npt.NDArray[np.float32], mean: Vector | None = None) -> Vector:
        """Where this speaker's features are norm-ed to, shape (d,).

        Args:
            general: shape (d,), the mean over all speakers.
            class_offsets: shape (8, d), how far each emotion lies from its speaker's mean.
            mean: shape (d,), the part of this profile's mean that is meant; all of it unless told.
        """
        balanced = np.clip((self.variety - ONE_MOOD) / (ALL_MOODS - ONE_MOOD), 0, 1)
        mood = (1 - balanced) * (self.mixture @ class_offsets)
        trust = self.count / (self.count + SHRINKAGE)
        return ((1 - trust) * general + trust * ((self.mean if mean is None else mean) - mood)).astype(np.float32)
