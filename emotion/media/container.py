"""Opening a clip's container with care: what may be opened at all, which streams count, how long they last.

What a header claims is checked before it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import av
import av.error
from av.stream import Disposition

from emotion import errors

MAX_PIXELS: Final = 8192 * 4608
# Containers only: playlists (HLS, DASH, concat) could make the decoder open other files or addresses.
DEMUXERS: Final = "wav,w64,mp3,flac,ogg,aac,mov,matroska,avi,mpeg,mpegts,mpegvideo,aiff"
OPEN_OPTIONS: Final = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}


@contextmanager
def opened(path: Path, name: str) -> Iterator[Any]:
    """The container, closed at the end; ``name`` is how messages call it."""
    if not path.is_file():
        raise errors.FileMissing(name=name)
    if path.stat().st_size == 0:
        raise errors.EmptyFile(name=name)
    try:
        # "file:" keeps a name such as "concat:a|b" or "http:x" a plain file name.
        container = av.open(f"file:{path.resolve()}", options=dict(OPEN_OPTIONS), metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError) as e:
        raise errors.NotMedia(name=name) from e
    try:
        yield container
    finally:
        container.close()


def streams(container: Any, name: str) -> tuple[Any | None, Any | None]:
    """The sound track and the moving picture, None where missing; a cover picture is not one."""
    found: dict[str, Any] = {}
    unknown: str | None = None
    for kind in ("audio", "video"):
        there = [s for s in getattr(container.streams, kind) if not s.disposition & Disposition.attached_pic]
        usable = [s for s in there if _has_decoder(s)]
        if usable:
            best = container.streams.best(kind)
            found[kind] = best if best in usable else usable[0]
        elif there:
            unknown = _codec_name(there[0])
    video = found.get("video")
    if video is not None and video.codec_context.width * video.codec_context.height > MAX_PIXELS:
        width, height = video.codec_context.width, video.codec_context.height
        raise errors.PictureTooLarge(name=name, width=width, height=height)
    if not found and unknown:
        raise errors.UnknownCodec(name=name, codec=unknown)
    if not found:
        raise errors.NothingToRead(name=name)
    return found.get("audio"), video


def _has_decoder(stream: Any) -> bool:
    context = stream.codec_context
    if context is None:
        return False
    return bool(context.rate) if stream.type == "audio" else bool(context.width and context.height)


def _codec_name(stream: Any) -> str:
    return stream.codec_context.name if stream.codec_context is not None else "unknown"


def claimed_duration_s(container: Any) -> float:
    """What the header says; 0 where it says nothing."""
    return (container.duration or 0) / av.time_base


def measured_duration_s(container: Any) -> float:
    """Reads every packet's time stamp, without decoding."""
    start_s = (container.start_time or 0) / av.time_base
    end_s = 0.0
    both = [s for s in container.streams if s.type in ("audio", "video")]
    for packet in packets(container, both):
        if packet.pts is not None:
            end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base) - start_s)
    return end_s


def packets(container: Any, wanted: list[Any]) -> Iterator[Any]:
    """Packets until the end, or until the container is too broken to go on."""
    demuxer = container.demux(wanted)
    while True:
        try:
            yield next(demuxer)
        except (StopIteration, av.error.FFmpegError):
            return


def frames_of(packet: Any) -> list[Any]:
    """What a packet decodes to; nothing of a broken one."""
    try:
        return packet.decode()
    except (av.error.FFmpegError, ValueError):
        return []


def upright_size(video: Any) -> tuple[int, int]:
    """Width and height as shown; a phone's clip says only in its first frame that it is turned."""
    context = video.codec_context
    width, height = context.width, context.height
    for packet in packets(video.container, [video]):
        for frame in frames_of(packet):
            return (height, width) if round(frame.rotation / 90) % 2 else (width, height)
        if packet.dts is not None and packet.dts * packet.time_base > 5:
            break
    return width, height
