"""What a tape writes to disk: pieces of picture and of sound, and how they are joined to one file.

Pictures go into one Matroska file a piece (H.264), sound into plain 16-bit samples; both count from their own start.
"""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Final

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from emotion.media import container as containers
from emotion.media.write import Copy, Picture, writing

PIECE_S: Final = 10
FPS: Final = 15.0
SIZE: Final = (640, 480)
"""Pictures are fitted into this, whatever comes."""
SR: Final = 48_000
BITS_S: Final = 800_000
"""Of the pictures at most. With the sound, a tape of five minutes takes at most 60 MB."""
GAP_S: Final = 0.1
"""Silence is put in where sound is missing for longer than this; where it overlaps by more, it is cut."""
JUMP_S: Final = 1.0
"""A sender whose clock differs more than this from what it was counts from anew."""
MS: Final = Fraction(1, 1000)
_PIECE_SAMPLES: Final = PIECE_S * SR

Samples = npt.NDArray[np.int16]


def picture_path(folder: Path, piece: int) -> Path:
    return folder / f"{piece:06d}.mkv"


def sound_path(folder: Path, piece: int) -> Path:
    return folder / f"{piece:06d}.pcm"


class Pictures:
    """Frames to one Matroska file a piece; each begins with a whole picture and counts from its own start."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.piece = folder, -1
        self.canvas: tuple[int, int] | None = None
        self._file = ExitStack()
        self._out: Picture | None = None
        # Not the frame's own one: whoever reads the frame's picture at the same time uses that.
        self.reformatter = VideoReformatter()

    def write(self, frame: av.VideoFrame, at_s: float) -> float:
        """The end of what is written, in seconds of the tape."""
        piece = max(self.piece, int(at_s) // PIECE_S)
        if self._out is None or piece != self.piece:
            self.close()
            self._out = self._open(piece, frame)
        self._out.write(self._fitted(frame), at_s - piece * PIECE_S)
        return at_s

    def _open(self, piece: int, frame: av.VideoFrame) -> Picture:
        self.canvas = self.canvas or _fit(frame.width, frame.height, SIZE)
        self.piece = piece
        options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "26", "g": "75", "threads": "1"}
        options |= {"maxrate": str(BITS_S), "bufsize": str(2 * BITS_S)}
        file = self._file.enter_context(writing(picture_path(self.folder, piece)))
        return file.picture(*self.canvas, time_base=MS, rate=int(FPS), options=options)

    def _fitted(self, frame: av.VideoFrame) -> av.VideoFrame:
        width, height = self.canvas or SIZE
        w, h = _fit(frame.width, frame.height, (width, height))
        if abs(w - width) <= 4 and abs(h - height) <= 4:
            return self.reformatter.reformat(frame, width, height, "yuv420p")
        # A camera that was turned: black beside it.
        rgb = np.zeros((height, width, 3), np.uint8)
        left, top = (width - w) // 2, (height - h) // 2
        rgb[top : top + h, left : left + w] = self.reformatter.reformat(frame, w, h, "rgb24").to_ndarray()
        return av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")

    def close(self) -> None:
        self._out = None
        self._file.close()

    def drop(self) -> None:
        self.close()


def _fit(width: int, height: int, into: tuple[int, int]) -> tuple[int, int]:
    """The largest even size of this shape that fits."""
    scale = min(into[0] / width, into[1] / height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


class Sound:
    """Frames to mono samples, one file a piece, each counted from the tape's start; what is missing between two
    pieces becomes silence when they are joined, so that sound may come back, or begin, after any time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.piece = folder, -1
        self.out: BinaryIO | None = None
        self.written = 0
        """Samples from the tape's start on, wherever writing began."""
        self.sender: float | None = None
        """What the sender's clock showed when the tape began."""
        self.resampler: av.AudioResampler | None = None
        self.kind: tuple[str, str, int] | None = None

    def write(self, frame: av.AudioFrame, end_s: float) -> float:
        """The end of what is written, in seconds of the tape."""
        at_s = self._placed(frame, end_s - frame.samples / frame.sample_rate)
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self.resampler is None or kind != self.kind:
            self.resampler, self.kind = av.AudioResampler(format="s16", layout="mono", rate=SR), kind
        for part in self.resampler.resample(frame):
            y = part.to_ndarray().reshape(-1).astype(np.int16, copy=False)
            self._write_at(y, round(at_s * SR))
            at_s += y.size / SR
        return self.written / SR

    def _placed(self, frame: av.AudioFrame, arrived_s: float) -> float:
        if frame.pts is None or frame.time_base is None:
            return arrived_s
        sent_s = float(frame.pts * frame.time_base)
        if self.sender is None or abs(sent_s - self.sender - arrived_s) > JUMP_S:
            self.sender = sent_s - arrived_s
        return sent_s - self.sender

    def _write_at(self, y: Samples, at: int) -> None:
        if at // _PIECE_SAMPLES > self.piece:
            self.drop()
            self.written = max(self.written, at // _PIECE_SAMPLES * _PIECE_SAMPLES)
        ahead = at - self.written
        if ahead > GAP_S * SR or self.piece < 0:
            self._append(np.zeros(max(0, ahead), np.int16))
        elif ahead < -GAP_S * SR:
            y = y[-ahead:]
        self._append(y)

    def _append(self, y: Samples) -> None:
        while y.size:
            piece, inside = divmod(self.written, _PIECE_SAMPLES)
            if piece != self.piece or self.out is None:
                self.drop()
                self.piece, self.out = piece, sound_path(self.folder, piece).open("wb")
            part, y = np.split(y, [_PIECE_SAMPLES - inside])
            self.out.write(part.tobytes())
            self.written += part.size

    def close(self) -> None:
        self.drop()

    def drop(self) -> None:
        if self.out is not None:
            self.out.close()
            self.out = None


def join(folder: Path) -> Path | None:
    """The pieces in ``folder`` as one MP4 (H.264, AAC) in their place; None where there are none."""
    pieces = sorted({int(p.stem) for p in folder.glob("[0-9]*.*")})
    pictures = [p for n in pieces if (p := picture_path(folder, n)).is_file()]
    heard = any(sound_path(folder, n).is_file() for n in pieces)
    if not pictures and not heard:
        return None
    target = folder / "stretch.mp4"
    with writing(target) as out:
        seen: Copy | None = None
        if pictures:
            with containers.opened(pictures[0], target.name) as first:
                seen = out.copy(first.streams.video[0])
        voice = out.sound(rate=SR, layout="mono") if heard else None
        for n in range(pieces[0], pieces[-1] + 1):
            # A piece of each in turn, so that little waits to be interleaved.
            if seen is not None and picture_path(folder, n).is_file():
                _copy_pictures(picture_path(folder, n), seen, (n - pieces[0]) * PIECE_S)
            if voice is not None:
                y = _samples(sound_path(folder, n), whole=n != pieces[-1])
                voice.write(y.astype(np.float32)[:, None] / np.float32(32768))
            picture_path(folder, n).unlink(missing_ok=True)
            sound_path(folder, n).unlink(missing_ok=True)
    return target


def _copy_pictures(path: Path, out: Copy, start_s: int) -> None:
    with containers.opened(path, path.name) as source:
        for packet in containers.packets(source, source.streams.video[:1]):
            if packet.dts is not None and packet.pts is not None:
                moved = round(start_s / packet.time_base)
                packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
                out.put(packet)


def _samples(path: Path, *, whole: bool) -> Samples:
    """A piece's sound; where it is ``whole``, silence for what is missing."""
    y = np.fromfile(path, np.int16) if path.is_file() else np.zeros(0, np.int16)
    return np.pad(y, (0, _PIECE_SAMPLES - y.size)) if whole else y
