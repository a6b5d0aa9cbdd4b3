"""A clip read by two processes at a time, one for its picture and one for its sound."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion import errors, settings
from emotion.media.accepted import Limits
from emotion.media.decode import VideoFrame
from emotion.media.job import MOST_S, READING, Bounds, Job, job, never
from emotion.media.read import FRAMES_PER_SECOND, MAX_SIDE, SAMPLE_RATE
from emotion.media.sound_file import SoundFile
from emotion.media.wire import Bytes, Head
from emotion.timeline import Clip, Notice

FRAME_FIELDS: Final = frozenset(f.name for f in dataclasses.fields(VideoFrame)) - {"rgb"}


class Reading:
    """A clip being read by two workers at a time, one for its picture, one for its sound.

    Attributes:
        clip: what it holds.
        sr: the sample rate at which its sound is read.
    """

    def __init__(self, picture: Job, sound: Job | None, sr: int) -> None:
        self._picture, self._sound, self.sr = picture, sound, sr
        self._answers = picture.answers()
        head, _ = next(self._answers)
        self.clip = clip_of(head, picture.name)

    @property
    def pids(self) -> tuple[int, ...]:
        """The workers' processes."""
        return tuple(j.worker.pid for j in (self._picture, self._sound) if j is not None)

    def sound(self) -> npt.NDArray[np.float32]:
        """The whole sound track, mono float32, shape (n,).

        Raises:
            NothingToRead: there is none.
            MediaError: nothing of it can be decoded, or its worker came to a bad end.
        """
        return np.concatenate(list(self._blocks()))

    def stored_sound(self, on_fraction: Callable[[float], None] = lambda fraction: None) -> SoundFile:
        """The same in a file, for sound of any length; it is the caller's to close.

        Raises:
            DiskFull: in ``MOODCUE_CACHE_DIR``.
            MediaError: as :meth:`sound`.
        """
        kept = SoundFile()
        try:
            for block in self._blocks():
                kept.append(block)
                on_fraction(min(1.0, len(kept) / self.sr / max(self.clip.duration_s, 1e-6)))
        except OSError as e:
            kept.close()
            raise errors.DiskFull(folder=settings.cache_dir()) from e
        except BaseException:
            kept.close()
            raise
        return kept

    def _blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        if self._sound is None or self.clip.sr is None:
            raise errors.NothingToRead(name=self.clip.name)
        found = False
        for head, body in self._sound.answers():
            if head.get("kind") == "sound":
                found = True
                yield body.view(np.float32)
        if not found:
            raise errors.MediaError(name=self.clip.name)

    def frames(self) -> Iterator[VideoFrame]:
        """The frames, one at a time; to be asked for once."""
        for head, body in self._answers:
            yield frame_of(head, body, self.clip.name)


@contextmanager
def opened(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    limits: Limits | None = None,
    sr: int | None = SAMPLE_RATE,
    frames: bool = True,
    fps: float = FRAMES_PER_SECOND,
    max_side: int = MAX_SIDE,
    bounds: Bounds = READING,
    cancelled: Callable[[], bool] = never,
) -> Iterator[Reading]:
    """A clip to be read once, its sound (at ``sr``; None leaves it out) and its frames side by side.

    Raises:
        MediaError: as :func:`emotion.media.probe`.
    """
    path = Path(path)
    name = name or path.name
    checked = {"limits": dataclasses.asdict(limits) if limits else None}
    longest = min(limits.max_duration_s if limits else math.inf, MOST_S)
    bounds = bounds.for_file(path, longest if limits else 0.0)
    with ExitStack() as stack:

        def begin(task: str, **order: object) -> Job:
            return stack.enter_context(job(task, path, name=name, bounds=bounds, cancelled=cancelled, **order))

        # the sound is heard first: its result is the first to be shown, and the picture takes longer anyway
        sound = begin("sound", sr=sr, max_duration_s=longest) if sr else None
        picture = begin("frames" if frames else "probe", **checked, fps=fps, max_side=max_side)
        yield Reading(picture, sound, sr or SAMPLE_RATE)


def clip_of(head: Head, name: str) -> Clip:
    try:
        said = dict(head["clip"])
        rate = said.pop("frame_rate")
        notices = tuple(Notice(str(n["key"]), tuple((str(k), v) for k, v in n["values"])) for n in said.pop("notices"))
        frame_rate = None if rate is None else Fraction(int(rate[0]), int(rate[1]))
        return Clip(**said, frame_rate=frame_rate, notices=notices)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as e:
        raise errors.DecoderDied(name=name) from e


def frame_of(head: Head, body: Bytes, name: str) -> VideoFrame:
    try:
        height, width, colours = map(int, head["shape"])
        if colours != 3 or min(height, width) < 1 or not set(head["fields"]) <= FRAME_FIELDS:
            raise ValueError("no picture")
        return VideoFrame(rgb=body.reshape(height, width, 3), **head["fields"])
    except (KeyError, TypeError, ValueError) as e:
        raise errors.DecoderDied(name=name) from e
