"""The process that runs yt-dlp, behind a guard that no Python code in it can step around.

An audit hook sees every connection that Python opens, with the address after name look-up, so
redirects and names that resolve to a private address are refused as well. A library in C that opens
sockets of its own would not be seen: none is installed, and where the app is hosted for others the
network should refuse private addresses too. Programs may not be
started either: ffmpeg would open connections of its own. (Deno is allowed: yt-dlp runs YouTube's
own script in it, without network.)

Reads one JSON object from standard input, prints progress and one result as JSON lines.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from emotion import settings

ALLOWED_PROGRAMS: Final = frozenset({"deno"})
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
ALLOWED_FOR_TESTS: Final = settings.TEST_ALLOWED_ADDRESS.read()
"""One ``host:port`` that the tests' own server listens on; never set outside tests."""

# The words of yt-dlp and of HTTP servers that tell one failure from another, tried in order.
SIGNS: Final = (
    ("bot", re.compile(r"not a bot|sign in to confirm|429|too many requests|captcha", re.I)),
    (
        "no_video",
        re.compile(r"unsupported url|no video formats|unable to extract|requested format|not a valid url", re.I),
    ),
    ("live", re.compile(r"live event|is live|premieres in", re.I)),
    ("refused", re.compile(r"http error 4\d\d|sign in|not a bot|private|login|drm|geo|forbidden|unavailable", re.I)),
)


def is_public(host: str) -> bool:
    """Whether ``host``, an IP address, belongs to the public internet."""
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return address.is_global and not address.is_multicast


class Guard:
    """The audit hook; remembers that it refused something.

    Args:
        hosts: names that may be looked up, where not every public one may.
    """

    def __init__(self, hosts: frozenset[str] | None = None) -> None:
        self.refused = False
        self._hosts = hosts

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo" and self._hosts is not None:
            # A redirect to another host shows here: its name is looked up before anything is sent.
            name = args[0].decode() if isinstance(args[0], bytes) else str(args[0] or "")
            if name.lower() not in self._hosts and not ALLOWED_FOR_TESTS.startswith(f"{name}:"):
                self.refused = True
                raise PermissionError(f"not a listed host: {name!r}")
            return
        if event == "socket.sendmsg" and args[1] is None:
            return  # to whom the socket is connected already
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            if not _allowed(args[1]):
                self.refused = True
                raise PermissionError(f"not a public address: {args[1]!r}")
            return
        if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"):
            if event == "subprocess.Popen" and Path(os.fsdecode(args[0] or "")).name in ALLOWED_PROGRAMS:
                return
            raise PermissionError(f"no programs here: {event}")


def _allowed(address: Any) -> bool:
    try:
        host, port = address[0], address[1]
    except (TypeError, IndexError):
        return False
    return isinstance(host, str) and (is_public(host) or f"{host}:{port}" == ALLOWED_FOR_TESTS)


class TooMuch(Exception):
    """The download passed a limit; carries the result to report."""

    def __init__(self, **said: object) -> None:
        super().__init__(str(said))
        self.said = said


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)  # noqa: T201 - the protocol with the parent


def watch(max_bytes: int) -> Any:
    """A progress hook that stops at the limit, whatever size the server promised."""

    def hook(state: dict[str, Any]) -> None:
        got = state.get("downloaded_bytes") or 0
        total = state.get("total_bytes") or state.get("total_bytes_estimate") or 0
        if max(got, state.get("total_bytes") or 0) > max_bytes:
            raise TooMuch(failure="too_large", bytes=max(got, total))
        if total:
            say(fraction=min(1.0, got / total))

    return hook


def refuse_long(max_seconds: float) -> Any:
    """A match filter: yt-dlp asks it before it downloads."""

    def check(info: dict[str, Any], *, incomplete: bool = False) -> None:
        del incomplete
        if info.get("is_live") or info.get("live_status") == "is_upcoming":
            raise TooMuch(failure="live")
        if (info.get("duration") or 0) > max_seconds:
            raise TooMuch(failure="too_long", duration_s=info["duration"])

    return check


def download(order: dict[str, Any]) -> dict[str, Any]:
    """Runs yt-dlp; returns the result to print."""
    import yt_dlp

    options: Any = {
        # One file with both, small; without it the sound alone (joining two files would need ffmpeg).
        "format": "b[height<=480]/b[height<=720]/wv*[acodec!=none]/b/ba",
        "outtmpl": str(Path(order["folder"]) / "link.%(ext)s"),
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "noplaylist": True,
        "playlist_items": "1",
        "socket_timeout": 10,
        "retries": 1,
        "fragment_retries": 1,
        "extractor_retries": 1,
        "cachedir": False,
        "proxy": "",
        "hls_prefer_native": True,
        "fixup": "never",
        "max_filesize": order["bytes"],
        "progress_hooks": [watch(order["bytes"])],
        "match_filter": refuse_long(order["seconds"]),
        "color": "never",
    }
    with yt_dlp.YoutubeDL(options) as ydl:
        info: Any = ydl.extract_info(order["url"])
        if info and info.get("entries") is not None:
            info = next(iter(info["entries"]), None)
        if not info:
            return {"failure": "no_video"}
        files = [d["filepath"] for d in info.get("requested_downloads") or () if d.get("filepath")]
        if not files or not Path(files[0]).is_file():
            return {
                "failure": "too_large",
                "bytes": info.get("filesize") or info.get("filesize_approx") or order["bytes"],
            }
        return {"file": files[0], "title": info.get("title")}


def search(order: dict[str, Any]) -> dict[str, Any]:
    """Ids of the first hits of YouTube's search; nothing is downloaded."""
    import yt_dlp

    options: Any = {
        "extract_flat": True,
        "skip_download": True,
        "socket_timeout": order["timeout_s"],
        "retries": 0,
        "extractor_retries": 0,
        "cachedir": False,
        "quiet": True,
        "no_warnings": True,
        "proxy": "",
    }
    with yt_dlp.YoutubeDL(options) as ydl:
        found: Any = ydl.extract_info(f"ytsearch{order['hits']}:{order['query']}", download=False)
    entries = (found or {}).get("entries") or []
    return {"ids": [str(e["id"]) for e in entries if e and e.get("id")]}


TASKS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {"download": download, "search": search}


def explain(error: BaseException, guard: Guard) -> dict[str, Any]:
    """What the parent is told; yt-dlp wraps errors in each other, so the whole chain is read."""
    chain: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        e = todo.pop()
        if e is None or e in chain:
            continue
        chain.append(e)
        inner = getattr(e, "exc_info", None)
        todo += [e.__cause__, e.__context__, inner[1] if inner else None]
    for e in chain:
        if isinstance(e, TooMuch):
            return e.said
    if guard.refused:
        return {"failure": "not_allowed"}
    words = " ".join(str(e) for e in chain)
    return {"failure": next((kind for kind, sign in SIGNS if sign.search(words)), "unreachable")}


def main() -> None:
    order = json.load(sys.stdin)
    guard = Guard(frozenset(order["hosts"]) if order.get("hosts") else None)
    sys.addaudithook(guard)
    try:
        result = TASKS[order.get("task", "download")](order)
    except BaseException as e:  # whatever it is, the parent must hear of it
        result = explain(e, guard)
    say(**result)


if __name__ == "__main__":
    main()
