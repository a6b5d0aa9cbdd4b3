"""More of a speaker: what the visitor added, whose voice it is, and the clip read with it. Draws nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Final

from emotion import errors, media
from emotion.timeline import Timeline
from pages.analyse import jobs_for_clip
from pages.shared.services.jobs import Pool, Ticket

if TYPE_CHECKING:
    from emotion.pipeline import Readers
    from emotion.voice.adapt import Listened
    from emotion.voice.infer import VoiceReader
    from emotion.voice.saved_speaker import KnownVoice
    from pages.analyse.session import Session

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


def add(current: Session, source: BinaryIO, name: str, readers: Future[Readers], pool: Pool[list[KnownVoice]]) -> None:
    """Queue a file; what cannot be taken stands in the list with its error."""
    limits = media.Limits.from_environment()
    more = Footage(name)
    try:
        if len(current.footage) >= MOST_FILES:
            raise TooManyFiles(limit=MOST_FILES)
        # Nobody else joins it: what a visitor tells of a speaker is theirs alone.
        more.ticket = pool.submit(
            secrets.token_hex(16), jobs_for_clip.knowing(source, name, readers, limits), keep=False
        )
    except Exception as e:
        more.error = e
    current.footage.append(more)


def chosen(current: Session, more: Footage) -> int:
    """Whose it is by the visitor's choice for this clip."""
    return current.memo.get(("footage", more.id), BY_VOICE)


def choose(current: Session, more: Footage, whom: int) -> None:
    current.memo[("footage", more.id)] = whom


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


def listened(current: Session) -> Listened | None:
    """What was heard of the clip, told apart as the visitor says that many speak; None where nobody does."""
    found, count = current.result.heard.listened if current.result else None, speakers(current)
    if found is None or count is None:
        return found
    if ("listened", count) not in current.memo:
        from emotion.voice import adapt

        current.memo["listened", count] = adapt.with_speakers(found, count)
    return current.memo["listened", count]


def speakers(current: Session) -> int | None:
    """How many speak, where the visitor said so."""
    return current.memo.get("speakers")


def say_speakers(current: Session, count: int | None) -> None:
    current.memo["speakers"] = count


def known(current: Session, heard: Listened) -> list[tuple[int, KnownVoice]]:
    """All that was added, with the speakers of this clip whom it is of."""
    return [pair for more in current.footage for pair in assigned(heard, more.voices, chosen(current, more))]


def reading(current: Session, analysed: jobs_for_clip.Analysed, readers: Future[Readers]) -> Timeline:
    """The clip as the visitor wants it read: with or without what is known of who speaks, and with what they added."""
    plain, heard = analysed.timeline, listened(current)
    told = plain.adaptation
    if told is None or heard is None:
        return plain
    added = tuple((more.id, chosen(current, more)) for more in current.footage if more.voices)
    if not added and speakers(current) is None and current.adapt == told.on:
        return plain
    key = ("reading", current.adapt, speakers(current), added)
    if key not in current.memo:
        from emotion import pipeline
        from emotion.voice import adapt

        models = readers.result()
        if models.voice and (added or speakers(current)):
            told = adapt.adapted(models.voice, heard, known(current, heard)) or told
        current.memo[key] = pipeline.reread(plain, models, replace(told, on=current.adapt))
    return current.memo[key]


def to_save(current: Session, heard: Listened, speaker: int, reader: VoiceReader) -> KnownVoice:
    """What is known of one speaker (from 0): this clip's speech and all that was added of them."""
    from emotion.voice import adapt

    voice = adapt.voice_of(reader, heard, speaker)
    for n, more in known(current, heard):
        voice = voice.merge(more) if n == speaker else voice
    return voice
