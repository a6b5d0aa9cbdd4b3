"""One call from a clip and its sheet to a mixed video: finds the tracks, plans, renders, reports.

The edge of the room: files are read and written here, through the fence of :mod:`emotion.media`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from emotion import signals
from emotion.media import fence
from emotion.timeline import Segment
from recommender.library.track_sound import TrackSound
from recommender.mix import duck, levels, material, own_music
from recommender.mix.duck import Second
from recommender.mix.levels import Sound
from recommender.mix.music_sound import MusicSound
from recommender.mix.plan import SR, EffectPlacement, MixPlan, Music, Placement, Target, Wanted
from recommender.mix.planner import ClipSound, Sounding, make_plan, powers
from recommender.mix.recent import Recent
from recommender.mix.render import Form, Source, ignore, never, render
from recommender.mix.report import Report
from recommender.mix.stored import Readable, Stored, grouped
from recommender.mix.stretch import stretched
from recommender.songs import installed
from recommender.songs.usable import Usable

EFFECT_DB: Final = -6.0
AT_ONCE: Final = 2
MOST_SOUNDING: Final = 8
"""Tracks whose sound is held at once: the alternatives of a cue or two."""
MOST_POWERS: Final = 32
MOST_AT_HAND: Final = 12
"""Decoded tracks that lie on the disk."""


@dataclass(frozen=True)
class Clip:
    """A clip to be scored: the file, what messages call it, its length and where somebody speaks."""

    path: Path
    name: str
    duration_s: float
    speech: tuple[Segment, ...]


class Studio:
    """Reads clips and tracks, and remembers what was heard of them: one for a visit or a command.

    Args:
        sounds: what is known of tracks by id, from an index or from :mod:`recommender.library`.
        describe: works it out for a track that is not known yet.
    """

    def __init__(
        self,
        sounds: Mapping[str, TrackSound],
        describe: Callable[[Path], TrackSound],
        cancelled: Callable[[], bool] = never,
    ) -> None:
        self._known = dict(sounds)
        self._describe = describe
        self._sounding: Recent[Sounding] = Recent(MOST_SOUNDING)
        self._powers: Recent[levels.Levels] = Recent(MOST_POWERS)
        self._at_hand: Recent[Readable] = Recent(MOST_AT_HAND)
        self._cancelled = cancelled

    def know(self, sounds: Mapping[str, TrackSound]) -> None:
        """More sounds that need not be worked out."""
        self._known.update(sounds)

    def sound_of(self, music: Music) -> TrackSound:
        """What the track's sound says."""
        if music.id not in self._known:
            self._known[music.id] = self._describe(music.path)
        return self._known[music.id]

    def study(self, music: Music) -> Sounding:
        """The track as cutting and levelling need it."""
        return self._sounding.of(music.id, lambda: self._studied(music))

    def prepare(self, music: Iterable[Music]) -> None:
        """Studies several tracks side by side, so that what follows need not wait for one after the other."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(self.study, {m.id: m for m in music}.values()):
                pass

    def _studied(self, music: Music) -> Sounding:
        told, track = self.sound_of(music), self.load(music.path)
        parts = (track.part(i, min(i + SR * 60, track.frames)) for i in range(0, track.frames, SR * 60))
        mono = np.concatenate([np.zeros(0, np.float32), *(part.mean(axis=0) for part in parts)])
        y = signals.resample(mono, SR, material.SR)
        known = material.study(
            y, told.beats_s, told.bars_s, start_s=told.start_s, end_s=told.end_s,
            sung=music.sung or told.vocals == "singing",
        )  # fmt: skip
        lufs = told.loudness_lufs
        return Sounding(known, y, self._loudness(track) if lufs is None else lufs)

    def _loudness(self, track: Readable) -> float:
        meter = levels.Meter(SR, peaks=False)
        for start in range(0, track.frames, SR * 60):
            meter.add(track.part(start, min(start + SR * 60, track.frames)))
        level = meter.integrated_lufs
        return level if np.isfinite(level) else 0.0

    def read(self, path: Path) -> Iterator[Sound]:
        """Any file as stereo blocks of a second or so."""
        return grouped(fence.stereo(path, SR, cancelled=self._cancelled), SR)

    def load(self, path: Path, rate: float = 1.0) -> Readable:
        """A track at hand, played so many times as fast."""
        return self._at_hand.of((path, rate), lambda: self._opened(path, rate))

    def _opened(self, path: Path, rate: float) -> Readable:
        if rate == 1:
            return Stored(self.read(path))
        whole = self.load(path)
        return Stored([stretched(whole.part(0, whole.frames), rate, SR)])

    def hear(self, clip: Clip) -> ClipSound:
        """The clip's own sound, measured."""
        meter, listener = levels.Meter(SR, peaks=False), own_music.Listener(clip.duration_s)
        for block in self.read(clip.path):
            meter.add(block)
            listener.add(block)
        wanted = int(np.ceil(clip.duration_s / levels.STEP_S))
        powers = meter.powers[:wanted]
        return ClipSound(clip.duration_s, np.pad(powers, (0, wanted - len(powers))), clip.speech, listener.there)

    def plan(
        self,
        clip: Clip,
        wanted: Sequence[Wanted],
        *,
        under_lu: float,
        target: Target,
        effects: Sequence[EffectPlacement] = (),
        nudges: Mapping[int, float] | None = None,
        heard: ClipSound | None = None,
    ) -> MixPlan:
        """See :func:`recommender.mix.planner.make_plan`."""
        return make_plan(
            heard or self.hear(clip), wanted, self.study, self.load,
            under_lu=under_lu, target=target, effects=effects, nudges=nudges,
            powers_of=lambda placed: self._powers_of(placed, clip.duration_s),
        )  # fmt: skip

    def meter(self, plan: MixPlan, clip: ClipSound) -> tuple[Second, ...]:
        """How far speech will stand above the music, second by second, by the plan, whose music is not read again."""
        if not plan.placements:
            return ()
        flat = self._powers_of(plan.placements, clip.duration_s)
        n = min(len(flat), len(clip.powers))
        moments = (np.arange(n) + 0.5) * levels.STEP_S
        return duck.measure(clip.powers[:n], flat[:n] * 10 ** (plan.gain.at(moments) / 10), clip.speaking[:n])

    def _powers_of(self, placed: tuple[Placement, ...], duration_s: float) -> levels.Levels:
        """The same however loud the music is to be: another level needs no reading."""
        return self._powers.of(
            (placed, duration_s), lambda: powers(MusicSound(placed, self.load, SR), duration_s)
        )  # fmt: skip

    def render(
        self,
        clip: Clip,
        plan: MixPlan,
        folder: Path,
        *,
        stems: bool = True,
        form: Form = "wav",
        on_fraction: Callable[[float], None] = ignore,
    ) -> Report:
        """See :func:`recommender.mix.render.render`."""
        suffix = fence.picture_suffix(clip.path)

        def deliver(mix: Path, target: Path) -> None:
            fence.with_sound(clip.path, mix, target, cancelled=self._cancelled)

        source = Source(
            lambda: self.read(clip.path), self.read, self.load, deliver if suffix else None, f"mix{suffix}"
        )  # fmt: skip
        return render(
            plan, source, folder, clip.speech, stems=stems, form=form, on_fraction=on_fraction,
            cancelled=self._cancelled,
        )  # fmt: skip


def music_of(track: Usable) -> Music:
    """A track that may be used, as the mix takes it.

    Raises:
        ValueError: its sound is not on this machine.
    """
    if track.file is None:
        raise ValueError(f"no file: {track.id}")
    return Music(
        track.id, track.file, track.title, track.artist, track.licence, track.credit, bool(track.vocals), track.isrc
    )  # fmt: skip


def effects_at(marks: Sequence[tuple[float, str]]) -> tuple[EffectPlacement, ...]:
    """Installed effects on marked moments: (seconds of the clip, name of the effect)."""
    known = {e.name: e for e in installed.effects()}
    return tuple(
        EffectPlacement(name, known[name].path, at_s - known[name].at_s, EFFECT_DB)
        for at_s, name in marks
        if name in known
    )
