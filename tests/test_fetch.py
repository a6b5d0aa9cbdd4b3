"""Links: what is fetched, what is refused, and that nothing reaches an address that is not public."""

from __future__ import annotations

import http.server
import itertools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from emotion import errors, fetch, media
from emotion.fetch.worker import is_public
from tests import clips


class Site(http.server.BaseHTTPRequestHandler):
    """Answers as video sites do."""

    clip: ClassVar[bytes] = b""
    seen: ClassVar[list[str]] = []
    elsewhere: ClassVar[str] = ""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        self.seen.append(self.path)
        kind, code, content, extra = "text/html", 200, b"<html><title>x</title>nothing here</html>", {}
        if self.path.startswith("/clip"):
            kind, content = "video/mp4", self.clip
        elif self.path.startswith("/forbidden"):
            code = 403
        elif self.path.startswith("/gone"):
            code = 404
        elif self.path.startswith("/away"):
            code, extra = 302, {"Location": self.elsewhere}
        elif self.path.startswith("/endless"):
            return self.endless(body=body)
        elif self.path.startswith("/garbage"):
            kind, content = "video/mp4", b"\x00garbage" * 1000
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)
        return None

    def endless(self, *, body: bool) -> None:
        """A film without a stated length that does not stop by itself."""
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4")
        self.end_headers()
        if not body:
            return
        try:
            self.wfile.write(self.clip[:2000])
            for _ in range(2000):
                self.wfile.write(bytes(16_384))
                time.sleep(0.002)
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    made = clips.write(tmp_path / "made.mp4", y=clips.tone(2.0), frames=[clips.picture()] * 20)
    Site.clip, Site.seen = made.read_bytes(), []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("MOODCUE_TEST_ALLOWED_ADDRESS", address)
    yield f"http://{address}"
    server.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "visit"
    path.mkdir()
    return path


def test_a_link_to_a_video_becomes_a_readable_file(site: str, folder: Path) -> None:
    fractions: list[float] = []
    got = fetch.fetch(f"{site}/clip.mp4", folder, on_progress=fractions.append)
    assert got.path.parent == folder
    assert media.probe(got.path).duration_s == pytest.approx(2.0, abs=0.1)
    assert fractions[-1] == 1.0
    assert got.title


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("/forbidden", errors.LinkRefused),
        ("/gone", errors.LinkRefused),
        ("/page", errors.LinkNoVideo),
    ],
)
def test_sites_that_refuse(site: str, folder: Path, page: str, expected: type[errors.LinkError]) -> None:
    with pytest.raises(expected) as caught:
        fetch.fetch(site + page, folder)
    assert str(caught.value).endswith(".")
    assert not list(folder.iterdir())


def test_redirects_into_the_own_network_are_not_followed(site: str, folder: Path) -> None:
    hidden = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=hidden.serve_forever, daemon=True).start()
    try:
        for elsewhere in (
            f"http://127.0.0.1:{hidden.server_address[1]}/clip.mp4?secret",
            "http://[::1]/clip.mp4?secret",
        ):
            Site.elsewhere = elsewhere
            with pytest.raises(errors.LinkNotAllowed):
                fetch.fetch(f"{site}/away", folder)
        assert not [p for p in Site.seen if "secret" in p]
        assert "/away" in Site.seen
    finally:
        hidden.shutdown()


def test_own_network_is_refused_without_the_tests_setting(
    site: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOODCUE_TEST_ALLOWED_ADDRESS")
    port = site.rsplit(":", 1)[1]
    for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
        with pytest.raises(errors.LinkError):
            fetch.fetch(f"http://{host}:{port}/clip.mp4", folder)
    assert Site.seen == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/a.mp4", "javascript:alert(1)", "", "http://", "example.org/a.mp4",
     "http://user:word@example.org/a.mp4", "http://[::1", "http://x/" + "a" * 3000],
)  # fmt: skip
def test_only_http_addresses(folder: Path, url: str) -> None:
    with pytest.raises(errors.LinkNotAllowed):
        fetch.fetch(url, folder)


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("example.org", False),
    ],
)
def test_which_addresses_are_public(host: str, public: bool) -> None:
    assert is_public(host) is public


@pytest.mark.parametrize(
    "send",
    [
        "socket.create_connection(('127.0.0.1', PORT), 1)",
        "socket.socket().connect_ex(('127.0.0.1', PORT))",
        "udp.connect(('127.0.0.1', PORT))",
        "udp.sendto(b'x', ('127.0.0.1', PORT))",
        "udp.sendmsg([b'x'], [], 0, ('127.0.0.1', PORT))",
    ],
)
def test_no_way_of_python_s_leads_into_the_own_network(send: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(0.2)
        code = f"""if True:
            import socket, sys
            from emotion.fetch.worker import Guard
            sys.addaudithook(Guard())
            udp, PORT = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), {heard.getsockname()[1]}
            {send}"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "not a public address" in done.stderr
        with pytest.raises(TimeoutError):
            heard.recv(1)


def test_limits_and_cancel(site: str, folder: Path) -> None:
    with pytest.raises(errors.TooLarge):
        fetch.fetch(f"{site}/clip.mp4", folder, limits=media.Limits(max_bytes=500))
    with pytest.raises(errors.TooLarge):  # no length was promised: it stops on the way
        fetch.fetch(f"{site}/endless.mp4", folder, limits=media.Limits(max_bytes=2_000_000))
    asked = itertools.count()
    with pytest.raises(errors.Cancelled):
        fetch.fetch(f"{site}/endless.mp4", folder, cancelled=lambda: next(asked) > 3)
    assert next(asked) < 10, "it stops soon after it is called off"
    assert not list(folder.iterdir())


@pytest.mark.parametrize("page", ["/gone", "/clip.mp4"])
def test_what_comes_into_the_folder_meanwhile_stays(site: str, folder: Path, page: str) -> None:
    """A recording that runs, a clip uploaded while the fetch is called off: neither is the fetch's own."""

    def meanwhile() -> bool:
        (folder / "live").mkdir(exist_ok=True)
        (folder / "live" / "tape.webm").write_bytes(b"tape")
        (folder / "just-uploaded.mp4").write_bytes(b"clip")
        return False

    if page == "/gone":
        with pytest.raises(errors.LinkRefused):
            fetch.fetch(site + page, folder, cancelled=meanwhile)
    else:
        assert fetch.fetch(site + page, folder, cancelled=meanwhile).path.is_file()
    assert (folder / "live" / "tape.webm").read_bytes() == b"tape"
    assert (folder / "just-uploaded.mp4").read_bytes() == b"clip"
    assert len(list(folder.iterdir())) == (2 if page == "/gone" else 3)


def test_offline_says_that_the_host_cannot_be_reached(folder: Path) -> None:
    with pytest.raises(errors.LinkUnreachable, match=r"no-such-host\.invalid"):
        fetch.fetch("https://no-such-host.invalid/watch?v=1", folder)


@pytest.mark.parametrize("url", ["https://x.test/a b.mp4", "https://x.test/a https://x.test/b", " https://x.test/ä ö "])
def test_a_space_in_a_link_is_said(folder: Path, url: str) -> None:
    with pytest.raises(errors.LinkHasSpace, match="space") as e:
        fetch.fetch(url, folder)
    assert "%20" in str(e.value)
