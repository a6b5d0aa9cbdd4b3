"""A speaker's profile that grows with what is heard of them, for sound that has no end yet."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from emotion.timeline import Segment
from emotion.voice.adapt import LEAST_CLIPS
from emotion.voice.profile import SpeakerProfile
from emotion.voice.speech import WINDOW_S

if TYPE_CHECKING:
    from emotion.voice.infer import VoiceReader

MOST_CLIPS: Final = 60.0
"""Three minutes of speech; from then on what is new slowly takes the place of what is old."""

Floats = npt.NDArray[np.float32]
Probs = npt.NDArray[np.float64]


@dataclass(eq=False)
class Growing:
    """What is known of who speaks. One window teaches only those that share no sound with it."""

    profile: SpeakerProfile | None = None
    _waiting: deque[tuple[Segment, Floats, Probs]] = field(default_factory=deque)
    _learnt_s: float = -np.inf

    @property
    def known_s(self) -> float:
        """Seconds of speech learnt from."""
        return self.profile.count * WINDOW_S if self.profile else 0.0

    def read(self, reader: VoiceReader, features: Floats, segment: Segment, *, adapt: bool = True) -> Probs:
        """Probabilities (8,) of one window, features (1, d); windows come in order of time."""
        general = reader.judge(features)
        if not reader.adapts:
            return general[0]
        while self._waiting and self._waiting[0][0].end_s <= segment.start_s:
            self._learn(*self._waiting.popleft())
        self._waiting.append((segment, features, general))
        if not adapt or self.profile is None or self.profile.count < LEAST_CLIPS:
            return general[0]
        return reader.judge(features, self.profile)[0]

    def _learn(self, segment: Segment, features: Floats, general: Probs) -> None:
        new_s = min(segment.end_s - self._learnt_s, segment.duration_s)
        if new_s <= 0:
            return
        self._learnt_s = segment.end_s
        more = SpeakerProfile.learn(features, general, new_s / WINDOW_S)
        merged = more if self.profile is None else self.profile.merge(more)
        self.profile = replace(merged, count=min(merged.count, MOST_CLIPS))
