"""A clip that a browser can play: the file itself where it can, else a small MP4 made from it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.error

from emotion import errors
from emotion.media.container import OPEN_OPTIONS

# What Chromium, Firefox and Safari all play (WebM: Safari since 2021).
PLAYED: Final = {
    "mov,mp4,m4a,3gp,3g2,mj2": ({"h264"}, {"aac", "mp3"}),
    "matroska,webm": ({"vp8", "vp9", "av1"}, {"opus", "vorbis"}),
    "mp3": (set(), {"mp3"}),
    "wav": (set(), {"pcm_s16le", "pcm_s24le", "pcm_f32le", "pcm_u8"}),
    "flac": (set(), {"flac"}),
    "ogg": (set(), {"opus", "vorbis", "flac"}),
    "aac": (set(), {"aac"}),
}
HEIGHT: Final = 480
FPS: Final = 30
SOUND_RATE: Final = 48_000


def playable(path: Path, folder: Path) -> Path:
    """``path`` where browsers play it, else an MP4 (H.264, AAC, at most 480 lines) in ``folder``.

    Raises:
        MediaError: nothing of it can be decoded.
    """
    target = folder / f"{path.stem}.preview.mp4"
    try:
        if _plays(path):
            return path
        if not target.is_file():
            _transcode(path, target)
    except (av.error.FFmpegError, ValueError) as e:
        target.unlink(missing_ok=True)
        raise errors.MediaError(name=path.name) from e
    return target


TALKATIVE: Final = {"vorbis"}
"""Codecs whose set-up data hold the file's comments."""
SUFFIX: Final = {
    "mov,mp4,m4a,3gp,3g2,mj2": ".mp4",
    "matroska,webm": ".webm",
    "mp3": ".mp3",
    "wav": ".wav",
    "flac": ".flac",
    "ogg": ".ogg",
    "aac": ".m4a",
}


def anonymous(path: Path, folder: Path) -> Path:
    """A copy of ``path``, which browsers play, with its picture and sound alone: no place, device, author or time.

    The streams are copied as they are; where that fails they are encoded anew, as :func:`playable` does.

    Raises:
        MediaError: nothing of it can be decoded.
    """
    try:
        with _open(path) as source:
            target = folder / f"{path.stem}.anonymous{SUFFIX.get(source.format.name, '.mp4')}"
            try:
                _copy(source, target)
            except (av.error.FFmpegError, ValueError):
                target.unlink(missing_ok=True)
                target = target.with_suffix(".mp4")
                _transcode(path, target)
    except (av.error.FFmpegError, ValueError) as e:
        raise errors.MediaError(name=path.name) from e
    return target


def _copy(source: Any, target: Path) -> None:
    options = {"movflags": "faststart"} if target.suffix == ".mp4" else {}
    with av.open(str(target), "w", options=options) as out:
        streams = [source.streams.best(kind) for kind in ("video", "audio")]
        if any(s is not None and s.codec_context.codec.canonical_name in TALKATIVE for s in streams):
            raise ValueError("the stream itself may name its author")
        copies = {s: out.add_stream_from_template(s) for s in streams if s is not None}
        for stream in copies.values():
            stream.metadata.clear()
        for packet in source.demux(list(copies)):
            if packet.dts is not None:
                packet.stream = copies[packet.stream]
                out.mux(packet)


def _open(path: Path) -> Any:
    return av.open(f"file:{path.resolve()}", options=dict(OPEN_OPTIONS), metadata_errors="ignore")


def _plays(path: Path) -> bool:
    with _open(path) as container:
        known = PLAYED.get(container.format.name)
        if known is None:
            return False
        video, audio = known
        pixels = all(s.codec_context.pix_fmt in ("yuv420p", "yuvj420p") for s in container.streams.video[:1])
        codecs = [
            (s.type, s.codec_context.codec.canonical_name) for s in container.streams if s.type in ("video", "audio")
        ]
        return pixels and all(name in (video if kind == "video" else audio) for kind, name in codecs)


def _transcode(path: Path, target: Path) -> None:
    with _open(path) as source, av.open(str(target), "w", options={"movflags": "faststart"}) as out:
        start_s = (source.start_time or 0) / av.time_base
        writers = {}
        if source.streams.video:
            stream = source.streams.best("video")
            stream.thread_type = "AUTO"
            writers[stream] = _Picture(out, stream, start_s)
        if source.streams.audio:
            writers[source.streams.best("audio")] = _Sound(out, start_s)
        for packet in source.demux(list(writers)):
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, ValueError):
                continue
            for frame in frames:
                writers[packet.stream].write(frame)
        for writer in writers.values():
            writer.end()


class _Picture:
    def __init__(self, out: Any, source: Any, start_s: float) -> None:
        context = source.codec_context
        ratio = float(source.sample_aspect_ratio or 1)
        scale = min(1.0, HEIGHT / context.height)
        self.out, self.start_s, self.last = out, start_s, -1
        self.stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "26"})
        self.stream.width = max(2, round(context.width * ratio * scale / 2) * 2)
        self.stream.height = max(2, round(context.height * scale / 2) * 2)
        self.stream.pix_fmt = "yuv420p"
        self.stream.codec_context.time_base = Fraction(1, FPS)

    def write(self, frame: Any) -> None:
        pts = round(((frame.time or 0.0) - self.start_s) * FPS)
        if pts <= self.last:
            return
        self.last = pts
        small = frame.reformat(self.stream.width, self.stream.height, "yuv420p")
        small.pts, small.time_base = pts, Fraction(1, FPS)
        self.out.mux(self.stream.encode(small))

    def end(self) -> None:
        self.out.mux(self.stream.encode(None))


class _Sound:
    def __init__(self, out: Any, start_s: float) -> None:
        self.out, self.start_s = out, start_s
        self.stream = out.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        self.resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)

    def write(self, frame: Any) -> None:
        if frame.pts is not None:
            frame.pts -= round(self.start_s / frame.time_base)
        for out in self.resampler.resample(frame):
            self.out.mux(self.stream.encode(out))

    def end(self) -> None:
        for out in self.resampler.resample(None):
            self.out.mux(self.stream.encode(out))
        self.out.mux(self.stream.encode(None))
