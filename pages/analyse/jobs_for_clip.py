"""What the pool does for the Analyse page: fetch a link, analyse a clip, make a copy that browsers play."""

from __future__ import annotations

import os
import secrets
import shutil
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from emotion import errors, heap, media
from emotion.timeline import Timeline
from emotion.weights import sha256_of
from pages.shared.services import visitors
from pages.shared.services.jobs import Report, Work
from pages.shared.services.visitors import Kept

if TYPE_CHECKING:
    from emotion.pipeline import Heard, Progress, Readers
    from emotion.voice.adapt import Listened
    from emotion.voice.saved_speaker import KnownVoice
    from pages.shared.ui.charts import Envelope

NAMELESS: Final = "clip"
"""What the pipeline calls every clip: its result may be shared by visitors, their names are not."""


@dataclass(frozen=True)
class Analysed:
    """The result of one clip, by whatever name; ``envelope`` is its waveform, small enough to draw.

    ``heard`` is what it takes to read the voice again: numbers, no sound.
    """

    timeline: Timeline
    envelope: Envelope | None
    heard: Heard
    switched: Timeline | None = None
    """The same with the adaptation to the speakers switched the other way."""

    def named(self, name: str) -> Analysed:
        switched = self.switched and _named(self.switched, name)
        return replace(self, timeline=_named(self.timeline, name), switched=switched)


def _named(timeline: Timeline, name: str) -> Timeline:
    return replace(timeline, clip=replace(timeline.clip, name=name))


def analysis(kept: Kept, readers: Future[Readers], limits: media.Limits) -> Work[Analysed]:
    """Work that reads a copy of its own: whoever brought the clip may leave while others wait for it.

    The copy goes when the work is done, and when it is dropped without having been started. A clip that is read in
    place is not copied.
    """
    own = visitors.arrive()
    path = kept.path if kept.in_place else _linked(kept.path, own.folder)

    def work(report: Report, cancelled: Callable[[], bool]) -> Analysed:
        from emotion import pipeline

        try:
            models = readers.result()
            on_progress = _keeping_partial(report)
            studied = pipeline.study(
                path, models, name=NAMELESS, limits=limits, on_progress=on_progress, cancelled=cancelled
            )
            return Analysed(studied.timeline, studied.heard.envelope, studied.heard, studied.switched)
        finally:
            own.free()
            heap.trim()

    weakref.finalize(work, own.free)
    return work


def _linked(path: Path, folder: Path) -> Path:
    """The same file under a name of its own, or a copy of it."""
    own = folder / path.name
    try:
        os.link(path, own)
    except OSError:
        shutil.copyfile(path, own)
    return own


def knowing(source: BinaryIO, name: str, readers: Future[Readers], limits: media.Limits) -> Work[list[KnownVoice]]:
    """Work that hears further footage of a speaker; the file goes when it is done, or dropped before its start.

    Raises:
        TooLarge, EmptyFile: nothing of it is kept.
    """
    own = visitors.arrive()
    try:
        kept = own.keep(source, name, max_bytes=limits.max_bytes)
    except BaseException:
        own.free()
        raise

    def work(report: Report, cancelled: Callable[[], bool]) -> list[KnownVoice]:
        from emotion import footage

        try:
            models = readers.result()
            return footage.know(kept.path, models, name=name, limits=limits, on_fraction=report, cancelled=cancelled)
        finally:
            own.free()
            heap.trim()

    weakref.finalize(work, own.free)
    return work


def rereading(
    plain: Timeline,
    heard: Listened,
    known: Sequence[tuple[int, KnownVoice]],
    readers: Future[Readers],
    *,
    on: bool,
    anew: bool,
) -> Work[Timeline]:
    """Work that reads a clip's voice again; nothing is decoded or heard for it.

    Args:
        known: what the visitor added, each voice with its speaker (from 0).
        on: whether voices are to be shown in the light of what else they say.
        anew: whether what that is has changed; else the reading there is, is switched.
    """

    def work(report: Report, cancelled: Callable[[], bool]) -> Timeline:
        from emotion import pipeline
        from emotion.voice import adapt

        models, told, done = readers.result(), plain.adaptation, 0

        def count() -> None:
            nonlocal done
            if cancelled():
                raise errors.Cancelled
            done += 1
            report(min(1.0, done / len(heard.segments)))

        if models.voice is not None and anew:
            told = adapt.adapted(models.voice, heard, known, on_window=count) or told
        return plain if told is None else pipeline.reread(plain, models, replace(told, on=on))

    return work


def _keeping_partial(report: Report) -> Callable[[Progress], None]:
    """The pipeline hands the sound's result on once; every later report repeats it for who looks then."""
    partial: Timeline | None = None

    def keep(progress: Progress) -> None:
        nonlocal partial
        partial = progress.partial or partial
        report(replace(progress, partial=partial))

    return keep


def fetching(url: str, folder: Path, limits: media.Limits) -> Work[Kept]:
    """Work that brings the video of a link into a visitor's folder."""

    def work(report: Report, cancelled: Callable[[], bool]) -> Kept:
        from emotion.fetch import fetch

        fetched = fetch(url, folder, limits=limits, on_progress=report, cancelled=cancelled)
        return Kept(fetched.path, fetched.title or fetched.path.name, sha256_of(fetched.path))

    return work


def preparing(kept: Kept, folder: Path) -> Work[Path]:
    """Work that finds what the browser plays: the clip itself, or a small copy of it beside it."""

    def work(report: Report, cancelled: Callable[[], bool]) -> Path:
        from emotion.media import fence

        if kept.in_place:
            own = folder / f"play-{secrets.token_hex(8)}"
            own.mkdir(mode=0o700)
            return fence.proxy(kept.path, own, on_fraction=report, cancelled=cancelled)
        return fence.playable(kept.path, folder, cancelled=cancelled)

    return work


def with_name(error: BaseException | None, name: str) -> BaseException | None:
    """An error that quotes the clip quotes this visitor's name for it."""
    if isinstance(error, errors.MoodCueError) and "name" in error.values:
        return type(error)(**{**error.values, "name": name})
    return error
