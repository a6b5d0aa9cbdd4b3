"""A cue's mood in words that an editor uses: what is known for certain first, the emotion with its doubt after.

Energy and pleasantness are known better than which of eight emotions it is, so the mood's word
comes from the plane alone ("tense"), and the emotion is added as sure, probable or possible
("tense, probably angry"). Where no emotion is likelier than all the others together, the words
say that it is hard to tell. Every word is a key of ``assets/locale/cues.*.json``.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, Literal

from emotion.labels import EMOTIONS
from emotion.messages import message
from emotion.timeline import EmotionScores
from recommender.cues.evidence import Evidence, Reading

Doubt = Literal["sure", "probably", "perhaps"]
Level = Literal["low", "medium", "high"]
Pleasantness = Literal["unpleasant", "between", "pleasant", "unclear"]

ENERGY_BOUNDS: Final = (-0.15, 0.1)
VALENCE_BOUNDS: Final = (-0.1, 0.25)
"""Below the first low or unpleasant, from the second on high or pleasant. Doubt draws expected values to the
middle, so these are nearer to it than the emotions' own places: best on the tuning speakers of the cues' benchmark."""
SURE: Final = 0.8
PROBABLY: Final = 0.5
NAMED: Final = 0.25
"""Least probability of an emotion that is sure, that is probable, and that is named at all. A voice is sure of itself
from 0.8 on too; from 0.5 on an emotion is likelier than all the others together, and verdicts speak of it alike."""
VAGUE_SD: Final = 0.5
"""A valence near the middle and so widely in doubt is unclear, not between."""

_LEVELS: Final[tuple[Level, Level, Level]] = ("low", "medium", "high")
_SIDES: Final[tuple[Pleasantness, Pleasantness, Pleasantness]] = ("unpleasant", "between", "pleasant")

WORDS: Final[dict[tuple[Pleasantness, Level], str]] = {
    ("unpleasant", "high"): "tense",
    ("unpleasant", "medium"): "uneasy",
    ("unpleasant", "low"): "sombre",
    ("between", "high"): "energetic",
    ("between", "medium"): "even",
    ("between", "low"): "quiet",
    ("pleasant", "high"): "bright",
    ("pleasant", "medium"): "warm",
    ("pleasant", "low"): "calm",
    ("unclear", "high"): "energetic",
    ("unclear", "medium"): "unclear",
    ("unclear", "low"): "quiet",
}
MOODS: Final = (*dict.fromkeys(WORDS.values()), "mixed", "silent")
"""Every word for a mood: the last parts of the keys ``cue.mood.*``."""
_SAID_BY_MOOD: Final = frozenset({"neutral", "calm"})
"""Emotions that add nothing to the mood's word."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one side says: its leading emotion, or None where even that is anybody's guess, and the doubt."""

    emotion: str | None
    doubt: Doubt

    @classmethod
    def of(cls, scores: EmotionScores) -> Said:
        return cls(scores.label if scores.confidence >= NAMED else None, doubt(scores))

    def words(self, side: Literal["voice", "face", "same"], language: str = "en") -> str:
        """As "voice calm", "face perhaps sad", "voice hard to read"."""
        if self.emotion is None:
            return message(f"cue.seen.{side}.unread", language)
        emotion = message(f"emotion.{self.emotion}", language)
        return message(f"cue.seen.{side}{'.perhaps' * (self.doubt == 'perhaps')}", language, emotion=emotion)


@dataclass(frozen=True, slots=True)
class Mood:
    """``word`` is one of :data:`MOODS`; ``emotion`` the leading one (None: nothing is read), with its doubt.

    ``parts`` are what voice and face say where these say different things.
    """

    word: str
    energy: Level | None = None
    pleasantness: Pleasantness = "unclear"
    emotion: str | None = None
    confidence: float = 0.0
    doubt: Doubt = "perhaps"
    parts: tuple[Said, Said] | None = None
    corrected: bool = False

    @property
    def unsure(self) -> bool:
        """Whether something was read, and it is hard to tell what."""
        return self.emotion is not None and self.doubt == "perhaps"

    def short(self, language: str = "en") -> str:
        """The mood in a word, with a question mark where it is hard to tell: "tense?"."""
        mood = message(f"cue.mood.{self.word}", language)
        return message("cue.words.short", language, mood=mood) if self.unsure and self.word != "unclear" else mood

    def words(self, language: str = "en") -> str:
        """The whole of it in a language, as "tense, probably angry"."""
        if self.parts is not None and not self.corrected:
            voice, face = self.parts
            return message(
                "cue.words.mixed", language, voice=voice.words("voice", language), face=face.words("face", language)
            )
        mood = message(f"cue.mood.{self.word}", language)
        if self.emotion is None or self.emotion in _SAID_BY_MOOD or self.confidence < NAMED:
            return message("cue.words.unsure", language, mood=mood) if self.unsure and self.word != "unclear" else mood
        return message(
            f"cue.words.{self.doubt}", language, mood=mood, emotion=message(f"emotion.{self.emotion}", language)
        )


def doubt(scores: EmotionScores) -> Doubt:
    return "sure" if scores.confidence >= SURE else "probably" if scores.confidence >= PROBABLY else "perhaps"


def level(energy: float) -> Level:
    return _LEVELS[bisect_right(ENERGY_BOUNDS, energy)]


def pleasantness(reading: Reading) -> Pleasantness:
    side = _SIDES[bisect_right(VALENCE_BOUNDS, reading.valence)]
    return "unclear" if side == "between" and reading.valence_sd > VAGUE_SD else side


@functools.lru_cache(maxsize=4096)  # a page that shows twenty cues asks for each mood ten times
def mood_of(evidence: Evidence, corrected: str | None = None) -> Mood:
    """The mood of a stretch; ``corrected`` is the emotion that a person said it is."""
    scores = evidence.scores if corrected is None else certain(corrected)
    if scores is None:
        return Mood("silent" if evidence.speech < 0.5 else "unclear")
    reading = Reading.of(scores)
    energy, side = level(reading.energy), pleasantness(reading)
    divided = corrected is None and evidence.divided and not _one_mood(evidence)
    how = doubt(scores)
    parts = None
    if divided and evidence.voice is not None and evidence.face is not None:
        parts = (Said.of(evidence.voice), Said.of(evidence.face))
        how = "probably" if how == "sure" else how  # one of two that disagree is not sure
    word = "mixed" if divided else WORDS[side, energy]
    return Mood(word, energy, side, scores.label, scores.confidence, how, parts, corrected is not None)


def _one_mood(evidence: Evidence) -> bool:
    """Whether voice and face, though they name two emotions, have one word for a mood: fear and anger are tense."""
    words = {
        WORDS[pleasantness(reading), level(reading.energy)]
        for side in (evidence.voice, evidence.face)
        if side is not None and (reading := Reading.of(side))
    }
    return len(words) == 1 and not words & {"even", "unclear"}


@functools.cache
def certain(emotion: str) -> EmotionScores:
    """All probability on one emotion."""
    return EmotionScores.from_array([float(e == emotion) for e in EMOTIONS])
