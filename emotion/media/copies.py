"""What is made of a clip in a process of its own: copies that play, and others. Half a copy is never seen."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from emotion import errors
from emotion.media.job import COPYING, MOST_S, STALLED_S, Bounds, job, never
from emotion.media.wire import Head

MOST_COPIED: Final = 0.9
PROXY_BYTES: Final = 16 * 1024**3


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
