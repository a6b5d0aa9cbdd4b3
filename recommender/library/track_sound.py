"""What the sound of one track says: the type that the index stores and the ranking reads.

Frozen, plain numbers only, and the same in memory, in the database and in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, get_args

Quadrant = Literal["Q1", "Q2", "Q3", "Q4"]
QUADRANTS: Final[tuple[Quadrant, ...]] = get_args(Quadrant)
"""Q1 pleasant and stirred, Q2 unpleasant and stirred, Q3 unpleasant and quiet, Q4 pleasant and quiet."""

Mood = Literal[
    "joy", "power", "wonder", "tension", "sadness", "solemnity", "nostalgia", "tenderness", "calmness"
]  # fmt: skip
MOODS: Final[tuple[Mood, ...]] = get_args(Mood)
"""The Geneva Emotional Music Scale's nine (Zentner, Grandjean and Scherer 2008), by one word each."""

Mode = Literal["major", "minor"]
Vocals = Literal["none", "singing", "speech"]

PITCH_CLASSES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

STEP_S: Final = 3.0
"""One value of a curve for so many seconds."""


def quadrant_of(valence: float, energy: float) -> Quadrant:
    """The quadrant of a point on the plane; the axes themselves count as pleasant and as stirred."""
    if energy >= 0:
        return "Q1" if valence >= 0 else "Q2"
    return "Q4" if valence >= 0 else "Q3"


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the track that sounds alike: seconds, and its means on the plane in [-1, 1]."""

    start_s: float
    end_s: float
    valence: float
    energy: float


@dataclass(frozen=True, slots=True)
class TrackSound:
    """What one track sounds like.

    Attributes:
        duration_s: seconds of sound.
        valence, energy: the whole track's place on the plane, both in [-1, 1].
        quadrant: where the classifier puts the track; ``quadrant_probs`` are the four probabilities.
        valence_curve, energy_curve: the same over time; value i stands for ``i * STEP_S`` to
            ``(i + 1) * STEP_S``.
        moods: those that apply, likeliest first, several at once; ``mood_scores`` of all nine in
            the order of :data:`MOODS`, each in [0, 1].
        tempo_bpm: None where there is no pulse.
        beats_s, bars_s: times of the beats, and of those that open a bar; ``beats_a_bar`` None
            where there is no pulse.
        key, mode: the tonic by its name (sharps) and major or minor; None where nothing has a pitch.
        loudness_lufs: integrated, ITU-R BS.1770; None where the track is silent or too short.
        vocals: whether somebody sings or speaks; ``vocal_share`` of the time, in [0, 1].
        sections: from the start to the end without gaps.
        start_s, end_s: where the music begins and where it has ended (silence at both ends left out).
        loop: start and end of a stretch of whole bars that can be repeated, or None.
    """

    duration_s: float
    valence: float
    energy: float
    quadrant: Quadrant
    quadrant_probs: tuple[float, float, float, float]
    valence_curve: tuple[float, ...]
    energy_curve: tuple[float, ...]
    moods: tuple[Mood, ...]
    mood_scores: tuple[float, ...]
    tempo_bpm: float | None
    beats_s: tuple[float, ...]
    bars_s: tuple[float, ...]
    beats_a_bar: int | None
    key: str | None
    mode: Mode | None
    loudness_lufs: float | None
    vocals: Vocals
    vocal_share: float
    sections: tuple[Section, ...]
    start_s: float
    end_s: float
    loop: tuple[float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON; :meth:`from_dict` reads it again."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrackSound:
        """What :meth:`to_dict` wrote, from JSON or not.

        Raises:
            KeyError: a field is missing.
        """
        values = {f.name: _frozen(data[f.name]) for f in fields(cls)}
        return cls(**{**values, "sections": tuple(Section(**s) for s in data["sections"])})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
