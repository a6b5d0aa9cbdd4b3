"""Small clips made on the spot with PyAV, for what real media cannot show on demand."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt


def tone(seconds: float, sr: int = 44_100, hz: float = 440.0, amplitude: float = 0.3) -> npt.NDArray[np.float32]:
    """Shape (n,), float32."""
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * sr)) / sr)).astype(np.float32)


def picture(width: int = 320, height: int = 180, shade: int = 0) -> npt.NDArray[np.uint8]:
    """A grey gradient, brighter to the right and with a white top left corner, shape (height, width, 3)."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:] = np.linspace(0, 150, width, dtype=np.uint8)[None, :, None]
    rgb = np.clip(rgb.astype(int) + shade, 0, 255).astype(np.uint8)
    rgb[: height // 4, : width // 4] = 255
    return rgb


def write(
    path: Path,
    *,
    y: npt.NDArray[np.float32] | None = None,
    sr: int = 44_100,
    frames: list[npt.NDArray[np.uint8]] | None = None,
    times_s: list[float] | None = None,
    fps: int = 10,
    audio_codec: str = "aac",
    video_codec: str = "libx264",
    channels: int = 1,
    second_y: npt.NDArray[np.float32] | None = None,
    sound_start_s: float = 0.0,
) -> Path:
    """A clip with the streams that are given; ``times_s`` makes the frame rate variable."""
    with av.open(str(path), "w") as out:
        sounds = [
            (out.add_stream(audio_codec, rate=sr, layout="mono" if channels == 1 else "stereo"), track)
            for track in (y, second_y)
            if track is not None
        ]
        video: Any = None
        tick = Fraction(1, fps)
        if frames:
            video = out.add_stream(video_codec, rate=fps)
            video.height, video.width = frames[0].shape[:2]
            video.pix_fmt = "yuv420p"
            tick = Fraction(1, 1000) if times_s else Fraction(1, fps)  # MPEG-1 takes its frame rate alone
            video.codec_context.time_base = tick
        for i, rgb in enumerate(frames or ()):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.time_base = tick
            frame.pts = round(1000 * times_s[i]) if times_s else i
            out.mux(video.encode(frame))
        if video is not None:
            out.mux(video.encode(None))
        for stream, track in sounds:
            _write_sound(out, stream, track, sr, channels, sound_start_s)
    return path


def _write_sound(out: Any, stream: Any, y: npt.NDArray[np.float32], sr: int, channels: int, start_s: float) -> None:
    layout = "mono" if channels == 1 else "stereo"
    size = stream.codec_context.frame_size or 1024
    for i in range(0, len(y), size):
        block = np.ascontiguousarray(np.repeat(y[None, i : i + size], channels, axis=0))
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate = sr
        frame.pts = i + round(start_s * sr)
        frame.time_base = Fraction(1, sr)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def joined(path: Path, sources: Sequence[Path]) -> Path:
    """Clips of one encoding one after the other, their streams copied: hours in seconds."""
    from emotion.media import container as containers
    from emotion.media.write import writing

    with writing(path) as out:
        begin, copies = Fraction(0), {}
        last: dict[str, Fraction] = {}
        for source in sources:
            with containers.opened(source, source.name) as container:
                for stream in (container.streams.video[0], container.streams.audio[0]):
                    if stream.type not in copies:
                        copies[stream.type] = out.copy(stream)
                end = begin
                for packet in containers.packets(container, list(container.streams)):
                    if packet.pts is None or packet.dts is None or packet.stream.type not in copies:
                        continue
                    moved = round(begin / packet.time_base)
                    due = (packet.dts + moved) * packet.time_base
                    if due <= last.get(packet.stream.type, Fraction(-1)):
                        continue  # what an encoder puts before the first sample
                    last[packet.stream.type] = due
                    end = max(end, (packet.pts + moved + (packet.duration or 0)) * packet.time_base)
                    packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
                    copies[packet.stream.type].put(packet)
            begin = end
    return path
