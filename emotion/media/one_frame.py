"""One picture of a clip: the one that is on the screen at a moment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame as Decoded

from emotion import errors
from emotion.media import container as containers
from emotion.media import geometry
from emotion.media.clock import Clock
from emotion.media.container import MAX_PIXELS, Streams
from emotion.media.decode import VideoFrame
from emotion.media.read import read_frames


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
