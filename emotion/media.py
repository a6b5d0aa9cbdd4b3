"""The only decoder: any clip to mono float32 sound and a few RGB frames a second, through PyAV.

The file is read once from front to back and never held whole in memory; sound and frames can be
had in the same pass (:func:`decode`) or each alone. What a header claims is checked before it is
believed, and again while decoding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.stream import Disposition

from emotion import errors
from emotion.timeline import Clip

SAMPLE_RATE: Final = 16_000
FRAMES_PER_SECOND: Final = 5.0
MAX_SIDE: Final = 640
MAX_PIXELS: Final = 8192 * 4608
MIN_DURATION_S: Final = 0.1
GAP_S: Final = 0.1
"""Silence is put in where time stamps jump by more than this; smaller jumps are rounding."""

SUFFIXES: Final = frozenset(
    ("wav", "mp3", "flac", "ogg", "oga", "opus", "m4a", "aac", "mp4", "m4v", "mov", "webm", "mkv", "avi", "mpg", "mpeg")
)
# Containers only: playlists (HLS, DASH, concat) could make the decoder open other files or addresses.
DEMUXERS: Final = "wav,w64,mp3,flac,ogg,aac,mov,matroska,avi,mpeg,mpegts,mpegvideo,aiff"
OPEN_OPTIONS: Final = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a clip is accepted."""

    max_bytes: int = 200 * 1024**2
    max_duration_s: float = 600.0

    @classmethod
    def from_environment(cls) -> Limits:
        """``MOODCUE_MAX_MB`` and ``MOODCUE_MAX_SECONDS``, where set."""
        return cls(
            max_bytes=int(float(os.environ.get("MOODCUE_MAX_MB", 200)) * 1024**2),
            max_duration_s=float(os.environ.get("MOODCUE_MAX_SECONDS", 600)),
        )


@dataclass(frozen=True, slots=True)
class SoundChunk:
    """``y`` has shape (n,), float32 in about [-1, 1], mono; it starts at ``start_s``."""

    start_s: float
    y: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """``rgb`` has shape (height, width, 3), uint8, upright, square pixels."""

    time_s: float
    rgb: npt.NDArray[np.uint8]


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
    with _opened(path, name) as container:
        audio, video = _streams(container, name)
        limit_s = limits.max_duration_s if limits else float("inf")
        duration_s = _claimed_duration_s(container)
        if not 0 < duration_s <= limit_s:
            duration_s = _measured_duration_s(container)  # recorders leave it out, and a header may lie
        if duration_s > limit_s:
            raise errors.TooLong(name=name, duration_s=duration_s, limit_s=limit_s)
        if duration_s < MIN_DURATION_S and audio is None:
            raise errors.TooShort(name=name, duration_s=duration_s)
        width = height = fps = None
        if video is not None:
            width, height = _upright_size(video)
            fps = float(video.average_rate) if video.average_rate else None
        return Clip(name, duration_s, audio.rate if audio is not None else None, fps, width, height)


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
    with _opened(path, name) as container:
        audio, video = _streams(container, name)
        start_s = (container.start_time or 0) / av.time_base
        chosen = [s for s, wanted in ((audio, sound), (video, frames)) if wanted and s is not None]
        if not chosen:
            return
        listener = _Listener(sr, start_s)
        picker = _FramePicker(fps, max_side, start_s)
        for stream in chosen:
            stream.thread_type = "AUTO"
            if stream.type == "video":
                stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        for packet in _packets(container, chosen):
            for frame in _frames_of(packet):
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
    with _opened(path, path.name) as container:
        _, video = _streams(container, path.name)
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
                return _upright(shown, start_s, max_side)
        first = next(iter(read_frames(path, max_side=max_side)), None)  # the picture starts after time_s
        if first is None:
            raise errors.MediaError(name=path.name)
        return first


def _last_until(container: Any, video: Any, time_s: float) -> Any | None:
    shown = None
    for packet in _packets(container, [video]):
        for frame in _frames_of(packet):
            if (frame.time or 0.0) > time_s + 1e-3:
                return shown
            shown = frame
    return shown


# Opening -------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Any]:
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


def _streams(container: Any, name: str) -> tuple[Any | None, Any | None]:
    """The sound track and the moving picture, None where missing; a cover picture is not one."""
    found: dict[str, Any] = {}
    unknown: str | None = None
    for kind in ("audio", "video"):
        streams = [s for s in getattr(container.streams, kind) if not s.disposition & Disposition.attached_pic]
        usable = [s for s in streams if _has_decoder(s)]
        if usable:
            best = container.streams.best(kind)
            found[kind] = best if best in usable else usable[0]
        elif streams:
            unknown = _codec_name(streams[0])
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


def _claimed_duration_s(container: Any) -> float:
    return (container.duration or 0) / av.time_base


def _measured_duration_s(container: Any) -> float:
    """Reads every packet's time stamp, without decoding."""
    start_s = (container.start_time or 0) / av.time_base
    end_s = 0.0
    streams = [s for s in container.streams if s.type in ("audio", "video")]
    for packet in _packets(container, streams):
        if packet.pts is not None:
            end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base) - start_s)
    return end_s


def _packets(container: Any, streams: list[Any]) -> Iterator[Any]:
    """Packets until the end, or until the container is too broken to go on."""
    demuxer = container.demux(streams)
    while True:
        try:
            yield next(demuxer)
        except (StopIteration, av.error.FFmpegError):
            return


def _frames_of(packet: Any) -> list[Any]:
    try:
        return packet.decode()
    except (av.error.FFmpegError, ValueError):
        return []


# Sound ---------------------------------------------------------------------------------------


class _Listener:
    """Resamples to mono and keeps the time: gaps become silence, so that sample n is n / sr seconds."""

    def __init__(self, sr: int, start_s: float) -> None:
        self.sr = sr
        self.start_s = start_s
        self.n = 0
        self.heard_s = start_s
        self.resampler: Any = None
        self.setup: tuple[Any, ...] | None = None

    def hear(self, frame: Any) -> Iterator[SoundChunk]:
        setup = (frame.format.name, frame.layout.name, frame.sample_rate)
        time_s = self.heard_s if frame.time is None else frame.time
        if setup != self.setup or time_s - self.heard_s > GAP_S:  # a stream may change or pause in mid-clip
            yield from self.rest()
            self.resampler = av.AudioResampler(format="fltp", layout=frame.layout, rate=self.sr)
            self.setup = setup
            yield from self._fill_gap(time_s)
        self.heard_s = time_s + frame.samples / frame.sample_rate
        frame.pts = None
        yield from self._chunks(self.resampler.resample(frame))

    def rest(self) -> Iterator[SoundChunk]:
        if self.resampler is not None:
            yield from self._chunks(self.resampler.resample(None))
            self.resampler = None

    def _fill_gap(self, time_s: float) -> Iterator[SoundChunk]:
        due = round((time_s - self.start_s) * self.sr) - self.n
        if GAP_S * self.sr < due < 3600 * self.sr:
            yield from self._emit(np.zeros(due, np.float32))

    def _chunks(self, frames: list[Any]) -> Iterator[SoundChunk]:
        for out in frames:
            # The mean of the channels; FFmpeg's own mix to mono would raise the level by 3 dB.
            yield from self._emit(out.to_ndarray().mean(axis=0, dtype=np.float32))

    def _emit(self, y: npt.NDArray[np.float32]) -> Iterator[SoundChunk]:
        if len(y):
            chunk = SoundChunk(
                self.n / self.sr, np.nan_to_num(y, posinf=0.0, neginf=0.0).astype(np.float32, copy=False)
            )
            self.n += len(y)
            yield chunk


# Picture -------------------------------------------------------------------------------------


class _FramePicker:
    """Takes the first frame of each step of 1 / fps seconds."""

    def __init__(self, fps: float, max_side: int, start_s: float) -> None:
        self.step_s = 1 / fps
        self.max_side = max_side
        self.start_s = start_s
        self.due_s = float("-inf")

    def look(self, frame: Any) -> Iterator[VideoFrame]:
        time_s = (frame.time or 0.0) - self.start_s
        if time_s < self.due_s - 1e-3:
            return
        self.due_s = (np.floor(time_s / self.step_s + 1e-3) + 1) * self.step_s
        yield _upright(frame, self.start_s, self.max_side)


def _upright(frame: Any, start_s: float, max_side: int) -> VideoFrame:
    ratio = frame.sample_aspect_ratio if hasattr(frame, "sample_aspect_ratio") else None
    width = round(frame.width * float(ratio)) if ratio else frame.width
    scale = min(1.0, max_side / max(width, frame.height))
    small = frame.reformat(
        width=max(2, round(width * scale)),
        height=max(2, round(frame.height * scale)),
        format="rgb24",
        interpolation="AREA",
    )
    rgb = np.rot90(small.to_ndarray(), k=round(frame.rotation / 90) % 4)
    return VideoFrame(max(0.0, (frame.time or 0.0) - start_s), np.ascontiguousarray(rgb))


def _upright_size(video: Any) -> tuple[int, int]:
    """Width and height as shown; a phone's clip says only in its first frame that it is turned."""
    context = video.codec_context
    width, height = context.width, context.height
    for packet in _packets(video.container, [video]):
        for frame in _frames_of(packet):
            return (height, width) if round(frame.rotation / 90) % 2 else (width, height)
        if packet.dts is not None and packet.dts * packet.time_base > 5:
            break
    return width, height
