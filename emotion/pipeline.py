"""A clip goes in, a :class:`Timeline` comes out. Read this first.

    clip -> media -> sound  -> speech -> voice -> speakers -+
                  -> frames -> faces  -> tracks ------------+-> fusion -> timeline

Sound and picture are decoded behind a fence (:mod:`emotion.media.fence`), side by side. The sound is heard while the
picture is looked at; its result is known first and handed on at once (``Progress.partial``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from emotion import errors, grid, media, signals
from emotion.aside import Aside
from emotion.assembly import Heard, Seen, assemble, reread
from emotion.media import fence
from emotion.readers import Readers, load_readers
from emotion.timeline import Adaptation, Notice, Timeline

if TYPE_CHECKING:
    from emotion.voice.saved_speaker import KnownVoice

DECODED: Final = 0.1
"""The part of the hearing of a long clip in which its sound is decoded, by ``python -m tests.benchmarks long``."""

Stage = Literal["reading", "hearing", "looking", "matching"]


@dataclass(frozen=True)
class Progress:
    """How far a stage is, in [0, 1]; ``partial`` is what is known so far, ``beside`` how much of the picture was looked
    at while something else was done."""

    stage: Stage
    fraction: float
    partial: Timeline | None = None
    beside: float = 0.0


@dataclass(frozen=True, eq=False)
class Studied:
    """A result, and what it takes to read the voice again with other footage of the speaker.

    ``switched`` is the same with the adaptation to the speakers switched the other way; None where there is none.
    """

    timeline: Timeline
    heard: Heard
    switched: Timeline | None = None


def never() -> bool:
    return False


def ignore(progress: Progress) -> None:
    del progress


def analyse(
    path: str | Path,
    readers: Readers,
    *,
    name: str | None = None,
    limits: media.Limits | None = None,
    adapt: bool = True,
    known: Sequence[KnownVoice] = (),
    on_progress: Callable[[Progress], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Timeline:
    """Everything MoodCue knows of one clip.

    Args:
        path: the file; ``name`` is how messages and the result call it.
        readers: the models, see :func:`load_readers`.
        limits: size and length accepted, :class:`media.Limits` by default.
        adapt: read each voice in the light of what else it says; the plain reading is kept beside it.
        known: further footage of whoever speaks, see :mod:`emotion.voice.saved_speaker`.
        on_progress: called from this thread, often.
        cancelled: asked between windows and frames.

    Raises:
        MoodCueError: a sentence for the user; :class:`errors.Cancelled` when asked to stop.
    """
    return study(
        path,
        readers,
        name=name,
        limits=limits,
        adapt=adapt,
        known=known,
        on_progress=on_progress,
        cancelled=cancelled,
    ).timeline


def study(
    path: str | Path,
    readers: Readers,
    *,
    name: str | None = None,
    limits: media.Limits | None = None,
    adapt: bool = True,
    known: Sequence[KnownVoice] = (),
    on_progress: Callable[[Progress], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Studied:
    """As :func:`analyse`, with what :func:`reread` needs. Sound and picture are read once, side by side."""
    limits = limits or media.Limits()
    over = threading.Event()
    on_progress(Progress("reading", 0.0))
    with fence.opened(
        path,
        name=name,
        limits=limits,
        sr=readers.voice.sr if readers.voice else media.SAMPLE_RATE,
        frames=readers.face is not None,
        cancelled=lambda: over.is_set() or cancelled(),
    ) as reading:
        clip = reading.clip
        with Aside(lambda eye: look(reading, readers, limits, eye.note, over.is_set), over) as looking:

            def hearing(progress: Progress) -> None:
                on_progress(replace(progress, beside=looking.fraction))

            heard = hear(reading, readers, hearing, cancelled, alone=looking.held)
            adaptation = adapted_to(heard, readers, adapt, known)
            partial = assemble(clip, heard, Seen(), readers, adaptation)
            on_progress(Progress("looking", looking.fraction, partial))
            seen = looking.result(lambda fraction: on_progress(Progress("looking", fraction)), cancelled)
    on_progress(Progress("matching", 0.0))
    timeline = assemble(clip, heard, seen, readers, adaptation)
    if timeline.best is None and clip.width is None and "notice.sound_broken" in {n.key for n in heard.notices}:
        raise errors.MediaError(name=clip.name)
    switched = adaptation and reread(timeline, readers, replace(adaptation, on=not adaptation.on))
    return Studied(timeline, heard, switched)


def adapted_to(heard: Heard, readers: Readers, on: bool, known: Sequence[KnownVoice]) -> Adaptation | None:
    """Both readings of the voice; further footage goes to the speaker whom it sounds like."""
    if heard.listened is None or readers.voice is None:
        return None
    from emotion.voice import adapt

    return adapt.adapted(readers.voice, heard.listened, adapt.whose(heard.listened, known), on=on)


def hear(
    reading: fence.Reading,
    readers: Readers,
    on_progress: Callable[[Progress], None] = ignore,
    cancelled: Callable[[], bool] = never,
    *,
    alone: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Heard:
    """Sound to speech to windows to emotions; no speech, no opinion. ``alone`` is entered for the bulk of the work."""
    if reading.clip.sr is None:
        return Heard(notices=(Notice("notice.no_sound"),))
    on_progress(Progress("hearing", 0.0))
    try:
        if reading.clip.duration_s <= signals.WHOLE_S:
            return _heard(reading.sound(), reading.sr, readers, on_progress, cancelled, alone)
        with reading.stored_sound(lambda fraction: on_progress(Progress("hearing", DECODED * fraction))) as stored:
            return _heard(stored, reading.sr, readers, on_progress, cancelled, alone, begun=DECODED)
    except (errors.TooLong, errors.DecoderDied, errors.DecoderStuck):
        raise
    except errors.MediaError:
        return Heard(notices=(Notice("notice.sound_broken"),))


def _heard(
    y: signals.Sound,
    sr: int,
    readers: Readers,
    on_progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
    alone: Callable[[], AbstractContextManager[None]],
    begun: float = 0.0,
) -> Heard:
    """What is in the sound; ``begun`` is the part of the hearing that is done already."""
    heard = Heard(envelope=signals.envelope(y, sr))
    if readers.voice is None or readers.speech is None:
        return heard
    if signals.is_silent(y, sr):
        return replace(heard, notices=(Notice("notice.silent"),))
    from emotion.voice.adapt import listen
    from emotion.voice.speech import speech_segments, windows_over

    speech = tuple(speech_segments(y, sr, detector=readers.speech, cancelled=cancelled))
    if not speech:
        return replace(heard, notices=(Notice("notice.no_speech"),))
    with alone():
        listened = listen(
            readers.voice,
            y,
            sr,
            windows_over(speech),
            on_progress=lambda fraction: on_progress(Progress("hearing", begun + (1 - begun) * fraction)),
            cancelled=cancelled,
        )
    return replace(heard, listened=listened, speech=speech)


def look(
    reading: fence.Reading,
    readers: Readers,
    limits: media.Limits,
    on_fraction: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = never,
) -> Seen:
    """Frames to faces to people followed through the clip."""
    clip = reading.clip
    if clip.width is None:
        return Seen(notices=(Notice("notice.no_picture"),))
    if readers.face is None:
        return Seen()
    from emotion.face.frames import analyse_frames

    times_s: list[float] = []
    ends_s: list[float | None] = []

    def frames() -> Iterator[media.VideoFrame]:
        for frame in reading.frames():
            if frame.time_s > limits.max_duration_s + 1:
                raise errors.TooLong(name=clip.name, duration_s=frame.time_s, limit_s=limits.max_duration_s)
            times_s.append(frame.time_s)
            ends_s.append(frame.end_s)
            on_fraction(min(1.0, frame.time_s / max(clip.duration_s, 1e-6)))
            yield frame

    tracks = analyse_frames(frames(), readers.face, cancelled=cancelled)
    if not times_s:
        return Seen(notices=(Notice("notice.picture_broken"),))
    shown = grid.Shown.of(times_s, ends_s, clip.duration_s)
    if not tracks:
        return Seen(shown=shown, notices=(Notice("notice.no_face"),))
    tracks = tuple(sorted(tracks, key=lambda t: not t.main))
    several = (Notice("notice.several_faces", (("count", len(tracks)),)),) if len(tracks) > 1 else ()
    return Seen(tracks, shown, several)


__all__ = ["Heard", "Progress", "Readers", "Studied", "Timeline", "analyse", "load_readers", "reread", "study"]
