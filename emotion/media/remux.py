"""What a browser's recorder leaves out of a file: its length, and the table that lets a player jump."""

from __future__ import annotations

import logging
import shutil
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import av
import av.error

from emotion.media.container import OPEN_OPTIONS

WRITERS: Final[dict[str, dict[str, Any]]] = {
    ".webm": {"format": "webm"},
    ".mkv": {"format": "matroska"},
    ".mp4": {"format": "mp4", "options": {"movflags": "faststart"}},
}

_log = logging.getLogger(__name__)


def seekable(recording: BinaryIO, suffix: str) -> BinaryIO:
    """The same sound and picture, packet by packet, with length and index in the header.

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
            _copy(source, target, WRITERS[suffix])
        except (av.error.FFmpegError, ValueError, KeyError) as e:
            _log.info("a recording stays as it came: %s", e)
            recording.seek(0)
            return recording
        return BytesIO(target.read_bytes())


def _copy(source: Path, target: Path, writer: dict[str, Any]) -> None:
    with (
        av.open(f"file:{source}", options=dict(OPEN_OPTIONS), metadata_errors="ignore") as read,
        av.open(str(target), "w", **writer) as written,
    ):
        streams = {
            s: written.add_stream_from_template(s)
            for s in read.streams
            if s.type in ("audio", "video") and s.codec_context is not None
        }
        if not streams:
            raise ValueError("no sound and no picture")
        for packet in read.demux(list(streams)):
            if packet.dts is not None:
                packet.stream = streams[packet.stream]
                written.mux(packet)
