"""What other programs show of a link before anybody opens it: Open Graph title and text in the page's head.

Streamlit sends one and the same page for every address, called "Streamlit". For ``/link?id=...`` it is sent with the
shared result's title; for a link that never was, has expired or was deleted, with the same words for all three.
"""

from __future__ import annotations

import html
import logging
import re
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from emotion.errors import MoodCueError
from emotion.messages import message

PAGE: Final = "link"
INDEX: Final = Path(st.__file__).parent / "static" / "index.html"
_TITLE: Final = re.compile(r"<title>.*?</title>", re.DOTALL)
_HEADERS: Final = {"cache-control": "no-store"}

_log = logging.getLogger(__name__)


def routes() -> list[Route]:
    """For the server that is being made."""
    return [Route(f"/{PAGE}", _send, methods=["GET"])]


def _send(request: Request) -> HTMLResponse:
    """Runs in a thread of its own: the database is asked."""
    public, language = request.query_params.get("id", ""), request.query_params.get("lang", "en")
    page = with_tags(INDEX.read_text(encoding="utf-8"), title_of(public), language.replace("-", "_"))
    return HTMLResponse(page, headers=_HEADERS)


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


def with_tags(page: str, title: str | None, language: str = "en") -> str:
    """The page with a title and tags of its own; ``title`` came from outside and is escaped."""
    name = f"{title} · MoodCue" if title else "MoodCue"
    tags = {
        "og:title": name,
        "og:description": message("link.preview", language),
        "og:type": "website",
        "og:site_name": "MoodCue",
    }
    lines = [f'<meta property="{key}" content="{html.escape(value)}" />' for key, value in tags.items()]
    lines += ['<meta name="robots" content="noindex" />', "</head>"]
    titled = _TITLE.sub(lambda _: f"<title>{html.escape(name)}</title>", page, count=1)
    return titled.replace("</head>", "\n".join(lines), 1)
