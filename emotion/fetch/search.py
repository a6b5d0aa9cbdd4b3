"""YouTube's search, asked by yt-dlp in the same guarded process that fetches links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from emotion.fetch.client import follow, worker

TIME_LIMIT_S: Final = 20.0
"""In all: the process starts, asks, and is ended if it has not answered."""
TIMEOUT_S: Final = 5.0
MOST_QUERY: Final = 300


@dataclass(frozen=True, slots=True)
class Hits:
    """Ids as they were given, to be checked; or why there are none: ``bot`` where a robot was suspected."""

    ids: tuple[str, ...]
    failure: str | None = None


def search(
    query: str, count: int, *, time_limit_s: float = TIME_LIMIT_S, cancelled: Callable[[], bool] = lambda: False
) -> Hits:
    """The first ``count`` hits for words; no error of yt-dlp's, nor its death, comes out of it."""
    order = {"task": "search", "query": " ".join(query.split())[:MOST_QUERY], "hits": count, "timeout_s": TIMEOUT_S}
    with worker(order) as begun:
        said = follow(begun, lambda _: None, cancelled, time_limit_s)
    if said.get("failure") is not None:
        return Hits((), str(said["failure"]))
    ids = said.get("ids")
    return Hits(tuple(str(i) for i in ids[:count]) if isinstance(ids, list) else ())
