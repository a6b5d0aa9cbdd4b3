"""The only writer of media: streams copied as they are, or pictures and sound encoded, into a file that is there
whole or not at all.

    with writing(target) as out:
        out.copy(stream) ... out.put(packet)
        picture = out.picture(width, height, fps) ... picture.write(frame)
        sound = out.sound() ... sound.write(y)

It is written beside its place under a name of its own and renamed when it is finished.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MUXERS: Final[Mapping[str, str]] = {
    ".mp4": "mp4", ".m4a": "ipod", ".mov": "mov", ".webm": "webm", ".mkv": "matroska",
    ".mp3": "mp3", ".wav": "wav", ".flac": "flac", ".ogg": "ogg", ".opus": "ogg",
}  # fmt: skip
SEEKABLE: Final = frozenset({"mp4", "ipod", "mov"})
"""These keep their table of contents at the end; brought to the front, a player starts before it has all."""
SOUND_RATE: Final = 48_000
SMALL_AND_QUICK: Final[Mapping[str, str]] = {"preset": "ultrafast", "crf": "26"}
BLOCK: Final = 1024 * 16


@contextmanager
def writing(
    target: Path, *, options: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None
) -> Iterator[Writer]:
    """A file of the kind that ``target`` is named after, moved to its place at the end; nothing is left of one that
    failed.

    Raises:
        KeyError: no such kind is written.
        av.error.FFmpegError: it could not be written.
    """
    muxer = MUXERS[target.suffix.lower()]
    handle, name = tempfile.mkstemp(prefix=f"{target.stem}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    how = {"movflags": "faststart"} if muxer in SEEKABLE else {}
    try:
        container = av.open(f"file:{part}", "w", format=muxer, options={**how, **(options or {})})
        try:
            container.metadata.update(tags or {})
            writer = Writer(container)
            yield writer
            writer.end()
            container.close()
        except BaseException:
            with contextlib.suppress(av.error.FFmpegError, ValueError, OSError):
                container.close()
            raise
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


class Writer:
    """What :func:`writing` hands out; streams are added before anything is written."""

    def __init__(self, container: OutputContainer) -> None:
        self._container = container
        self._copies: dict[Stream, Copy] = {}
        self._ends: list[Copy | Picture | Sound] = []

    def copy(self, stream: AudioStream | VideoStream) -> Copy:
        """This stream's packets will be written as they are, turned and stretched as it is, without its words."""
        made = self._copies[stream] = Copy(self._container, stream)
        self._ends.append(made)
        return made

    def put(self, packet: Packet[Stream]) -> None:
        """A packet of a stream that is copied."""
        self._copies[packet.stream].put(packet)

    def picture(
        self,
        width: int,
        height: int,
        *,
        time_base: Fraction,
        rate: Fraction | int,
        options: Mapping[str, str] = SMALL_AND_QUICK,
    ) -> Picture:
        """H.264 of an even size, square pixels, yuv420p."""
        made = Picture(self._container, width, height, time_base, rate, options)
        self._ends.append(made)
        return made

    def sound(
        self, *, rate: int = SOUND_RATE, layout: str = "stereo", kbit_s: int | None = None, codec: str = "aac"
    ) -> Sound:
        """AAC unless told, "mono" or "stereo"."""
        made = Sound(self._container, rate, layout, kbit_s, codec)
        self._ends.append(made)
        return made

    def end(self) -> None:
        """Writes everything that still waits."""
        for each in self._ends:
            each.end()


class Copy:
    def __init__(self, out: OutputContainer, stream: AudioStream | VideoStream) -> None:
        self._out, self._stream = out, out.add_stream_from_template(stream)
        self._stream.metadata.clear()
        self._begun = False
        self._waiting: list[Packet[Stream]] = []

    def put(self, packet: Packet[Stream]) -> None:
        if not packet.size:
            return
        if not self._begun and packet.dts is None:
            self._waiting.append(packet)  # Matroska does not say when a stream's first packets are decoded
            return
        self._begun = True
        due = packet.dts if packet.dts is not None else packet.pts
        for first in reversed(self._waiting):
            due = None if due is None else due - (first.duration or 1)
            first.dts = due
        self._mux([*self._waiting, packet])
        self._waiting.clear()

    def end(self) -> None:
        for packet in self._waiting:
            packet.dts = packet.pts
        self._mux(self._waiting)

    def _mux(self, packets: list[Packet[Stream]]) -> None:
        for packet in packets:
            packet.stream = self._stream
            self._out.mux(packet)


class Picture:
    def __init__(
        self,
        out: OutputContainer,
        width: int,
        height: int,
        time_base: Fraction,
        rate: Fraction | int,
        options: Mapping[str, str],
    ) -> None:
        self._out, self._time_base, self._last = out, time_base, -1
        self._stream = out.add_stream("libx264", rate=rate, options=dict(options))
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.codec_context.time_base = time_base
        self.width, self.height = width, height

    def wants(self, time_s: float) -> bool:
        """Whether a picture at this time comes after the last one written."""
        return round(time_s / self._time_base) > self._last

    @property
    def next_s(self) -> float:
        """The time right after the last picture."""
        return float((self._last + 1) * self._time_base)

    def write(self, frame: VideoFrame, time_s: float) -> None:
        """A picture of the right size and format; see :func:`emotion.media.geometry.for_encoder`."""
        self._last = max(self._last + 1, round(time_s / self._time_base))
        frame.pts, frame.time_base = self._last, self._time_base
        self._out.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._out.mux(self._stream.encode(None))


class Sound:
    def __init__(
        self, out: OutputContainer, rate: int, layout: str, kbit_s: int | None = None, codec: str = "aac"
    ) -> None:
        self._out, self._rate, self._layout, self._n = out, rate, layout, 0
        made = out.add_stream(codec, rate=rate, layout=layout)
        if not isinstance(made, AudioStream):
            raise ValueError(f"not a codec for sound: {codec}")
        self._stream = made
        if kbit_s is not None:
            self._stream.bit_rate = 1000 * kbit_s

    def write(self, y: npt.NDArray[np.float32], *, start: int | None = None) -> None:
        """Samples of shape (n, channels) in [-1, 1], ``start`` samples after the clip's beginning, or where the last
        ones ended."""
        self._n = self._n if start is None else start
        for i in range(0, len(y), BLOCK):
            part = np.ascontiguousarray(y[i : i + BLOCK].T, np.float32)
            frame = AudioFrame.from_ndarray(part, format="fltp", layout=self._layout)
            frame.sample_rate, frame.pts, frame.time_base = self._rate, self._n, Fraction(1, self._rate)
            self._n += part.shape[1]
            self._out.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._out.mux(self._stream.encode(None))
