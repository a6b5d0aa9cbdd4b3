"""What the visitor did with a result, and what its sections worked out: the one is frozen, the other bounded.

``ResultState`` holds every choice; each legal step gives a new one. ``Derived`` holds what can be worked out
again from the clip and the choices, and forgets the oldest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar, cast

from pages.analyse.song_options import SongOptions
from recommender.cues import CueSheet
from recommender.ranking.taste import Taste

Choice = Literal["pick", "skip"]
R = TypeVar("R")
UNDONE: Final = 30
"""Edits that can be taken back."""
KEPT: Final = 3
"""Derived things of one kind that are remembered: going back and forth between two is free."""


@dataclass(frozen=True, slots=True)
class ResultState:
    """The choices for one clip. Times are seconds of the clip, speakers count from 0."""

    at_s: float = 0.0
    """The place chosen on the timeline."""
    jumps: int = 0
    """How often the player was sent to ``at_s`` from elsewhere on the page."""
    face_at_s: float | None = None
    """The frame that Faces shows; None until it was looked at."""
    correction: str | None = None
    """The emotion that the visitor put in place of the one shown."""
    speakers: int | None = None
    """How many speak, where the visitor said so."""
    owners: tuple[tuple[str, int], ...] = ()
    """Files of further footage whose speaker the visitor chose, by the file's id."""
    draw: int = 0
    """How often other songs were asked for."""
    options: SongOptions = field(default_factory=SongOptions)
    taste: Taste | None = None
    """How songs were asked for when they were last seen."""
    choices: tuple[tuple[str, Choice], ...] = ()
    """Songs picked and skipped, by their id."""
    links: tuple[str, ...] = ()
    """Keys of the links that were made, the newest first."""
    sheet: CueSheet | None = None
    """The cue sheet once it was edited; before, it follows from the reading."""
    past: tuple[CueSheet, ...] = ()
    """The sheets before it, the oldest first, to take edits back."""
    unsaved: bool = False
    """Whether the sheet was edited since it was last downloaded."""
    cue: int | None = None
    """The id of the cue that is open."""
    section: str = ""
    """The section that was open last; empty for the first."""

    def looked_at(self, at_s: float) -> ResultState:
        """A place chosen on the timeline; the player is there already, and the frame follows."""
        at_s = max(0.0, at_s)
        return replace(self, at_s=at_s, face_at_s=at_s)

    def jumped(self, at_s: float) -> ResultState:
        """A place chosen elsewhere, to which the player has still to be sent."""
        return replace(self.looked_at(at_s), jumps=self.jumps + 1)

    def face_shown(self, at_s: float) -> ResultState:
        """The frame that is shown before anybody chose a place."""
        return replace(self, face_at_s=at_s)

    def corrected(self, emotion: str | None) -> ResultState:
        return replace(self, correction=emotion)

    def said_speakers(self, count: int | None) -> ResultState:
        return replace(self, speakers=count)

    def owner(self, file: str, otherwise: int) -> int:
        return dict(self.owners).get(file, otherwise)

    def given_to(self, file: str, speaker: int) -> ResultState:
        return replace(self, owners=tuple((dict(self.owners) | {file: speaker}).items()))

    def drawn_again(self) -> ResultState:
        return replace(self, draw=self.draw + 1)

    def asked(self, options: SongOptions, taste: Taste | None) -> ResultState:
        return replace(self, options=options, taste=taste)

    def chosen(self, song: str, choice: Choice) -> ResultState:
        return replace(self, choices=tuple((dict(self.choices) | {song: choice}).items()))

    def linked(self, key: str) -> ResultState:
        return replace(self, links=(key, *self.links))

    def section_opened(self, name: str) -> ResultState:
        return self if name == self.section else replace(self, section=name)

    def opened(self, cue: int | None) -> ResultState:
        return replace(self, cue=cue)

    def edited(self, before: CueSheet, after: CueSheet) -> ResultState:
        return replace(self, sheet=after, past=(*self.past, before)[-UNDONE:], unsaved=True)

    def undone(self) -> ResultState:
        """The sheet before the last edit; as it is where there was none."""
        if not self.past:
            return self
        return replace(self, sheet=self.past[-1], past=self.past[:-1], unsaved=True)

    def exported(self) -> ResultState:
        return replace(self, unsaved=False)


class Derived:
    """A small memory for what a result's sections work out: ``KEPT`` things of each kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, OrderedDict[Hashable, object]] = {}

    def of(self, kind: str, key: Hashable, make: Callable[[], R]) -> R:
        """What was made for ``key`` before, else what ``make`` gives now."""
        known = self._kinds.setdefault(kind, OrderedDict())
        if key not in known:
            self.keep(kind, key, make())
        known.move_to_end(key)
        return cast("R", known[key])

    def keep(self, kind: str, key: Hashable, made: object) -> None:
        """Remember what was made elsewhere."""
        known = self._kinds.setdefault(kind, OrderedDict())
        known[key] = made
        while len(known) > KEPT:
            known.popitem(last=False)

    def get(self, kind: str, key: Hashable, of: type[R]) -> R | None:
        """What is remembered for ``key``."""
        made = self._kinds.get(kind, {}).get(key)
        return made if isinstance(made, of) else None
