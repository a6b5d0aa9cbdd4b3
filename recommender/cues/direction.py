"""What music a cue asks for: whether any, how strong, how pleasant, how fast, in which mode, and words to search with.

Tempo, mode and instruments come from the table of ``suggestions.py`` (its sources stand there),
tempo as a mean over all emotions that may be meant, so that it is no surer than the reading.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from emotion.labels import EMOTIONS
from emotion.messages import english
from emotion.timeline import EmotionScores
from recommender.cues.evidence import Reading
from recommender.cues.mood import Level, Mood, Pleasantness, level, pleasantness
from recommender.ranking import plane
from recommender.ranking.intents import Intent
from recommender.suggestions import STYLES, Key, Suggestion, suggest

Advice = Literal["music", "light", "none"]

UNDER: Final = -0.2
"""Arousal of music that stays under a voice; it is never unpleasant, which would take a side."""
CLEAR: Final = 0.5
"""A contrast lies at least so far on the other side: a mood in doubt is near the middle, and so would be its mirror."""
INSTRUMENTS_SHOWN: Final = 3
GENRES_SHOWN: Final = 2
LIGHT: Final = ("piano", "synth_pad", "acoustic_guitar")
"""Instruments that stay under a voice without taking a side."""


@dataclass(frozen=True, slots=True)
class Direction:
    """``advice``: music, light (keep it neutral and low) or none; the rest is None or empty for none.

    ``valence`` and ``energy`` in [-1, 1] are the place on the plane to look for songs at.
    ``genres``, ``instruments`` and ``mode`` are last parts of keys (``music.genre.*``, ...);
    ``words`` are English, as the libraries are.
    """

    advice: Advice
    why: str
    """Last part of a key ``cue.advice.*``: the reason in a few words."""
    valence: float | None = None
    energy: float | None = None
    level: Level | None = None
    pleasantness: Pleasantness = "unclear"
    tempo_bpm: tuple[int, int] | None = None
    mode: Key | None = None
    genres: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    wanted: EmotionScores | None = None
    """What the music should express; songs are measured by it."""


NO_MUSIC: Final = Direction("none", "silence")


@functools.lru_cache(maxsize=4096)
def direct(mood: Mood, scores: EmotionScores | None, intent: Intent, target: tuple[float, float] | None) -> Direction:
    """The direction for a mood. ``target``: where a steered cue leads, valence and energy."""
    if scores is None:
        return NO_MUSIC if mood.word == "silent" else _light("unread", EmotionScores.from_array([1.0] + [0.0] * 7))
    place = _against(Reading.of(scores)) if intent == "contrast" else target if intent == "steer" else None
    wanted = _wanted(scores, place)
    if place is None and intent != "steer" and mood.word in ("mixed", "unclear", "even"):
        return _light("mixed" if mood.word == "mixed" else "unclear" if mood.word == "unclear" else "neutral", wanted)
    return _describe("music", intent, wanted)


def _wanted(scores: EmotionScores, place: tuple[float, float] | None) -> EmotionScores:
    """The distribution over emotions that the music should express: the clip's own, or that of a place."""
    return scores if place is None else _around(np.array([place]), np.ones(1))


def _against(reading: Reading) -> tuple[float, float] | None:
    """The place that contrasts with a mood: its valence turned over (irony), or, where it has none, its energy.

    None for a mood that has neither: there is nothing to contrast with.
    """
    side, strength = pleasantness(reading), level(reading.energy)
    if side in ("pleasant", "unpleasant"):
        away = max(abs(reading.valence), CLEAR)
        return (-away if side == "pleasant" else away), reading.energy
    if strength != "medium":
        return reading.valence, (-CLEAR if strength == "high" else CLEAR)
    return None


def _around(points: np.ndarray, probs: np.ndarray) -> EmotionScores:
    """The emotions near to points of the plane, shapes (k, 2) and (k,)."""
    return EmotionScores.from_array(plane.affinity(points).T @ probs.astype(np.float32) if len(points) else probs)


def _light(why: str, scores: EmotionScores) -> Direction:
    full = _describe("light", why, scores)
    energy, valence = min(full.energy or 0.0, UNDER), max(full.valence or 0.0, 0.0)
    low, high = full.tempo_bpm or (60, 90)
    return replace(
        full,
        valence=valence,
        energy=energy,
        level=level(energy),
        tempo_bpm=(min(low, 65), min(high, 95)),
        mode="modal" if full.pleasantness in ("unclear", "between") else full.mode,
        instruments=LIGHT,
        genres=("ambient", "minimal"),
        words=("light ambient underscore", "minimal piano bed"),
        wanted=_around(np.array([(valence, energy)]), np.ones(1)),
    )


def _describe(advice: Advice, why: str, scores: EmotionScores) -> Direction:
    reading = Reading.of(scores)
    energy, side = level(reading.energy), pleasantness(reading)
    style = suggest(scores)
    tempo = _tempo(scores, reading.energy)
    return Direction(
        advice,
        why,
        reading.valence,
        reading.energy,
        energy,
        side,
        tempo,
        _mode(side),
        style.genres[:GENRES_SHOWN],
        style.instruments[:INSTRUMENTS_SHOWN],
        _search(style),
        scores,
    )


def _mode(side: Pleasantness) -> Key:
    return "major" if side == "pleasant" else "minor" if side == "unpleasant" else "modal"


def _tempo(scores: EmotionScores, energy: float) -> tuple[int, int]:
    ranges = np.array([STYLES[e].tempo_bpm for e in EMOTIONS], dtype=float)
    slow, fast = scores.as_array() @ ranges
    centre = slow + (fast - slow) * (energy + 1) / 2
    return 5 * round((centre - 10) / 5), 5 * round((centre + 10) / 5)


def _search(style: Suggestion) -> tuple[str, ...]:
    mood = english(f"music.search.{style.emotion}")
    return tuple(f"{english(f'music.genre.{genre}')} {mood}".lower() for genre in style.genres[:GENRES_SHOWN])
