"""What a mix begins and ends with: a clip's own sound as it is, in stereo, and its picture with another sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import av.error
import numpy as np
import numpy.typing as npt
import soundfile
from av.audio.frame import AudioFrame

from emotion import errors
from emotion.media import container as containers
from emotion.media.clock import Clock
from emotion.media.sound import Aligned
from emotion.media.write import Sound, writing

SR: Final = 48_000
KBIT_S: Final = 256
PICTURES_IN_MP4: Final = frozenset({"h264", "hevc", "av1", "mpeg4", "vp9", "mpeg2video", "mpeg1video"})
"""What a program that edits reads from an MP4; other pictures go into a Matroska file."""
BLOCK: Final = SR // 2


def stereo(path: str | os.PathLike[str], sr: int = SR, *, name: str | None = None) -> Iterator[npt.NDArray[np.float32]]:
    """The sound as it is, in blocks of shape (2, n) at ``sr``; sample n stands at n / sr of the clip.

    One channel is given on both sides; more than two are mixed down. Nothing is filtered or levelled.

    Raises:
        MediaError: one of its kinds. A clip without sound gives no block.
    """
    path = Path(path)
    name = name or path.name
    with containers.opened(path, name) as container:
        chosen = containers.streams(container, name)
        if chosen.audio is None:
            return
        clock = Clock(container, chosen.both, name)
        aligned = Aligned(sr, timed=not containers.bare(container, chosen), layout="stereo")
        for packet in clock.packets():
            if packet.stream is not chosen.audio:
                continue
            for frame in containers.frames_of(packet):
                if isinstance(frame, AudioFrame):
                    yield from map(_two, aligned.hear(frame))
        yield from map(_two, aligned.rest())


def channels(path: str | os.PathLike[str], sr: int, *, name: str | None = None) -> Iterator[npt.NDArray[np.float32]]:
    """The sound of a track of music, in blocks of shape (n, channels) at ``sr``; one or two channels.

    Unlike :func:`stereo` it looks at no picture and at no time stamp: music lasts as long as its samples.

    Raises:
        MediaError: one of its kinds; a file without sound is NothingToRead.
    """
    path = Path(path)
    name = name or path.name
    with containers.opened(path, name) as container:
        audio = containers.streams(container, name).audio
        if audio is None:
            raise errors.NothingToRead(name=name)
        aligned = Aligned(sr, timed=False, layout="stereo")
        for packet in containers.packets(container, [audio]):
            for frame in containers.frames_of(packet):
                if isinstance(frame, AudioFrame):
                    yield from aligned.hear(frame)
        yield from aligned.rest()


def _two(block: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, channels) as (2, n)."""
    if block.shape[1] == 2:
        return np.ascontiguousarray(block.T)
    return np.tile(block.mean(axis=1, dtype=np.float32), (2, 1))


def suffix_for(path: Path) -> str:
    """``.mp4`` where the clip's picture may be copied into one, else ``.mkv``; "" where there is no picture."""
    with containers.opened(path, path.name) as container:
        video = containers.streams(container, path.name).video
        if video is None:
            return ""
        return ".mp4" if video.codec_context.codec.canonical_name in PICTURES_IN_MP4 else ".mkv"


def with_sound(path: Path, sound: Path, target: Path, *, cancelled: Callable[[], bool] = lambda: False) -> Path:
    """The picture of ``path``, its packets as they are, and the sound of the WAV file ``sound`` as AAC.

    Raises:
        MediaError: there is no picture, or it cannot be written.
        Cancelled: nothing is left of the file.
    """
    try:
        with (
            containers.opened(path, path.name) as container,
            soundfile.SoundFile(sound) as wav,
            writing(target) as out,
        ):
            video = containers.streams(container, path.name).video
            if video is None:
                raise errors.NothingToRead(name=path.name)
            clock = Clock(container, [video], path.name)
            whole = Clock(container, containers.streams(container, path.name).both, path.name)
            late_s = clock.start_s - whole.start_s
            out.copy(video)
            track = out.sound(rate=wav.samplerate, kbit_s=KBIT_S)
            for packet in clock.packets():
                if cancelled():
                    raise errors.Cancelled
                if not packet.size:
                    continue
                if late_s and packet.time_base:
                    shift = round(late_s / packet.time_base)
                    packet.pts = None if packet.pts is None else packet.pts + shift
                    packet.dts = None if packet.dts is None else packet.dts + shift
                stamp = packet.dts if packet.dts is not None else packet.pts
                if stamp is not None and packet.time_base:
                    _write_until(wav, track, float(stamp * packet.time_base) + 1.0)
                out.put(packet)
            _write_until(wav, track, float("inf"))
    except (av.error.FFmpegError, ValueError, KeyError, OSError) as e:
        raise errors.MediaError(name=path.name) from e
    return target


def _write_until(wav: soundfile.SoundFile, track: Sound, time_s: float) -> None:
    """Sound keeps a second ahead of the picture: neither waits for the other in memory."""
    while wav.tell() < wav.frames and wav.tell() / wav.samplerate < time_s:
        track.write(np.asarray(wav.read(BLOCK, dtype="float32", always_2d=True), np.float32))
