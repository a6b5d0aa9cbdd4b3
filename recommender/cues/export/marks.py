"""What every exporter writes, worked out once: a mark for each cue and each peak, in whole frames of the clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from emotion.messages import message
from recommender.cues import credits
from recommender.cues.frames import to_frame
from recommender.cues.sheet import Cue, CueSheet

Colour = Literal["Red", "Rose", "Purple", "Yellow", "Cyan", "Green", "Mint", "Blue", "Lemon", "Sand"]

COLOURS: Final[dict[str, Colour]] = {
    "tense": "Red",
    "uneasy": "Purple",
    "sombre": "Blue",
    "energetic": "Rose",
    "even": "Sand",
    "quiet": "Mint",
    "bright": "Yellow",
    "warm": "Lemon",
    "calm": "Cyan",
    "unclear": "Sand",
    "mixed": "Green",
    "silent": "Sand",
}
"""A mood's colour, by the names that DaVinci Resolve gives its markers."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A cue (some frames long) or a peak (one frame): frames count from 0 at the clip's beginning."""

    frame: int
    frames: int
    name: str
    note: str
    colour: Colour
    cue: Cue
    peak: bool = False


def marks(sheet: CueSheet, language: str = "en") -> list[Mark]:
    """Cues and peaks in order of time, no two on one frame: editing programs drop the second of such two."""
    found: dict[int, Mark] = {}
    for number, cue in enumerate(sheet.cues, 1):
        start, end = to_frame(cue.start, sheet.rate), to_frame(cue.end, sheet.rate)
        colour = COLOURS[cue.mood.word]
        name = f"{number} {cue.name(language)}"
        found[start] = Mark(start, max(end - start, 1), name, note(cue, language), colour, cue)
        for peak in cue.peaks:
            at = to_frame(peak.time, sheet.rate)
            while at in found:
                at += 1
            if at < end:
                emotion = message(f"emotion.{peak.emotion}", language)
                text = message(f"cue.peak.{peak.kind}", language, emotion=emotion)
                found[at] = Mark(at, 1, text, "", colour, cue, peak=True)
    return [found[frame] for frame in sorted(found)]


def note(cue: Cue, language: str = "en") -> str:
    """The cue in one line: mood where a title hides it, direction, tempo, mode, words, credit or song, and a note."""
    direction = cue.direction
    parts: list[str] = [cue.mood.words(language)] if cue.title else []
    parts.append(cue.advice(language))
    if direction.level is not None:
        parts.append(message(f"music.energy.{direction.level}", language))
    if direction.tempo_bpm is not None:
        parts.append("{}-{} BPM".format(*direction.tempo_bpm))
    if direction.mode is not None:
        parts.append(message(f"music.key.{direction.mode}", language))
    parts += direction.words[:1]
    if cue.song is not None:
        parts.append(credits.of_cue(cue, language) or f"{cue.song.artist} - {cue.song.title}")
    return message("cue.join", language).join([*parts, *([cue.note] if cue.note else [])])


def one_line(text: str, without: Sequence[str] = ()) -> str:
    """Text that cannot end the line it stands in, nor the field: what a format gives a meaning goes."""
    for sign in without:
        text = text.replace(sign, "/")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
