"""The clip's voice being read again, as the visitor now wants it. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

from emotion.timeline import Timeline
from pages.shared.services.jobs import Ticket


@dataclass(frozen=True)
class Choices:
    """What a reading of the voice follows from.

    Attributes:
        adapt: whether voices are read in the light of what else they say.
        speakers: how many speak, where the visitor said so.
        added: the files of further footage, by their ids, each with whose it is said to be.
    """

    adapt: bool
    speakers: int | None = None
    added: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Rereading:
    """A reading that is at work, or why there is none."""

    choices: Choices
    ticket: Ticket[Timeline] | BaseException

    def leave(self) -> None:
        if isinstance(self.ticket, Ticket):
            self.ticket.leave()
