"""Packets as they are in a new container: with the length and the table that a browser's recorder leaves out, on a
clock that begins at 0."""

from __future__ import annotations

import logging
import shutil
import tempfile
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import av.error

from emotion import errors
from emotion.media import container as containers
from emotion.media import tracks
from emotion.media.clock import Clock
from emotion.media.write import writing

_log = logging.getLogger(__name__)


def copy(source: Path, target: Path, name: str) -> None:
    """The sound and the picture that are read of ``source``, packet by packet.

    Raises:
        MediaError: nothing of it can be read.
        av.error.FFmpegError, ValueError, KeyError: such streams cannot stand in such a container.
    """
    with containers.opened(source, name) as read, writing(target) as written:
        chosen = containers.streams(read, name, track=tracks.sounding(source, name))
        for stream in chosen.both:
            written.copy(stream)
        for packet in Clock(read, chosen.both, name).packets():
            written.put(packet)


def seekable(recording: BinaryIO, suffix: str) -> BinaryIO:
    """The same sound and picture, with length and index in the header.

    Args:
        recording: what MediaRecorder made, from its current place on.
        suffix: its kind, with the dot: ``.webm``, ``.mkv`` or ``.mp4``.

    Returns:
        The new file; ``recording`` itself, at its start, where it cannot be read: the pipeline then
        says what is wrong with it.
    """
    with tempfile.TemporaryDirectory(prefix="moodcue-") as folder:
        source, target = Path(folder, "in" + suffix), Path(folder, "out" + suffix)
        with source.open("wb") as f:
            shutil.copyfileobj(recording, f)
        try:
            copy(source, target, source.name)
        except (errors.MediaError, av.error.FFmpegError, ValueError, KeyError) as e:
            _log.info("a recording stays as it came: %s", e)
            recording.seek(0)
            return recording
        return BytesIO(target.read_bytes())
