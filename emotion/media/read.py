"""The only reader: any clip to mono float32 sound and a few RGB frames a second, through PyAV.

The file is read once from front to back and never held whole in memory; sound and frames can be
had in the same pass (:func:`decode`) or each alone. What a header claims is checked before it is
believed, and again while decoding. Times are seconds of one clock that begins with the clip, see
:mod:`emotion.media.clock`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame as Decoded
from av.video.stream import VideoStream

from emotion import errors, settings
from emotion.media import container as containers
from emotion.media import geometry, header, tracks
from emotion.media.clock import Clock
from emotion.media.container import MAX_PIXELS, Streams
from emotion.media.decode import FramePicker, Sparing, VideoFrame
from emotion.media.sound import Listener, SoundChunk
from emotion.timeline import Clip, Notice

SAMPLE_RATE: Final = 16_000
FRAMES_PER_SECOND: Final = 5.0
MAX_SIDE: Final = 640
MIN_DURATION_S: Final = 0.1
LONGEST_S: Final = 7260.0
"""Of a clip that is read where it lies: two hours, and a minute for what is not cut to the second."""
ALONE_PIXELS: Final = 1920 * 1088
"""Pictures up to this size are decoded by one thread."""
ALIVE_EVERY: Final = 5000
FIRST_FRAME_S: Final = 5.0
"""So far into a clip its first picture is looked for, to see which way it is turned."""

# fmt: off
SUFFIXES: Final = frozenset((
    "wav", "w64", "aif", "aiff", "aifc", "caf", "mp3", "flac", "ogg", "oga", "opus", "m4a", "m4b", "aac", "mka",
    "mp4", "m4v", "mov", "qt", "3gp", "3g2", "webm", "mkv", "avi",
    "mpg", "mpeg", "vob", "ts", "mts", "m2ts", "m2t", "mxf",
))
# fmt: on

TOGETHER: Final = 8192
"""Samples that are worked on at a time."""


UNSAID: Final = frozenset({"aac"})
"""Heads that say nothing of a length, which FFmpeg guesses then."""
SAID_AT_MOST_S: Final = 7 * 86_400.0


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

    @classmethod
    def in_place(cls) -> Limits:
        """Of a file that lies on this machine and is read there: any size, and two hours, or ``MOODCUE_MAX_SECONDS``
        where that is more."""
        return cls(max_bytes=2**62, max_duration_s=max(LONGEST_S, settings.MAX_SECONDS.read()))


def silent() -> None:
    pass


def said_length(path: str | os.PathLike[str], *, name: str | None = None) -> float | None:
    """What a clip's head says of its length in seconds, none of it counted; None where it says nothing.

    Raises:
        MediaError: it cannot be opened.
    """
    path = Path(path)
    with containers.opened(path, name or path.name) as container:
        if container.duration is None or container.format.name in UNSAID:
            return None
        duration_s = container.duration / av.time_base
        return duration_s if 0 < duration_s < SAID_AT_MOST_S else None


def probe(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    limits: Limits | None = None,
    alive: Callable[[], None] = silent,
) -> Clip:
    """What the clip holds: its packets are counted, and next to nothing is decoded.

    Args:
        path: a file on this machine.
        name: how messages call it; the file's own name where None.
        limits: refuse what is larger or longer; no check where None.
        alive: called now and then: hours of packets take a while to count.

    Returns:
        ``duration_s`` is what is there, whatever the header claims; ``width`` and ``height`` are those on the
        screen; ``notices`` say what is odd about the file.

    Raises:
        MediaError: one of its kinds, each a sentence for the user.
    """
    path = Path(path)
    name = name or path.name
    if limits and path.is_file() and path.stat().st_size > limits.max_bytes:
        raise errors.TooLarge(name=name, size_mb=path.stat().st_size / 1024**2, limit_mb=limits.max_bytes / 1024**2)
    with containers.opened(path, name) as container:
        chosen = containers.streams(container, name, track=tracks.sounding(path, name))
        contents = _contents(container, chosen, name, alive)
        duration_s = contents.end_s
        if containers.bare(container, chosen) and not contents.steady:
            duration_s = _heard_s(path, name, alive)
        if limits and duration_s > limits.max_duration_s:
            raise errors.TooLong(name=name, duration_s=duration_s, limit_s=limits.max_duration_s)
        if duration_s < MIN_DURATION_S and chosen.audio is None:
            raise errors.TooShort(name=name, duration_s=duration_s)
        claimed_s = header.claimed_s(container) - contents.start_s  # some count from their clock's 0
        notices: tuple[Notice, ...] = ()
        if claimed_s > max(contents.reached_s, duration_s) + header.EARLY_S:
            notices += (Notice("notice.ends_early", (("duration_s", duration_s), ("claimed_s", claimed_s))),)
        if chosen.track:
            notices += (Notice("notice.other_track", (("track", chosen.track + 1), ("count", len(chosen.sounds)))),)
        width, height = contents.size or (None, None)
        return Clip(
            name,
            duration_s,
            chosen.audio.rate if chosen.audio is not None else None,
            header.frame_rate(chosen.video) if chosen.video is not None else None,
            width,
            height,
            header.start_timecode(container),
            notices,
        )


@dataclass(frozen=True, slots=True)
class _Contents:
    """What counting the packets tells; ``reached_s`` looks at every stream, subtitles too. ``steady`` is False where
    something else stands between the packets, or their times are out of line."""

    start_s: float
    end_s: float
    reached_s: float
    steady: bool
    size: tuple[int, int] | None


def _contents(container: InputContainer, chosen: Streams, name: str, alive: Callable[[], None]) -> _Contents:
    clock = Clock(container, chosen.both, name)
    others = [s for s in container.streams if s not in chosen.both and s.type in ("audio", "video", "subtitle", "data")]
    video, size, reached_s = chosen.video, None, 0.0
    seeking, bare, junk = video is not None, containers.bare(container, chosen), False
    for count, packet in enumerate(clock.packets(others)):
        if count % ALIVE_EVERY == 0:
            alive()
        junk = junk or (bare and not containers.in_line(container, packet))
        if packet.stream is video and video is not None and seeking:
            size = next((_size(video, f) for f in containers.frames_of(packet) if isinstance(f, Decoded)), None)
            seeking = size is None and clock.ends_s(video) < FIRST_FRAME_S
        elif packet.stream in others and packet.pts is not None:
            reached_s = max(reached_s, float((packet.pts + (packet.duration or 0)) * packet.time_base) - clock.start_s)
    if video is not None and size is None:
        context = video.codec_context
        size = geometry.shown_size(context.width, context.height, geometry.pixel_ratio(video), 0)
    start_s = max(0.0, clock.start_s)
    return _Contents(start_s, clock.end_s, max(reached_s, clock.end_s), clock.steady and not junk, size)


def _size(video: VideoStream, frame: Decoded) -> tuple[int, int]:
    """As shown: a phone's clip says only in its first frame that it is turned."""
    ratio = geometry.pixel_ratio(video)
    return geometry.shown_size(frame.width, frame.height, ratio, geometry.quarter_turns(frame))


def _heard_s(path: Path, name: str, alive: Callable[[], None]) -> float:
    """The length of bare sound whose frames are not in line, by decoding it."""
    rate, samples = 8000, 0
    for count, chunk in enumerate(decode(path, frames=False, sr=rate, name=name)):
        if count % ALIVE_EVERY == 0:
            alive()
        samples += len(chunk.y) if isinstance(chunk, SoundChunk) else 0
    return samples / rate


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


def frame_at(path: str | os.PathLike[str], time_s: float, *, max_side: int = 960) -> VideoFrame:
    """The frame that is on screen at ``time_s`` (the last one where the clip has ended).

    Raises:
        MediaError: the clip has no picture.
    """
    path = Path(path)
    with containers.opened(path, path.name) as container:
        chosen = containers.streams(container, path.name)
        video = chosen.video
        if video is None:
            raise errors.NothingToRead(name=path.name)
        ratio = geometry.pixel_ratio(video)
        video.thread_type = "AUTO"
        video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        shown = None
        for skip in _places(path, container, chosen, time_s):
            shown = _last_until(Clock(container, chosen.both, path.name), video, time_s, skip)
            if shown is not None:
                return VideoFrame(max(0.0, shown.time or 0.0), geometry.Upright(ratio, max_side)(shown))
    first = next(iter(read_frames(path, max_side=max_side)), None)  # the picture starts after time_s
    if first is None:
        raise errors.MediaError(name=path.name)
    return first


def _places(path: Path, container: InputContainer, chosen: Streams, time_s: float) -> Iterator[int]:
    """Sets the container to a place before ``time_s``; how many packets are to be passed over from there."""
    if container.format.name in containers.RESTARTING:
        yield _last_key(path, time_s)  # no table says where a time is, and it may be there twice
        with contextlib.suppress(av.error.FFmpegError):
            container.seek(0)
            yield 0
        return
    start_s = Clock(container, chosen.both, path.name).start_s
    # Some containers seek past the mark: where the first frame is too late, read from the start.
    for seek_s in (max(0.0, time_s) + start_s, 0.0):
        with contextlib.suppress(av.error.FFmpegError):  # a damaged table
            container.seek(int(seek_s * av.time_base), backward=True)
            yield 0


def _last_key(path: Path, time_s: float) -> int:
    """How many packets of the file come before the last whole picture until ``time_s``."""
    with containers.opened(path, path.name) as container:
        chosen = containers.streams(container, path.name)
        last = 0
        for i, packet in enumerate(Clock(container, chosen.both, path.name).packets()):
            if packet.stream is not chosen.video or packet.pts is None:
                continue
            at_s = float(packet.pts * packet.time_base)
            if packet.is_keyframe and at_s <= time_s:
                last = i
            elif at_s > time_s + 5.0:
                break
        return last


def _last_until(clock: Clock, video: Stream, time_s: float, skip: int) -> Decoded | None:
    shown = None
    for i, packet in enumerate(clock.packets()):
        if packet.stream is not video or i < skip:
            continue
        for frame in containers.frames_of(packet):
            if not isinstance(frame, Decoded):
                continue
            if (frame.time or 0.0) > time_s + 1e-3:
                return shown
            shown = frame
    return shown
