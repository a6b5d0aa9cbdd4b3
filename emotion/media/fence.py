"""Untrusted media is read in processes of their own: whatever a file does to its decoder, only that process ends.

The same verbs as :mod:`emotion.media`, and :func:`opened`, which reads sound and frames side by side. A worker may
die, hang or swell: the caller gets a sentence (:class:`errors.DecoderDied`, :class:`errors.DecoderStuck`), every
other clip goes on, and what the worker wrote goes. ``cancelled`` is asked some times a second, from another thread.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emotion import errors
from emotion.media.accepted import Limits
from emotion.media.copies import anonymous, picture_suffix, playable, proxy, seekable, with_sound
from emotion.media.decode import VideoFrame
from emotion.media.job import GLANCING, MOST_S, READING, Bounds, job, never
from emotion.media.processes import warm
from emotion.media.read import SAMPLE_RATE
from emotion.media.reading import Reading, clip_of, frame_of, opened
from emotion.media.wire import Bytes, Head
from emotion.timeline import Clip


def probe(path: str | os.PathLike[str], *, name: str | None = None, limits: Limits | None = None) -> Clip:
    """As :func:`emotion.media.probe`."""
    with opened(path, name=name, limits=limits, sr=None, frames=False) as reading:
        return reading.clip


def said_length(path: str | os.PathLike[str]) -> float | None:
    """As :func:`emotion.media.said_length`; what takes long has no length."""
    with job("length", Path(path), bounds=GLANCING) as begun:
        heads = [head for head, _ in begun.answers() if head.get("kind") == "length"]
    seconds = heads[0].get("seconds") if heads else None
    return float(seconds) if isinstance(seconds, int | float) else None


def read_sound(
    path: str | os.PathLike[str],
    sr: int = SAMPLE_RATE,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    cancelled: Callable[[], bool] = never,
) -> npt.NDArray[np.float32]:
    """As :func:`emotion.media.read_sound`."""
    with opened(path, name=name, limits=limits, sr=sr, frames=False, cancelled=cancelled) as reading:
        return reading.sound()


def read_stretch(
    path: str | os.PathLike[str],
    sr: int,
    start_s: float,
    end_s: float,
    *,
    name: str | None = None,
    cancelled: Callable[[], bool] = never,
) -> npt.NDArray[np.float32]:
    """The sound from ``start_s`` to ``end_s``, mono float32, shape (n,): empty where there is none. No more than that
    is held, however long the clip is.

    Raises:
        MediaError: as :func:`read_sound`, but for a stretch in which nothing lies.
    """
    path, stretch = Path(path), [start_s, end_s]
    bounds = READING.for_file(path, end_s)
    order = {"sr": sr, "max_duration_s": MOST_S, "stretch": stretch}
    with job("sound", path, name=name, bounds=bounds, cancelled=cancelled, **order) as begun:
        blocks = [body.view(np.float32) for head, body in begun.answers() if head.get("kind") == "sound"]
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def stereo(
    path: str | os.PathLike[str], sr: int, *, name: str | None = None, cancelled: Callable[[], bool] = never
) -> Iterator[npt.NDArray[np.float32]]:
    """As :func:`emotion.media.program.stereo`."""
    with job("stereo", path, name=name, cancelled=cancelled, sr=sr) as begun:
        for head, body in begun.answers():
            if head.get("kind") == "stereo" and body.size % 8 == 0:
                yield body.view(np.float32).reshape(2, -1)


@contextmanager
def music(
    path: str | os.PathLike[str],
    sr: int,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    cancelled: Callable[[], bool] = never,
) -> Iterator[tuple[Clip, Iterator[npt.NDArray[np.float32]]]]:
    """What a track holds, and its sound as :func:`emotion.media.program.channels` gives it, to be asked for once."""
    checked = {"limits": dataclasses.asdict(limits) if limits else None}
    with job("music", path, name=name, bounds=READING, cancelled=cancelled, sr=sr, **checked) as begun:
        answers = begun.answers()
        head, _ = next(answers)
        yield clip_of(head, begun.name), _channels(answers, begun.name)


def _channels(answers: Iterator[tuple[Head, Bytes]], name: str) -> Iterator[npt.NDArray[np.float32]]:
    for head, body in answers:
        count = head.get("channels")
        if head.get("kind") != "music" or count not in (1, 2) or body.size % (4 * count):
            raise errors.DecoderDied(name=name)
        yield body.view(np.float32).reshape(-1, count)


def frame_at(path: str | os.PathLike[str], time_s: float, *, max_side: int = 960) -> VideoFrame:
    """As :func:`emotion.media.frame_at`."""
    with job("frame_at", path, time_s=time_s, max_side=max_side) as begun:
        head, body = next(begun.answers())
        return frame_of(head, body, begun.name)


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """As :func:`emotion.media.picture.decode`."""
    with job("picture", path) as begun:
        head, body = next(begun.answers())
        return frame_of(head, body, begun.name).rgb


__all__ = [
    "READING",
    "Bounds",
    "Reading",
    "anonymous",
    "frame_at",
    "music",
    "opened",
    "picture_suffix",
    "playable",
    "probe",
    "proxy",
    "read_picture",
    "read_sound",
    "read_stretch",
    "said_length",
    "seekable",
    "stereo",
    "warm",
    "with_sound",
]
