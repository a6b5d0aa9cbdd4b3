"""Genres and sound effects that suit an expressed emotion, with search links to open libraries.

Sources, by what they settle:

- Tempo and key follow the directions reviewed by A. Gabrielsson and E. Lindström (2010), "The role
  of structure in the musical expression of emotions", in Juslin & Sloboda (eds.), Handbook of Music
  and Emotion, Oxford: fast for happiness, surprise, anger and fear, slow for calm, sadness and
  disgust; major for happiness and serenity, minor for sadness, tension, anger and disgust; and
  tempo rising with arousal. T. Eerola, A. Friberg and R. Bresin (2013), doi:10.3389/fpsyg.2013.00487,
  find mode and tempo the strongest cues, and that cues add up.
- Timbre, register and articulation behind the instruments follow P. N. Juslin and P. Laukka (2003),
  doi:10.1037/0033-2909.129.5.770 (soft and dark for sadness, bright for happiness, sharp for anger).
- Room tone, risers, hits and stingers on the peaks follow film-sound practice: M. Chion (1994),
  Audio-Vision; D. Sonnenschein (2001), Sound Design.
- The figures in beats a minute, and which genre carries which cue, are our own reading of those
  directions, not measurements.

Every genre, instrument, key and effect is a word of ``assets/locale/music.*.json``
(``music.genre.*``, ``music.instrument.*``, ``music.key.*``, ``music.effect.*``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, quote_plus

import numpy as np

from emotion.labels import EMOTIONS
from emotion.messages import english
from emotion.timeline import EmotionScores, Segment, Timeline
from recommender.songs.catalogue import ENERGY_BOUNDS, ENERGY_LEVELS

Key = Literal["major", "minor", "modal"]
Names = tuple[str, ...]

GENRES_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Style:
    """What suits one emotion. ``tempo_bpm``: at the least and at the greatest arousal.

    ``genres`` by energy (low, medium, high); ``effects`` suit as an atmosphere, ``accents`` on a peak.
    """

    tempo_bpm: tuple[int, int]
    key: Key
    genres: tuple[Names, Names, Names]
    instruments: Names
    effects: Names
    accents: Names


STYLES: Final[dict[str, Style]] = {
    "neutral": Style(
        (70, 120), "modal",
        (("ambient", "minimal", "lofi"), ("lofi", "corporate", "cool_jazz"), ("electronic", "funk", "corporate")),
        ("piano", "marimba", "synth_pad"),
        ("room_tone", "office", "street"), ("click", "whoosh"),
    ),
    "calm": Style(
        (50, 90), "major",
        (("ambient", "new_age", "solo_piano"), ("acoustic_folk", "bossa_nova", "lofi"), ("chillout", "soft_pop")),
        ("piano", "acoustic_guitar", "harp", "flute", "synth_pad"),
        ("stream", "birdsong", "soft_wind", "waves"), ("wind_chime", "singing_bowl"),
    ),
    "happy": Style(
        (100, 150), "major",
        (("acoustic_folk", "ukulele_pop", "soft_pop"), ("indie_pop", "swing", "soul"), ("disco", "funk", "dance_pop")),
        ("ukulele", "acoustic_guitar", "brass", "handclaps", "glockenspiel"),
        ("laughter", "children", "birdsong"), ("sparkle", "pop", "cheer"),
    ),
    "sad": Style(
        (45, 80), "minor",
        (("solo_piano", "chamber_strings", "ambient"), ("ballad", "slow_blues", "chamber_strings"),
         ("orchestral", "post_rock")),
        ("piano", "cello", "violin", "duduk"),
        ("rain", "soft_wind", "distant_bell"), ("low_piano_note", "sigh"),
    ),
    "angry": Style(
        (110, 175), "minor",
        (("dark_ambient", "industrial"), ("hard_rock", "trap", "industrial"), ("metal", "punk", "drum_and_bass")),
        ("distorted_guitar", "drums", "low_brass", "synth_bass"),
        ("thunder", "fire", "machinery"), ("hit", "glass_break", "door_slam"),
    ),
    "fearful": Style(
        (60, 150), "minor",
        (("dark_ambient", "drone_music"), ("suspense", "dark_ambient"), ("horror_score", "suspense", "action_score")),
        ("string_tremolo", "waterphone", "prepared_piano", "low_brass"),
        ("drone", "heartbeat", "creak", "night_wind"), ("stinger", "riser", "breath"),
    ),
    "disgust": Style(
        (60, 110), "minor",
        (("dark_ambient", "noise"), ("industrial", "trip_hop", "dark_cabaret"), ("industrial", "noise_rock")),
        ("bassoon", "contrabass", "detuned_synth", "bass_clarinet"),
        ("flies", "drip", "drone"), ("squelch", "record_scratch", "buzzer"),
    ),
    "surprised": Style(
        (90, 160), "major",
        (("pizzicato_score", "impressionist"), ("pizzicato_score", "quirky_jazz"),
         ("big_band", "action_score", "electro_swing")),
        ("pizzicato_strings", "xylophone", "harp_glissando", "brass"),
        ("crowd_murmur", "clock"), ("gasp", "stinger", "boing", "cymbal_swell"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to look for. Every name is the last part of a key (see the module); ``bpm`` is a range."""

    emotion: str
    energy: str
    genres: Names
    bpm: tuple[int, int]
    key: Key
    instruments: Names
    effects: Names
    accents: Names


@dataclass(frozen=True, slots=True)
class Cue:
    """An effect for a moment of the clip: where it starts, what, and for which emotion."""

    time_s: float
    effect: str
    emotion: str
    why: Literal["rise", "peak", "lull"]


@dataclass(frozen=True, slots=True)
class Library:
    """An open library; ``music`` and ``effects`` are search addresses with ``{query}``, or None.

    ``searchable`` is False where the library takes no search words in its address.
    """

    name: str
    music: str | None
    effects: str | None
    licence: str
    searchable: bool = True


BY_TRACK: Final = "Creative Commons, by track"

LIBRARIES: Final[tuple[Library, ...]] = (
    Library("Freesound", None, "https://freesound.org/search/?q={query}", "CC0, CC BY or CC BY-NC, by sound"),
    Library(
        "Pixabay",
        "https://pixabay.com/music/search/{path}/",
        "https://pixabay.com/sound-effects/search/{path}/",
        "Pixabay Content License",
    ),
    Library(
        "Free Music Archive",
        "https://freemusicarchive.org/search?quicksearch={query}",
        None,
        BY_TRACK,
    ),
    Library("ccMixter", "https://ccmixter.org/api/query?f=page&type=any&tags={query}", None, BY_TRACK),
    Library(
        "YouTube Audio Library",
        "https://www.youtube.com/audiolibrary",
        "https://www.youtube.com/audiolibrary",
        "YouTube Audio Library License or CC BY, by track",
        searchable=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A ready-made search: the library's name, the address, the English words searched for.

    ``searches`` is False where the address only leads to the library, whose own search takes the words.
    """

    library: str
    url: str
    words: str
    licence: str
    searches: bool = True


def suggest(scores: EmotionScores) -> Suggestion:
    """Genres, tempo, key, instruments and effects for what is expressed.

    The emotion is the likeliest; the expected arousal of the whole distribution picks the energy of
    the genres and the place in the emotion's range of tempo.
    """
    style = STYLES[scores.label]
    level = int(np.searchsorted(ENERGY_BOUNDS, scores.arousal, side="right"))
    slow, fast = style.tempo_bpm
    centre = slow + (fast - slow) * (scores.arousal + 1) / 2
    bpm = (max(slow, _fives(centre - 12)), min(fast, _fives(centre + 12)))
    others = [g for step in (1, -1, 2, -2) if 0 <= level + step < 3 for g in style.genres[level + step]]
    genres = tuple(dict.fromkeys([*style.genres[level], *others]))[:GENRES_SHOWN]
    energy = ENERGY_LEVELS[level]
    return Suggestion(scores.label, energy, genres, bpm, style.key, style.instruments, style.effects, style.accents)


def _fives(bpm: float) -> int:
    return 5 * round(bpm / 5)


def links(kind: Literal["genre", "effect"], name: str, emotion: str | None = None) -> list[Link]:
    """Search links for a genre or an effect, in English words, as the libraries are in English."""
    words = english(f"music.{kind}.{name}")
    if kind == "genre" and emotion is not None:
        words = f"{words} {english(f'music.search.{emotion}')}"
    out = []
    for library in LIBRARIES:
        address = library.music if kind == "genre" else library.effects
        if address is not None:
            url = address.format(query=quote_plus(words), path=quote(words.replace("/", " "), safe=""))
            out.append(Link(library.name, url, words, library.licence, library.searchable))
    return out


FLAT: Final = frozenset({"neutral", "calm"})
RISE_S: Final = 1.5
"""A riser starts so long before its peak."""
PROMINENCE: Final = 0.15
"""A peak or lull stands out from the clip's mean arousal by at least so much, on [-1, 1]."""


APART_S: Final = 20.0
"""At most one moment with effects in so long."""
ENDING_S: Final = 3.0
"""So near to the clip's end no effect is put."""


def cues(timeline: Timeline, limit: int = 8) -> list[Cue]:
    """Effects for the peaks and lulls of the arousal along the clip, in order of time.

    A peak that the arousal climbs to gets a riser before it and its emotion's accent on it; a lull
    gets room tone. At most ``limit`` moments, the most prominent ones, :data:`APART_S` from each
    other; no peak of what is neutral or calm, and none for a clip without changes.
    """
    heard = [(m.segment, s) for m in timeline.moments if (s := m.fused or m.voice or m.face) is not None]
    if len(heard) < 3:
        return []
    arousal = np.array([s.arousal for _, s in heard])
    found = sorted(_extremes(arousal), key=lambda turn: (turn[1] < 0, -abs(turn[1])))  # peaks before lulls
    kept: list[tuple[Segment, list[Cue]]] = []
    for i, prominence in found:
        segment, scores = heard[i]
        flat = prominence > 0 and scores.label in FLAT
        late = segment.start_s > timeline.clip.duration_s - ENDING_S
        near = any(abs(segment.start_s - other.start_s) < APART_S for other, _ in kept)
        if not (flat or late or near) and len(kept) < limit:
            accent = STYLES[scores.label].accents[i % len(STYLES[scores.label].accents)]
            kept.append((segment, _cues_at(segment, scores.label, accent, prominence)))
    return sorted((c for _, at in kept for c in at), key=lambda c: c.time_s)


def _extremes(arousal: np.ndarray) -> list[tuple[int, float]]:
    """Where the arousal turns, with its height above (peak) or below (lull, negative) the mean.

    Of a plateau the beginning counts; the clip's two ends are turns too.
    """
    starts = np.flatnonzero(np.diff(arousal, prepend=np.nan) != 0)
    levels = arousal[starts]
    if len(levels) < 2:
        return []
    direction = np.sign(np.diff(levels))
    into, out_of = np.concatenate([[-direction[0]], direction]), np.concatenate([direction, [-direction[-1]]])
    height = levels - arousal.mean()
    turns = (into != out_of) & (into == np.sign(height)) & (np.abs(height) >= PROMINENCE)
    return [(int(starts[k]), float(height[k])) for k in np.flatnonzero(turns)]


def _cues_at(segment: Segment, emotion: str, accent: str, prominence: float) -> list[Cue]:
    if prominence < 0:
        return [Cue(segment.start_s, "room_tone", emotion, "lull")]
    peak = [Cue(segment.start_s, accent, emotion, "peak")]
    if segment.start_s >= RISE_S:
        peak.insert(0, Cue(segment.start_s - RISE_S, "riser", emotion, "rise"))
    return peak


def names(kind: Literal["genre", "instrument", "effect", "key"]) -> list[str]:
    """Every name of a kind that the table uses, in order, for tests and pages."""
    by_kind = {
        "genre": [g for e in EMOTIONS for level in STYLES[e].genres for g in level],
        "instrument": [i for e in EMOTIONS for i in STYLES[e].instruments],
        "effect": [x for e in EMOTIONS for x in (*STYLES[e].effects, *STYLES[e].accents)] + ["riser", "room_tone"],
        "key": [STYLES[e].key for e in EMOTIONS],
    }
    return list(dict.fromkeys(by_kind[kind]))
