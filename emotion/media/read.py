"""The only reader: any clip to mono float32 sound and a few RGB frames a second, through PyAV.

The file is read once from front to back and never held whole in memory; sound and frames can be
had in the same pass (:func:`decode`) or each alone. What a header claims is checked before it is
believed, and again while decoding. Times are seconds of one clock that begins with the clip, see
:mod:`emotion.media.clock`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame as Decoded
from av.video.stream import VideoStream

from emotion import errors
from emotion.media import container as containers
from emotion.media import geometry, header, tracks
from emotion.media.clock import Clock
from emotion.media.container import MAX_PIXELS
from emotion.media.decode import FramePicker, Sparing, VideoFrame
from emotion.media.sound import Listener, SoundChunk

SAMPLE_RATE: Final = 16_000
FRAMES_PER_SECOND: Final = 5.0
MAX_SIDE: Final = 640
ALONE_PIXELS: Final = 1920 * 1088
"""Pictures up to this size are decoded by one thread."""
TOGETHER: Final = 8192
"""Samples that are worked on at a time."""


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

    Sample n of the sound stands at n / sr, to within 0.05 s, whatever is missing in between. Frames are
    taken at up to ``fps`` a second by their own time stamps (true for variable frame rates), turned
    upright, their pixels made square, and scaled down so that no side is longer than ``max_side``
    pixels; each comes when the next one is there. Broken packets are passed over.
    """
    path = Path(path)
    name = name or path.name
    with containers.opened(path, name) as container:
        chosen = containers.streams(container, name, track=tracks.sounding(path, name) if sound else None)
        audio, video = chosen.audio if sound else None, chosen.video if frames else None
        if audio is None and video is None:
            return
        clock = Clock(container, chosen.both, name)
        listener = Listener(sr, timed=not containers.bare(container, chosen), together=TOGETHER)
        picker = sparing = None
        if video is not None:
            picker, sparing = _watching(video, fps, max_side)
        for packet in clock.packets():
            if audio is not None and packet.stream is audio:
                for frame in containers.frames_of(packet):
                    if isinstance(frame, AudioFrame):
                        yield from listener.hear(frame)
            elif picker is not None and sparing is not None and packet.stream is video:
                sparing.sent(packet)
                for frame in containers.frames_of(packet):
                    if isinstance(frame, Decoded):
                        sparing.came(frame)
                        yield from picker.look(frame)
        yield from listener.rest()
        if picker is not None:
            yield from picker.rest(clock.end_s)


def _watching(video: VideoStream, fps: float, max_side: int) -> tuple[FramePicker, Sparing]:
    # beside two readers one thread is enough for what it decodes in a fraction of its length, and costs a sixth less
    large = video.codec_context.width * video.codec_context.height > ALONE_PIXELS
    video.thread_type = "AUTO" if large else "NONE"
    video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    rate = header.frame_rate(video)
    return FramePicker(fps, max_side, geometry.pixel_ratio(video), float(rate) if rate else None), Sparing(video, fps)


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
        with containers.opened(Path(path), name) as container:
            silent = containers.streams(container, name).audio is None
        raise (errors.NothingToRead if silent else errors.MediaError)(name=name)
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
