"""The inside of the fence: a process that reads one file for :mod:`emotion.media.fence`, and then ends.

On Linux a template imports the decoder once and is forked for each task, which takes a few milliseconds; elsewhere
each task starts a Python of its own. Before it touches the file the process gives up what it does not need: the
network, core dumps, more memory and time than a clip may take, and files other than those of its task's folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NotRequired, TypedDict, cast

import numpy as np

from emotion import errors, media
from emotion.media import preview, program, remux
from emotion.media.wire import ALIVE, Broken, Bytes, Head, Line
from emotion.timeline import Clip

SOUND_BLOCK: Final = 65_536
QUIET: Final = 1000
"""Blocks that are passed over without a word."""
PR_SET_PDEATHSIG: Final = 1
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000


class LimitsGiven(TypedDict):
    """:class:`media.Limits` as JSON."""

    max_bytes: int
    max_duration_s: float


class Order(TypedDict):
    """What the fence asks for. Each task is given the fields that it reads, and no others; ``alive`` is added here."""

    task: str
    path: str
    name: str
    memory_bytes: int
    cpu_s: int
    written_bytes: int
    limits: NotRequired[LimitsGiven | None]
    stretch: NotRequired[tuple[float, float | None]]
    folder: str
    alive: Callable[[], None]
    sr: int
    fps: float
    max_side: int
    max_duration_s: float
    time_s: float
    sound: str
    target: str


Message = tuple[Head, Bytes | None]
Task = Callable[[Order], Iterator[Message]]


def clip_to_dict(clip: Clip) -> Head:
    rate = clip.frame_rate
    return dataclasses.asdict(clip) | {"frame_rate": None if rate is None else [rate.numerator, rate.denominator]}


def _limits(order: Order) -> media.Limits | None:
    given = order.get("limits")
    return media.Limits(**given) if given else None


def _probe(order: Order) -> Iterator[Message]:
    clip = media.probe(order["path"], name=order["name"], limits=_limits(order), alive=order["alive"])
    yield {"kind": "clip", "clip": clip_to_dict(clip)}, None


def _length(order: Order) -> Iterator[Message]:
    yield {"kind": "length", "seconds": media.said_length(order["path"], name=order["name"])}, None


def _frames(order: Order) -> Iterator[Message]:
    """What the clip holds, then its frames."""
    clip = media.probe(order["path"], name=order["name"], limits=_limits(order), alive=order["alive"])
    yield {"kind": "clip", "clip": clip_to_dict(clip)}, None
    if clip.width is None:
        return
    for frame in media.read_frames(order["path"], fps=order["fps"], max_side=order["max_side"], name=order["name"]):
        yield _frame(frame)


def _frame(frame: media.VideoFrame) -> Message:
    fields = {f.name: getattr(frame, f.name) for f in dataclasses.fields(frame) if f.name != "rgb"}
    return {"kind": "frame", "shape": list(frame.rgb.shape), "fields": fields}, frame.rgb


def _sound(order: Order) -> Iterator[Message]:
    """Mono float32, in blocks; of a stretch of it no more than was asked for, and nothing is decoded after that."""
    first, last = (None if s is None else round(s * order["sr"]) for s in order.get("stretch", (0.0, None)))
    waiting: list[np.ndarray] = []
    n = total = 0
    for count, chunk in enumerate(media.decode(order["path"], frames=False, sr=order["sr"], name=order["name"])):
        if not isinstance(chunk, media.SoundChunk):
            continue
        y = chunk.y[max(0, (first or 0) - total) : None if last is None else max(0, last - total)]
        total += len(chunk.y)
        if len(y):
            waiting.append(y)
            n += len(y)
        elif count % QUIET == 0:
            order["alive"]()
        if n >= SOUND_BLOCK:
            yield _block(waiting)
            waiting, n = [], 0
        if last is not None and total >= last:
            break
        if total / order["sr"] > order["max_duration_s"] + 1:
            raise errors.TooLong(name=order["name"], duration_s=total / order["sr"], limit_s=order["max_duration_s"])
    if n:
        yield _block(waiting)


def _block(chunks: list[np.ndarray]) -> Message:
    return {"kind": "sound"}, np.concatenate(chunks).astype(np.float32, copy=False).view(np.uint8)


def _stereo(order: Order) -> Iterator[Message]:
    """Blocks of (2, n) float32, one after the other."""
    for block in program.stereo(order["path"], order["sr"], name=order["name"]):
        yield {"kind": "stereo"}, block.reshape(-1).view(np.uint8)


def _music(order: Order) -> Iterator[Message]:
    """What the file holds, then blocks of (n, channels) float32 of about a second."""
    clip = media.probe(order["path"], name=order["name"], limits=_limits(order))
    yield {"kind": "clip", "clip": clip_to_dict(clip)}, None
    waiting: list[np.ndarray] = []
    for block in program.channels(order["path"], order["sr"], name=order["name"]):
        if waiting and block.shape[1] != waiting[0].shape[1]:
            yield _channels(waiting)
            waiting = []
        waiting.append(block)
        if sum(map(len, waiting)) >= order["sr"]:
            yield _channels(waiting)
            waiting = []
    if waiting:
        yield _channels(waiting)


def _channels(blocks: list[np.ndarray]) -> Message:
    together = np.concatenate(blocks)
    return {"kind": "music", "channels": together.shape[1]}, together.reshape(-1).view(np.uint8)


def _picture_suffix(order: Order) -> Iterator[Message]:
    yield {"kind": "suffix", "suffix": program.suffix_for(Path(order["path"]))}, None


def _with_sound(order: Order) -> Iterator[Message]:
    target = Path(order["folder"], order["target"])
    yield {"kind": "path", "path": str(program.with_sound(Path(order["path"]), Path(order["sound"]), target))}, None


def _frame_at(order: Order) -> Iterator[Message]:
    yield _frame(media.frame_at(order["path"], order["time_s"], max_side=order["max_side"]))


def _made(copy: Callable[..., Path], order: Order) -> str:
    return str(copy(Path(order["path"]), Path(order["folder"]), name=order["name"]))


def _playable(order: Order) -> Iterator[Message]:
    yield {"kind": "path", "path": _made(preview.playable, order)}, None


def _proxy(order: Order) -> Iterator[Message]:
    making = preview.proxy(Path(order["path"]), Path(order["folder"]), name=order["name"], alive=order["alive"])
    for said in making:
        if isinstance(said, Path):
            yield {"kind": "path", "path": str(said)}, None
        else:
            yield {"kind": "done", "fraction": said}, None


def _anonymous(order: Order) -> Iterator[Message]:
    yield {"kind": "path", "path": _made(preview.anonymous, order)}, None


def _seekable(order: Order) -> Iterator[Message]:
    """The file with length and index beside it; the file itself where it cannot be read."""
    path = Path(order["path"])
    target = Path(order["folder"], "seekable" + path.suffix)
    with path.open("rb") as recording:
        made = remux.seekable(recording, path.suffix)
        if made is recording:
            target = path
        else:
            target.write_bytes(made.read())
    yield {"kind": "path", "path": str(target)}, None


def _picture(order: Order) -> Iterator[Message]:
    from emotion.media import picture

    rgb = picture.decode(Path(order["path"]), name=order["name"])
    yield {"kind": "frame", "shape": list(rgb.shape), "fields": {"time_s": 0.0}}, rgb


TASKS: Final[dict[str, Task]] = {
    "probe": _probe,
    "length": _length,
    "frames": _frames,
    "sound": _sound,
    "stereo": _stereo,
    "music": _music,
    "picture_suffix": _picture_suffix,
    "with_sound": _with_sound,
    "frame_at": _frame_at,
    "playable": _playable,
    "proxy": _proxy,
    "anonymous": _anonymous,
    "seekable": _seekable,
    "picture": _picture,
}


def work(line: Line) -> None:
    """One order, its answers, and ``end`` or ``error``."""
    with contextlib.suppress(BrokenPipeError, ConnectionError, Broken):  # the fence has no use for the rest
        received = line.receive()
        if received is None:
            return
        order = cast("Order", received[0])
        confine(order)
        order["alive"] = lambda: line.send({"kind": ALIVE})
        try:
            for head, body in TASKS[order["task"]](order):
                line.send(head, None if body is None else body.reshape(-1).view(np.uint8))
            line.send({"kind": "end"})
        except errors.MoodCueError as e:
            values = {k: v if isinstance(v, str | int | float | bool) else str(v) for k, v in e.values.items()}
            line.send({"kind": "error", "error": type(e).__name__, "values": values})
        except MemoryError:
            line.send({"kind": "error", "error": "DecoderDied", "values": {"name": order["name"]}})
        except (BrokenPipeError, ConnectionError):
            raise
        except Exception as e:
            line.send({"kind": "error", "error": None, "detail": f"{type(e).__name__}: {e}"[:2000]})


def confine(order: Order) -> None:
    """Give up what reading one file does not need; what a platform does not know is left out."""
    with contextlib.suppress(OSError):
        os.chdir(order.get("folder") or tempfile.gettempdir())
    try:
        import resource
    except ImportError:  # Windows
        return
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_DATA: int(order["memory_bytes"]),
        resource.RLIMIT_CPU: int(order["cpu_s"]),
        resource.RLIMIT_FSIZE: int(order["written_bytes"]),
    }
    for limit, value in wanted.items():
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _without_network() -> None:
    """A network of its own, in which there is nothing; refused by some kernels and containers, then as before."""
    uid, gid = os.getuid(), os.getgid()
    if _libc().unshare(CLONE_NEWUSER | CLONE_NEWNET):
        return
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with contextlib.suppress(OSError):
            Path("/proc/self", file).write_text(text)


def template(control: socket.socket) -> None:
    """Forks a worker for each socket that comes; told its number, says how it ended. Ends with its server."""
    import cv2  # noqa: F401 - once, and not in each worker that is forked

    _without_network()
    while True:
        said, fds, _, _ = socket.recv_fds(control, 64, 1)
        if not said:
            return
        if said == b"fork":
            pid = os.fork()
            if pid == 0:
                _libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                control.close()
                _work_on(fds[0])
            os.close(fds[0])
            control.send(str(pid).encode())
        else:
            with contextlib.suppress(ChildProcessError, OSError, ValueError):
                control.send(str(os.waitpid(int(said), 0)[1]).encode())
                continue
            control.send(b"0")


def _work_on(fd: int) -> None:
    status = 1
    try:
        work(Line(os.fdopen(fd, "rb", buffering=0), os.fdopen(os.dup(fd), "wb", buffering=0)))
        status = 0
    finally:
        os._exit(status)


def main() -> None:
    """``template FD``, or nothing: one task, over standard input and output."""
    if len(sys.argv) > 1:
        template(socket.socket(fileno=int(sys.argv[2])))
        return
    said = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no message
    work(Line(os.fdopen(0, "rb", buffering=0), os.fdopen(said, "wb", buffering=0)))
    os._exit(0)


if __name__ == "__main__":
    main()
