"""The clip read as the visitor wants it: with or without what is known of who speaks, and with what they added."""

from __future__ import annotations

import secrets
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from emotion import media
from emotion.timeline import Timeline
from pages.analyse import jobs_for_clip
from pages.analyse.session import Session
from pages.analyse.speaker_samples import BY_VOICE, MOST_FILES, Footage, TooManyFiles, assigned
from pages.shared.services.jobs import Pool

if TYPE_CHECKING:
    from emotion.pipeline import Readers
    from emotion.voice.adapt import Listened
    from emotion.voice.infer import VoiceReader
    from emotion.voice.saved_speaker import KnownVoice


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


def reading(current: Session, analysed: jobs_for_clip.Analysed, readers: Future[Readers]) -> Timeline:
    """The clip as the visitor wants it read: with or without what is known of who speaks, and with what they added."""
    plain, heard = analysed.timeline, listened(current)
    told = plain.adaptation
    if told is None or heard is None:
        return plain
    added = tuple((more.id, owner(current, more)) for more in current.footage if more.voices)
    if not added and current.state.speakers is None and current.adapt == told.on:
        return plain
    if not added and current.state.speakers is None and analysed.switched is not None:
        return analysed.switched

    def read() -> Timeline:
        from emotion import pipeline
        from emotion.voice import adapt

        models, known_by = readers.result(), told
        if models.voice and (added or current.state.speakers):
            known_by = adapt.adapted(models.voice, heard, known(current, heard)) or told
        return pipeline.reread(plain, models, replace(known_by, on=current.adapt))

    return current.derived.of("reading", (current.adapt, current.state.speakers, added), read)


def to_save(current: Session, heard: Listened, speaker: int, reader: VoiceReader) -> KnownVoice:
    """What is known of one speaker (from 0): this clip's speech and all that was added of them."""
    from emotion.voice import adapt

    voice = adapt.voice_of(reader, heard, speaker)
    for n, more in known(current, heard):
        voice = voice.merge(more) if n == speaker else voice
    return voice
