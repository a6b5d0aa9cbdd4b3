"""The people in a clip: its frames to :class:`FaceTrack`, two frames at a time and each no more often than it takes."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from emotion import errors
from emotion.face import follow, shot_change, track
from emotion.face.detect import CenterFace, Detection
from emotion.timeline import EmotionScores, FaceTrack, Sighting

if TYPE_CHECKING:
    from emotion.face.infer import FaceReader
    from emotion.media import VideoFrame

ALIKE: Final = 0.1
"""Between two pictures of a face that hardly moves, of which no probability differs by more, it is taken to show their
mean: half of those pictures on the clips at hand, and no second of them is read as anything else."""


def never() -> bool:
    return False


def ignore(frames: int) -> None:
    del frames


def analyse_frames(
    frames: Iterable[VideoFrame],
    reader: FaceReader,
    *,
    on_progress: Callable[[int], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> tuple[FaceTrack, ...]:
    """The people in a clip, the main one first.

    Frames are taken as they are read, ``reader.abreast`` at a time, and not kept. A frame that hardly differs from
    the last one read is not read again: its faces are taken to be the same. A cut ends every stretch; who comes back
    is known again by looks.

    Args:
        on_progress: called with the number of frames done.
        cancelled: asked before each frame.

    Raises:
        Cancelled: if asked to stop.
    """
    tracker = track.Tracker(reader.persons)
    last: list[Sighting] = []
    for n, (picture, found) in enumerate(_read(_asking(frames, cancelled), reader), 1):
        frame, change = picture.frame, picture.change
        last = found() if found else [replace(s, time_s=frame.time_s, crop=None) for s in last]
        tracker.add(frame.time_s, last, frame.rgb.shape[:2], cut=change.cut, still=change.still)
        on_progress(n)
    return tracker.finish()


def _asking(frames: Iterable[VideoFrame], cancelled: Callable[[], bool]) -> Iterator[VideoFrame]:
    for frame in frames:
        if cancelled():
            raise errors.Cancelled
        yield frame


Reading = tuple[follow.Picture, Callable[[], list[Sighting]] | None]


def _read(frames: Iterable[VideoFrame], reader: FaceReader) -> Iterator[Reading]:
    """Each picture in turn, with its faces (None in a still one), which may still be looked for."""
    begun: deque[Reading] = deque()
    follows = isinstance(reader.detector, CenterFace) and not reader.thorough
    together = follow.TOGETHER if follows else 1
    before: _Step | None = None
    with ThreadPoolExecutor(reader.abreast, thread_name_prefix="faces") as pool:
        for pictures in follow.steps(frames, shot_change.Watch(), together):
            if pictures[0].change.still:
                begun.append((pictures[0], None))
            else:
                step = _Step()
                scene = None if pictures[0].change.cut else before
                reading = pool.submit(_look, reader, pictures, scene, step)
                before = step if follows else None
                begun.extend((p, functools.partial(_nth, reading, k)) for k, p in enumerate(pictures))
            while len(begun) > reader.abreast * together:
                yield begun.popleft()
        yield from begun


def _nth(reading: Future[list[list[Sighting]]], k: int) -> list[Sighting]:
    return reading.result()[k]


@dataclass(frozen=True, eq=False)
class _Step:
    """What the next pictures go by: where the faces of the last one are, and what is read of them."""

    known: Future[follow.Known] = field(default_factory=Future)
    read: Future[list[Sighting]] = field(default_factory=Future)


def _look(
    reader: FaceReader, pictures: Sequence[follow.Picture], before: _Step | None, step: _Step
) -> list[list[Sighting]]:
    """The faces of each picture; the parts of ``step`` are set as soon as they are known."""
    if reader.thorough or not isinstance(reader.detector, CenterFace):
        return [reader.read(p.frame.rgb, p.frame.time_s) for p in pictures]
    try:
        return _followed(reader, reader.detector, pictures, before, step)
    except BaseException as e:
        for part in (step.known, step.read):
            if not part.done():
                part.set_exception(e)
        raise


def _followed(
    reader: FaceReader,
    finder: CenterFace,
    pictures: Sequence[follow.Picture],
    before: _Step | None,
    step: _Step,
) -> list[list[Sighting]]:
    *between, last = pictures
    start = before and before.known.result()
    end = follow.look_last(finder, pictures, start)
    step.known.set_result(end)
    read = reader.read(last.frame.rgb, last.frame.time_s, end.faces)
    step.read.set_result(read)
    found = []
    for p in between:
        faces, halfway = follow.look_between(finder, p, start, end)
        told = alike(before.read.result(), read, faces, p.frame.time_s) if before and halfway else None
        found.append(reader.read(p.frame.rgb, p.frame.time_s, faces) if told is None else told)
    return [*found, read]


def alike(
    before: Sequence[Sighting], after: Sequence[Sighting], faces: Sequence[Detection], time_s: float
) -> list[Sighting] | None:
    """What is to be read of the one face between two pictures in which it shows the same; None where it does not.

    Of several people the mouths are wanted in each picture.
    """
    if not len(before) == len(after) == len(faces) == 1:
        return None
    (a,), (b,), (face,) = before, after, faces
    apart = max(abs(p - q) for p, q in zip(a.scores.probs, b.scores.probs, strict=True))
    if a.scores.label != b.scores.label or apart > ALIKE:
        return None
    scores, weight = EmotionScores.mean([a.scores, b.scores]), (a.weight + b.weight) / 2
    return [Sighting(time_s, face.box, face.confidence, scores, weight)]
