"""Starting and ending the workers of :mod:`emotion.media.fence`: one process for one task."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from io import FileIO
from pathlib import Path
from typing import Any, Final, Protocol, cast

from emotion import settings
from emotion.media.wire import Line

ROOT: Final = Path(__file__).resolve().parents[2]
START: Final = "import sys; sys.path.insert(0, sys.argv.pop()); from emotion.media import worker; worker.main()"
KEPT: Final = frozenset(
    {
        *("PATH", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH"),
        *("PYTHONHOME", "PYTHONPATH", "PYTHONUTF8", "VIRTUAL_ENV"),
    }
)
FORKS: Final = sys.platform == "linux"


class Worker(Protocol):
    """A process that waits for its order; ``line`` leads to it."""

    @property
    def line(self) -> Line: ...

    @property
    def pid(self) -> int: ...

    def kill(self) -> None:
        """End it at once, from any thread."""
        ...

    def end(self) -> int:
        """End it if it still runs, and free what it held; its exit status, negative for a signal."""
        ...


def start() -> Worker:
    """A worker that is ready, or soon will be."""
    return _template.fork() if FORKS else _Spawned()


def warm() -> None:
    """Make ready what the first worker would wait for; returns at once."""
    if FORKS:
        threading.Thread(target=_template.open, name="fence", daemon=True).start()


def _environment() -> dict[str, str]:
    """No keys, addresses or passwords of the server; and no threads but the decoder's."""
    kept = {k: v for k, v in settings.inherited().items() if k.upper() in KEPT}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _popen(arguments: list[str], **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-c", START, *arguments, str(ROOT)]
    how: Any = {"env": _environment(), "stderr": subprocess.DEVNULL, **options}
    return cast("subprocess.Popen[bytes]", subprocess.Popen(command, **how))  # noqa: S603 - this Python, a module of ours


class _Spawned:
    """A Python of its own, where there is no fork to be relied on."""

    def __init__(self) -> None:
        self._process = _popen([], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.pid = self._process.pid
        self.line = Line(cast("FileIO", self._process.stdout), cast("FileIO", self._process.stdin))

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> int:
        self._process.kill()
        with contextlib.suppress(OSError):
            self.line.close()
        return self._process.wait()


class _Forked:
    """A fork of the template, which keeps its number until we have heard how it ended."""

    def __init__(self, template: _Template, generation: int, pid: int, ours: socket.socket) -> None:
        self._template, self._generation, self.pid = template, generation, pid
        self._lock = threading.Lock()
        self._status: int | None = None
        fd = ours.detach()
        self.line = Line(FileIO(fd, "rb"), FileIO(os.dup(fd), "wb"))

    def kill(self) -> None:
        with self._lock:
            if self._status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)

    def end(self) -> int:
        self.kill()
        with self._lock:
            if self._status is None:
                self._status = self._template.reap(self._generation, self.pid)
                with contextlib.suppress(OSError):
                    self.line.close()
            return self._status


class _Template:
    """The process that is forked for each worker; started when it is first needed, and anew if it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = self._generation = 0

    def open(self) -> None:
        with self._lock:
            self._open()

    def fork(self) -> _Forked:
        for last in (False, True):
            ours, theirs = socket.socketpair()
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * 1024**2)
            with self._lock, theirs:
                control = self._open()
                try:
                    socket.send_fds(control, [b"fork"], [theirs.fileno()])
                    if said := control.recv(64):
                        return _Forked(self, self._generation, int(said), ours)
                except OSError:
                    if last:
                        raise
                self._drop()
            ours.close()
        raise OSError("no worker can be started")

    def reap(self, generation: int, pid: int) -> int:
        """How a worker that was killed or has ended came to its end."""
        with self._lock:
            if generation != self._generation or self._control is None or self._owner != os.getpid():
                return -signal.SIGKILL  # its template is gone, and it with it
            try:
                self._control.send(str(pid).encode())
                return os.waitstatus_to_exitcode(int(self._control.recv(64) or b"9"))
            except (OSError, ValueError):
                self._drop()
                return -signal.SIGKILL

    def _open(self) -> socket.socket:
        alive = self._process is not None and self._owner == os.getpid() and self._process.poll() is None
        if self._control is None or not alive:
            self._drop()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = _popen(
                    ["template", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
            self._control, self._owner, self._generation = ours, os.getpid(), self._generation + 1
        return self._control

    def _drop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
        self._control = self._process = None


_template = _Template()
