"""A plan becomes files: dialogue, music, effects and the mix, all of one length from 0:00, at 48 kHz.

Everything streams: a clip of half an hour takes no more memory than one of a minute. The clip and
the tracks are only read. Loudness and true peak are set by one gain and a limiter, then measured
again on what was written; where that is not what was promised, it is written again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import soundfile

from emotion import errors
from emotion.timeline import Segment
from recommender.mix import duck, loudness
from recommender.mix.limiter import Limiter
from recommender.mix.loudness import Meter, Sound
from recommender.mix.music_sound import MusicSound
from recommender.mix.plan import SR, MixPlan
from recommender.mix.planner import BLOCK_S
from recommender.mix.report import Report

SUBTYPE: Final = "PCM_24"
HEADROOM_DB: Final = 0.3
"""The limiter aims so far under the promised peak: coding moves peaks a little."""
CLOSE_LU: Final = 0.2
TRIES: Final = 4
MOST_GAIN_DB: Final = 30.0
STEMS: Final = ("dialogue", "music", "music-flat", "effects")


class Deliver(Protocol):
    """Puts the mixed sound beside the clip's own picture, bit by bit, into a new file."""

    def __call__(self, mix: Path, target: Path) -> None: ...


@dataclass(frozen=True)
class Source:
    """Where the sounds come from: ``dialogue`` is the clip's own sound as stereo blocks of shape (2, n)."""

    dialogue: Callable[[], Iterable[Sound]]
    read: Callable[[Path], Iterable[Sound]]
    """Any file as such blocks; a track is read whole."""
    deliver: Deliver | None = None
    """None where the clip has no picture."""
    delivered: str = "mix.mp4"
    """The name of the file with the picture."""

    def load(self, path: Path) -> Sound:
        """A whole track, shape (2, n)."""
        blocks = list(self.read(path))
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((2, 0), np.float32)


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
    on_fraction: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Report:
    """Writes ``mix.wav``, ``mix.mp4`` (where there is a picture) and ``stems/*.wav`` into ``folder``.

    Raises:
        Cancelled: nothing half-written is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".mix-") as name:
        work = Path(name)
        stages = _Progress(on_fraction, cancelled, plan.duration_s)
        lines = _write_stems(plan, source, work, stages)
        report = _deliver(plan, source, work, lines, speech, stages)
        kept = [work / f for f in report.files]
        if stems:
            kept += [work / "stems" / f"{s}.wav" for s in STEMS]
        for made in kept:
            target = folder / made.relative_to(work)
            target.parent.mkdir(exist_ok=True)
            made.replace(target)
    on_fraction(1.0)
    files = tuple(str(made.relative_to(work)) for made in kept)
    return Report(plan, report.integrated_lufs, report.true_peak_dbtp, report.seconds, files, report.notes)


@dataclass
class _Progress:
    on_fraction: Callable[[float], None]
    cancelled: Callable[[], bool]
    duration_s: float

    def tell(self, share: float) -> None:
        if self.cancelled():
            raise errors.Cancelled
        self.on_fraction(min(1.0, share))


@dataclass(frozen=True)
class _Lines:
    """Power of each 100 ms of what was written."""

    dialogue: loudness.Levels
    music: loudness.Levels


def _write_stems(plan: MixPlan, source: Source, work: Path, progress: _Progress) -> _Lines:
    total, step = round(plan.duration_s * SR), round(BLOCK_S * SR)
    music = MusicSound(plan.placements, source.load, SR)
    effects = MusicSound(plan.effects, source.load, SR)
    meters = {"dialogue": Meter(SR, peaks=False), "music": Meter(SR, peaks=False)}
    (work / "stems").mkdir()
    with ExitStack() as stack:
        out = {s: stack.enter_context(_wav(work / "stems" / f"{s}.wav")) for s in STEMS}
        own = _steady(source.dialogue(), total, step)
        for start, dialogue in zip(range(0, total, step), own, strict=True):
            n = dialogue.shape[1]
            flat = music.block(start, n)
            gain = 10 ** (plan.gain.at((start + np.arange(n)) / SR) / 20)
            ducked = (flat * gain).astype(np.float32)
            for stem, y in zip(STEMS, (dialogue, ducked, flat, effects.block(start, n)), strict=True):
                out[stem].write(y.T)
            meters["dialogue"].add(dialogue)
            meters["music"].add(ducked)
            progress.tell(0.4 * (start + n) / total)
    return _Lines(meters["dialogue"].powers, meters["music"].powers)


def _wav(path: Path) -> soundfile.SoundFile:
    return soundfile.SoundFile(path, "w", samplerate=SR, channels=2, subtype=SUBTYPE)


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


def _summed(work: Path) -> Iterator[Sound]:
    """Dialogue, music and effects together, block by block, from what was written."""
    step = round(BLOCK_S * SR)
    with ExitStack() as stack:
        files = [
            stack.enter_context(soundfile.SoundFile(work / "stems" / f"{s}.wav"))
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
    before = Meter(SR, peaks=False)
    for y in _summed(work):
        before.add(y)
    gain_db = _gain_db(plan.target.lufs, before.integrated_lufs)
    ceiling_db = plan.target.true_peak_dbtp - HEADROOM_DB
    files: tuple[str, ...] = ("mix.wav",) if source.deliver is None else (source.delivered, "mix.wav")
    notes: list[str] = []
    measured = Meter(SR)
    for attempt in range(TRIES):
        _write_mix(work, gain_db, ceiling_db)
        progress.tell(0.5 + 0.1 * attempt)
        measured = _measured(_wav_blocks(work / "mix.wav"))
        delivered = measured
        if source.deliver is not None:
            source.deliver(work / "mix.wav", work / source.delivered)
            delivered = _measured(source.read(work / source.delivered))
        over_db = delivered.true_peak_dbtp - plan.target.true_peak_dbtp
        off_lu = plan.target.lufs - measured.integrated_lufs if np.isfinite(measured.integrated_lufs) else 0.0
        measured = delivered
        if over_db <= 0 and abs(off_lu) <= CLOSE_LU:
            break
        ceiling_db -= max(0.0, over_db) + (0.05 if over_db > 0 else 0.0)
        gain_db = min(MOST_GAIN_DB, gain_db + off_lu)
    inside = duck.speaking(speech, len(lines.dialogue))
    seconds = duck.measure(lines.dialogue, lines.music, inside) if plan.placements else ()
    lufs = measured.integrated_lufs
    return Report(
        plan,
        round(lufs, 2) if np.isfinite(lufs) else None,
        round(measured.true_peak_dbtp, 2),
        seconds,
        files,
        tuple(notes),
    )


def _gain_db(target_lufs: float, lufs: float) -> float:
    return min(MOST_GAIN_DB, target_lufs - lufs) if np.isfinite(lufs) else 0.0


def _write_mix(work: Path, gain_db: float, ceiling_db: float) -> None:
    limiter = Limiter(ceiling_db, SR)
    gain = np.float32(10 ** (gain_db / 20))
    with _wav(work / "mix.wav") as out:
        for y in _summed(work):
            out.write(limiter.add(y * gain).T)
        out.write(limiter.rest().T)


def _wav_blocks(path: Path) -> Iterator[Sound]:
    with soundfile.SoundFile(path) as f:
        for block in f.blocks(round(BLOCK_S * SR), dtype="float32", always_2d=True):
            yield np.asarray(block.T, np.float32)


def _measured(blocks: Iterable[Sound]) -> Meter:
    meter = Meter(SR)
    for y in blocks:
        meter.add(y)
    return meter
