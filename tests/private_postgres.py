"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket, without a port."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def binary(name: str) -> str | None:
    """A PostgreSQL program: on the path, or where Debian keeps it."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(debian[-1]) if debian else None)


def why_not() -> str | None:
    """Why no server can be started here, or None."""
    missing = [name for name in ("initdb", "pg_ctl", "postgres") if binary(name) is None]
    if missing:
        return f"PostgreSQL is not installed ({', '.join(missing)} not found)"
    if os.geteuid() == 0 and (_other_user() is None or shutil.which("runuser") is None):
        return "PostgreSQL refuses to run as root, and there is no user to run it as"
    return None


def _other_user() -> str | None:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of an empty database on a fresh server, which is stopped and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mc-pg-"))
    user = _other_user() if os.geteuid() == 0 else None
    as_user = ["runuser", "-u", user, "--"] if user else []
    if user:
        shutil.chown(folder, user)
    data, env = folder / "data", {**os.environ, "LC_ALL": "C.UTF-8"}

    def run(name: str, *args: str) -> None:
        command = [*as_user, str(binary(name)), "-D", str(data), *args]
        # output goes to a file: the server keeps a pipe open, and waiting for its end would last for ever
        with (folder / "out.txt").open("ab") as out:
            done = subprocess.run(command, env=env, cwd=folder, stdout=out, stderr=out, timeout=90)
        assert done.returncode == 0, (folder / "out.txt").read_text()

    try:
        run("initdb", "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "start")
        try:
            yield f"postgresql://tester@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
