"""The tracks whose place was measured, and the file in which a browser gets all of them once."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from recommender.songs.catalogue import Catalogue
from recommender.songs.collection import Collection

GRID: Final = 1000
"""Coordinates travel as whole thousandths: a third of a pixel on a plane of 700."""
PREFIX: Final = "songs"
KEPT: Final = 4
"""So many files are kept: an index that grows makes new ones."""

_files: OrderedDict[str, bytes] = OrderedDict()
_mounted = False


@dataclass(frozen=True, eq=False)
class Points:
    """n measured tracks: music to use first, then reference songs.

    Attributes:
        usable, reference: their rows in the collection and in the catalogue.
        position: valence and energy, shape (n, 2).
        emotion: the nearest of the eight, by index.
    """

    usable: npt.NDArray[np.intp]
    reference: npt.NDArray[np.intp]
    position: npt.NDArray[np.float64]
    emotion: npt.NDArray[np.int8]
    title: tuple[str, ...]
    artist: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.title)


@functools.lru_cache(maxsize=4)
def measured(collection: Collection, catalogue: Catalogue) -> Points:
    """The tracks of both whose place was measured: what lies at the place of a word is not drawn."""
    placed = np.isfinite(collection.position).all(axis=1)
    usable = np.flatnonzero(collection.facts.measured & placed)
    reference = np.flatnonzero(catalogue.measured)
    return Points(
        usable,
        reference,
        np.concatenate([collection.position[usable], catalogue.position[reference]]),
        np.concatenate([collection.emotion[usable], catalogue.emotion[reference]]),
        (*(collection.tracks[i].title for i in usable), *catalogue.title[reference]),
        (*(collection.tracks[i].artist for i in usable), *catalogue.artist[reference]),
    )


def table(points: Points) -> dict[str, Any]:
    """Columns of equal length: ``x``, ``y`` in thousandths, ``emotion`` by its index, ``title``, ``artist``."""
    x, y = np.rint(points.position * GRID).astype(int).reshape(-1, 2).T
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "emotion": points.emotion.tolist(),
        "title": list(points.title),
        "artist": list(points.artist),
    }


def publish(points: Points) -> dict[str, Any]:
    """``id`` and ``path`` of the file, or ``id`` and the ``table`` itself where the server has no such route."""
    digest = _digest(points)
    if _mounted and not st.get_option("server.baseUrlPath"):
        return {"id": digest, "path": f"{PREFIX}/{digest}"}
    return {"id": digest, "table": table(points)}


@functools.lru_cache(maxsize=KEPT)
def _digest(points: Points) -> str:
    content = json.dumps(table(points), ensure_ascii=False, separators=(",", ":")).encode()
    digest = hashlib.sha256(content).hexdigest()[:32]
    _files[digest] = gzip.compress(content, 6)
    while len(_files) > 2 * KEPT:
        _files.popitem(last=False)
    return digest


def routes() -> list[Route]:
    """For the server that is being made. The file is the same for everybody and holds nothing of a visitor."""
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
