"""A clip goes in, a :class:`Timeline` comes out. Read this first.

    clip -> media -> sound  -> speech -> voice -> speakers -+
                  -> frames -> faces  -> tracks ------------+-> fusion -> timeline

Sound and picture are decoded behind a fence (:mod:`emotion.media.fence`), side by side. The sound is heard while the
picture is looked at; its result is known first and handed on at once (``Progress.partial``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from emotion import errors, grid, media, settings, signals
from emotion.fusion import Reliability, verdict_of_both
from emotion.media import fence
from emotion.timeline import Adaptation, Clip, EmotionScores, FaceTrack, Notice, Segment, Timeline, Verdict

if TYPE_CHECKING:
    from emotion.face.infer import FaceReader
    from emotion.voice.adapt import Listened
    from emotion.voice.infer import VoiceReader
    from emotion.voice.saved_speaker import KnownVoice
    from emotion.voice.speech import SpeechDetector

Stage = Literal["reading", "hearing", "looking", "matching"]
Window = tuple[Segment, EmotionScores]

LOOK_EVERY_S: Final = 0.05
MOST_OF_IT: Final = 0.9
"""Where a face was seen for less of the clip, the result says for how much."""


@dataclass(frozen=True)
class Readers:
    """The models, as arguments; a modality without its reader is left out."""

    voice: VoiceReader | None = None
    speech: SpeechDetector | None = None
    face: FaceReader | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def reliability(self) -> Reliability:
        return Reliability(self.voice.reliability if self.voice else 1.0, self.face.reliability if self.face else 1.0)


@dataclass(frozen=True)
class Progress:
    """How far a stage is, in [0, 1]; ``partial`` is what is known so far."""

    stage: Stage
    fraction: float
    partial: Timeline | None = None


@dataclass(frozen=True, eq=False)
class Heard:
    """What the voice said, window by window, and who spoke; ``listened`` is None where nobody was heard.

    Attributes:
        speech: where somebody speaks, in order, without overlap.
        envelope: the waveform, small enough to draw, see :func:`emotion.signals.envelope`.
    """

    listened: Listened | None = None
    speech: tuple[Segment, ...] = ()
    envelope: signals.Envelope | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, eq=False)
class Seen:
    """Who was seen: tracks, the main person first, and the pictures that were read, None where there are none."""

    tracks: tuple[FaceTrack, ...] = ()
    shown: grid.Shown | None = None
    notices: tuple[Notice, ...] = ()


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
        with _Aside(lambda eye: look(reading, readers, limits, eye.note, over.is_set), over) as looking:
            heard = hear(reading, readers, on_progress, cancelled)
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


class _Aside:
    """Looks at the picture in a thread of its own, while the sound is heard in this one."""

    def __init__(self, work: Callable[[_Aside], Seen], over: threading.Event) -> None:
        self.fraction = 0.0
        self._over = over
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="looking")
        self._seen = self._pool.submit(work, self)

    def note(self, fraction: float) -> None:
        self.fraction = fraction

    def result(self, on_fraction: Callable[[float], None], cancelled: Callable[[], bool]) -> Seen:
        """Waits for it; ``on_fraction`` is called from this thread."""
        said = -1.0
        while True:
            done, _ = wait([self._seen], timeout=LOOK_EVERY_S)
            if self.fraction > said:
                said = self.fraction
                on_fraction(said)
            if cancelled():
                raise errors.Cancelled
            if done:
                return self._seen.result()

    def __enter__(self) -> _Aside:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._seen.done():
            self._over.set()
        self._pool.shutdown()


def adapted_to(heard: Heard, readers: Readers, on: bool, known: Sequence[KnownVoice]) -> Adaptation | None:
    """Both readings of the voice; further footage goes to the speaker whom it sounds like."""
    if heard.listened is None or readers.voice is None:
        return None
    from emotion.voice import adapt

    return adapt.adapted(readers.voice, heard.listened, adapt.whose(heard.listened, known), on=on)


def reread(timeline: Timeline, readers: Readers, adaptation: Adaptation) -> Timeline:
    """The same clip by another reading of its voice; nothing is decoded, heard or looked at again."""
    steps, row = [m.segment for m in timeline.moments], [m.face for m in timeline.moments]
    judged = _judged(steps, _windows(Heard(), adaptation), row, timeline.face, readers)
    return replace(timeline, adaptation=adaptation, **judged)


def hear(
    reading: fence.Reading,
    readers: Readers,
    on_progress: Callable[[Progress], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Heard:
    """Sound to speech to windows to emotions; no speech, no opinion."""
    if reading.clip.sr is None:
        return Heard(notices=(Notice("notice.no_sound"),))
    on_progress(Progress("hearing", 0.0))
    try:
        y = reading.sound()
    except (errors.TooLong, errors.DecoderDied, errors.DecoderStuck):
        raise
    except errors.MediaError:
        return Heard(notices=(Notice("notice.sound_broken"),))
    heard = Heard(envelope=signals.envelope(y, reading.sr))
    if readers.voice is None or readers.speech is None:
        return heard
    if signals.is_silent(y):
        return replace(heard, notices=(Notice("notice.silent"),))
    from emotion.voice.adapt import listen
    from emotion.voice.speech import speech_segments, windows_over

    speech = tuple(speech_segments(y, reading.sr, detector=readers.speech))
    if not speech:
        return replace(heard, notices=(Notice("notice.no_speech"),))
    listened = listen(
        readers.voice,
        y,
        reading.sr,
        windows_over(speech),
        on_progress=lambda fraction: on_progress(Progress("hearing", fraction)),
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
    from emotion.face.infer import analyse_frames

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


def assemble(clip: Clip, heard: Heard, seen: Seen, readers: Readers, adaptation: Adaptation | None = None) -> Timeline:
    """Both modalities on one grid of seconds, and the verdicts on the whole clip."""
    windows = _windows(heard, adaptation)
    steps = grid.steps_of(clip, [segment for segment, _ in windows])
    row = grid.face_row(steps, seen.tracks, seen.shown)
    face = row.whole and Verdict(row.whole, readers.face is not None and row.whole.confidence >= readers.face.threshold)
    judged = _judged(steps, windows, row.scores, face, readers)
    part = None if seen.shown is None else min(1.0, row.seen_s / max(clip.duration_s, 1e-6))
    models = (readers.voice.used,) if readers.voice and judged["voice"] else ()
    if readers.face and face:
        models += (readers.face.used, readers.face.detector_used)
    return Timeline(
        clip,
        face=face,
        tracks=seen.tracks,
        models=models,
        notices=readers.notices + clip.notices + _notices(heard, seen, part, nothing=judged["fused"] is None),
        speech=heard.speech,
        face_seen=part,
        adaptation=adaptation,
        **judged,
    )


def _notices(heard: Heard, seen: Seen, part: float | None, *, nothing: bool) -> tuple[Notice, ...]:
    """What is worth saying: where nothing was found, one sentence that is true of both sides."""
    found = heard.notices + seen.notices
    if nothing and found:
        broken = {"notice.sound_broken", "notice.picture_broken"} & {n.key for n in found}
        return (Notice("notice.nothing_decoded" if broken else "notice.nothing_found"),)
    if part and part < MOST_OF_IT:
        found += (Notice("notice.face_seen", (("share", part),)),)
    return found


def _windows(heard: Heard, adaptation: Adaptation | None) -> list[Window]:
    """The voice as it is to be shown."""
    if adaptation is not None:
        return [(w.segment, w.adapted if adaptation.on else w.general) for w in adaptation.windows]
    if heard.listened is None:
        return []
    scores = map(EmotionScores.from_array, heard.listened.general)
    return list(zip(heard.listened.segments, scores, strict=True))


def _judged(
    steps: Sequence[Segment], windows: Sequence[Window], row: grid.Scores, face: Verdict | None, readers: Readers
) -> dict[str, Any]:
    """The fields of a timeline that follow from what voice and face say."""
    voice = EmotionScores.mean([s for _, s in windows]) if windows else None
    threshold = readers.voice.threshold if readers.voice else 1.0
    face_threshold = readers.face.threshold if readers.face else 1.0
    fused, differ = verdict_of_both(voice, face and face.scores, readers.reliability, (threshold, face_threshold))
    return {
        "moments": grid.joined(steps, grid.voice_row(steps, windows), row, readers.reliability),
        "voice": voice and Verdict(voice, voice.confidence >= threshold),
        "fused": fused,
        "disagreement": differ,
    }


def know(
    path: str | Path,
    readers: Readers,
    *,
    name: str | None = None,
    limits: media.Limits | None = None,
    on_fraction: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = never,
) -> list[KnownVoice]:
    """What further footage tells of who speaks in it, the one who speaks most first; its picture is not looked at.

    A saved voice (``.npz``) is read as what it is.

    Raises:
        NoSpeech: nobody speaks.
        ReadsAlike: the model has no use for it.
        MoodCueError: what else is wrong with the file.
    """
    from emotion.voice import adapt
    from emotion.voice.saved_speaker import MAX_BYTES, SUFFIX

    path, limits = Path(path), limits or media.Limits()
    name = name or path.name
    if readers.voice is None:
        raise errors.NoSpeech(name=name)
    if not readers.voice.adapts:
        raise errors.ReadsAlike(model=f"{readers.voice.used.name}-v{readers.voice.used.version}")
    if name.lower().endswith(f".{SUFFIX}"):
        if not path.is_file():
            raise errors.FileMissing(name=name)
        with path.open("rb") as f:
            return [adapt.load(readers.voice, f.read(MAX_BYTES + 1), name=name)]
    with fence.opened(
        path, name=name, limits=limits, sr=readers.voice.sr, frames=False, cancelled=cancelled
    ) as reading:
        heard = hear(reading, readers, lambda progress: on_fraction(progress.fraction), cancelled)
    if heard.listened is None:
        raise errors.NoSpeech(name=name)
    return adapt.voices(readers.voice, heard.listened)


def load_readers() -> Readers:
    """The models that the settings name: ``MOODCUE_VOICE``, ``MOODCUE_FACE_ENGINE``, ``MOODCUE_DETECTOR``.

    An engine or a detector that cannot be had here (no network, say) is replaced by the default, and
    every result says so.

    Raises:
        WeightsError: the default weights are missing or damaged.
    """
    from emotion.face import infer as face
    from emotion.voice import infer as voice
    from emotion.voice.speech import SpeechDetector

    fence.warm()
    notices: tuple[Notice, ...] = ()
    try:
        face_reader = face.build_reader(settings.FACE_ENGINE.read(), settings.DETECTOR.read())
    except (errors.EngineMissing, errors.DetectorMissing) as e:
        face_reader = face.build_reader()
        notices = (Notice(e.key, tuple(e.values.items())), Notice("notice.default_face"))
    voice_reader = voice.build_reader(settings.VOICE.read())
    return Readers(voice_reader, SpeechDetector.build(), face_reader, notices)


__all__ = ["Progress", "Readers", "Studied", "Timeline", "analyse", "know", "load_readers", "reread", "study"]
