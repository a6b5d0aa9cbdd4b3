"""LMC's 17 moods and the eight expressed emotions: the seed's table, its two rules, and the plane.

The seed's picture of the mapping is lost; this table is the one that satisfies every total it
states (see ``docs/mapping.md``). Coordinates are means of Russell & Mehrabian (1977), "Evidence
for a three-factor theory of emotions", J. Research in Personality 11, 273-294, pleasure and arousal
columns, [-1, 1] as printed, each read at the term named in the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.labels import EMOTIONS, INDEX

SEED_CAP: Final = 1000
"""Rule two: an emotion takes at most this many songs."""


@dataclass(frozen=True, slots=True)
class Mood:
    """One mood of the Lyrics Mood Classification labels.

    ``emotions`` holds one name, or two where rule one splits the mood's group: songs at odd
    positions go to the first and songs at even positions to the second. Moods with the same
    ``group`` share one count of positions. ``term`` is the row of Russell & Mehrabian (1977) that
    gives ``valence`` and ``arousal``.
    """

    name: str
    group: str
    emotions: tuple[str, ...]
    reason: str
    term: str
    valence: float
    arousal: float


_SPLIT_HOSTILE = ("disgust", "angry")
_SPLIT_CALM = ("calm", "neutral")
_SPLIT_LOW = ("sad", "fearful")

TABLE: Final[tuple[Mood, ...]] = (
    Mood(
        "aggression", "hostile", _SPLIT_HOSTILE,
        "Attack and provocation: pushing away (disgust) or striking out (angry); LMC keeps no disgust of its own.",
        "Hostile", -0.42, 0.53,
    ),
    Mood(
        "anger", "hostile", _SPLIT_HOSTILE,
        "Anger is the word itself; its scornful half is the nearest that LMC has to disgust.",
        "Angry", -0.51, 0.59,
    ),
    Mood(
        "angst", "angst", ("fearful",),
        "Anxious and nervous tags: fear without an object.",
        "Tense", -0.33, 0.58,
    ),
    Mood(
        "brooding", "brooding", ("fearful",),
        "Worry that turns in circles: the quiet side of fear.",
        "Subdued", -0.17, -0.26,
    ),
    Mood(
        "calm", "calm", _SPLIT_CALM,
        "At ease (calm) or without any colouring (neutral); LMC keeps no neutral of its own.",
        "Relaxed", 0.68, -0.46,
    ),
    Mood(
        "cheerful", "cheerful", ("happy",),
        "Festive, jolly, merry: happiness shown.",
        "Joyful", 0.76, 0.48,
    ),
    Mood(
        "confident", "confident", ("neutral",),
        "Self-assured and even-tempered: nearer to composure than to joy.",
        "Capable", 0.70, 0.28,
    ),
    Mood(
        "depressed", "depressed", _SPLIT_LOW,
        "Dark and bleak: sorrow (sad) or dread (fearful).",
        "Depressed", -0.72, -0.29,
    ),
    Mood(
        "desire", "desire", ("happy",),
        "Its tags are hope and hopeful: looking forward to something good.",
        "Hopeful", 0.51, 0.23,
    ),
    Mood(
        "earnest", "earnest", ("neutral",),
        "Serious and sincere, neither glad nor sad.",
        "Serious", 0.27, 0.24,
    ),
    Mood(
        "excitement", "excitement", ("surprised",),
        "Thrill: the sudden high arousal that surprise has, and pleasant as it mostly is.",
        "Excited", 0.62, 0.75,
    ),
    Mood(
        "grief", "grief", ("sad",),
        "Mourning and heartbreak: sadness over a loss.",
        "Despairing", -0.72, -0.16,
    ),
    Mood(
        "happy", "happy", ("happy",),
        "The word itself.",
        "Happy", 0.81, 0.51,
    ),
    Mood(
        "pessimism", "pessimism", ("fearful",),
        "Expecting the worst: fear of what will come.",
        "Discouraged", -0.61, -0.15,
    ),
    Mood(
        "romantic", "romantic", ("calm",),
        "Tender and settled: affection rather than thrill.",
        "Affectionate", 0.64, 0.35,
    ),
    Mood(
        "sad", "sad", ("sad",),
        "The word itself.",
        "Sad", -0.63, -0.27,
    ),
    Mood(
        "upbeat", "upbeat", ("happy",),
        "Gleeful and enthusiastic: happiness in motion.",
        "Vigorous", 0.58, 0.61,
    ),
)  # fmt: skip

MOODS: Final[tuple[str, ...]] = tuple(m.name for m in TABLE)
BY_NAME: Final[dict[str, Mood]] = {m.name: m for m in TABLE}

SEED_COUNTS: Final[dict[str, int]] = {
    "aggression": 499, "anger": 1046, "angst": 251, "brooding": 169, "calm": 2830, "cheerful": 218,
    "confident": 59, "depressed": 2736, "desire": 130, "earnest": 119, "excitement": 169, "grief": 390,
    "happy": 3242, "pessimism": 6, "romantic": 2450, "sad": 7217, "upbeat": 4235,
}  # fmt: skip
"""Songs a mood in LMC as the seed counted them; 25,766 in all."""

SEED_TOTALS: Final[dict[str, int]] = {
    "angry": 772, "happy": 1000, "sad": 1000, "neutral": 1000,
    "calm": 1000, "surprised": 169, "disgust": 773, "fearful": 1000,
}  # fmt: skip
"""Songs an emotion in the seed's table; 6,714 in all."""


@dataclass(frozen=True, eq=False)
class Assignment:
    """What the two rules make of a list of songs, one entry a song, in file order.

    ``emotion``: int8, index into ``EMOTIONS``, by rule one (-1 where the mood is unknown).
    ``seed_rank``: int32, the song's place from 0 in its emotion's list after rule two, or -1 for a
    song that rule two leaves out.
    """

    emotion: npt.NDArray[np.int8]
    seed_rank: npt.NDArray[np.int32]

    def totals(self) -> dict[str, int]:
        """Songs that each emotion's list holds after rule two, in the order of ``EMOTIONS``."""
        taken = self.emotion[self.seed_rank >= 0]
        return {name: int((taken == i).sum()) for i, name in enumerate(EMOTIONS)}


def assign(moods: Sequence[str]) -> Assignment:
    """Apply the seed's rules to songs in file order; ``moods`` holds one LMC mood a song.

    Rule one: where a group of moods serves two emotions, positions count from 1 in file order over
    all songs of that group; odd ones go to the first emotion, even ones to the second.
    Rule two: an emotion takes at most :data:`SEED_CAP` songs. With more on its list (file order),
    those at even positions come first, in order, then those at odd ones, until there are enough.
    """
    names = np.asarray(moods, dtype=np.str_) if len(moods) else np.empty(0, dtype="U1")
    emotion = np.full(len(names), -1, dtype=np.int8)
    for group in dict.fromkeys(m.group for m in TABLE):
        members = [m for m in TABLE if m.group == group]
        rows = np.flatnonzero(np.isin(names, [m.name for m in members]))
        served = [INDEX[e] for e in members[0].emotions]
        emotion[rows] = np.resize(np.array(served, dtype=np.int8), len(rows))
    return Assignment(emotion, seed_ranks(emotion))


def seed_ranks(emotion: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """Rule two alone: each song's place in the list of its emotion (an index), or -1."""
    ranks = np.full(len(emotion), -1, dtype=np.int32)
    for i in range(len(EMOTIONS)):
        listed = np.flatnonzero(emotion == i)
        if len(listed) > SEED_CAP:
            # positions count from 1, so the even ones are at 1, 3, 5 ... from 0
            listed = np.concatenate([listed[1::2], listed[0::2]])[:SEED_CAP]
        ranks[listed] = np.arange(len(listed))
    return ranks


def coordinates(moods: Sequence[str]) -> npt.NDArray[np.float64]:
    """Valence and arousal of each mood, shape (n, 2), in [-1, 1]; NaN where the mood is unknown."""
    table = {m.name: (m.valence, m.arousal) for m in TABLE}
    unknown = (np.nan, np.nan)
    return np.array([table.get(m, unknown) for m in moods], dtype=np.float64).reshape(-1, 2)
