"""How long the rest will take, from what has passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

SOON_S: Final = 1.0
SOON: Final = 0.05
"""So long, and for so large a part, something must have run before the rest is guessed."""
EVERY_S: Final = 5.0


def left_s(fraction: float, passed_s: float) -> float | None:
    """Seconds until the end; None where it is too early to say.

    >>> left_s(0.25, 10.0)
    30.0
    """
    if fraction < SOON or passed_s < SOON_S:
        return None
    return passed_s * (1 - min(fraction, 1.0)) / min(fraction, 1.0)


@dataclass
class Spoken:
    """Takes fractions and says a line now and then, with the time that is left."""

    say: Callable[[str], None]
    what: str
    clock: Callable[[], float] = time.monotonic
    _begun_s: float = field(init=False)
    _said_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun_s = self._said_s = self.clock()

    def __call__(self, fraction: float) -> None:
        now_s = self.clock()
        left = left_s(fraction, now_s - self._begun_s)
        if left is not None and fraction < 1 and now_s - self._said_s >= EVERY_S:
            self._said_s = now_s
            self.say(f"{self.what}, {fraction:.0%}, about {_rounded(left)} left")


def _rounded(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))} min" if seconds > 90 else f"{max(1, round(seconds))} s"
