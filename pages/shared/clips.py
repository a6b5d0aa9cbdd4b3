"""A visitor's clip on its way to that visitor's player: straight from the disk, in the parts that are asked for.

``st.video`` would hold the whole file in memory for as long as the visitor stays. Here the address
carries a secret of 256 bits that only the visitor's page knows and that ends with the visit.
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
_HEADERS: Final = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}

_paths: dict[str, Path] = {}
_mounted = False


def routes() -> list[Route]:
    """For the server that is being made; without them pages fall back on Streamlit's own way."""
    global _mounted
    _mounted = True
    return [Route(f"/{PREFIX}/{{secret}}", _send, methods=["GET"])]


def publish(path: Path) -> str | None:
    """The secret under which ``path`` is served until :func:`withdraw`; None where the server has no such route."""
    if not _mounted or st.get_option("server.baseUrlPath"):
        return None
    secret = secrets.token_urlsafe(32)
    _paths[secret] = path
    return secret


def withdraw(secret: str) -> None:
    _paths.pop(secret, None)


async def _send(request: Request) -> Response:
    path = _paths.get(request.path_params["secret"])
    if path is None or not path.is_file():
        return PlainTextResponse("gone", status_code=404, headers=_HEADERS)
    kind = mimetypes.guess_type(path.name)[0] or ""
    if not kind.startswith(("audio/", "video/")):
        kind = "application/octet-stream"
    return FileResponse(path, media_type=kind, headers=_HEADERS)
