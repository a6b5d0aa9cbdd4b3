"""Opening a clip's container with care: what may be opened at all, and which of its streams count.

What a header claims is checked before it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from emotion import errors
from emotion.media import boxes

MAX_PIXELS: Final = 8192 * 4608
# Containers only: playlists (HLS, DASH, concat) could make the decoder open other files or addresses.
DEMUXERS: Final = "wav,w64,mp3,flac,ogg,aac,mov,matroska,avi,mpeg,mpegts,mpegvideo,aiff,caf,mxf"
OPEN_OPTIONS: Final = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
BARE: Final = frozenset({"mp3", "aac", "flac"})
"""Sound without a container: its time is its number of samples, whatever stands between its frames."""
SYNC: Final = 0xFF
"""With this byte each frame of such sound begins."""
RESTARTING: Final = frozenset({"mpeg", "mpegts", "ogg"})
"""Containers whose clock may start anew in mid-file, where parts were joined."""


@dataclass(frozen=True, slots=True)
class Streams:
    """The sound track and the moving picture, None where missing; ``sounds`` are all tracks that can be heard."""

    audio: AudioStream | None
    video: VideoStream | None
    sounds: tuple[AudioStream, ...] = ()

    @property
    def both(self) -> list[AudioStream | VideoStream]:
        return [s for s in (self.audio, self.video) if s is not None]

    @property
    def track(self) -> int | None:
        """Which of the sound tracks is taken, from 0."""
        return None if self.audio is None else self.sounds.index(self.audio)


def check(path: Path, name: str) -> None:
    """A file is read more than once, and not from its beginning alone.

    Raises:
        FileMissing: there is nothing.
        NotAFile: there is something else.
    """
    if not path.is_file():
        raise (errors.NotAFile if path.exists() else errors.FileMissing)(name=name)


@contextmanager
def opened(path: Path, name: str) -> Iterator[InputContainer]:
    """The container, closed at the end; ``name`` is how messages call it."""
    check(path, name)
    if path.stat().st_size == 0:
        raise errors.EmptyFile(name=name)
    try:
        # "file:" keeps a name such as "concat:a|b" or "http:x" a plain file name.
        container = av.open(f"file:{path.resolve()}", options=dict(OPEN_OPTIONS), metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError) as e:
        raise (errors.Unfinished if boxes.unfinished(path) else errors.NotMedia)(name=name) from e
    try:
        yield container
    finally:
        container.close()


def streams(container: InputContainer, name: str, *, track: int | None = None) -> Streams:
    """What is read of a clip; a cover picture and what cannot be decoded is not.

    Args:
        track: which sound track, from 0 among those that can be heard; the container's own choice where None.

    Raises:
        MediaError: nothing is left, or the picture is too large.
    """
    sounds = _usable(container.streams.audio)
    pictures = _usable(container.streams.video)
    if not sounds and not pictures:
        raise _nothing(container, name)
    video = _best(container, "video", pictures)
    if video is not None and video.codec_context.width * video.codec_context.height > MAX_PIXELS:
        width, height = video.codec_context.width, video.codec_context.height
        raise errors.PictureTooLarge(name=name, width=width, height=height)
    audio = _best(container, "audio", sounds) if track is None else sounds[track]
    return Streams(audio, video, tuple(sounds))


_S = TypeVar("_S", AudioStream, VideoStream)


def _nothing(container: InputContainer, name: str) -> errors.MediaError:
    """Why nothing of this file can be read."""
    there = [*container.streams.audio, *container.streams.video]
    own = [s for s in there if not s.disposition & Disposition.attached_pic]
    if not own:
        return errors.NothingToRead(name=name)
    if any(s.codec_context is None for s in own):  # PyAV's types do not say so
        return errors.UnknownCodec(name=name, codec="?")
    return errors.MediaError(name=name)


def _usable(there: Sequence[_S]) -> list[_S]:
    return [s for s in there if not s.disposition & Disposition.attached_pic and _has_decoder(s)]


def _has_decoder(stream: AudioStream | VideoStream) -> bool:
    if stream.codec_context is None:  # PyAV's types do not say so
        return False
    if isinstance(stream, VideoStream):
        return bool(stream.codec_context.width and stream.codec_context.height)
    return bool(stream.codec_context.sample_rate)


def _best(container: InputContainer, kind: str, usable: list[_S]) -> _S | None:
    best = container.streams.best("audio" if kind == "audio" else "video")
    return next((s for s in usable if s is best), usable[0] if usable else None)


def bare(container: InputContainer, chosen: Streams) -> bool:
    """Whether this is sound without a container, whose time stamps say nothing."""
    return container.format.name in BARE and chosen.video is None


def in_line(container: InputContainer, packet: Packet[Stream]) -> bool:
    """False for what stands between the frames of bare sound and is none."""
    return container.format.name not in BARE or packet.size == 0 or bytes(packet)[0] == SYNC


def packets(container: InputContainer, wanted: Sequence[Stream]) -> Iterator[Packet[Stream]]:
    """Packets until the end, or until the container is too broken to go on."""
    demuxer = container.demux(list(wanted))
    while True:
        try:
            yield next(demuxer)
        except (StopIteration, av.error.FFmpegError):
            return


def frames_of(packet: Packet[Stream]) -> list[AudioFrame | VideoFrame]:
    """What a packet decodes to; nothing of a broken one."""
    try:
        return [f for f in packet.decode() if isinstance(f, (AudioFrame, VideoFrame))]
    except (av.error.FFmpegError, ValueError):
        return []
