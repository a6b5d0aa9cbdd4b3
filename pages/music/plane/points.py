"""Where each song is drawn, and the file in which a browser gets all of them once."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from emotion.labels import EMOTIONS
from recommender.songs.catalogue import Catalogue
from recommender.songs.moods import MOODS

GOLDEN_ANGLE: Final = np.pi * (3 - 5**0.5)
SPREAD: Final = 0.018
WIDEST: Final = 0.13
"""Songs on one spot are drawn around it, the k-th at SPREAD times the square root of k, none farther than WIDEST."""
GRID: Final = 1000
"""Coordinates travel as whole thousandths: a third of a pixel on a plane of 700."""
PREFIX: Final = "songs"

_files: dict[str, bytes] = {}
_mounted = False


@functools.lru_cache(maxsize=4)
def places(catalogue: Catalogue) -> npt.NDArray[np.float64]:
    """Where each song is drawn, shape (n, 2): its position, or beside it where others lie there too.

    Songs that have no figures of their own share their mood's coordinates; a sunflower pattern
    around that spot keeps each of them in sight.
    """
    _, spot, counts = np.unique(catalogue.position, axis=0, return_inverse=True, return_counts=True)
    spot = spot.reshape(-1)
    order = np.argsort(spot, kind="stable")
    nth = np.empty(len(spot), dtype=np.int64)
    nth[order] = np.arange(len(spot)) - np.repeat(np.cumsum(counts) - counts, counts)
    radius = np.minimum(SPREAD, WIDEST / np.sqrt(counts))[spot] * np.sqrt(nth)
    angle = nth * GOLDEN_ANGLE
    return np.clip(catalogue.position + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), -1, 1)


@functools.lru_cache(maxsize=4)
def on_moods(catalogue: Catalogue) -> bool:
    """Whether no song has a place of its own: all of them lie where their mood does."""
    return len(np.unique(catalogue.position, axis=0)) <= len(MOODS) + len(EMOTIONS)


def table(catalogue: Catalogue) -> dict[str, Any]:
    """Columns of equal length: ``x``, ``y`` in thousandths, ``emotion`` by its index, ``title``, ``artist``."""
    x, y = np.rint(places(catalogue) * GRID).astype(int).T
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "emotion": catalogue.emotion.tolist(),
        "title": catalogue.title.tolist(),
        "artist": catalogue.artist.tolist(),
    }


def publish(catalogue: Catalogue) -> dict[str, Any]:
    """``id`` and ``path`` of the file, or ``id`` and the ``table`` itself where the server has no such route."""
    digest = _digest(catalogue)
    if _mounted and not st.get_option("server.baseUrlPath"):
        return {"id": digest, "path": f"{PREFIX}/{digest}"}
    return {"id": digest, "table": table(catalogue)}


@functools.lru_cache(maxsize=4)
def _digest(catalogue: Catalogue) -> str:
    content = json.dumps(table(catalogue), ensure_ascii=False, separators=(",", ":")).encode()
    digest = hashlib.sha256(content).hexdigest()[:32]
    _files[digest] = gzip.compress(content, 6)
    return digest


def routes() -> list[Route]:
    """For the server that is being made. The catalogue is the same for everybody and holds nothing of a visitor."""
    global _mounted
    _mounted = True
    return [Route(f"/{PREFIX}/{{digest}}", _send, methods=["GET"])]


async def _send(request: Request) -> Response:
    content = _files.get(request.path_params["digest"])
    if content is None:
        return PlainTextResponse("gone", status_code=404, headers={"cache-control": "no-store"})
    headers = {"cache-control": "private, max-age=604800, immutable", "content-encoding": "gzip"}
    headers["x-content-type-options"] = "nosniff"
    return Response(content, media_type="application/json", headers=headers)
