"""What somebody expresses now: frames and sound as they come, the last seconds as a timeline.

``see`` is called for a frame and reads it at once (whoever calls it drops the frames that came in the
meantime); ``hear`` only stores sound and, once a second, has the last three seconds read elsewhere.
``view`` may be called from another thread at any time. Time is the caller's clock, in seconds.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion import grid, signals
from emotion.face.frame_tracker import Follower
from emotion.face.stretch import prominence
from emotion.fusion import verdict_of_both
from emotion.pipeline import Readers
from emotion.timeline import Clip, EmotionScores, FaceTrack, Segment, Sighting, Timeline, Verdict
from emotion.voice.online_profile import Growing
from emotion.voice.speech import HOP_S, WINDOW_S, speech_segments

SPAN_S: Final = 30.0
"""So much is remembered and shown; what is older is forgotten."""
NOW_S: Final = 3.0
"""What was seen and heard in so many seconds counts as now."""
SMOOTH_S: Final = 0.5
"""The face shown is the mean of its sightings with weights that halve in about this time."""
RATE_S: Final = 2.0
LEAST_SPEECH_S: Final = 0.4

_log = logging.getLogger(__name__)


@functools.cache
def _listeners() -> Executor:
    """Two threads for the voices of all visitors; who comes while both are busy is heard a second later."""
    return ThreadPoolExecutor(2, thread_name_prefix="live-voice")


@dataclass(frozen=True)
class LiveView:
    """The last :data:`SPAN_S` seconds, their end being now.

    ``voice``, ``face`` and ``fused`` are of the last :data:`NOW_S` seconds; ``fps`` counts frames that
    were read, ``delay_s`` is how long the last one took; ``frames`` have been read in all.
    """

    timeline: Timeline
    voice: Verdict | None
    face: Verdict | None
    fused: Verdict | None
    frames: int
    fps: float
    delay_s: float
    known_s: float = 0.0
    """Seconds of speech that the voice is known from."""


@dataclass
class Live:
    """One visitor's live view. ``readers`` gives the models, or None while they are loading."""

    readers: Callable[[], Readers | None]
    executor: Executor = field(default_factory=_listeners)
    adapt: bool = True
    """Whether the voice is read in the light of what was heard of it since the start, as of one speaker."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything: a new beginning."""
        with self._lock:
            self.frames = 0
            self._follower = Follower()
            self._delay_s = 0.0
            self._reads: deque[float] = deque(maxlen=200)
            self._faces: deque[Sighting] = deque(maxlen=int(SPAN_S * 40))
            self._voices: deque[tuple[Segment, EmotionScores]] = deque(maxlen=int(SPAN_S / HOP_S) + 2)
            self._sound: deque[npt.NDArray[np.float32]] = deque()
            self._heard = 0
            self._sr = 0
            self._listened_s = -np.inf
            self._speaker = Growing()
            self._listening = False

    def see(self, rgb: npt.NDArray[np.uint8], now_s: float, clock: Callable[[], float] | None = None) -> list[Sighting]:
        """Read one frame of shape (height, width, 3); gives its faces, the main one first and smoothed."""
        readers = self.readers()
        if readers is None or readers.face is None:
            return []
        found = readers.face.read(rgb, now_s, self._follower.find(readers.face.detector, rgb, now_s))
        found.sort(key=lambda s: -prominence(s, rgb.shape[:2]))
        with self._lock:
            self.frames += 1
            self._reads.append(now_s)
            if clock is not None:
                self._delay_s = clock() - now_s
            if found:
                self._faces.append(replace(found[0], crop=None))  # nobody looks at the crop later
                found[0] = _with_scores(found[0], _recent(self._faces, now_s))
        return found

    def hear(self, y: npt.ArrayLike, sr: int, now_s: float) -> None:
        """Take in sound, shape (n,) or (channels, n), that ends now; returns at once."""
        y = signals.mono(y)
        with self._lock:
            if sr != self._sr:
                self._sound.clear()
                self._sr, self._heard = sr, 0
            self._sound.append(y)
            self._heard += y.size
            while self._heard - self._sound[0].size >= WINDOW_S * sr:
                self._heard -= self._sound.popleft().size
            due = now_s - self._listened_s >= HOP_S and not self._listening and self._heard >= LEAST_SPEECH_S * sr
            if not due:
                return
            self._listened_s, self._listening = now_s, True
            heard, speaker = np.concatenate(self._sound), self._speaker
        self.executor.submit(self._listen, heard, sr, now_s, speaker)

    def _listen(self, y: npt.NDArray[np.float32], sr: int, now_s: float, speaker: Growing) -> None:
        """``speaker`` is whom this stretch belongs to: after :meth:`clear` it belongs to nobody any more."""
        try:
            scores = self._voice_of(y, sr, now_s, speaker)
            with self._lock:
                if scores is not None and speaker is self._speaker:
                    self._voices.append((Segment(now_s - len(y) / sr, now_s), scores))
        except Exception:
            _log.exception("a stretch of live sound could not be read")
        finally:
            with self._lock:
                if speaker is self._speaker:
                    self._listening = False

    def _voice_of(self, y: npt.NDArray[np.float32], sr: int, now_s: float, speaker: Growing) -> EmotionScores | None:
        """The emotion of the speech in ``y``; None where nobody speaks."""
        readers = self.readers()
        if readers is None or readers.voice is None or signals.is_silent(y):
            return None
        speech = speech_segments(y, sr, detector=readers.speech)
        if sum(s.duration_s for s in speech) < LEAST_SPEECH_S:
            return None
        span = Segment(speech[0].start_s, speech[-1].end_s)
        features = readers.voice.features(y, sr, [span])
        begin_s = now_s - len(y) / sr
        when = Segment(begin_s + span.start_s, begin_s + span.end_s)
        return EmotionScores.from_array(speaker.read(readers.voice, features, when, adapt=self.adapt))

    def view(self, now_s: float) -> LiveView:
        """What is known at ``now_s``."""
        begin_s = now_s - SPAN_S
        with self._lock:
            faces = [s for s in self._faces if begin_s <= s.time_s <= now_s]
            voices = [(w, s) for w, s in self._voices if w.end_s > begin_s and w.start_s < now_s]
            reads = [t for t in self._reads if now_s - t <= RATE_S]
            frames, delay_s, known_s = self.frames, self._delay_s, self._speaker.known_s
        readers = self.readers() or Readers()
        track = tuple(_moved(s, -begin_s) for s in faces)
        tracks = (FaceTrack(1, track, 1.0, main=True),) if track else ()
        windows = [(Segment(max(0.0, w.start_s - begin_s), w.end_s - begin_s), s) for w, s in voices]
        clip = Clip("live", SPAN_S)
        whole = grid.of_clip(clip, windows, tracks, readers.reliability)
        timeline = Timeline(clip, tuple(m for m in whole if m.segment.start_s < SPAN_S), tracks=tracks)
        recent = [s for w, s in voices if now_s - w.end_s <= NOW_S]
        voice = recent[-1] if recent else None
        face = _recent([s for s in faces if now_s - s.time_s <= NOW_S], now_s)
        limits = tuple(r.threshold if r else 1.0 for r in (readers.voice, readers.face))
        fused, _ = verdict_of_both(voice, face, readers.reliability, (limits[0], limits[1]))
        return LiveView(
            timeline,
            voice and Verdict(voice, voice.confidence >= limits[0]),
            face and Verdict(face, face.confidence >= limits[1]),
            fused,
            frames,
            len(reads) / RATE_S,
            delay_s,
            known_s,
        )


def _recent(faces: deque[Sighting] | list[Sighting], now_s: float) -> EmotionScores | None:
    near = [s for s in faces if now_s - s.time_s <= 4 * SMOOTH_S]
    if not near:
        return None
    weights = [s.weight * 0.5 ** ((now_s - s.time_s) / SMOOTH_S) for s in near]
    return EmotionScores.mean([s.scores for s in near], weights)


def _with_scores(s: Sighting, scores: EmotionScores | None) -> Sighting:
    return Sighting(s.time_s, s.box, s.confidence, scores or s.scores, s.weight)


def _moved(s: Sighting, by_s: float) -> Sighting:
    return Sighting(s.time_s + by_s, s.box, s.confidence, s.scores, s.weight)
