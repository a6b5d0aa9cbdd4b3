"""The clip read as the visitor wants it: with or without what is known of who speaks, and with what they added."""

from __future__ import annotations

import secrets
from concurrent.futures import Future
from typing import TYPE_CHECKING, BinaryIO, Final

from emotion import media
from emotion.timeline import Timeline
from pages.analyse import jobs_for_clip
from pages.analyse.rereading import Choices, Rereading
from pages.analyse.session import Session
from pages.analyse.speaker_samples import BY_VOICE, MOST_FILES, Footage, TooManyFiles, assigned
from pages.shared.services.jobs import Busy, Pool, Status, Ticket

if TYPE_CHECKING:
    from emotion.pipeline import Readers
    from emotion.voice.adapt import Listened
    from emotion.voice.infer import VoiceReader
    from emotion.voice.saved_speaker import KnownVoice

KIND: Final = "reading"
AT_ONCE_S: Final = 0.3
"""A short clip is read again sooner than a progress bar would be seen."""


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


def owner(current: Session, more: Footage) -> int:
    """Whose it is by the visitor's choice for this clip."""
    return current.state.owner(more.id, BY_VOICE)


def listened(current: Session) -> Listened | None:
    """What was heard of the clip, told apart as the visitor says that many speak; None where nobody does."""
    found, count = current.result.heard.listened if current.result else None, current.state.speakers
    if found is None or count is None:
        return found
    from emotion.voice import adapt

    return current.derived.of("listened", count, lambda: adapt.with_speakers(found, count))


def known(current: Session, heard: Listened) -> list[tuple[int, KnownVoice]]:
    """All that was added, with the speakers of this clip whom it is of."""
    return [pair for more in current.footage for pair in assigned(heard, more.voices, owner(current, more))]


def reading(
    current: Session, analysed: jobs_for_clip.Analysed, readers: Future[Readers], pool: Pool[Timeline]
) -> Timeline:
    """The clip as the visitor wants it read: with or without what is known of who speaks, and with what they added.

    Where that takes the pool longer than a moment, as it was read before; ``current.rereading`` is at work then.
    """
    heard = listened(current)
    if analysed.timeline.adaptation is None or heard is None:
        return analysed.timeline
    wanted = _choices(current)
    found = _at_hand(current, analysed, wanted) or _worked_out(current, analysed, heard, wanted, readers, pool)
    if found is not None:
        _leave_off(current)
        current.shown = wanted, found
        return found
    return current.shown[1] if current.shown else analysed.timeline


def at_work(current: Session) -> Status[Timeline] | None:
    """How far the reading is that is being worked out; None where none is."""
    again = current.rereading
    return again.ticket.status() if again is not None and isinstance(again.ticket, Ticket) else None


def failure(current: Session) -> BaseException | None:
    """Why the clip is not read as it is wanted."""
    again = current.rereading
    return again.ticket if again is not None and not isinstance(again.ticket, Ticket) else None


def cancel(current: Session) -> None:
    """Back to the choices of the reading that is shown; footage that it does not know is taken away."""
    _leave_off(current)
    told = current.result.timeline.adaptation if current.result else None
    back = current.shown[0] if current.shown else Choices(adapt=told.on if told else current.adapt)
    current.adapt = back.adapt
    current.state = current.state.said_speakers(back.speakers)
    known_by = dict(back.added)
    current.footage[:] = [more for more in current.footage if more.id in known_by or not more.voices]
    for file, speaker in known_by.items():
        current.state = current.state.given_to(file, speaker)


def _choices(current: Session) -> Choices:
    added = tuple((more.id, owner(current, more)) for more in current.footage if more.voices)
    return Choices(current.adapt, current.state.speakers, added)


def _at_hand(current: Session, analysed: jobs_for_clip.Analysed, wanted: Choices) -> Timeline | None:
    """What the analysis brought along, or what was worked out before."""
    told = analysed.timeline.adaptation
    if not wanted.added and wanted.speakers is None and told is not None:
        if wanted.adapt == told.on:
            return analysed.timeline
        if analysed.switched is not None:
            return analysed.switched
    return current.derived.get(KIND, wanted, Timeline)


def _worked_out(
    current: Session,
    analysed: jobs_for_clip.Analysed,
    heard: Listened,
    wanted: Choices,
    readers: Future[Readers],
    pool: Pool[Timeline],
) -> Timeline | None:
    """What the pool makes of it, if it is done in a moment."""
    again = current.rereading
    if again is None or again.choices != wanted or not isinstance(again.ticket, Ticket):
        _leave_off(current)
        added = known(current, heard)
        anew = bool(wanted.added or wanted.speakers)
        work = jobs_for_clip.rereading(analysed.timeline, heard, added, readers, on=wanted.adapt, anew=anew)
        try:
            ticket = pool.submit(secrets.token_hex(16), work, keep=False)
        except Busy as e:
            current.rereading = Rereading(wanted, e)
            return None
        current.rereading = again = Rereading(wanted, ticket)
    if not isinstance(again.ticket, Ticket) or not again.ticket.wait(AT_ONCE_S):
        return None
    status = again.ticket.status()
    again.leave()
    if status.result is None:
        current.rereading = Rereading(wanted, status.error or RuntimeError("nothing was read"))
        return None
    current.derived.keep(KIND, wanted, status.result)
    return status.result


def _leave_off(current: Session) -> None:
    if current.rereading is not None:
        current.rereading.leave()
        current.rereading = None


def to_save(current: Session, heard: Listened, speaker: int, reader: VoiceReader) -> KnownVoice:
    """What is known of one speaker (from 0): this clip's speech and all that was added of them."""
    from emotion.voice import adapt

    voice = adapt.voice_of(reader, heard, speaker)
    for n, more in known(current, heard):
        voice = voice.merge(more) if n == speaker else voice
    return voice
