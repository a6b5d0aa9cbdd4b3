"""The app as it is hosted: `app.py` behind security headers. ``python -m deploy.server [PORT]``.

Locally ``streamlit run app.py`` does without. The policy below lets a page load from its own server and,
in a frame, from YouTube's player: whatever else a page or a bug in it asked for, the browser would refuse.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import net_util
from streamlit.runtime.pages_manager import PagesManager

from pages.music.plane import points
from pages.shared import clips, links

ROOT: Final = Path(__file__).resolve().parent.parent
PORT: Final = 8501
INDEX: Final = Path(st.__file__).parent / "static" / "index.html"
_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def ancestors() -> str:
    """Who may embed the app: ``MOODCUE_FRAME_ANCESTORS``, its own server alone where not set."""
    return os.environ.get("MOODCUE_FRAME_ANCESTORS", "'self'")


def inline_scripts(index: str) -> list[str]:
    """What a policy calls the scripts that stand in Streamlit's own page."""
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(index))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def policy(index: str) -> str:
    """The Content-Security-Policy. ``blob:`` scripts are our components, whose code Streamlit hands over so."""
    directives: dict[str, Iterable[str]] = {
        "default-src": ("'self'",),
        "script-src": ("'self'", "blob:", *inline_scripts(index)),
        "style-src": ("'self'", "'unsafe-inline'"),
        "img-src": ("'self'", "data:", "blob:"),
        "media-src": ("'self'", "data:", "blob:"),
        "font-src": ("'self'", "data:"),
        "connect-src": ("'self'", "data:", "blob:"),
        "worker-src": ("'self'", "blob:"),
        "frame-src": ("'self'", "https://www.youtube-nocookie.com"),
        "object-src": ("'none'",),
        "base-uri": ("'self'",),
        "form-action": ("'self'",),
        "frame-ancestors": (ancestors(),),
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def headers() -> list[tuple[bytes, bytes]]:
    """What every answer carries."""
    said = {
        "content-security-policy": policy(INDEX.read_text(encoding="utf-8")),
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",  # YouTube's player asks where it stands
        "permissions-policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
    }
    return [(name.encode(), value.encode()) for name, value in said.items()]


class Guard:
    """Adds the headers to every answer, and turns away a socket that another site's page opens."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.headers = app, headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not same_origin(scope):
            await send({"type": "websocket.close", "code": 1008})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in self.headers}
                kept = [h for h in message.get("headers", ()) if h[0].lower() not in own]
                message = {**message, "headers": [*kept, *self.headers]}
            await send(message)

        await self.app(scope, receive, with_headers)


def same_origin(scope: Scope) -> bool:
    """Whether page and socket have one host. A proxy must pass ``Host`` on; what is no browser names no origin."""
    sent: dict[bytes, bytes] = dict(scope.get("headers", ()))
    origin, host = sent.get(b"origin"), sent.get(b"host", b"")
    return origin is None or urlsplit(origin.decode("latin-1")).netloc == host.decode("latin-1")


def never_ask_outside() -> None:
    """For a request from an unknown origin Streamlit would ask an address service on the internet who it is itself.

    A known answer spares that; this one is on Streamlit's list of allowed hosts anyway.
    """
    known: Any = net_util
    known._external_ip = "0.0.0.0"  # noqa: S104 - nothing is bound to it


def main() -> None:
    never_ask_outside()
    PagesManager.uses_pages_directory = False  # as at the end of app.py
    links.keep_tidy()
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", PORT))
    app = st.App(ROOT / "app.py", routes=[*clips.routes(), *points.routes()], middleware=[Middleware(Guard)])
    app.run(config={"server.port": port, "server.headless": True})


if __name__ == "__main__":
    main()
