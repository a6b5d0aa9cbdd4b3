"""What a reading still takes, told from what it took so far: no promise before there is enough to go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from emotion.pipeline import Progress

SHARES: Final = {"reading": 0.03, "hearing": 0.27, "looking": 0.67, "matching": 0.03}
"""The part of the whole time that each stage takes of a talking head, by ``make bench``."""
SOON_S: Final = 2.0
"""So long, and for so large a part of the whole, a stage must have run before the rest is guessed from it."""
SOON: Final = 0.04


@dataclass
class TimeLeft:
    """Follows one reading: the pace of the stage it is in, which is what the rest is measured by.

    A stage may be half done when it begins (the picture is looked at beside the hearing), and so may the reading when
    somebody begins to follow it, after a reload say.
    """

    stage: str | None = None
    begun_s: float = 0.0
    begun_at: float = 0.0
    ends_s: float | None = None
    """When it was last thought to end."""

    def after(self, progress: Progress | None, now_s: float) -> float | None:
        """Seconds until the end, None where it is too early to say; ``now_s`` is a clock that runs evenly."""
        if progress is None:
            return None
        fraction = min(max(progress.fraction, 0.0), 1.0)
        if progress.stage != self.stage:
            self.stage, self.begun_s, self.begun_at = progress.stage, now_s, fraction
        passed_s, done = now_s - self.begun_s, fraction - self.begun_at
        share = SHARES[progress.stage]
        if passed_s < SOON_S or done * share < SOON * (1 - self.begun_at):
            return None if self.ends_s is None else max(0.0, self.ends_s - now_s)
        stages = list(SHARES)
        left = {"looking": 1 - progress.beside}
        later = sum(SHARES[s] * left.get(s, 1.0) for s in stages[stages.index(progress.stage) + 1 :])
        left_s = passed_s / done * ((1 - fraction) + later / share)
        self.ends_s = now_s + left_s
        return left_s


def rounded(seconds: float) -> tuple[int, str]:
    """What is said of it: 1 to 5 one by one, then in fives, no more exact than it is known; and the unit."""
    value, unit = (seconds / 60, "minutes") if seconds > 90 else (seconds, "seconds")
    return max(1, round(value)) if value <= 5 else 5 * -(-round(value) // 5), unit


def in_words(seconds: float) -> str:
    """For a terminal: "about 1 minute left"."""
    value, unit = rounded(seconds)
    return f"about {value} {unit if value != 1 else unit.removesuffix('s')} left"
