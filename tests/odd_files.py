"""Odd files, made by PyAV and by surgery on their bytes: the kinds that public bug reports tell of.

Each is three seconds unless it says otherwise: silent and dark, loud and bright from 1 s to 2 s, silent and dark.
What is known of it stands beside it; a fuzzed one only must not end in anything but a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from emotion import errors

LENGTH_S: Final = 3.0
ONSET_S: Final = 1.0
SR: Final = 48_000
SIZE: Final = (160, 96)

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Odd:
    """``make`` writes into the folder it is given. None is what is not known, or not there."""

    name: str
    make: Callable[[Path], None]
    length_s: float | None = None
    onset_s: float | None = None
    bright_s: float | None = None
    size: tuple[int, int] | None = None
    rate: Fraction | None = None
    error: type[errors.MoodCueError] | None = None
    notice: str | None = None


def burst(length_s: float = LENGTH_S, at_s: float = ONSET_S, sr: int = SR) -> Samples:
    """A second of a tone in silence."""
    t = np.arange(round(length_s * sr)) / sr
    return np.where((t >= at_s) & (t < at_s + 1), 0.5 * np.sin(2 * np.pi * 440 * t), 0).astype(np.float32)


def pictures(rate: Fraction, length_s: float = LENGTH_S) -> Iterator[tuple[float, int]]:
    """Time and brightness of each."""
    for i in range(round(length_s * rate)):
        time_s = float(i / rate)
        yield time_s, 230 if ONSET_S - 1e-6 <= time_s < ONSET_S + 1 - 1e-6 else 16


def write(
    path: Path,
    *,
    sound: str | None = None,
    y: Samples | None = None,
    channels: Samples | None = None,
    tracks: Sequence[Samples] | None = None,
    sr: int = SR,
    layout: str | None = None,
    picture: str | None = None,
    shown: Sequence[tuple[float, int]] | None = None,
    size: tuple[int, int] = SIZE,
    rate: Fraction = Fraction(25),
    ratio: Fraction | None = None,
    turned: int = 0,
    start_s: float = 0.0,
    parts: Sequence[tuple[float, float]] | None = None,
    muxer: str | None = None,
    options: dict[str, str] | None = None,
) -> None:
    """A clip. ``channels`` has shape (n, channels), ``y`` is one channel, each of ``tracks`` too; ``parts`` are the
    stretches of the sound that are there, at their own times."""
    with av.open(f"file:{path}", "w", format=muxer, options=options or {}) as out:
        blocks = list(tracks) if tracks else [channels if channels is not None else (burst(sr=sr) if y is None else y)]
        voices = []
        for block in blocks if sound is not None else ():
            wide = block if block.ndim == 2 else block[:, None]
            stream: Any = out.add_stream(str(sound), rate=sr, layout=layout or LAYOUTS[wide.shape[1]])
            voices.append((stream, wide))
        video: Any = None
        if picture:
            tick = Fraction(1, 90_000) if shown else 1 / rate
            more = {"preset": "ultrafast"} if picture == "libx264" else {}
            more |= {"preset": "ultrafast", "x265-params": "log-level=none"} if picture == "libx265" else {}
            more |= {"deadline": "realtime", "cpu-used": "8"} if picture.startswith("libvpx") else {}
            video = out.add_stream(picture, rate=rate, options=more)
            video.width, video.height, video.pix_fmt = *size, "yuv422p" if picture == "dnxhd" else "yuv420p"
            video.codec_context.time_base = tick
            if ratio:
                video.codec_context.sample_aspect_ratio = ratio
            if turned:
                video.set_display_rotation(turned)
            for time_s, shade in shown or pictures(rate):
                rgb = np.full((size[1], size[0], 3), shade, np.uint8)
                rgb[: size[1] // 4, : size[0] // 4] = 255
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=video.pix_fmt)
                frame.time_base, frame.pts = tick, round((time_s + start_s) / tick)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        for stream, wide in voices:
            _sound(out, stream, wide, sr, start_s, parts)


LAYOUTS: Final = {
    1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1",
    9: "9 channels", 10: "10 channels", 12: "12 channels", 16: "hexadecagonal", 24: "22.2", 32: "32 channels",
}  # fmt: skip


def _sound(
    out: Any, stream: Any, wide: Samples, sr: int, start_s: float, parts: Sequence[tuple[float, float]] | None
) -> None:
    step = stream.codec_context.frame_size or 1024
    kind = stream.codec_context.format.packed.name if stream.codec_context.format else "s16"
    kind = kind if kind in KINDS else "s16"
    layout = stream.codec_context.layout.name
    resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=sr)
    for begin_s, end_s in parts or [(0.0, len(wide) / sr)]:
        begin, end = round(begin_s * sr), min(len(wide), round(end_s * sr))
        for i in range(begin, end, step):
            block = np.ascontiguousarray(wide[i : min(i + step, end)])
            frame = av.AudioFrame.from_ndarray(KINDS[kind](block).reshape(1, -1), format=kind, layout=layout)
            frame.sample_rate, frame.time_base, frame.pts = sr, Fraction(1, sr), i + round(start_s * sr)
            pts = frame.pts
            for ready in resampler.resample(frame):
                ready.pts, ready.time_base = pts, Fraction(1, sr)
                out.mux(stream.encode(ready))
    out.mux(stream.encode(None))


KINDS: Final[dict[str, Callable[[Samples], npt.NDArray[Any]]]] = {
    "s16": lambda y: (y * 32767).astype(np.int16),
    "s32": lambda y: (y.astype(np.float64) * (2**31 - 1)).astype(np.int32),
    "flt": lambda y: y.astype(np.float32),
    "dbl": lambda y: y.astype(np.float64),
    "u8": lambda y: (y * 127 + 128).astype(np.uint8),
}


# Kinds with a truth ---------------------------------------------------------------------------------------------


def shapes_of_sound() -> Iterator[Odd]:
    for count in LAYOUTS:
        for at in {0, count - 1}:
            yield _heard(f"channel-{at + 1}-of-{count}.wav", sound="pcm_s16le", channels=_one_of(count, at))
    for count in range(1, 9):
        yield _heard(f"{count}-channels.flac", sound="flac", channels=_one_of(count, 0))
    for count in (2, 6, 8):
        yield _heard(f"{count}-channels.m4a", sound="aac", channels=_one_of(count, 0))
        yield _heard(f"{count}-channels.mka", sound="libopus", channels=_one_of(count, 0))
    for sr in (8000, 11_025, 16_000, 22_050, 32_000, 44_100, 96_000, 192_000):
        yield _heard(f"{sr}-hz.wav", sound="pcm_s16le", sr=sr)
    for codec in ("pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"):
        yield _heard(f"{codec}.wav", sound=codec)
    y = burst()
    yield _heard("wrong-way-round.wav", sound="pcm_s16le", channels=np.stack([y, -y], axis=1))
    yield _heard("wrong-way-round.mp4", sound="aac", picture="libx264", channels=np.stack([y, -y], axis=1))
    for offset in (0.1, -0.3, 0.45):
        yield _heard(f"offset-{offset}.wav", sound="pcm_f32le", y=y + np.float32(offset))
    silent = np.zeros_like(y)
    for suffix, codec in (("mkv", "flac"), ("mp4", "aac")):
        said = "notice.other_track"
        yield _both(f"second-track.{suffix}", sound=codec, picture="libx264", tracks=[silent, y], notice=said)
        yield _both(f"third-track.{suffix}", sound=codec, picture="libx264", tracks=[silent, silent, y], notice=said)
        yield _both(f"first-track.{suffix}", sound=codec, picture="libx264", tracks=[y, silent])


def types() -> Iterator[Odd]:
    for suffix, codec in (
        ("mp3", "libmp3lame"), ("m4a", "aac"), ("m4b", "aac"), ("aac", "aac"), ("oga", "flac"), ("ogg", "libopus"),
        ("opus", "libopus"), ("flac", "flac"), ("aiff", "pcm_s16be"), ("aif", "pcm_s16be"), ("caf", "pcm_s16be"),
        ("w64", "pcm_s16le"), ("mka", "flac"), ("mp4", "alac"),
    ):  # fmt: skip
        muxer = {"m4b": "ipod", "oga": "ogg", "aif": "aiff"}.get(suffix)
        yield _heard(f"sound.{suffix}", sound=codec, muxer=muxer)
    for suffix, picture, codec in (
        ("mp4", "libx264", "aac"), ("mov", "libx265", "aac"), ("m4v", "mpeg4", "aac"), ("mkv", "libx264", "libopus"),
        ("webm", "libvpx", "libopus"), ("webm", "libvpx-vp9", "libopus"), ("avi", "mpeg4", "libmp3lame"),
        ("mpg", "mpeg1video", "mp2"), ("mpeg", "mpeg2video", "mp2"), ("vob", "mpeg2video", "mp2"),
        ("ts", "libx264", "aac"), ("mts", "libx264", "ac3"), ("m2ts", "libx264", "ac3"), ("m2t", "mpeg2video", "mp2"),
        ("3gp", "libx264", "aac"),
    ):  # fmt: skip
        muxer = {"mts": "mpegts", "m2t": "mpegts", "m2ts": "mpegts", "m4v": "mp4", "mpeg": "mpeg"}.get(suffix)
        yield _both(f"{picture}.{suffix}", sound=codec, picture=picture, muxer=muxer)


def shapes_of_picture() -> Iterator[Odd]:
    for codec, suffix in (("libx264", "mp4"), ("libx265", "mov"), ("mpeg4", "mov"), ("libx264", "mkv")):
        for turned in (90, 180, 270):
            size = (SIZE[1], SIZE[0]) if turned % 180 else SIZE
            yield _both(
                f"{codec}-turned-{turned}.{suffix}", sound="aac", picture=codec, turned=turned, size=SIZE, shows=size
            )
    for ratio in ("2", "4/3", "64/45", "8/9", "16/11"):
        shows = (round(SIZE[0] * Fraction(ratio)), SIZE[1])
        for codec, suffix in (("libx264", "mp4"), ("libx264", "mkv"), ("mpeg4", "avi")):
            name = f"pixels-{ratio.replace('/', 'to')}.{suffix}"
            yield _both(name, sound="aac", picture=codec, ratio=Fraction(ratio), shows=shows)
    yield _both("wide-and-turned.mp4", sound="aac", picture="libx264", ratio=Fraction(2), turned=90, shows=(96, 320))


def rates_of_picture() -> Iterator[Odd]:
    for rate in ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60", "10", "5", "120"):
        for suffix in ("mp4", "mkv"):
            name = f"{rate.replace('/', 'by')}-fps.{suffix}"
            yield _both(name, sound="aac", picture="libx264", rate=Fraction(rate), exact=Fraction(rate))
    held = [(0.0, 16), (1.0, 230), (2.0, 16)]
    for suffix in ("mp4", "mkv", "webm"):
        sound, picture = ("libopus", "libvpx") if suffix == "webm" else ("aac", "libx264")
        yield _both(f"three-pictures.{suffix}", shown=held, sound=sound, picture=picture)
        yield _heard(f"one-picture.{suffix}", shown=[(0.0, 230)], sound=sound, picture=picture)
    uneven = [(t, 230 if 1 <= t < 2 else 16) for t in np.cumsum([0, *([0.033, 0.05, 0.017, 0.1] * 14)]).tolist()]
    yield _both("uneven.mp4", sound="aac", picture="libx264", shown=uneven)


def clocks() -> Iterator[Odd]:
    """Gaps, delays and clocks that do not begin at 0."""
    y = burst(9.0, 8.0, 16_000)
    for there_s, step_s in ((0.5, 0.56), (0.2, 0.22), (0.1, 0.19), (0.1, 0.13), (0.5, 1.2)):
        parts = [(t, t + there_s) for t in np.arange(0, 9.0, step_s).tolist()]
        onset_s = next(max(8.0, a) for a, b in parts if b > 8.0)
        name, length_s = f"gaps-{there_s}-{step_s}.mkv", min(9.0, parts[-1][1])
        yield _heard(name, sound="pcm_s16le", y=y, sr=16_000, parts=parts, length_s=length_s, onset_s=onset_s)
    for late_s in (0.09, 0.4):
        yield _both(f"late-{late_s}.mkv", sound="flac", picture="libx264", parts=[(late_s, LENGTH_S)])
    for start_s in (5.0, 120.0, 36_000.0):
        for suffix, picture, codec in (
            ("mkv", "libx264", "flac"),
            ("webm", "libvpx", "libopus"),
            ("ts", "libx264", "aac"),
        ):
            yield _both(f"begins-at-{start_s:.0f}.{suffix}", sound=codec, picture=picture, start_s=start_s)


def joined() -> Iterator[Odd]:
    """Whole files one after the other, as dashcams, DVDs and `cat` leave them."""
    for suffix, codecs in (
        ("mpg", {"sound": "mp2", "picture": "mpeg2video"}), ("ts", {"sound": "aac", "picture": "libx264"}),
        ("opus", {"sound": "libopus"}), ("ogg", {"sound": "flac"}), ("flac", {"sound": "flac"}),
        ("mp3", {"sound": "libmp3lame"}), ("aac", {"sound": "aac"}),
    ):  # fmt: skip
        for times in (2, 3):
            make = _Joined(times, suffix, dict(codecs))
            bright = ONSET_S if "picture" in codecs else None
            yield Odd(f"joined-{times}.{suffix}", make, times * LENGTH_S, ONSET_S, bright)


def beside() -> Iterator[Odd]:
    """Bytes that do not belong to it, before and after."""
    rng = np.random.default_rng(5)
    for suffix, codec in (("mp3", "libmp3lame"), ("aac", "aac")):
        for kind, junk in (("zeros", bytes(150_000)), ("noise", rng.bytes(150_000)), ("text", b"hello world " * 9000)):
            for where in ("before", "after", "both"):
                sure = not (kind == "noise" and suffix == "aac")
                yield Odd(
                    f"{kind}-{where}.{suffix}", _Beside(suffix, codec, junk, where),
                    LENGTH_S if sure else None, ONSET_S if sure else None,
                )  # fmt: skip


def named() -> Iterator[Odd]:
    """Those that get a sentence of their own, and those of which it must be said what is wrong."""
    yield Odd("nothing.mp4", lambda p: _put(p, b""), error=errors.EmptyFile)
    yield Odd("words.mp4", lambda p: _put(p, b"this is not a film " * 99), error=errors.NotMedia)
    for suffix in ("mp4", "mov"):
        yield Odd(f"no-moov.{suffix}", _Cut(suffix, 0.9, {}), error=errors.Unfinished)
        yield Odd(f"cut-short.{suffix}", _Cut(suffix, 0.7, {"movflags": "faststart"}), notice="notice.ends_early")
    yield Odd("cut-short.mkv", _Cut("mkv", 0.7, {}), notice="notice.ends_early")
    yield Odd("protected.mp4", _protect, error=errors.Protected)
    yield Odd("spatial.mp4", _spatial, LENGTH_S, ONSET_S, ONSET_S)


# Fuzzed ---------------------------------------------------------------------------------------------------------

WHOLE: Final[dict[str, dict[str, Any]]] = {
    "mp4": {"sound": "aac", "picture": "libx264", "options": {"movflags": "faststart"}},
    "mov": {"sound": "pcm_s16le", "picture": "mpeg4"},
    "mkv": {"sound": "flac", "picture": "libx264"},
    "webm": {"sound": "libopus", "picture": "libvpx"},
    "avi": {"sound": "libmp3lame", "picture": "mpeg4"},
    "ts": {"sound": "aac", "picture": "libx264"},
    "mpg": {"sound": "mp2", "picture": "mpeg2video"},
    "wav": {"sound": "pcm_s16le"},
    "flac": {"sound": "flac"},
    "ogg": {"sound": "libopus"},
    "mp3": {"sound": "libmp3lame"},
    "aac": {"sound": "aac"},
}


def fuzzed() -> Iterator[Odd]:
    for suffix in WHOLE:
        for share in (0.02, 0.4, 0.8):
            yield Odd(f"cut-{share}.{suffix}", _Fuzz(suffix, "cut", share))
        for seed in range(3):
            yield Odd(f"flipped-{seed}.{suffix}", _Fuzz(suffix, "flip", seed))
        for seed in range(2):
            yield Odd(f"header-{seed}.{suffix}", _Fuzz(suffix, "header", seed))
        yield Odd(f"hole.{suffix}", _Fuzz(suffix, "hole", 0))


@dataclass(frozen=True)
class _Fuzz:
    suffix: str
    how: str
    value: float

    def __call__(self, path: Path) -> None:
        write(path, **WHOLE[self.suffix])
        data = bytearray(path.read_bytes())
        rng = np.random.default_rng(int(self.value))
        if self.how == "cut":
            data = data[: max(1, int(len(data) * self.value))]
        elif self.how == "hole":
            data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
        else:
            reach = min(len(data), 600) if self.how == "header" else len(data)
            for at in rng.integers(0, reach, 12 if self.how == "header" else 60):
                data[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)


def everything() -> list[Odd]:
    makers = (shapes_of_sound, types, shapes_of_picture, rates_of_picture, clocks, joined, beside, named, fuzzed)
    return [odd for maker in makers for odd in maker()]


# How they are made ----------------------------------------------------------------------------------------------


def _one_of(count: int, at: int) -> Samples:
    """The burst in one of so many channels."""
    wide = np.zeros((round(LENGTH_S * SR), count), np.float32)
    wide[:, at] = burst()
    return wide


@dataclass(frozen=True)
class _Write:
    how: dict[str, Any]

    def __call__(self, path: Path) -> None:
        write(path, **self.how)


def _heard(name: str, *, length_s: float = LENGTH_S, onset_s: float = ONSET_S, **how: Any) -> Odd:
    return Odd(name, _Write(how), length_s, onset_s)


def _both(name: str, *, shows: tuple[int, int] = SIZE, exact: Fraction | None = None, **how: Any) -> Odd:
    notice = how.pop("notice", None)
    return Odd(name, _Write(how), LENGTH_S, ONSET_S, ONSET_S, shows, exact, notice=notice)


@dataclass(frozen=True)
class _Joined:
    times: int
    suffix: str
    codecs: dict[str, Any]

    def __call__(self, path: Path) -> None:
        write(path, **self.codecs)
        path.write_bytes(path.read_bytes() * self.times)


@dataclass(frozen=True)
class _Beside:
    suffix: str
    codec: str
    junk: bytes
    where: str

    def __call__(self, path: Path) -> None:
        write(path, sound=self.codec)
        data = path.read_bytes()
        before, after = self.where in ("before", "both"), self.where in ("after", "both")
        path.write_bytes(self.junk * before + data + self.junk * after)


@dataclass(frozen=True)
class _Cut:
    suffix: str
    share: float
    options: dict[str, str]

    def __call__(self, path: Path) -> None:
        sound = "flac" if self.suffix == "mkv" else "aac"
        write(path, sound=sound, picture="libx264", options=self.options)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * self.share)])


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _protect(path: Path) -> None:
    options = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
        "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
    }
    write(path, sound="aac", picture="libx264", options=options)


def _spatial(path: Path) -> None:
    """As a phone writes it: a second track in a codec that nobody else can decode."""
    write(path, sound="aac", picture="libx264", tracks=[burst(), burst()])
    data = bytearray(path.read_bytes())
    at = data.rindex(b"mp4a")
    data[at : at + 4] = b"apac"
    inside = data.index(b"esds", at)
    data[inside : inside + 4] = b"dapa"
    path.write_bytes(data)
