"""Why music stands under a cue. What voice and face show there, and what the cue asks for, is said of the cue, once
(:func:`seen`, ``Cue.advice``); of a track is said what tells it from the others: its mood, its pace, a voice in it,
and that it is stronger or calmer than the cue asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from emotion.messages import catalogue, message
from emotion.timeline import Notice
from recommender.cues.mood import Said
from recommender.cues.sheet import Cue, Song
from recommender.songs.catalogue import ENERGY_BOUNDS, ENERGY_LEVELS

KEY: Final = "cue.track"
MOODS: Final = 2
APART: Final = 0.3
"""A track whose energy, in [-1, 1], lies so far from what a cue asks for is stronger or calmer."""
TEMPI: Final = (20.0, 400.0)
_MOOD: Final = "music.mood."


def of_track(
    energy: float | None, moods: Iterable[str] = (), *, tempo_bpm: float | None = None, vocals: bool | None = None
) -> Notice:
    """What is to be said of a track: ``energy`` is its arousal; of ``moods`` the first words count that have a name."""
    values: dict[str, object] = {} if energy is None else {"energy": round(min(max(energy, -1.0), 1.0), 2)}
    if known := [m for m in dict.fromkeys(w.lower() for w in moods) if _MOOD + m in catalogue("en")][:MOODS]:
        values["moods"] = " ".join(known)
    if tempo_bpm is not None and TEMPI[0] <= round(tempo_bpm) <= TEMPI[1]:
        values["tempo"] = round(tempo_bpm)
    if vocals:
        values["vocals"] = "yes"
    return Notice(KEY, tuple(values.items()))


def read(values: Mapping[str, Any]) -> Notice:
    """What was said of a track in a saved sheet; of a sheet of an earlier version how strong it is, in a word.

    Raises:
        ValueError, TypeError: a value is none of these.
    """
    energy = values.get("energy")
    if energy in ENERGY_LEVELS:
        return Notice(KEY, (("energy", energy),))
    return of_track(
        _number(energy, -1.0, 1.0),
        str(values.get("moods", ""))[:100].split(),
        tempo_bpm=_number(values.get("tempo"), *TEMPI),
        vocals=values.get("vocals") == "yes",
    )


def _number(value: Any, low: float, high: float) -> float | None:
    if value is not None and not low <= float(value) <= high:
        raise ValueError(f"{value!r} is not from {low:g} to {high:g}")
    return None if value is None else float(value)


def told(song: Song, cue: Cue, language: str = "en") -> str:
    """What tells a track from the others of its cue, as "tense, driving, 126 BPM"."""
    values = dict(song.reason.values)
    parts = [message(_MOOD + mood, language) for mood in str(values.get("moods", "")).split()]
    if "tempo" in values:
        parts.append(message("cue.track.tempo", language, bpm=values["tempo"]))
    if "vocals" in values:
        parts.append(message("tracks.vocals.yes", language))
    if (strength := _strength(values.get("energy"), cue, nothing_else=not parts)) is not None:
        parts.append(message(strength, language))
    return message("songs.join", language).join(parts)


def _strength(energy: object, cue: Cue, *, nothing_else: bool) -> str | None:
    """The key of how strong a track is: beside what its cue asks for, or by itself where nothing else is known."""
    asked = cue.direction.energy
    if isinstance(energy, float) and asked is not None and abs(energy - asked) >= APART:
        return "cue.track.stronger" if energy > asked else "cue.track.calmer"
    if energy is None or not nothing_else:
        return None
    level = ENERGY_LEVELS[sum(energy >= b for b in ENERGY_BOUNDS)] if isinstance(energy, float) else energy
    return f"music.energy.{level}"


def seen(cue: Cue, language: str = "en") -> str:
    """What voice and face show in a cue, as "voice angry, face calm"; empty where its name or its advice says it."""
    if cue.corrected is not None or cue.mood.parts is not None:
        return ""
    voice, face = (None if s is None else Said.of(s) for s in (cue.evidence.voice, cue.evidence.face))
    if voice is not None and face is not None and voice.words("same") == face.words("same"):
        return voice.words("same", language)
    told = [*([voice.words("voice", language)] if voice else []), *([face.words("face", language)] if face else [])]
    return message("songs.join", language).join(told)
