"""What other programs show of a link before anybody opens it: Open Graph title, text and picture in the page's head.

Streamlit sends one and the same page for every address, called "Streamlit". For ``/link?id=...`` it is sent with the
shared result's title; for a link that never was, has expired or was deleted, with the same words for all three.
"""

from __future__ import annotations

import html
import io
import logging
import re
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from emotion.errors import MoodCueError
from emotion.messages import message
from pages.shared.ui.cue_strip import COLOURS, lines
from recommender.cues import CueSheet

PAGE: Final = "link"
COVER: Final = "cover"
COVER_PX: Final = (1200, 630)
INDEX: Final = Path(st.__file__).parent / "static" / "index.html"
_TITLE: Final = re.compile(r"<title>.*?</title>", re.DOTALL)
_HEADERS: Final = {"cache-control": "no-store"}

_log = logging.getLogger(__name__)


def routes() -> list[Route]:
    """For the server that is being made."""
    return [
        Route(f"/{PAGE}", _send, methods=["GET"]),
        Route(f"/{COVER}/{{id}}.png", _send_cover, methods=["GET"]),
    ]


def _send(request: Request) -> HTMLResponse:
    """Runs in a thread of its own: the database is asked."""
    public, language = request.query_params.get("id", ""), request.query_params.get("lang", "en")
    title, page = title_of(public), INDEX.read_text(encoding="utf-8")
    picture = f"{_base(request)}{COVER}/{public}.png" if title else None
    return HTMLResponse(with_tags(page, title, language.replace("-", "_"), picture), headers=_HEADERS)


def _base(request: Request) -> str:
    """The address of this server as the asking program sees it, a proxy's https included."""
    secure = request.headers.get("x-forwarded-proto") == "https"
    return str(request.base_url.replace(scheme="https") if secure else request.base_url)


def _send_cover(request: Request) -> Response:
    sheet = sheet_of(request.path_params["id"])
    if sheet is None:
        return PlainTextResponse("gone", status_code=404, headers=_HEADERS)
    return Response(cover(sheet), media_type="image/png", headers=_HEADERS)


def sheet_of(public: str) -> CueSheet | None:
    """The cue sheet of a link that still stands."""
    from recommender.store import database, snapshot
    from recommender.store.shares import Shares

    try:
        share = Shares().open(public) if database.is_there() else None
        return snapshot.from_json(share.payload).sheet if share else None
    except MoodCueError:
        _log.warning("a link's picture could not be drawn", exc_info=True)
        return None


def cover(sheet: CueSheet) -> bytes:
    """The blocks of a sheet and its line of energy as a PNG: no words, so that no font is needed for any language."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", COVER_PX, "#fcfbf9")
    draw = ImageDraw.Draw(picture)
    width, height = COVER_PX
    left, room, end = 60, width - 120, float(sheet.end)
    for cue in sheet.cues:
        span = (left + room * float(cue.start) / end + 3, 170, left + room * float(cue.end) / end - 3, 330)
        draw.rounded_rectangle((span[0], span[1], max(span[2], span[0] + 2), span[3]), 16, fill=COLOURS[cue.mood.word])
    for line in lines(sheet.energy_line()):
        points = [(left + room * s / end, height - 170 - 90 * energy) for s, energy in line]
        if len(points) > 1:
            draw.line(points, fill="#4b44a6", width=6, joint="curve")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def title_of(public: str) -> str | None:
    """The title of a link that still stands."""
    from recommender.store import database
    from recommender.store.shares import Shares

    try:
        share = Shares().open(public) if public and database.is_there() else None
    except MoodCueError:
        _log.warning("a link's title could not be read", exc_info=True)
        return None
    return share.title if share else None


def with_tags(page: str, title: str | None, language: str = "en", picture: str | None = None) -> str:
    """The page with a title and tags of its own; ``title`` came from outside and is escaped."""
    name = f"{title} · MoodCue" if title else "MoodCue"
    tags = {
        "og:title": name,
        "og:description": message("link.preview", language),
        "og:type": "website",
        "og:site_name": "MoodCue",
    }
    if picture:
        tags |= {"og:image": picture, "og:image:width": str(COVER_PX[0]), "og:image:height": str(COVER_PX[1])}
    lines = [f'<meta property="{key}" content="{html.escape(value)}" />' for key, value in tags.items()]
    lines += ['<meta name="robots" content="noindex" />', "</head>"]
    titled = _TITLE.sub(lambda _: f"<title>{html.escape(name)}</title>", page, count=1)
    return titled.replace("</head>", "\n".join(lines), 1)
