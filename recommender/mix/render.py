"""A plan becomes files: dialogue, music, effects and the mix, all of one length from 0:00, at 48 kHz.

Everything streams: a clip of half an hour takes no more memory than one of a minute. The clip and
the tracks are only read. Loudness and true peak are set by one gain and a limiter, then measured
again on what was written; where that is not what was promised, it is written again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

import numpy as np
import soundfile

from emotion import errors
from emotion.timeline import Segment
from recommender.mix import duck, levels
from recommender.mix.levels import Meter, Sound
from recommender.mix.limiter import Limiter
from recommender.mix.music_sound import MusicSound
from recommender.mix.plan import SR, MixPlan
from recommender.mix.planner import BLOCK_S
from recommender.mix.report import Report
from recommender.mix.stored import Load

MIX: Final = {".wav": "PCM_24", ".flac": "PCM_24"}
STEM: Final = {".wav": "FLOAT", ".flac": "PCM_24"}
"""A stem as WAV is neither rounded where it is quiet nor cut where it is loud."""
HEADROOM_DB: Final = 0.3
"""The limiter aims so far under the promised peak: coding moves peaks a little."""
CLOSE_LU: Final = 0.2
TRIES: Final = 4
MOST_GAIN_DB: Final = 30.0
STEMS: Final = ("dialogue", "music", "music-flat", "effects")
STEMS_SHARE, WRITING_SHARE, AGAIN = 0.3, 0.3, 0.15
"""Parts of the time: the stems; the mix, of what comes after them; what is left for writing it again."""

Form = Literal["wav", "flac"]


class Deliver(Protocol):
    """Puts the mixed sound beside the clip's own picture, bit by bit, into a new file."""

    def __call__(self, mix: Path, target: Path) -> None: ...


@dataclass(frozen=True)
class Source:
    """Where the sounds come from: ``dialogue`` is the clip's own sound as stereo blocks of shape (2, n)."""

    dialogue: Callable[[], Iterable[Sound]]
    read: Callable[[Path], Iterable[Sound]]
    """Any file as such blocks."""
    load: Load
    """A track, in parts."""
    deliver: Deliver | None = None
    """None where the clip has no picture."""
    delivered: str = "mix.mp4"
    """The name of the file with the picture."""


def ignore(fraction: float) -> None:
    del fraction


def never() -> bool:
    return False


def render(
    plan: MixPlan,
    source: Source,
    folder: Path,
    speech: Sequence[Segment],
    *,
    stems: bool = True,
    form: Form = "wav",
    on_fraction: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Report:
    """Writes ``mix.mp4`` (where there is a picture), ``mix.wav`` and ``stems/*.wav`` into ``folder``.

    Args:
        form: of the mix without picture and of the stems.
        on_fraction: told the part of the time that has passed, growing to 1.

    Raises:
        Cancelled: nothing half-written is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".mix-") as name:
        work = Path(name)
        stages = _Progress(on_fraction, cancelled, plan.duration_s)
        lines = _write_stems(plan, source, work, form, stages)
        report = _deliver(plan, source, work, lines, speech, stages)
        kept = [work / f for f in report.files]
        if stems:
            kept += [work / "stems" / f"{s}.{form}" for s in STEMS]
        for made in kept:
            target = folder / made.relative_to(work)
            target.parent.mkdir(exist_ok=True)
            made.replace(target)
            target.chmod(0o644)  # a file that another process made is its own alone
    on_fraction(1.0)
    files = tuple(str(made.relative_to(work)) for made in kept)
    return Report(plan, report.integrated_lufs, report.true_peak_dbtp, report.seconds, files, report.notes)


@dataclass
class _Progress:
    """Shares of the whole time, so that what is left can be told from what has passed."""

    on_fraction: Callable[[float], None]
    cancelled: Callable[[], bool]
    duration_s: float
    _from: float = 0.0
    _to: float = 1.0

    def stage(self, start: float, end: float) -> None:
        """What is told next lies between these two."""
        self._from, self._to = start, end
        self.tell(0)

    def tell(self, samples: int) -> None:
        """So many samples of the clip are done in this stage."""
        if self.cancelled():
            raise errors.Cancelled
        done = min(1.0, samples / max(1, round(self.duration_s * SR)))
        self.on_fraction(self._from + (self._to - self._from) * done)


@dataclass(frozen=True)
class _Lines:
    """Power of each 100 ms of what was written."""

    dialogue: levels.Levels
    music: levels.Levels
    lufs: float
    """Of all of it together, before it is brought to its target."""


def _write_stems(plan: MixPlan, source: Source, work: Path, form: Form, progress: _Progress) -> _Lines:
    progress.stage(0.0, STEMS_SHARE)
    total, step = round(plan.duration_s * SR), round(BLOCK_S * SR)
    music = MusicSound(plan.placements, source.load, SR)
    effects = MusicSound(plan.effects, source.load, SR)
    meters = {name: Meter(SR, peaks=False) for name in ("dialogue", "music", "mix")}
    (work / "stems").mkdir()
    with ExitStack() as stack:
        out = {s: stack.enter_context(_written(work / "stems" / f"{s}.{form}", STEM)) for s in STEMS}
        own = _steady(source.dialogue(), total, step)
        for start, dialogue in zip(range(0, total, step), own, strict=True):
            n = dialogue.shape[1]
            flat = music.block(start, n)
            gain = 10 ** (plan.gain.at((start + np.arange(n)) / SR) / 20)
            ducked = (flat * gain).astype(np.float32)
            hits = effects.block(start, n)
            for stem, y in zip(STEMS, (dialogue, ducked, flat, hits), strict=True):
                out[stem].write(y.T)
            for name, y in (("dialogue", dialogue), ("music", ducked), ("mix", dialogue + ducked + hits)):
                meters[name].add(y)
            progress.tell(start + n)
    return _Lines(meters["dialogue"].powers, meters["music"].powers, meters["mix"].integrated_lufs)


def _written(path: Path, subtypes: Mapping[str, str]) -> soundfile.SoundFile:
    """A WAV or FLAC file, as its name says."""
    return soundfile.SoundFile(path, "w", samplerate=SR, channels=2, subtype=subtypes[path.suffix])


def _steady(blocks: Iterable[Sound], total: int, step: int) -> Iterator[Sound]:
    """The same sound in blocks of ``step`` samples, ``total`` in all: cut, or silence put behind it."""
    held = np.zeros((2, 0), np.float32)
    given = 0
    for block in blocks:
        held = np.concatenate([held, block], axis=1)
        while held.shape[1] >= step and given + step <= total:
            yield held[:, :step]
            held, given = held[:, step:], given + step
        if given >= total:
            return
    while given < total:
        n = min(step, total - given)
        part = held[:, :n]
        held = held[:, n:]
        yield np.pad(part, ((0, 0), (0, n - part.shape[1])))
        given += n


def _summed(work: Path, form: str) -> Iterator[Sound]:
    """Dialogue, music and effects together, block by block, from what was written."""
    step = round(BLOCK_S * SR)
    with ExitStack() as stack:
        files = [
            stack.enter_context(soundfile.SoundFile(work / "stems" / f"{s}{form}"))
            for s in ("dialogue", "music", "effects")
        ]
        while True:
            parts = [f.read(step, dtype="float32", always_2d=True).T for f in files]
            if not parts[0].shape[1]:
                return
            yield np.asarray(sum(parts), np.float32)


def _deliver(
    plan: MixPlan, source: Source, work: Path, lines: _Lines, speech: Sequence[Segment], progress: _Progress
) -> Report:
    """The mix at its target, measured on what was delivered; written again where that is not what was promised."""
    form = next((work / "stems").iterdir()).suffix
    mix = f"mix{form}"
    gain_db = _gain_db(plan.target.lufs, lines.lufs)
    ceiling_db = plan.target.true_peak_dbtp - HEADROOM_DB
    delivered = _Delivered(float("-inf"), 0.0)
    for attempt in range(TRIES):
        left = (1 - STEMS_SHARE) * AGAIN**attempt
        start, end = 1 - left, 1 - left * AGAIN
        progress.stage(start, start + (end - start) * WRITING_SHARE)
        _write_mix(work, form, gain_db, ceiling_db, progress)
        progress.stage(start + (end - start) * WRITING_SHARE, end)
        delivered = _delivered(source, work, mix, progress)
        over_db = delivered.true_peak_dbtp - plan.target.true_peak_dbtp
        off_lu = plan.target.lufs - delivered.lufs if np.isfinite(delivered.lufs) else 0.0
        if over_db <= 0 and abs(off_lu) <= CLOSE_LU:
            break
        ceiling_db -= max(0.0, over_db) + (0.05 if over_db > 0 else 0.0)
        gain_db = min(MOST_GAIN_DB, gain_db + off_lu)
    inside = duck.speaking(speech, len(lines.dialogue))
    seconds = duck.measure(lines.dialogue, lines.music, inside) if plan.placements else ()
    files = (mix,) if source.deliver is None else (source.delivered, mix)
    lufs = round(delivered.lufs, 2) if np.isfinite(delivered.lufs) else None
    return Report(plan, lufs, round(delivered.true_peak_dbtp, 2), seconds, files)


@dataclass(frozen=True)
class _Delivered:
    lufs: float
    true_peak_dbtp: float
    """The higher one of the mix and of the file with the picture."""


def _delivered(source: Source, work: Path, mix: str, progress: _Progress) -> _Delivered:
    """The finished files, measured; the picture's is written by another process while the mix is measured."""
    if source.deliver is None:
        meter = _measured(_read(work / mix), progress)
        return _Delivered(meter.integrated_lufs, meter.true_peak_dbtp)
    with ThreadPoolExecutor(1) as other:
        writing = other.submit(source.deliver, work / mix, work / source.delivered)
        own = _measured(_read(work / mix))
        writing.result()
    meter = _measured(source.read(work / source.delivered), progress)
    return _Delivered(meter.integrated_lufs, max(own.true_peak_dbtp, meter.true_peak_dbtp))


def _gain_db(target_lufs: float, lufs: float) -> float:
    return min(MOST_GAIN_DB, target_lufs - lufs) if np.isfinite(lufs) else 0.0


def _write_mix(work: Path, form: str, gain_db: float, ceiling_db: float, progress: _Progress) -> None:
    limiter, done = Limiter(ceiling_db, SR), 0
    gain = np.float32(10 ** (gain_db / 20))
    with _written(work / f"mix{form}", MIX) as out:
        for y in _summed(work, form):
            out.write(limiter.add(y * gain).T)
            done += y.shape[1]
            progress.tell(done)
        out.write(limiter.rest().T)


def _read(path: Path) -> Iterator[Sound]:
    with soundfile.SoundFile(path) as f:
        for block in f.blocks(round(BLOCK_S * SR), dtype="float32", always_2d=True):
            yield np.asarray(block.T, np.float32)


def _measured(blocks: Iterable[Sound], progress: _Progress | None = None) -> Meter:
    meter, done = Meter(SR), 0
    for y in blocks:
        meter.add(y)
        done += y.shape[1]
        if progress is not None:
            progress.tell(done)
    return meter
