"""Music that is installed with MoodCue and may be used: our own beds, and the wheel ``immich-memories-music``.

Both are MIT: no credit is asked for, no network is needed. What a file is called, its tempo, key and
loop points come from whoever made it (``assets/music/installed.json``; the wheel's own list).
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emotion.labels import INDEX, VALENCE_AROUSAL
from recommender import paths
from recommender.songs.usable import Usable

LIST: Final = paths.ASSETS / "music" / "installed.json"
WHEEL: Final = "immich_memories_music"
WHEEL_ARTIST: Final = "Immich Memories (ACE-Step 1.5)"
WHEEL_MOODS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "calm": ("calm", ("calm", "peaceful")),
    "energetic": ("surprised", ("energetic", "driving")),
    "happy": ("happy", ("happy", "upbeat")),
    "nostalgic": ("sad", ("nostalgic", "wistful")),
    "tender": ("calm", ("tender", "warm")),
}
"""The wheel's folders: the nearest of the eight emotions by name, until the sound has been measured."""
_LINE: Final = re.compile(r"^\s*(\w+)\.opus\s+(\d+) bpm\s+([A-G]b?) (major|minor)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A track that is there as a file. ``emotion`` and ``moods`` are its maker's words, not a measurement."""

    file: str
    """Below ``assets/music``, or an absolute path."""
    title: str
    artist: str
    emotion: str
    moods: tuple[str, ...]
    licence: str
    duration_s: float | None = None
    tempo_bpm: float | None = None
    beats_per_bar: int = 4
    first_beat_s: float | None = None
    key: str | None = None
    mode: str | None = None
    loop_start_s: float | None = None
    loop_end_s: float | None = None

    @property
    def path(self) -> Path:
        return LIST.parent / self.file

    @property
    def credit(self) -> str:
        """The line to print with a video; MIT asks for none under music, naming is a courtesy."""
        return f"{self.title}, {self.artist} ({self.licence})"

    def usable(self) -> Usable:
        """The entry as a track that may be used; its place on the plane is that of its emotion, not measured."""
        valence, energy = (float(x) for x in VALENCE_AROUSAL[INDEX[self.emotion]])
        return Usable(
            id=f"installed:{self.path.stem}",
            source="installed",
            title=self.title,
            artist=self.artist,
            licence=self.licence,
            credit=self.credit,
            path=str(self.path),
            duration_s=self.duration_s,
            valence=valence,
            energy=energy,
            moods=self.moods,
            tempo_bpm=self.tempo_bpm,
            key=self.key,
            mode=self.mode,
            vocals=False,
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """A sound effect; ``at_s`` is the moment of it that belongs on the mark in the clip."""

    name: str
    file: str
    title: str
    at_s: float
    duration_s: float
    licence: str

    @property
    def path(self) -> Path:
        return LIST.parent / self.file


@functools.cache
def _listed() -> Any:
    return json.loads(LIST.read_text(encoding="utf-8"))


def effects() -> tuple[Effect, ...]:
    """Every effect that ships."""
    return tuple(Effect(**row) for row in _listed()["effects"])


def tracks() -> tuple[Entry, ...]:
    """Every installed track, our own first."""
    own = tuple(Entry(**{**row, "moods": tuple(row["moods"])}) for row in _listed()["tracks"])
    return (*own, *_wheel())


@functools.cache
def _wheel() -> tuple[Entry, ...]:
    """The wheel's tracks; none where it is not installed."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return ()
    folder = Path(spec.origin).parent / "tracks"
    facts = _wheel_facts(folder.parent.parent)
    out = []
    for path in sorted(folder.glob("*/*.opus")):
        emotion, moods = WHEEL_MOODS.get(path.parent.name, ("neutral", (path.parent.name,)))
        tempo, key, mode = facts.get(path.stem, (None, None, None))
        title = path.stem.replace("_s", " ").replace("_", " ").capitalize()
        out.append(Entry(str(path), title, WHEEL_ARTIST, emotion, moods, "MIT", tempo_bpm=tempo, key=key, mode=mode))
    return tuple(out)


def _wheel_facts(site: Path) -> dict[str, tuple[float, str, str]]:
    """Tempo and key of each track, from the list that the wheel's licence file carries."""
    facts: dict[str, tuple[float, str, str]] = {}
    for licence in site.glob(f"{WHEEL}-*.dist-info/**/LICENSE-MUSIC"):
        for line in licence.read_text(encoding="utf-8").splitlines():
            if match := _LINE.match(line):
                name, bpm, key, mode = match.groups()
                facts[name] = (float(bpm), key, mode)
    return facts
