"""What passes between the stages: frozen, hashable where it can be, free of any file or framework.

Times are seconds from the start of the clip; boxes are pixels of the frame that was read, which
may be smaller than the clip's own.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS, INDEX, VALENCE_AROUSAL

SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A stretch of time, ``start_s`` included, ``end_s`` excluded."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and self.start_s <= self.end_s):
            raise ValueError(f"not a stretch of time: {self.start_s} to {self.end_s}")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2

    def overlap_s(self, other: Segment) -> float:
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))


@dataclass(frozen=True, slots=True)
class EmotionScores:
    """Eight probabilities in the order of :data:`emotion.labels.EMOTIONS`; they sum to 1."""

    probs: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.probs) != len(EMOTIONS):
            raise ValueError(f"{len(self.probs)} probabilities for {len(EMOTIONS)} emotions")
        if any(p < -1e-9 or not math.isfinite(p) for p in self.probs) or abs(sum(self.probs) - 1) > SUM_TOLERANCE:
            raise ValueError(f"not a distribution: {self.probs}")

    @classmethod
    def from_array(cls, probs: npt.ArrayLike) -> EmotionScores:
        """From an array of shape (8,), non-negative with a positive sum; it is scaled to sum to 1."""
        values = np.asarray(probs, dtype=np.float64)
        return cls(tuple((values / values.sum()).tolist()))

    @classmethod
    def mean(cls, scores: Sequence[EmotionScores], weights: Iterable[float] | None = None) -> EmotionScores:
        """Weighted mean of at least one distribution; weights that sum to 0 count as equal."""
        stacked = np.array([s.probs for s in scores])
        w = np.ones(len(scores)) if weights is None else np.array(list(weights), dtype=np.float64)
        if w.sum() <= 0:
            w = np.ones(len(scores))
        return cls.from_array((stacked * w[:, None]).sum(axis=0) / w.sum())

    def __getitem__(self, emotion: str) -> float:
        return self.probs[INDEX[emotion]]

    def as_array(self) -> npt.NDArray[np.float64]:
        """Shape (8,), sums to 1."""
        return np.array(self.probs)

    def as_dict(self) -> dict[str, float]:
        return dict(zip(EMOTIONS, self.probs, strict=True))

    @property
    def label(self) -> str:
        return EMOTIONS[int(np.argmax(self.probs))]

    @property
    def confidence(self) -> float:
        """The largest probability."""
        return max(self.probs)

    @property
    def valence(self) -> float:
        """Expected valence in [-1, 1]: sum of p(emotion) times the emotion's coordinate."""
        return float(self.as_array() @ VALENCE_AROUSAL[:, 0])

    @property
    def arousal(self) -> float:
        """Expected arousal in [-1, 1], in the same way."""
        return float(self.as_array() @ VALENCE_AROUSAL[:, 1])


@dataclass(frozen=True, slots=True)
class Affect:
    """Pleasantness (valence) and energy (arousal) in [-1, 1], each with an interval.

    The true value of an acted recording lies within ``low`` and ``high`` in about four of five cases, measured on
    corpora that were left out of training.
    """

    valence: float
    arousal: float
    valence_low: float
    valence_high: float
    arousal_low: float
    arousal_high: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one modality (or both) says of the whole clip; ``sure`` is False below its threshold."""

    scores: EmotionScores
    sure: bool

    @property
    def label(self) -> str:
        return self.scores.label


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of the timeline; None where a modality has nothing to say."""

    segment: Segment
    voice: EmotionScores | None = None
    face: EmotionScores | None = None
    fused: EmotionScores | None = None
    disagreement: float | None = None
    affect: Affect | None = None
    """The voice's own: pleasantness and energy with intervals. Of a face there is none that was measured."""


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, width and height in pixels of the frame read."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        w = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        h = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if w <= 0 or h <= 0:
            return 0.0
        return w * h / (self.area + other.area - w * h)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One face in one frame. ``weight`` in [0, 1] is how far it can be read (size, blur, turn)."""

    time_s: float
    box: Box
    confidence: float
    scores: EmotionScores
    weight: float = 1.0
    crop: npt.NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
    """RGB, shape (height, width, 3), uint8; kept for some sightings only, to be shown."""
    mouth_open: float | None = None
    """The gap between the lips over the height of the face: 0 closed, about 0.05 in speech, 0.3 wide open. Measured
    where a frame shows several faces, to tell who speaks; else None."""


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One person followed through the clip, sightings in order of time."""

    id: int
    sightings: tuple[Sighting, ...]
    share: float
    """Part of the frames read, in [0, 1], that show this person."""
    main: bool = False

    @property
    def segment(self) -> Segment:
        return Segment(self.sightings[0].time_s, self.sightings[-1].time_s)

    @property
    def scores(self) -> EmotionScores:
        return EmotionScores.mean([s.scores for s in self.sightings], [s.weight for s in self.sightings])

    @property
    def readability(self) -> float:
        """How well the face can be read on average, in (0, 1]: the mean weight of its sightings."""
        return sum(s.weight for s in self.sightings) / len(self.sightings)


@dataclass(frozen=True, slots=True)
class Clip:
    """What is known of the clip before it is decoded; None where a stream is missing."""

    name: str
    duration_s: float
    sr: int | None = None
    frame_rate: Fraction | None = None
    """Pictures a second, exact: 30000/1001 is not 29.97."""
    width: int | None = None
    height: int | None = None
    start_timecode: str | None = None
    """What the camera wrote for the first frame, as ``01:00:00:00`` or ``01:00:00;00`` (drop-frame)."""
    notices: tuple[Notice, ...] = ()
    """What is to be said of the file itself: it ends early, say."""

    @property
    def fps(self) -> float | None:
        return None if self.frame_rate is None else float(self.frame_rate)


@dataclass(frozen=True, slots=True)
class ModelUsed:
    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning for the user: a key of the message catalogue and the values it quotes."""

    key: str
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class SpokenWindow:
    """One window of speech, read both ways; the two are alike where nothing is known of the speaker."""

    segment: Segment
    speaker: int
    """From 1, in the order in which they are first heard."""
    general: EmotionScores
    adapted: EmotionScores


@dataclass(frozen=True, slots=True)
class Speaker:
    """What the reading of one speaker of the clip rests on."""

    id: int
    speech_s: float
    """Seconds of this clip in which they are heard."""
    added_s: float
    """Seconds of speech of further footage, from ``files`` files."""
    files: int
    variety: float
    """How many emotions all of it seems to hold, from 1 (one mood only) to 8."""
    adapted: bool
    """False where there was too little speech: then they are read like everybody."""
    general: EmotionScores
    known: EmotionScores
    """Means over this speaker's windows, without and with what is known of them."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How the voice was read in the light of who speaks, with the plain reading beside it."""

    on: bool
    """Whether the timeline shows the adapted reading."""
    speakers: tuple[Speaker, ...]
    windows: tuple[SpokenWindow, ...]
    """In order of time."""
    general: Verdict
    adapted: Verdict
    """The voice's verdict on the whole clip, without and with it."""

    @property
    def used(self) -> bool:
        """Whether it changes what the timeline shows."""
        return self.on and any(s.adapted for s in self.speakers)

    def speaker_at(self, segment: Segment) -> int | None:
        """Who is heard most in this stretch; None where nobody is."""
        heard: dict[int, float] = {}
        first = bisect.bisect_right(self.windows, segment.start_s, key=lambda w: w.segment.end_s)
        last = bisect.bisect_left(self.windows, segment.end_s, key=lambda w: w.segment.start_s)
        for w in self.windows[first:last]:
            heard[w.speaker] = heard.get(w.speaker, 0.0) + segment.overlap_s(w.segment)
        best = max(heard, key=heard.__getitem__, default=None)
        return best if best is not None and heard[best] > 0 else None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole result for one clip."""

    clip: Clip
    moments: tuple[Moment, ...]
    voice: Verdict | None = None
    face: Verdict | None = None
    fused: Verdict | None = None
    disagreement: float | None = None
    tracks: tuple[FaceTrack, ...] = ()
    models: tuple[ModelUsed, ...] = ()
    notices: tuple[Notice, ...] = ()
    speech: tuple[Segment, ...] = ()
    """Where somebody speaks, in order, without overlap."""
    face_seen: float | None = None
    """Part of the clip, in [0, 1], in which a face was seen; None where there was no picture to look at."""
    adaptation: Adaptation | None = None
    """None where no voice was heard, or by a model that reads everybody alike."""

    @property
    def best(self) -> Verdict | None:
        """The fused verdict, which falls back on the one modality there is."""
        return self.fused or self.voice or self.face
