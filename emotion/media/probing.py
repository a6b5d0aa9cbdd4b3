"""What a file holds, by counting its packets: a header's word is not believed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.frame import VideoFrame as Decoded
from av.video.stream import VideoStream

from emotion import errors
from emotion.media import container as containers
from emotion.media import geometry, header, tracks
from emotion.media.accepted import Limits
from emotion.media.clock import Clock
from emotion.media.container import Streams
from emotion.media.read import decode
from emotion.media.sound import SoundChunk
from emotion.timeline import Clip, Notice

MIN_DURATION_S: Final = 0.1
ALIVE_EVERY: Final = 5000
FIRST_FRAME_S: Final = 5.0
"""So far into a clip its first picture is looked for, to see which way it is turned."""
UNSAID: Final = frozenset({"aac"})
"""Heads that say nothing of a length, which FFmpeg guesses then."""
SAID_AT_MOST_S: Final = 7 * 86_400.0


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
    path, name = Path(path), name or Path(path).name
    if limits and path.is_file() and path.stat().st_size > limits.max_bytes:
        raise errors.TooLarge(name=name, size_mb=path.stat().st_size / 1024**2, limit_mb=limits.max_bytes / 1024**2)
    with containers.opened(path, name) as container:
        chosen = containers.streams(container, name, track=tracks.sounding(path, name))
        contents = _contents(container, chosen, name, alive)
        counted = contents.steady or not containers.bare(container, chosen)
        duration_s = contents.end_s if counted else _heard_s(path, name, alive)
        if limits and duration_s > limits.max_duration_s:
            raise errors.TooLong(name=name, duration_s=duration_s, limit_s=limits.max_duration_s)
        if duration_s < MIN_DURATION_S and chosen.audio is None:
            raise errors.TooShort(name=name, duration_s=duration_s)
        width, height = contents.size or (None, None)
        return Clip(
            name,
            duration_s,
            chosen.audio.rate if chosen.audio is not None else None,
            header.frame_rate(chosen.video) if chosen.video is not None else None,
            width,
            height,
            header.start_timecode(container),
            tuple(_oddities(container, chosen, contents, duration_s)),
        )


def _oddities(container: InputContainer, chosen: Streams, contents: _Contents, duration_s: float) -> Iterator[Notice]:
    claimed_s = header.claimed_s(container) - contents.start_s  # some count from their clock's 0
    if claimed_s > max(contents.reached_s, duration_s) + header.EARLY_S:
        yield Notice("notice.ends_early", (("duration_s", duration_s), ("claimed_s", claimed_s)))
    if chosen.track:
        yield Notice("notice.other_track", (("track", chosen.track + 1), ("count", len(chosen.sounds))))


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
