"""More of a speaker: a file that the visitor added, and whose voice is in it. Draws nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from emotion import errors
from pages.shared.services.jobs import Ticket

if TYPE_CHECKING:
    from emotion.voice.adapt import Listened
    from emotion.voice.saved_speaker import KnownVoice

MOST_FILES: Final = 12
BY_VOICE, NOBODY = -1, -2
"""Choices beside the speakers (from 0): whom it sounds like, and nobody."""


class TooManyFiles(errors.MoodCueError):
    key = "error.too_much_footage"
    english = "{limit} files of further footage are enough. Remove one before you add another."


@dataclass(eq=False)
class Footage:
    """One file that the visitor added; ``voices`` is what was heard in it."""

    name: str
    ticket: Ticket[list[KnownVoice]] | None = None
    voices: tuple[KnownVoice, ...] = ()
    error: BaseException | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def leave(self) -> None:
        if self.ticket is not None:
            self.ticket.leave()
            self.ticket = None

    def advance(self) -> bool:
        """Take over what the pool has finished; whether it is still at work."""
        if self.ticket is None:
            return False
        status = self.ticket.status()
        if not status.over:
            return True
        self.voices, self.error = tuple(status.result or ()), status.error
        self.leave()
        return False


def assigned(heard: Listened, voices: Sequence[KnownVoice], whom: int) -> list[tuple[int, KnownVoice]]:
    """The voices of one file with the speakers (from 0) they are counted for.

    A file that is said to be of one speaker gives the one voice that is most like theirs.
    """
    from emotion.voice import adapt

    if whom == BY_VOICE:
        return adapt.whose(heard, voices)
    if whom == NOBODY or not voices or whom >= heard.count:
        return []
    theirs = heard.voiceprints[whom]
    return [(whom, max(voices, key=lambda voice: float(voice.voiceprint @ theirs)))]
