"""The only decoder: any clip to mono float32 sound and a few RGB frames a second, through PyAV.

The file is read once from front to back and never held whole in memory; sound and frames can be
had in the same pass (:func:`decode`) or each alone. What a header claims is checked before it is
believed, and again while decoding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from emotion import errors, settings
from emotion.media import container as containers
from emotion.media.container import MAX_PIXELS
from emotion.media.decode import FramePicker, Listener, SoundChunk, VideoFrame, upright
from emotion.timeline import Clip

SAMPLE_RATE: Final = 16_000
FRAMES_PER_SECOND: Final = 5.0
MAX_SIDE: Final = 640
MIN_DURATION_S: Final = 0.1

SUFFIXES: Final = frozenset(
    ("wav", "mp3", "flac", "ogg", "oga", "opus", "m4a", "aac", "mp4", "m4v", "mov", "webm", "mkv", "avi", "mpg", "mpeg")
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a clip is accepted."""

    max_bytes: int = 200 * 1024**2
    max_duration_s: float = 600.0

    @classmethod
    def from_environment(cls) -> Limits:
        """``MOODCUE_MAX_MB`` and ``MOODCUE_MAX_SECONDS``, where set."""
        return cls(
            max_bytes=int(settings.MAX_MB.read() * settings.MEGABYTE),
            max_duration_s=settings.MAX_SECONDS.read(),
        )


def probe(path: str | os.PathLike[str], *, name: str | None = None, limits: Limits | None = None) -> Clip:
    """What the clip holds, after every check that needs no decoding.

    Args:
        path: a file on this machine.
        name: how messages call it; the file's own name where None.
        limits: refuse what is larger or longer; no check where None.

    Raises:
        MediaError: one of its kinds, each a sentence for the user.
    """
    path = Path(path)
    name = name or path.name
    if limits and path.is_file() and path.stat().st_size > limits.max_bytes:
        raise errors.TooLarge(name=name, size_mb=path.stat().st_size / 1024**2, limit_mb=limits.max_bytes / 1024**2)
    with containers.opened(path, name) as container:
        audio, video = containers.streams(container, name)
        limit_s = limits.max_duration_s if limits else float("inf")
        duration_s = containers.claimed_duration_s(container)
        if not 0 < duration_s <= limit_s:
            duration_s = containers.measured_duration_s(container)  # recorders leave it out, and a header may lie
        if duration_s > limit_s:
            raise errors.TooLong(name=name, duration_s=duration_s, limit_s=limit_s)
        if duration_s < MIN_DURATION_S and audio is None:
            raise errors.TooShort(name=name, duration_s=duration_s)
        width = height = frame_rate = None
        if video is not None:
            width, height = containers.upright_size(video)
            frame_rate = Fraction(video.average_rate) if video.average_rate else None
        return Clip(name, duration_s, audio.rate if audio is not None else None, frame_rate, width, height)


def decode(
    path: str | os.PathLike[str],
    *,
    sound: bool = True,
    frames: bool = True,
    sr: int = SAMPLE_RATE,
    fps: float = FRAMES_PER_SECOND,
    max_side: int = MAX_SIDE,
    name: str | None = None,
) -> Iterator[SoundChunk | VideoFrame]:
    """One pass over the file; chunks and frames come as they are decoded.

    Frames are taken at up to ``fps`` a second by their own time stamps (true for variable frame
    rates), turned upright, and scaled down so that no side is longer than ``max_side`` pixels.
    Broken packets are passed over.
    """
    path = Path(path)
    name = name or path.name
    with containers.opened(path, name) as container:
        audio, video = containers.streams(container, name)
        start_s = (container.start_time or 0) / av.time_base
        chosen = [s for s, wanted in ((audio, sound), (video, frames)) if wanted and s is not None]
        if not chosen:
            return
        listener = Listener(sr, start_s)
        picker = FramePicker(fps, max_side, start_s)
        for stream in chosen:
            stream.thread_type = "AUTO"
            if stream.type == "video":
                stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        for packet in containers.packets(container, chosen):
            for frame in containers.frames_of(packet):
                if packet.stream is audio:
                    yield from listener.hear(frame)
                else:
                    yield from picker.look(frame)
        if audio in chosen:
            yield from listener.rest()


def read_sound(
    path: str | os.PathLike[str], sr: int = SAMPLE_RATE, *, name: str | None = None, max_duration_s: float = 36_000.0
) -> npt.NDArray[np.float32]:
    """The whole sound track as mono float32, shape (n,), ``sr`` samples a second.

    Raises:
        NothingToRead: there is no sound track.
        TooLong: it goes on after ``max_duration_s``, whatever the header said.
        MediaError: nothing of it could be decoded.
    """
    name = name or Path(path).name
    clip = probe(path, name=name)
    if clip.sr is None:
        raise errors.NothingToRead(name=name)
    chunks: list[npt.NDArray[np.float32]] = []
    n = 0
    for chunk in decode(path, frames=False, sr=sr, name=name):
        if not isinstance(chunk, SoundChunk):
            continue
        chunks.append(chunk.y)
        n += len(chunk.y)
        if n > (max_duration_s + 1) * sr:
            raise errors.TooLong(name=name, duration_s=n / sr, limit_s=max_duration_s)
    if n == 0:
        raise errors.MediaError(name=name)
    return np.concatenate(chunks)


def read_frames(
    path: str | os.PathLike[str],
    *,
    fps: float = FRAMES_PER_SECOND,
    max_side: int = MAX_SIDE,
    name: str | None = None,
) -> Iterator[VideoFrame]:
    """The frames of the clip, one at a time; see :func:`decode`."""
    for item in decode(path, sound=False, fps=fps, max_side=max_side, name=name):
        if isinstance(item, VideoFrame):
            yield item


def frame_at(path: str | os.PathLike[str], time_s: float, *, max_side: int = 960) -> VideoFrame:
    """The frame that is on screen at ``time_s`` (the last one where the clip has ended).

    Raises:
        MediaError: the clip has no picture.
    """
    path = Path(path)
    with containers.opened(path, path.name) as container:
        _, video = containers.streams(container, path.name)
        if video is None:
            raise errors.NothingToRead(name=path.name)
        start_s = (container.start_time or 0) / av.time_base
        video.thread_type = "AUTO"
        video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        # Some containers seek past the mark: where the first frame is too late, read from the start.
        for seek_s in (max(0.0, time_s), 0.0):
            container.seek(int((seek_s + start_s) * av.time_base), backward=True)
            shown = _last_until(container, video, time_s + start_s)
            if shown is not None:
                return upright(shown, start_s, max_side)
        first = next(iter(read_frames(path, max_side=max_side)), None)  # the picture starts after time_s
        if first is None:
            raise errors.MediaError(name=path.name)
        return first


def _last_until(container: Any, video: Any, time_s: float) -> Any | None:
    shown = None
    for packet in containers.packets(container, [video]):
        for frame in containers.frames_of(packet):
            if (frame.time or 0.0) > time_s + 1e-3:
                return shown
            shown = frame
    return shown
