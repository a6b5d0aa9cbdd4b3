"""A clip that a browser can play: the file itself where it can, else a copy made from it.

Both look at the streams that the reader takes, and at nothing else: what cannot be decoded, covers and further
tracks stay out of a copy. A copy's clock begins where the timeline's does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame

from emotion import errors
from emotion.media import container as containers
from emotion.media import geometry, header, tracks
from emotion.media.clock import Clock
from emotion.media.container import MAX_PIXELS, Streams
from emotion.media.probing import probe, silent
from emotion.media.remux import copy
from emotion.media.sound import Aligned, Samples
from emotion.media.write import SOUND_RATE, Picture, Sound, writing

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
SUFFIX: Final = {
    "mov,mp4,m4a,3gp,3g2,mj2": ".mp4",
    "matroska,webm": ".webm",
    "mp3": ".mp3",
    "wav": ".wav",
    "flac": ".flac",
    "ogg": ".ogg",
    "aac": ".m4a",
}
KEPT: Final = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
"""A stream that plays in one of these is copied into it, not encoded anew."""
TALKATIVE: Final = {"vorbis"}
"""Codecs whose set-up data hold the file's comments."""
LIGHT_BITS_S: Final = 25_000_000
"""What a player moves about in at once; a camera's own files have several times as much."""
HEIGHT: Final = 480
FPS: Final = 30
TELL_EVERY: Final = 500
SAME_START_S: Final = 0.1
"""A player counts from a file's own zero; further off than this the timeline would not fit."""
_FAILED: Final = (av.error.FFmpegError, ValueError, KeyError)


def playable(path: Path, folder: Path, *, name: str | None = None) -> Path:
    """``path`` where browsers play it as it is read here, else a copy in ``folder``: the same streams in a container
    that they play, or H.264 and AAC of at most 480 lines.

    Args:
        name: how messages call it; the file's own name where None.

    Raises:
        MediaError: nothing of it can be decoded.
    """
    name = name or path.name
    with _taken(path, name) as taken:
        if taken.plays:
            return path
        made = [folder / f"{path.stem}.preview{suffix}" for suffix in (".mp4", ".webm")]
        done = next((target for target in made if target.is_file()), None)
        if done is not None:
            return done
        kept = next((form for form in KEPT if taken.steady and taken.fits(form)), None)
    return _copied_or_encoded(path, name, kept, lambda suffix: folder / f"{path.stem}.preview{suffix}")


def proxy(
    path: Path, folder: Path, *, name: str | None = None, alive: Callable[[], None] = silent
) -> Iterator[float | Path]:
    """For a clip of any size: what is done of it, in [0, 1], then what to play. That is ``path`` where browsers play it
    and it is light enough, else a copy in ``folder``, H.264 and AAC of at most 480 lines; the streams are never copied
    as they are, for they may be as large as the disk.

    Raises:
        MediaError: nothing of it can be decoded.
    """
    name = name or path.name
    with _taken(path, name) as taken:
        rate = 8 * path.stat().st_size / max(header.claimed_s(taken.container), 1.0)
        if taken.plays and (taken.chosen.video is None or rate <= LIGHT_BITS_S):
            yield path
            return
    made = folder / "proxy.mp4"
    try:
        yield from _transcoded(path, made, name, alive)
    except _FAILED as e:
        raise errors.MediaError(name=name) from e
    yield made


def anonymous(path: Path, folder: Path, *, name: str | None = None) -> Path:
    """A copy of ``path``, which browsers play, with its picture and sound alone: no place, device, author or time.

    The streams are copied as they are; where that fails they are encoded anew, as :func:`playable` does.

    Raises:
        MediaError: nothing of it can be decoded.
    """
    name = name or path.name
    with _taken(path, name) as taken:
        kept = None if taken.talkative or not taken.steady else taken.form
    return _copied_or_encoded(path, name, kept, lambda suffix: folder / f"{path.stem}.anonymous{suffix}")


def _copied_or_encoded(path: Path, name: str, kept: str | None, target: Callable[[str], Path]) -> Path:
    if kept in SUFFIX:
        made = target(SUFFIX[kept])
        try:
            copy(path, made, name)
        except _FAILED:
            pass  # what cannot be copied can be encoded
        else:
            return made
    made = target(".mp4")
    try:
        _transcode(path, made, name)
    except _FAILED as e:
        raise errors.MediaError(name=name) from e
    return made


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the reader takes of a file, as a player would meet it."""

    container: InputContainer
    chosen: Streams
    start_s: float
    steady: bool

    @property
    def form(self) -> str:
        return self.container.format.name

    @property
    def talkative(self) -> bool:
        return any(s.codec_context.codec.canonical_name in TALKATIVE for s in self.chosen.both)

    def fits(self, form: str) -> bool:
        """Whether browsers play these streams in such a container."""
        if form not in PLAYED:
            return False
        pictures, sounds = PLAYED[form]
        video, audio = self.chosen.video, self.chosen.audio
        seen = video is None or (
            video.codec_context.codec.canonical_name in pictures
            and video.codec_context.pix_fmt in ("yuv420p", "yuvj420p")
        )
        return seen and (audio is None or audio.codec_context.codec.canonical_name in sounds)

    @property
    def plays(self) -> bool:
        """A player takes the first track of each kind, and the file's own zero."""
        firsts = [
            next((s for s in there if not s.disposition & Disposition.attached_pic), None)
            for there in (self.container.streams.audio, self.container.streams.video)
        ]
        same = all(s in (None, taken) for s, taken in zip(firsts, (self.chosen.audio, self.chosen.video), strict=True))
        return same and self.steady and abs(self.start_s) <= SAME_START_S and self.fits(self.form)


@contextmanager
def _taken(path: Path, name: str) -> Iterator[_Taken]:
    with containers.opened(path, name) as container:
        chosen = containers.streams(container, name, track=tracks.sounding(path, name))
        clock = Clock(container, chosen.both, name)
        # Elsewhere no clock starts anew, and the first packet tells whether it may be read at all.
        whole = container.format.name in containers.RESTARTING | containers.BARE
        in_line = [containers.in_line(container, packet) for packet in islice(clock.packets(), None if whole else 1)]
        yield _Taken(container, chosen, clock.start_s, clock.steady and all(in_line))


def _transcode(path: Path, target: Path, name: str) -> None:
    for _ in _transcoded(path, target, name):
        pass


def _transcoded(path: Path, target: Path, name: str, alive: Callable[[], None] = silent) -> Iterator[float]:
    """Writes the copy, and says after every few packets how much of it is done."""
    clip = probe(path, name=name, alive=alive)
    with containers.opened(path, name) as source, writing(target) as out:
        chosen = containers.streams(source, name, track=tracks.sounding(path, name))
        clock = Clock(source, chosen.both, name)
        picture = sound = None
        if chosen.video is not None and clip.width and clip.height:
            chosen.video.thread_type = "AUTO"
            chosen.video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            scale = min(1.0, HEIGHT / clip.height)
            width, height = (max(2, round(side * scale / 2) * 2) for side in (clip.width, clip.height))
            picture = out.picture(width, height, time_base=Fraction(1, FPS), rate=FPS)
        if chosen.audio is not None:
            sound = _Copied(out.sound(), timed=not containers.bare(source, chosen))
        written = 0
        for count, packet in enumerate(clock.packets()):
            if count % TELL_EVERY == 0:
                yield min(1.0, clock.end_s / max(clip.duration_s, 1e-6))
            for frame in containers.frames_of(packet):
                written += 1
                if isinstance(frame, AudioFrame) and sound is not None:
                    sound.write(frame)
                elif isinstance(frame, VideoFrame) and picture is not None:
                    _show(frame, picture)
        if not written:
            raise ValueError("nothing of it can be decoded")
        if sound is not None:
            sound.end()


def _show(frame: VideoFrame, picture: Picture) -> None:
    time_s = frame.time if frame.time is not None else picture.next_s
    if picture.wants(time_s):
        picture.write(geometry.for_encoder(frame, picture.width, picture.height), time_s)


class _Copied:
    """Sound of any shape to stereo, every sample in its place."""

    def __init__(self, sound: Sound, *, timed: bool) -> None:
        self._sound, self._aligned = sound, Aligned(SOUND_RATE, timed=timed, layout="stereo")

    def write(self, frame: AudioFrame) -> None:
        for block in self._aligned.hear(frame):
            self._sound.write(_stereo(block))

    def end(self) -> None:
        for block in self._aligned.rest():
            self._sound.write(_stereo(block))


def _stereo(block: Samples) -> Samples:
    return block if block.shape[1] == 2 else np.repeat(block.mean(axis=1, keepdims=True), 2, axis=1)
