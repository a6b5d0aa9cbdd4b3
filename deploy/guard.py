"""What keeps strangers out of the pages: security headers, and sockets for our own pages alone.

The policy lets a page load from its own server and, in a frame, from YouTube's player: whatever else a page or
a bug in it asked for, the browser would refuse.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emotion import settings

INDEX: Final = Path(st.__file__).parent / "static" / "index.html"
_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def ancestors() -> str:
    """Who may embed the app: ``MOODCUE_FRAME_ANCESTORS``, its own server alone where not set."""
    return settings.FRAME_ANCESTORS.read()


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


class Headers:
    """Adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.headers = app, headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in self.headers}
                kept = [h for h in message.get("headers", ()) if h[0].lower() not in own]
                message = {**message, "headers": [*kept, *self.headers]}
            await send(message)

        await self.app(scope, receive, with_headers)


class OwnPages:
    """Turns away a socket that another site's page opens."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not same_origin(scope):
            await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(scope, receive, send)


def same_origin(scope: Scope) -> bool:
    """Whether page and socket have one host. A proxy must pass ``Host`` on; what is no browser names no origin."""
    sent: dict[bytes, bytes] = dict(scope.get("headers", ()))
    origin, host = sent.get(b"origin"), sent.get(b"host", b"")
    return origin is None or urlsplit(origin.decode("latin-1")).netloc == host.decode("latin-1")
