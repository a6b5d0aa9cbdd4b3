"""From stretches that want music to a :class:`MixPlan`: each track fitted, levelled, and ducked under the speech."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.timeline import Segment
from recommender.mix import duck, levels
from recommender.mix.fit import Fit, fit
from recommender.mix.material import Material, Piece, Signal
from recommender.mix.music_sound import MusicSound
from recommender.mix.plan import OVERLAP_S, SR, EffectPlacement, MixPlan, Music, Placement, Target, Wanted, merged
from recommender.mix.stored import Load

REFERENCE_LUFS: Final = -20.0
"""Every track comes to this loudness first, so that one gain curve serves them all."""
QUIET_LUFS: Final = -50.0
"""A clip whose own sound is quieter than this has nothing that the music could stand under."""
ALONE_LUFS: Final = -18.0
BLOCK_S: Final = 10.0

Levels = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sounding:
    """What is known of a track's sound before it is placed: for cutting, and how loud it is."""

    material: Material
    y: Signal
    """Mono at :data:`recommender.mix.material.SR`; seams are measured on it."""
    lufs: float


@dataclass(frozen=True, eq=False)
class ClipSound:
    """What is known of the clip's own sound: power of each 100 ms, and where somebody speaks."""

    duration_s: float
    powers: Levels
    speech: tuple[Segment, ...]
    own_music: bool = False
    """Whether there is music in it already."""

    @property
    def speaking(self) -> npt.NDArray[np.bool_]:
        return duck.speaking(self.speech, len(self.powers))


def placements(wanted: Sequence[Wanted], study: Callable[[Music], Sounding]) -> tuple[Placement, ...]:
    """Each stretch with its track fitted to it; what fades out does so across the next beginning."""
    stretches = merged(wanted)
    out = []
    for i, w in enumerate(stretches):
        sounding = study(w.music)
        peak_s = None if w.peak_s is None else w.peak_s - w.start_s
        fitted = fit(sounding.material, w.end_s - w.start_s, y=sounding.y, peak_s=peak_s, part=w.part)
        follows = i + 1 < len(stretches) and abs(stretches[i + 1].start_s - w.end_s) < 0.05
        if fitted.kind == "faded" and follows:
            fitted = _longer(fitted, sounding.material, OVERLAP_S)
        out.append(Placement(w.cue, w.music, w.start_s, fitted, REFERENCE_LUFS - sounding.lufs))
    return tuple(out)


def _longer(fitted: Fit, material: Material, seconds: float) -> Fit:
    """The last piece goes on for a little, where the track does."""
    last = fitted.pieces[-1]
    more = min(seconds, material.end_s / fitted.rate - last.end_s)
    return replace(fitted, pieces=(*fitted.pieces[:-1], Piece(last.start_s, last.end_s + max(0.0, more))))


def make_plan(
    clip: ClipSound,
    wanted: Sequence[Wanted],
    study: Callable[[Music], Sounding],
    load: Load,
    *,
    under_lu: float,
    target: Target,
    effects: Sequence[EffectPlacement] = (),
    nudges: Mapping[int, float] | None = None,
    powers_of: Callable[[tuple[Placement, ...]], Levels] | None = None,
) -> MixPlan:
    """The plan for a clip.

    Args:
        clip: see :class:`ClipSound`.
        wanted: stretches with their music; without any the plan is silent.
        study: what a track's sound says (cached by the caller).
        load: see :data:`recommender.mix.stored.Load`.
        under_lu: how far speech is to stand above the music.
        nudges: seconds of the clip at which the music goes down by so many LU more: what a click on
            a critical passage of the meter asks for.
        powers_of: power of each 100 ms of the music as it lies under the clip, where somebody knows it already.
    """
    placed = placements(wanted, study)
    if not placed:
        return MixPlan(clip.duration_s, (), duck.FLAT, under_lu, target, tuple(effects))
    music = powers_of(placed) if powers_of else powers(MusicSound(placed, load, SR), clip.duration_s)
    n = min(len(music), len(clip.powers))
    inside = clip.speaking[:n]
    gain = duck.solve(clip.powers[:n], music[:n], inside, under_lu) if inside.any() else _alone(clip, n)
    if nudges:
        gain = _nudged(gain, nudges)
    return MixPlan(clip.duration_s, placed, gain, under_lu, target, tuple(effects))


def _alone(clip: ClipSound, n: int) -> duck.GainCurve:
    """Nobody speaks: the music stands beside the clip's own sound, or by itself."""
    own = levels.integrated(clip.powers[:n])
    wanted = own if own > QUIET_LUFS else ALONE_LUFS
    return duck.GainCurve((0.0,), (round(wanted - REFERENCE_LUFS, 3),))


def _nudged(gain: duck.GainCurve, nudges: Mapping[int, float]) -> duck.GainCurve:
    times, db = np.array(gain.times_s), np.array(gain.db)
    for second, lu in nudges.items():
        db = duck.lowered(times, db, second, lu)
    return duck.GainCurve(gain.times_s, tuple(np.round(db, 3).tolist()))


def powers(sound: MusicSound, duration_s: float) -> Levels:
    """Power of each 100 ms of the music as it lies under the clip."""
    meter = levels.Meter(SR, 2, peaks=False)
    total, step = round(duration_s * SR), round(BLOCK_S * SR)
    for start in range(0, total, step):
        meter.add(sound.block(start, min(step, total - start)))
    return meter.powers
