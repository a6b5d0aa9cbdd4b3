"""A visitor's clip on its way to that visitor's player: straight from the disk, in the parts that are asked for.

``st.video`` would hold the whole file in memory for as long as the visitor stays. Here the address
carries a secret of 256 bits that only the visitor's page knows and that ends with the visit. The clip
of a shared result is had by the id of its link, for as long as the link stands.
"""

from __future__ import annotations

import mimetypes
import secrets
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

PREFIX: Final = "clip"
SHARED: Final = "shared"
_HEADERS: Final = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}

_paths: dict[str, Path] = {}
_names: dict[str, str] = {}
"""Under these names some are saved instead of played."""
_mounted = False


def routes() -> list[Route]:
    """For the server that is being made; without them pages fall back on Streamlit's own way."""
    global _mounted
    _mounted = True
    return [
        Route(f"/{PREFIX}/{{secret}}", _send, methods=["GET"]),
        Route(f"/{PREFIX}/{SHARED}/{{id}}", _send_shared, methods=["GET"]),
    ]


def publish(path: Path, *, saved_as: str | None = None) -> str | None:
    """The secret under which ``path`` is served until :func:`withdraw`; None where the server has no such route.

    With ``saved_as`` a browser saves it under that name.
    """
    if not _served():
        return None
    secret = secrets.token_urlsafe(32)
    _paths[secret] = path
    if saved_as is not None:
        _names[secret] = saved_as
    return secret


def shared(public: str) -> str | None:
    """The same for the clip of a link; whether the link still stands is asked at every request."""
    return f"{SHARED}/{public}" if _served() else None


def _served() -> bool:
    return _mounted and not st.get_option("server.baseUrlPath")


def withdraw(secret: str) -> None:
    _paths.pop(secret, None)
    _names.pop(secret, None)


async def _send(request: Request) -> Response:
    secret = request.path_params["secret"]
    return _answer(_paths.get(secret), _names.get(secret))


def _send_shared(request: Request) -> Response:
    """Runs in a thread of its own: the database is asked."""
    from emotion.errors import MoodCueError
    from recommender.store import database, shares

    try:
        path = shares.Shares().clip(request.path_params["id"]) if database.is_there() else None
    except MoodCueError:
        path = None
    return _answer(path)


def _answer(path: Path | None, saved_as: str | None = None) -> Response:
    if path is None or not path.is_file():
        return PlainTextResponse("gone", status_code=404, headers=_HEADERS)
    kind = mimetypes.guess_type(path.name)[0] or ""
    if not kind.startswith(("audio/", "video/")):
        kind = "application/octet-stream"
    return FileResponse(path, media_type=kind, headers=_HEADERS, filename=saved_as)
