"""What plays when, and how loud: the plan that the browser plays, the renderer writes and the exporters describe.

Pure and frozen: made from the cues, the tracks and what was measured; it knows no file but by its path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from recommender.mix.duck import FLAT, GainCurve
from recommender.mix.fit import Fit

SR: Final = 48_000
OVERLAP_S: Final = 1.5
"""A track that only fades out does so across the beginning of the next one."""
START_FADE_S: Final = 0.05

Preset = Literal["forward", "default", "accessible"]
UNDER_LU: Final[Mapping[Preset, float]] = {"forward": 10.0, "default": 14.0, "accessible": 20.0}
"""Speech above music. Torcoli et al. (JAES 67(12), 2019): at least 10 LU, and listeners who are no experts
want 4 more; WCAG 1.4.7 asks for 20."""

LEAST_LU, MOST_LU = 4.0, 30.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a mix is going: its integrated loudness, and the true peak that it stays under."""

    name: str
    lufs: float
    true_peak_dbtp: float = -1.0


TARGETS: Final[Mapping[str, Target]] = {
    t.name: t
    for t in (
        Target("youtube", -14.0),
        Target("podcast", -16.0),
        Target("r128", -23.0),
        Target("atsc", -24.0),
    )
}


@dataclass(frozen=True, slots=True)
class Music:
    """A track that may go into a mix. ``licence`` "unknown" stays unknown; ``credit`` is the line it asks for."""

    id: str
    path: Path
    title: str
    artist: str
    licence: str
    credit: str
    sung: bool = False
    isrc: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """One track under one cue: it sounds from ``start_s`` for as long as its fit."""

    cue: int
    music: Music
    start_s: float
    fit: Fit
    level_db: float
    """Brings the track to the reference loudness; ducking comes on top."""

    @property
    def end_s(self) -> float:
        return self.start_s + self.fit.length_s


@dataclass(frozen=True, slots=True)
class EffectPlacement:
    """A sound effect, so that its own moment falls on the mark."""

    name: str
    path: Path
    start_s: float
    level_db: float


@dataclass(frozen=True, slots=True)
class MixPlan:
    """The whole of it, for a clip of ``duration_s`` seconds."""

    duration_s: float
    placements: tuple[Placement, ...]
    gain: GainCurve
    under_lu: float
    target: Target
    effects: tuple[EffectPlacement, ...] = ()

    @property
    def credits(self) -> tuple[str, ...]:
        """The credit line of each track that is used, once, in order."""
        return tuple(dict.fromkeys(p.music.credit for p in self.placements))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stretch of the clip that is to have this music: what a cue comes down to."""

    cue: int
    start_s: float
    end_s: float
    music: Music
    peak_s: float | None = None
    """The marked moment inside, in seconds of the clip."""
    part: tuple[float, float] | None = None
    """Where in the track the stretch lies that suits best."""


def merged(wanted: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """Neighbours with the same track are one stretch: it goes on playing."""
    out: list[Wanted] = []
    for w in sorted(wanted, key=lambda w: w.start_s):
        last = out[-1] if out else None
        if last is not None and last.music == w.music and abs(last.end_s - w.start_s) < 0.05:
            peak = last.peak_s if last.peak_s is not None else w.peak_s
            out[-1] = Wanted(last.cue, last.start_s, w.end_s, w.music, peak, last.part)
        else:
            out.append(w)
    return tuple(out)


def empty(duration_s: float, target: Target, under_lu: float) -> MixPlan:
    """No music at all: a silenced sheet still gives files of the right length."""
    return MixPlan(duration_s, (), FLAT, under_lu, target)
