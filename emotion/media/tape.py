"""The last minutes of a camera and a microphone as a file, sound and picture in step.

``picture`` and ``sound`` only put aside what comes. A thread of the tape's own writes it down in pieces of
:data:`PIECE_S` seconds (pictures as H.264, sound as plain samples), of which the oldest go; ``stop`` has them
joined to one MP4. What waits in memory and what lies on disk are bounded, however long it runs. Time is the
caller's clock, in seconds.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import av
import numpy as np

from emotion.media.tape_segments import FPS, PIECE_S, Pictures, Sound, join, picture_path, sound_path

SPAN_S: Final = 300.0
IDLE_S: Final = 15.0
"""Where nothing comes any more for so long, the tape ends by itself."""
MOST_PICTURES: Final = 8
MOST_SOUND: Final = 500
TICK_S: Final = 0.2

Frame = av.VideoFrame | av.AudioFrame
State = Literal["recording", "saving", "ready", "failed", "gone"]

_log = logging.getLogger(__name__)


class Tape:
    """One recording, from now on, into ``folder``, which it makes and owns.

    Attributes:
        state: "recording", then "saving", then "ready", or "failed" where the disk or an encoder fails or nothing
            came; "gone" once it was thrown away.
        path: the MP4, once it is ready.
        dropped: pictures left out because too many waited.
    """

    def __init__(self, folder: Path, *, span_s: float = SPAN_S, idle_s: float = IDLE_S) -> None:
        self.folder, self.idle_s = folder, idle_s
        self.pieces = max(1, round(span_s / PIECE_S))
        self.state: State = "recording"
        self.path: Path | None = None
        self.dropped = 0
        self._end_s = 0.0
        self._due_s = -np.inf
        self._oldest = 0
        self._lock, self._over = threading.Lock(), False
        self._room = threading.BoundedSemaphore(MOST_PICTURES)
        self._waiting: queue.Queue[tuple[Frame, float]] = queue.Queue(MOST_SOUND + MOST_PICTURES)
        self._stopping, self._unwanted = threading.Event(), threading.Event()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="tape", daemon=True)
        self._thread.start()

    @property
    def length_s(self) -> float:
        """How much is kept."""
        return self._end_s - self._oldest * PIECE_S

    def picture(self, frame: av.VideoFrame, now_s: float) -> None:
        """Take a picture that was seen at ``now_s``; returns at once. It must not be changed afterwards."""
        if self._stopping.is_set() or now_s < self._due_s - 0.1 / FPS:
            return
        self._due_s = max(self._due_s, now_s - 1 / FPS) + 1 / FPS
        if self._room.acquire(blocking=False):
            self._put(frame, now_s)
        else:
            self.dropped += 1

    def sound(self, frame: av.AudioFrame, now_s: float) -> None:
        """Take sound that ends at ``now_s``; returns at once. Its own time stamps say how it goes on."""
        if not self._stopping.is_set():
            self._put(frame, now_s)

    def _put(self, frame: Frame, now_s: float) -> None:
        try:
            self._waiting.put_nowait((frame, now_s))
        except queue.Full:  # sound that is missing becomes silence
            if isinstance(frame, av.VideoFrame):
                self._room.release()

    def stop(self) -> None:
        """Record no more, and join what there is; returns at once."""
        if self.state == "recording":
            self.state = "saving"
        self._stopping.set()

    def throw_away(self) -> None:
        """Record no more and delete everything; returns at once."""
        with self._lock:
            self._unwanted.set()
            self._stopping.set()
            self.state = "gone"
            if self._over:
                self._delete()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether the tape has come to its end within ``timeout_s``."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pictures, sound = Pictures(self.folder), Sound(self.folder)
        begin_s: float = np.nan
        try:
            for frame, now_s in self._items():
                if np.isnan(begin_s):
                    seen = isinstance(frame, av.VideoFrame)
                    begin_s = now_s if seen else now_s - frame.samples / frame.sample_rate
                if isinstance(frame, av.VideoFrame):
                    self._room.release()
                    end_s = pictures.write(frame, now_s - begin_s)
                else:
                    end_s = sound.write(frame, now_s - begin_s)
                self._end_s = max(self._end_s, end_s)
                self._forget()
            self.stop()
            pictures.close()
            sound.close()
            if not self._unwanted.is_set():
                self.path = join(self.folder)
        except Exception:
            if not self._unwanted.is_set():  # who throws a tape away may take its folder along
                _log.exception("a live stretch could not be kept")
        finally:
            with contextlib.suppress(Exception):  # what fails when it is closed has failed before
                pictures.drop()
            sound.drop()
            with self._lock:
                self._over = True
                self._stopping.set()
                self._waiting.queue.clear()
                if self._unwanted.is_set() or self.path is None:
                    self._delete()
                if not self._unwanted.is_set():
                    self.state = "ready" if self.path is not None else "failed"

    def _items(self) -> Iterator[tuple[Frame, float]]:
        last_s = np.inf  # before anything came, somebody may still be choosing a camera
        while not self._unwanted.is_set():
            try:
                yield self._waiting.get(timeout=TICK_S)
                last_s = time.monotonic()
            except queue.Empty:
                if self._stopping.is_set() or time.monotonic() - last_s > self.idle_s:
                    return

    def _forget(self) -> None:
        while self._oldest < int(self._end_s) // PIECE_S - self.pieces:
            for path in (picture_path(self.folder, self._oldest), sound_path(self.folder, self._oldest)):
                path.unlink(missing_ok=True)
            self._oldest += 1

    def _delete(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.path = None
