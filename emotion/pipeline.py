"""A clip goes in, a :class:`Timeline` comes out. Read this first.

    clip -> media -> sound  -> speech -> voice -+
                  -> frames -> faces  -> tracks -+-> fusion -> timeline

The sound is decoded and heard before the picture is looked at: it takes a tenth of the time, and
its result is handed on at once (``Progress.partial``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from emotion import errors, media, moments, signals
from emotion.fusion import Reliability, verdict_of_both
from emotion.timeline import Clip, EmotionScores, FaceTrack, Notice, Segment, Timeline, Verdict

if TYPE_CHECKING:
    from emotion.face.infer import FaceReader
    from emotion.voice.infer import VoiceReader
    from emotion.voice.speech import SpeechDetector

Stage = Literal["reading", "hearing", "looking", "matching"]


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
    """What the voice said: a distribution for each window of speech, in order of time."""

    windows: tuple[tuple[Segment, EmotionScores], ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Seen:
    """Who was seen: tracks, the main person first."""

    tracks: tuple[FaceTrack, ...] = ()
    notices: tuple[Notice, ...] = ()


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
    on_progress: Callable[[Progress], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Timeline:
    """Everything MoodCue knows of one clip.

    Args:
        path: the file; ``name`` is how messages and the result call it.
        readers: the models, see :func:`load_readers`.
        limits: size and length accepted, :class:`media.Limits` by default.
        on_progress: called from this thread, often.
        cancelled: asked between windows and frames.

    Raises:
        MoodCueError: a sentence for the user; :class:`errors.Cancelled` when asked to stop.
    """
    path, limits = Path(path), limits or media.Limits()
    on_progress(Progress("reading", 0.0))
    clip = media.probe(path, name=name, limits=limits)
    heard = hear(path, clip, readers, limits, on_progress, cancelled)
    partial = assemble(clip, heard, Seen(), readers)
    on_progress(Progress("looking", 0.0, partial))
    seen = look(path, clip, readers, limits, lambda fraction: on_progress(Progress("looking", fraction)), cancelled)
    on_progress(Progress("matching", 0.0))
    timeline = assemble(clip, heard, seen, readers)
    if timeline.best is None and any(n.key == "notice.sound_broken" for n in timeline.notices) and clip.fps is None:
        raise errors.MediaError(name=clip.name)
    return timeline


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
    scores = readers.voice.read_windows(
        y,
        readers.voice.sr,
        segments,
        on_progress=lambda fraction: on_progress(Progress("hearing", fraction)),
        cancelled=cancelled,
    )
    return Heard(tuple(zip(segments, scores, strict=True)))


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


def assemble(clip: Clip, heard: Heard, seen: Seen, readers: Readers) -> Timeline:
    """Both modalities on one grid of seconds, and the verdicts on the whole clip."""
    notices = readers.notices + heard.notices + seen.notices
    voice = EmotionScores.mean([s for _, s in heard.windows]) if heard.windows else None
    face = seen.tracks[0].scores if seen.tracks else None
    if voice is None and face is None and (heard.notices or seen.notices):
        notices += (Notice("notice.nothing_found"),)
    voice_threshold = readers.voice.threshold if readers.voice else 1.0
    face_threshold = readers.face.threshold if readers.face else 1.0
    fused, differ = verdict_of_both(voice, face, readers.reliability, (voice_threshold, face_threshold))
    models = (readers.voice.used,) if readers.voice and voice else ()
    if readers.face and face:
        models += (readers.face.used, readers.face.detector_used)
    return Timeline(
        clip,
        moments.of_clip(clip, heard.windows, seen.tracks[:1], readers.reliability),
        voice=voice and Verdict(voice, voice.confidence >= voice_threshold),
        face=face and Verdict(face, face.confidence >= face_threshold),
        fused=fused,
        disagreement=differ,
        tracks=seen.tracks,
        models=models,
        notices=notices,
    )


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

    engine = os.environ.get("MOODCUE_FACE_ENGINE") or face.DEFAULT_ENGINE
    detector = os.environ.get("MOODCUE_DETECTOR") or face.DEFAULT_DETECTOR
    notices: tuple[Notice, ...] = ()
    try:
        face_reader = face.build_reader(engine, detector)
    except (errors.EngineMissing, errors.DetectorMissing) as e:
        face_reader = face.build_reader()
        notices = (Notice(e.key, tuple(e.values.items())), Notice("notice.default_face"))
    voice_reader = voice.build_reader(os.environ.get("MOODCUE_VOICE") or voice.DEFAULT)
    return Readers(voice_reader, SpeechDetector.build(), face_reader, notices)


__all__ = ["Progress", "Readers", "Timeline", "analyse", "load_readers"]
