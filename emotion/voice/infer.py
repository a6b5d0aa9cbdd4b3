"""The voice: sound in, the expressed emotion out. Nothing here reads a file or keeps a global.

reader = build_reader()
reader.read(y, sr)                                    one short recording
reader.read_windows(y, sr, voice_segments(y, sr))     a timeline
profile = reader.profile(y, sr, segments)             then: read(..., profile=profile)
reader.embeddings(y, sr, segments)                    whose voice it is
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion import errors, settings, signals
from emotion.messages import Words
from emotion.timeline import Affect, EmotionScores, Segment
from emotion.voice import features as front_end
from emotion.voice import model
from emotion.voice.profile import SpeakerProfile
from emotion.voice.speaker_encoder import WIDE_STEP, SpeakerEncoder
from emotion.voice.speech import WINDOW_S, SpeechDetector, covered_s, speech_segments, windows_over
from emotion.weights import Weights, load

DEFAULT: Final = settings.VOICE.default
LONGEST_WHOLE_S: Final = 8.0
"""A recording with speech no longer than this is judged as one; a longer one window by window."""


def _ignore(fraction: float) -> None:
    del fraction


def _never() -> bool:
    return False


class VoiceReader:
    """A voice model, ready to read.

    Attributes:
        sr: samples a second the model hears; sound at another rate is resampled.
        adapts: whether a speaker's profile changes anything.
        tells_speakers: whether :meth:`embeddings` is there.
        threshold: a largest probability below this means "not sure".
        reliability: the model's speaker-independent UAR, its weight beside other modalities.
        used: name, version and hash, for the result.
    """

    def __init__(self, weights: Weights, *, detector: SpeechDetector | None = None, threads: int | None = None) -> None:
        settings = weights.config["preprocessing"]
        self._extractor = model.EXTRACTORS[settings["features"]](weights, threads)
        self._head = model.build_head(weights)
        self._detector = detector
        self.tells_speakers = "speaker.onnx" in weights.config["files"]
        self._speakers = SpeakerEncoder(weights.path("speaker.onnx"), threads) if self.tells_speakers else None
        self.adapts = self._head.adapts
        self.sr: int = self._extractor.sr
        self.threshold: float = weights.config["threshold"]
        self.reliability: float = weights.config["reliability"]
        self.used = weights.used

    def read(self, y: signals.Signal, sr: int, *, profile: SpeakerProfile | None = None) -> EmotionScores:
        """One recording as a whole; a long one as the mean over its windows.

        Args:
            y: shape (n,), mono in [-1, 1]; NaN counts as silence.
            sr: samples a second.
            profile: what is known of the speaker.

        Raises:
            NoVoice: there is nothing to hear: silence, or less than a tenth of a second.
        """
        y = signals.mono(y)
        segments = self.whole(y, sr)
        return EmotionScores.mean(
            self.read_windows(y, sr, segments, profile=profile), [segment.duration_s for segment in segments]
        )

    def whole(self, y: signals.Signal, sr: int) -> list[Segment]:
        """What :meth:`read` listens to: from the first speech to the last, in windows if that is long.

        Where no speech is found but something is heard, all of it counts.
        """
        duration_s = len(y) / sr
        if duration_s < model.SHORTEST_S or signals.is_silent(y):
            raise errors.NoVoice(duration_s=duration_s)
        speech = speech_segments(y, sr, detector=self._detector) or [Segment(0.0, duration_s)]
        span = Segment(speech[0].start_s, speech[-1].end_s)
        return [span] if span.duration_s <= LONGEST_WHOLE_S else windows_over(speech)

    def read_windows(
        self,
        y: signals.Signal,
        sr: int,
        segments: Sequence[Segment],
        *,
        profile: SpeakerProfile | None = None,
        on_progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[EmotionScores]:
        """One distribution for each segment, in their order; no segment, no opinion.

        Args:
            y: shape (n,), mono in [-1, 1].
            sr: samples a second.
            segments: windows within the sound, as from :func:`emotion.voice.speech.voice_segments`.
            profile: what is known of the speaker; None reads everybody alike.
            on_progress: called with the part done, in [0, 1].
            cancelled: asked between batches.

        Raises:
            Cancelled: when asked to stop.
        """
        if not segments:
            return []
        features = self.features(y, sr, segments, on_progress=on_progress, cancelled=cancelled)
        return [EmotionScores.from_array(p) for p in self.judge(features, profile)]

    def features(
        self,
        y: signals.Signal,
        sr: int,
        segments: Sequence[Segment],
        *,
        on_progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> npt.NDArray[np.float32]:
        """What the head sees of each segment, shape (segments, d)."""
        y = signals.resample(y, sr, self.sr)
        return self._head.place(self._extractor.extract(y, segments, on_progress or _ignore, cancelled or _never))

    def judge(
        self, features: npt.NDArray[np.float32], profile: SpeakerProfile | None = None
    ) -> npt.NDArray[np.float64]:
        """Features (n, d) to calibrated probabilities (n, 8)."""
        return self._head.probs(features, profile)

    def affect(self, scores: EmotionScores) -> Affect:
        """Energy and pleasantness of one reading, with intervals that held on corpora never trained on.

        ``EmotionScores.valence`` and ``arousal`` are plain expectations, which doubt draws to the middle; here that
        is undone, and zero is where a neutral voice lies.
        """
        return _affect(self._head.affect(scores.as_array()[None])[0])

    def affects(self, row: Sequence[EmotionScores | None]) -> list[Affect | None]:
        """:meth:`affect` of each, all at once; None where there is nothing to say."""
        found: list[Affect | None] = [None] * len(row)
        said = [i for i, scores in enumerate(row) if scores is not None]
        if said:
            probs = np.array([scores.probs for scores in row if scores is not None])
            for i, plane in zip(said, self._head.affect(probs), strict=True):
                found[i] = _affect(plane)
        return found

    def profile(self, y: signals.Signal, sr: int, segments: Sequence[Segment]) -> SpeakerProfile | None:
        """What these windows tell of their speaker; None where there are no windows."""
        if not segments:
            return None
        features = self.features(y, sr, segments)
        # Overlapping windows repeat each other: three seconds of speech are one clip's worth.
        count = covered_s(segments) / WINDOW_S
        return SpeakerProfile.learn(features, self.judge(features), min(count, float(len(segments))))

    def embeddings(self, y: signals.Signal, sr: int, segments: Sequence[Segment]) -> npt.NDArray[np.float32]:
        """Whose voice each segment is: the cosine of two rows tells how alike two speakers sound.

        Each segment is brought to one level by itself. Under 1.6 s of speech an embedding says less.

        Args:
            y: shape (n,), mono in [-1, 1].
            sr: samples a second.
            segments: stretches with speech, of about 1 to 4 s.

        Returns:
            Shape (segments, 256), no value negative, rows of length 1.

        Raises:
            WeightsError: this model has no speaker encoder (see ``tells_speakers``).
        """
        if self._speakers is None:
            raise errors.WeightsError(name=self.used.name, detail=Words.of("fault.no_speakers"))
        if not segments:
            return np.zeros((0, 256), np.float32)
        y = signals.resample(signals.mono(y), sr, front_end.SR)
        parts = (y[int(s.start_s * front_end.SR) : int(s.end_s * front_end.SR)] for s in segments)
        levelled = [front_end.level(part, [Segment(0.0, len(part) / front_end.SR)]) for part in parts]
        return self._speakers.embeddings(levelled, WIDE_STEP)


def _affect(plane: npt.NDArray[np.floating]) -> Affect:
    """From valence and arousal with their bounds, shape (2, 3)."""
    (valence, valence_low, valence_high), (arousal, arousal_low, arousal_high) = plane.tolist()
    return Affect(valence, arousal, valence_low, valence_high, arousal_low, arousal_high)


def build_reader(name: str = DEFAULT, *, threads: int | None = None) -> VoiceReader:
    """The reader of ``assets/models/<name>``.

    Raises:
        WeightsError: no such folder, or a damaged file.
    """
    return VoiceReader(load(name), threads=threads)
