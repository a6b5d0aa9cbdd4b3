"""The models that read a clip, and how the settings choose them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emotion import errors, settings
from emotion.fusion import Reliability
from emotion.media import fence
from emotion.timeline import Notice

if TYPE_CHECKING:
    from emotion.face.infer import FaceReader
    from emotion.grid import Affects
    from emotion.voice.infer import VoiceReader
    from emotion.voice.speech import SpeechDetector


@dataclass(frozen=True)
class Readers:
    """The models, as arguments; a modality without its reader is left out."""

    voice: VoiceReader | None = None
    speech: SpeechDetector | None = None
    face: FaceReader | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def reliability(self) -> Reliability:
        """How much each side counts beside the other."""
        return Reliability(self.voice.reliability if self.voice else 1.0, self.face.reliability if self.face else 1.0)

    @property
    def affects(self) -> Affects | None:
        """What says how pleasant and how lively a voice is; None without a voice reader."""
        return self.voice.affects if self.voice else None


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
