"""Untrusted media is read in processes of their own: whatever a file does to its decoder, only that process ends.

The same verbs as :mod:`emotion.media`, and :func:`opened`, which reads sound and frames side by side. A worker may
die, hang or swell: the caller gets a sentence (:class:`errors.DecoderDied`, :class:`errors.DecoderStuck`), every
other clip goes on, and what the worker wrote goes. ``cancelled`` is asked some times a second, from another thread.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from emotion import errors, settings, signals
from emotion.media import container as containers
from emotion.media import processes
from emotion.media.decode import VideoFrame
from emotion.media.read import FRAMES_PER_SECOND, MAX_SIDE, SAMPLE_RATE, Limits
from emotion.media.sound_file import SoundFile
from emotion.media.wire import ALIVE, Broken, Bytes, Head
from emotion.timeline import Clip, Notice

MEMORY_BYTES: Final = 1536 * 1024**2
"""What a worker may hold; sixteen pictures of the largest size that is read fit in."""
CPU_S: Final = 3600
STALLED_S: Final = 60.0
"""A worker that is waited for and says nothing for so long hangs."""
MOST_S: Final = 36_000.0
SLOWEST_DISK: Final = 20 * 1024**2
"""Bytes a second that any disk can read, a network's too."""
COPY_S: Final = 900.0
"""Making a copy of a clip may take so long in all: it says nothing on the way."""
LOOK_EVERY_S: Final = 0.05
FRAME_FIELDS: Final = frozenset(f.name for f in dataclasses.fields(VideoFrame)) - {"rgb"}

_log = logging.getLogger(__name__)


def never() -> bool:
    return False


@dataclasses.dataclass(frozen=True)
class Bounds:
    """How much one worker may take."""

    memory_bytes: int = MEMORY_BYTES
    cpu_s: int = CPU_S
    stalled_s: float = STALLED_S
    written_bytes: int = 0

    def for_file(self, path: Path, longest_s: float) -> Bounds:
        """More time for what is long, and for looking through what is large before the first word."""
        size = path.stat().st_size if path.is_file() else 0
        longer = max(1.0, min(longest_s, MOST_S) / signals.WHOLE_S)
        stalled_s = self.stalled_s * longer + size / SLOWEST_DISK
        return dataclasses.replace(self, cpu_s=math.ceil(self.cpu_s * longer), stalled_s=stalled_s)


READING: Final = Bounds()
GLANCING: Final = Bounds(cpu_s=5, stalled_s=5.0)
MOST_COPIED: Final = 0.9
PROXY_BYTES: Final = 16 * 1024**3
COPYING: Final = Bounds(stalled_s=COPY_S, written_bytes=4 * 1024**3)


class Job:
    """One order to one worker, watched until it is done."""

    def __init__(
        self, task: str, path: Path, name: str, bounds: Bounds, cancelled: Callable[[], bool] = never, **order: object
    ) -> None:
        self.name, self.bounds = name, bounds
        self._cancelled, self._reason = cancelled, errors.DecoderDied
        self._over = threading.Event()
        self.worker = processes.start()
        limits = {k: v for k, v in dataclasses.asdict(bounds).items() if k != "stalled_s"}
        try:
            self.worker.line.send({"task": task, "path": os.fspath(path.resolve()), "name": name, **limits, **order})
        except OSError:
            _log.warning("a worker ended before it had its order")
        self._watch = threading.Thread(target=self._look_after, name="fence", daemon=True)
        self._watch.start()

    def answers(self) -> Iterator[tuple[Head, Bytes]]:
        """What the worker says, until it is done.

        Raises:
            MoodCueError: what it found wrong with the file, or what became of it; ``Cancelled`` when asked to stop.
        """
        while True:
            try:
                received = self.worker.line.receive()
            except (OSError, ValueError, Broken):
                received = None
            if received is None:
                raise self._ended()
            head, body = received
            if head.get("kind") == ALIVE:
                continue
            if head.get("kind") == "end":
                return
            if head.get("kind") == "error":
                raise self._told(head)
            yield head, body

    def close(self) -> None:
        """The worker is gone when this returns."""
        self._over.set()
        self.worker.kill()
        self._watch.join()
        self.worker.end()

    def _look_after(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            idle_since = self.worker.line.idle_since
            if idle_since is not None and time.monotonic() - idle_since > self.bounds.stalled_s:
                self._reason = errors.DecoderStuck
            elif self._cancelled():
                self._reason = errors.Cancelled
            else:
                continue
            self.worker.kill()
            return

    def _ended(self) -> errors.MoodCueError:
        status = self.worker.end()
        if self._reason is errors.Cancelled:
            return errors.Cancelled()
        if self._reason is errors.DecoderDied and not self._over.is_set():
            _log.warning("a worker ended with status %s", status)
        return self._reason(name=self.name)

    def _told(self, head: Head) -> errors.MoodCueError:
        kind = getattr(errors, str(head.get("error")), None)
        if isinstance(kind, type) and issubclass(kind, errors.MoodCueError):
            values = head.get("values")
            return kind(**{str(k): v for k, v in values.items()} if isinstance(values, dict) else {})
        _log.error("a worker could not do its task: %s", str(head.get("detail"))[:2000])
        return errors.MediaError(name=self.name)


@contextmanager
def job(
    task: str,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    bounds: Bounds = READING,
    cancelled: Callable[[], bool] = never,
    **order: object,
) -> Iterator[Job]:
    path = Path(path)
    containers.check(path, name or path.name)  # a pipe of this process is none of the worker's
    begun = Job(task, path, name or path.name, bounds, cancelled, **order)
    try:
        yield begun
    finally:
        begun.close()


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
        self.clip = _clip(head, picture.name)

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
            yield _frame(head, body, self.clip.name)


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
        yield _clip(head, begun.name), _channels(answers, begun.name)


def _channels(answers: Iterator[tuple[Head, Bytes]], name: str) -> Iterator[npt.NDArray[np.float32]]:
    for head, body in answers:
        count = head.get("channels")
        if head.get("kind") != "music" or count not in (1, 2) or body.size % (4 * count):
            raise errors.DecoderDied(name=name)
        yield body.view(np.float32).reshape(-1, count)


def picture_suffix(path: Path) -> str:
    """As :func:`emotion.media.program.suffix_for`; "" too where the picture may be larger than a copy may become."""
    if path.is_file() and path.stat().st_size > MOST_COPIED * COPYING.written_bytes:
        return ""
    with job("picture_suffix", path) as begun:
        head, _ = next(begun.answers())
        suffix = str(head.get("suffix"))
        return suffix if suffix in ("", ".mp4", ".mkv") else ""


def with_sound(path: Path, sound: Path, target: Path, *, cancelled: Callable[[], bool] = never) -> Path:
    """As :func:`emotion.media.program.with_sound`; half a file is never seen at ``target``."""
    return _copy("with_sound", path, target.parent, cancelled, sound=str(sound.resolve()), target=target.name)


def frame_at(path: str | os.PathLike[str], time_s: float, *, max_side: int = 960) -> VideoFrame:
    """As :func:`emotion.media.frame_at`."""
    with job("frame_at", path, time_s=time_s, max_side=max_side) as begun:
        head, body = next(begun.answers())
        return _frame(head, body, begun.name)


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """As :func:`emotion.media.picture.decode`."""
    with job("picture", path) as begun:
        head, body = next(begun.answers())
        return _frame(head, body, begun.name).rgb


def playable(path: Path, folder: Path, *, cancelled: Callable[[], bool] = never) -> Path:
    """As :func:`emotion.media.preview.playable`; half a copy is never seen in ``folder``."""
    return _copy("playable", path, folder, cancelled)


def anonymous(path: Path, folder: Path, *, cancelled: Callable[[], bool] = never) -> Path:
    """As :func:`emotion.media.preview.anonymous`; half a copy is never seen in ``folder``."""
    return _copy("anonymous", path, folder, cancelled)


def proxy(
    path: Path,
    folder: Path,
    *,
    on_fraction: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = never,
) -> Path:
    """As :func:`emotion.media.preview.proxy`; half a copy is never seen in ``folder``."""
    bounds = dataclasses.replace(COPYING, stalled_s=STALLED_S, written_bytes=PROXY_BYTES).for_file(path, MOST_S)
    return _copy("proxy", path, folder, cancelled, bounds=bounds, on_fraction=on_fraction)


def seekable(recording: BinaryIO, suffix: str) -> BinaryIO:
    """As :func:`emotion.media.remux.seekable`; a recording that breaks its worker comes back as it was."""
    with tempfile.TemporaryDirectory(prefix="moodcue-") as folder:
        source = Path(folder, "recording" + suffix)
        with source.open("wb") as f:
            shutil.copyfileobj(recording, f)
        try:
            made = _copy("seekable", source, Path(folder), never)
        except errors.MediaError:
            made = source
        if made == source:
            recording.seek(0)
            return recording
        return BytesIO(made.read_bytes())


def _copy(
    task: str,
    path: Path,
    folder: Path,
    cancelled: Callable[[], bool],
    *,
    bounds: Bounds = COPYING,
    on_fraction: Callable[[float], None] = lambda fraction: None,
    **more: str,
) -> Path:
    """What the worker made in a folder of its own, moved to ``folder`` once it is whole; or ``path`` itself."""
    own = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    try:
        with job(task, path, bounds=bounds, cancelled=cancelled, folder=str(own.resolve()), **more) as begun:
            head: Head = {}
            for head, _ in begun.answers():
                if head.get("kind") != "done":
                    break
                on_fraction(float(head.get("fraction", 0.0)))
        if head.get("kind") != "path":
            raise errors.DecoderDied(name=path.name)
        made = own / Path(str(head["path"])).name
        if not made.is_file():
            return path
        return made.replace(folder / made.name)
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _clip(head: Head, name: str) -> Clip:
    try:
        said = dict(head["clip"])
        rate = said.pop("frame_rate")
        notices = tuple(Notice(str(n["key"]), tuple((str(k), v) for k, v in n["values"])) for n in said.pop("notices"))
        frame_rate = None if rate is None else Fraction(int(rate[0]), int(rate[1]))
        return Clip(**said, frame_rate=frame_rate, notices=notices)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as e:
        raise errors.DecoderDied(name=name) from e


def _frame(head: Head, body: Bytes, name: str) -> VideoFrame:
    try:
        height, width, colours = map(int, head["shape"])
        if colours != 3 or min(height, width) < 1 or not set(head["fields"]) <= FRAME_FIELDS:
            raise ValueError("no picture")
        return VideoFrame(rgb=body.reshape(height, width, 3), **head["fields"])
    except (KeyError, TypeError, ValueError) as e:
        raise errors.DecoderDied(name=name) from e


warm = processes.warm
