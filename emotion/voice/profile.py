"""What is known of one speaker: where the features of this voice lie, whatever it expresses.

Norming the features with unlabelled speech of the same person is the largest gain there is after
the choice of the network. A profile holds sums, so that more footage is added by :meth:`merge`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS

Vector = npt.NDArray[np.float32]

SHRINKAGE: Final = 3.0
"""So many clips' worth of the general speaker are mixed in."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerProfile:
    """Mean and deviation of a speaker's features, and from how many clips.

    ``mean`` and ``deviation`` have shape (d,) in the units of the features; ``mixture`` has shape
    (8,), the mean of what the general model read in those clips: footage of one mood is recognised
    by it and trusted less.
    """

    mean: Vector
    deviation: Vector
    count: int
    mixture: npt.NDArray[np.float64] = field(default_factory=lambda: np.full(len(EMOTIONS), 1 / len(EMOTIONS)))

    @classmethod
    def learn(cls, features: npt.NDArray[np.float32], probs: npt.NDArray[np.float64]) -> SpeakerProfile:
        """From the features (clips, d) and general readings (clips, 8) of at least one clip."""
        if not len(features):
            raise ValueError("a profile needs at least one clip")
        return cls(features.mean(axis=0), features.std(axis=0), len(features), probs.mean(axis=0))

    def merge(self, other: SpeakerProfile) -> SpeakerProfile:
        """The profile of both footages together."""
        count = self.count + other.count
        a, b = self.count / count, other.count / count
        mean = a * self.mean + b * other.mean
        power = a * (self.deviation**2 + self.mean**2) + b * (other.deviation**2 + other.mean**2)
        deviation = np.sqrt(np.maximum(power - mean**2, 0))
        return SpeakerProfile(
            mean.astype(np.float32), deviation.astype(np.float32), count, a * self.mixture + b * other.mixture
        )

    @property
    def variety(self) -> float:
        """How many emotions the footage seems to hold, from 1 (one mood only) to 8 (all alike)."""
        p = self.mixture[self.mixture > 0]
        return float(np.exp(-(p * np.log(p)).sum()))
