"""Further footage of a speaker: what it tells of their voice, so that a clip is read in its light."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emotion import errors, media
from emotion.media import fence
from emotion.pipeline import hear, never

if TYPE_CHECKING:
    from emotion.readers import Readers
    from emotion.voice.saved_speaker import KnownVoice


def know(
    path: str | Path,
    readers: Readers,
    *,
    name: str | None = None,
    limits: media.Limits | None = None,
    on_fraction: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = never,
) -> list[KnownVoice]:
    """What further footage tells of who speaks in it, the one who speaks most first; its picture is not looked at.

    A saved voice (``.npz``) is read as what it is.

    Raises:
        NoSpeech: nobody speaks.
        ReadsAlike: the model has no use for it.
        MoodCueError: what else is wrong with the file.
    """
    from emotion.voice import adapt
    from emotion.voice.saved_speaker import MAX_BYTES, SUFFIX

    path, limits = Path(path), limits or media.Limits()
    name = name or path.name
    if readers.voice is None:
        raise errors.NoSpeech(name=name)
    if not readers.voice.adapts:
        raise errors.ReadsAlike(model=f"{readers.voice.used.name}-v{readers.voice.used.version}")
    if name.lower().endswith(f".{SUFFIX}"):
        if not path.is_file():
            raise errors.FileMissing(name=name)
        with path.open("rb") as f:
            return [adapt.load(readers.voice, f.read(MAX_BYTES + 1), name=name)]
    with fence.opened(
        path, name=name, limits=limits, sr=readers.voice.sr, frames=False, cancelled=cancelled
    ) as reading:
        heard = hear(reading, readers, lambda progress: on_fraction(progress.fraction), cancelled)
    if heard.listened is None:
        raise errors.NoSpeech(name=name)
    return adapt.voices(readers.voice, heard.listened)
