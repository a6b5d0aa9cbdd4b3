"""A clip goes in, a :class:`Timeline` comes out. Read this first.

    clip -> media -> sound  -> speech -> voice -> speakers -+
                  -> frames -> faces  -> tracks ------------+-> fusion -> timeline

The sound is decoded and heard before the picture is looked at: it takes a tenth of the time, and
its result is handed on at once (``Progress.partial``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from emotion import errors, grid, media, settings, signals
from emotion.fusion import Reliability, verdict_of_both
from emotion.timeline import Adaptation, Clip, EmotionScores, FaceTrack, Notice, Segment, Timeline, Verdict

if TYPE_CHECKING:
    from emotion.face.infer import FaceReader
    from emotion.voice.adapt import Listened
    from emotion.voice.infer import VoiceReader
    from emotion.voice.saved_speaker import KnownVoice
    from emotion.voice.speech import SpeechDetector

Stage = Literal["reading", "hearing", "looking", "matching"]
Window = tuple[Segment, EmotionScores]


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


@dataclass(frozen=True)
class Heard:
    """What the voice said, window by window, and who spoke; None where nobody was heard."""

    listened: Listened | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Seen:
    """Who was seen: tracks, the main person first."""

    tracks: tuple[FaceTrack, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Studied:
    """A result, and what it takes to read the voice again with other footage of the speaker."""

    timeline: Timeline
    heard: Heard


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
    """As :func:`analyse`, with what :func:`reread` needs."""
    path, limits = Path(path), limits or media.Limits()
    on_progress(Progress("reading", 0.0))
    clip = media.probe(path, name=name, limits=limits)
    heard = hear(path, clip, readers, limits, on_progress, cancelled)
    adaptation = adapted_to(heard, readers, adapt, known)
    partial = assemble(clip, heard, Seen(), readers, adaptation)
    on_progress(Progress("looking", 0.0, partial))
    seen = look(path, clip, readers, limits, lambda fraction: on_progress(Progress("looking", fraction)), cancelled)
    on_progress(Progress("matching", 0.0))
    timeline = assemble(clip, heard, seen, readers, adaptation)
    if timeline.best is None and any(n.key == "notice.sound_broken" for n in timeline.notices) and clip.fps is None:
        raise errors.MediaError(name=clip.name)
    return Studied(timeline, heard)


def adapted_to(heard: Heard, readers: Readers, on: bool, known: Sequence[KnownVoice]) -> Adaptation | None:
    """Both readings of the voice; further footage goes to the speaker whom it sounds like."""
    if heard.listened is None or readers.voice is None:
        return None
    from emotion.voice import adapt

    return adapt.adapted(readers.voice, heard.listened, adapt.whose(heard.listened, known), on=on)


def reread(timeline: Timeline, readers: Readers, adaptation: Adaptation) -> Timeline:
    """The same clip by another reading of its voice; nothing is decoded, heard or looked at again."""
    judged = _judged(timeline.clip, _windows(Heard(), adaptation), timeline.tracks, readers)
    return replace(timeline, adaptation=adaptation, **judged)


def hear(
    path: Path,
    clip: Clip,
    readers: Readers,
    limits: media.Limits,
    on_progress: Callable[[Progress], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Heard:
    """Sound to speech to windows to emotions; no speech, no opinion."""
    if clip.sr is None:
        return Heard(notices=(Notice("notice.no_sound"),))
    if readers.voice is None or readers.speech is None:
        return Heard()
    from emotion.voice.adapt import listen
    from emotion.voice.speech import voice_segments

    on_progress(Progress("hearing", 0.0))
    try:
        y = media.read_sound(path, readers.voice.sr, name=clip.name, max_duration_s=limits.max_duration_s)
    except errors.TooLong:
        raise
    except errors.MediaError:
        return Heard(notices=(Notice("notice.sound_broken"),))
    if signals.is_silent(y):
        return Heard(notices=(Notice("notice.silent"),))
    segments = voice_segments(y, readers.voice.sr, detector=readers.speech)
    if not segments:
        return Heard(notices=(Notice("notice.no_speech"),))
    listened = listen(
        readers.voice,
        y,
        readers.voice.sr,
        segments,
        on_progress=lambda fraction: on_progress(Progress("hearing", fraction)),
        cancelled=cancelled,
    )
    return Heard(listened)


def look(
    path: Path,
    clip: Clip,
    readers: Readers,
    limits: media.Limits,
    on_fraction: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = never,
) -> Seen:
    """Frames to faces to people followed through the clip."""
    if clip.width is None:
        return Seen(notices=(Notice("notice.no_picture"),))
    if readers.face is None:
        return Seen()
    from emotion.face.infer import analyse_frames

    read = 0

    def frames() -> Iterator[media.VideoFrame]:
        nonlocal read
        for frame in media.read_frames(path, name=clip.name):
            if cancelled():
                raise errors.Cancelled
            if frame.time_s > limits.max_duration_s + 1:
                raise errors.TooLong(name=clip.name, duration_s=frame.time_s, limit_s=limits.max_duration_s)
            read += 1
            on_fraction(min(1.0, frame.time_s / max(clip.duration_s, 1e-6)))
            yield frame

    tracks = analyse_frames(frames(), readers.face)
    if read == 0:
        return Seen(notices=(Notice("notice.picture_broken"),))
    if not tracks:
        return Seen(notices=(Notice("notice.no_face"),))
    tracks = tuple(sorted(tracks, key=lambda t: not t.main))
    several = (Notice("notice.several_faces", (("count", len(tracks)),)),) if len(tracks) > 1 else ()
    return Seen(tracks, several)


def assemble(clip: Clip, heard: Heard, seen: Seen, readers: Readers, adaptation: Adaptation | None = None) -> Timeline:
    """Both modalities on one grid of seconds, and the verdicts on the whole clip."""
    judged = _judged(clip, _windows(heard, adaptation), seen.tracks, readers)
    notices = readers.notices + clip.notices + heard.notices + seen.notices
    if judged["fused"] is None and (heard.notices or seen.notices):
        notices += (Notice("notice.nothing_found"),)
    models = (readers.voice.used,) if readers.voice and judged["voice"] else ()
    if readers.face and judged["face"]:
        models += (readers.face.used, readers.face.detector_used)
    return Timeline(clip, tracks=seen.tracks, models=models, notices=notices, adaptation=adaptation, **judged)


def _windows(heard: Heard, adaptation: Adaptation | None) -> list[Window]:
    """The voice as it is to be shown."""
    if adaptation is not None:
        return [(w.segment, w.adapted if adaptation.on else w.general) for w in adaptation.windows]
    if heard.listened is None:
        return []
    scores = map(EmotionScores.from_array, heard.listened.general)
    return list(zip(heard.listened.segments, scores, strict=True))


def _judged(clip: Clip, windows: Sequence[Window], tracks: Sequence[FaceTrack], readers: Readers) -> dict[str, Any]:
    """The fields of a timeline that follow from what voice and face say."""
    voice = EmotionScores.mean([s for _, s in windows]) if windows else None
    face = tracks[0].scores if tracks else None
    voice_threshold = readers.voice.threshold if readers.voice else 1.0
    face_threshold = readers.face.threshold if readers.face else 1.0
    fused, differ = verdict_of_both(voice, face, readers.reliability, (voice_threshold, face_threshold))
    return {
        "moments": grid.of_clip(clip, windows, tracks[:1], readers.reliability),
        "voice": voice and Verdict(voice, voice.confidence >= voice_threshold),
        "face": face and Verdict(face, face.confidence >= face_threshold),
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
    clip = media.probe(path, name=name, limits=limits)
    heard = hear(path, clip, readers, limits, lambda progress: on_fraction(progress.fraction), cancelled)
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

    notices: tuple[Notice, ...] = ()
    try:
        face_reader = face.build_reader(settings.FACE_ENGINE.read(), settings.DETECTOR.read())
    except (errors.EngineMissing, errors.DetectorMissing) as e:
        face_reader = face.build_reader()
        notices = (Notice(e.key, tuple(e.values.items())), Notice("notice.default_face"))
    voice_reader = voice.build_reader(settings.VOICE.read())
    return Readers(voice_reader, SpeechDetector.build(), face_reader, notices)


__all__ = ["Progress", "Readers", "Studied", "Timeline", "analyse", "know", "load_readers", "reread", "study"]
