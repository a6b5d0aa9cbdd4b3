"""A YouTube player for a song: looked up politely, remembered, never trusted to be there.

A look-up asks yt-dlp for a few hits, then YouTube's oEmbed for each until one may be embedded. At
most two run at a time; after a bot check nothing is asked for a while. Every outcome is remembered
in the database with its time, and whatever happens there is a plain search link.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote_plus, urlencode, urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from emotion import fetch
from recommender.errors import MemoryUnavailable
from recommender.songs.catalogue import Track
from recommender.store.database import open_database, players

Outcome = Literal["found", "none", "blocked", "failed", "pending"]
Searcher = Callable[[str], Sequence[str]]

VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")
HITS: Final = 5
AT_ONCE: Final = 2
TIMEOUT_S: Final = 5.0
ANSWER_LIMIT_BYTES: Final = 65_536

DAY_S: Final = 86_400.0
KEPT_S: Final[dict[str, float]] = {"found": 30 * DAY_S, "none": 7 * DAY_S, "blocked": 900.0, "failed": 120.0}
"""How long an outcome is believed before the song is looked up again."""
PAUSE_S: Final = 60.0
PAUSE_LIMIT_S: Final = 3600.0
"""After a bot check nothing is asked for so long, twice as long after each further one, up to the limit."""

OEMBED_URL: Final = "https://www.youtube.com/oembed"
WATCH_URL: Final = "https://www.youtube.com/watch"
RESULTS_URL: Final = "https://www.youtube.com/results"

Fault = Literal["gone", "forbidden", "broken", "refused"]
FAULTS: Final[dict[int, Fault]] = {
    2: "gone", 100: "gone", 101: "forbidden", 150: "forbidden", 5: "broken", 153: "refused",
}  # fmt: skip
"""The player's own errors (developers.google.com/youtube/iframe_api_reference#onError). The first two are the
video's fault, for everybody; a broken player is this browser's, and a refused one lacks the page's referrer."""
OF_THE_VIDEO: Final[frozenset[Fault]] = frozenset({"gone", "forbidden"})


class SearchFailed(Exception):
    """The search could not be asked or made no sense: no network, a time-out, an odd answer."""


class BotCheck(SearchFailed):
    """YouTube took us for a robot."""


@dataclass(frozen=True, slots=True)
class Player:
    """What is known of a song's video. ``search_url`` is always there; ``at`` is a Unix time in seconds."""

    track_id: str
    outcome: Outcome
    video_id: str | None
    search_url: str
    at: float


def search_link(track: Track) -> str:
    """YouTube's own search page for the song."""
    return f"{RESULTS_URL}?{urlencode({'search_query': f'{track.artist} {track.title}'})}"


def watch_link(video_id: str) -> str:
    """The video on YouTube's own page, where it plays though it may not be embedded."""
    return f"{WATCH_URL}?{urlencode({'v': video_id})}"


def is_video_id(text: str) -> bool:
    return VIDEO_ID.fullmatch(text) is not None


def search_with_ytdlp(query: str) -> list[str]:
    """Ids of the first hits, by yt-dlp in a guarded process of its own.

    Raises:
        BotCheck, SearchFailed
    """
    found = fetch.search(query, HITS)
    if found.failure is not None:
        raise (BotCheck if found.failure == "bot" else SearchFailed)(found.failure)
    return list(found.ids)


class Players:
    """Looks players up in the background and remembers them; one a process.

    ``searcher`` gives ids of videos for a query; ``oembed_url`` answers whether one may be embedded;
    ``clock`` gives Unix time. They are arguments so that tests need no YouTube.
    """

    def __init__(
        self,
        engine: sa.Engine | None = None,
        *,
        searcher: Searcher = search_with_ytdlp,
        oembed_url: str = OEMBED_URL,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine or _database_if_any()
        self._kept: dict[str, dict[str, Any]] = {}
        """What this process learned, for when there is no database."""
        self._search = searcher
        self._oembed_url = oembed_url
        self._timeout_s = timeout_s
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="player")
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[Player]] = {}
        self._paused_until = 0.0
        self._pause_s = PAUSE_S

    def get(self, track: Track) -> Player:
        """What is known now; a song never looked up, or too long ago, is ``pending`` and begun in the background."""
        return remembered if (remembered := self._remembered(track)) else self._begin(track)[0]

    def wait(self, track: Track, timeout_s: float | None = None) -> Player:
        """As :meth:`get`, but waits for the look-up; still ``pending`` when the time runs out."""
        if remembered := self._remembered(track):
            return remembered
        pending, future = self._begin(track)
        try:
            return future.result(timeout_s) if future else pending
        except TimeoutError:
            return pending

    def gone(self, track: Track, video_id: str | None = None) -> Player:
        """The video shown turned out not to play: take the next hit that may be embedded.

        With ``video_id`` nothing is done where another one is shown by now: two visitors met the same.
        """
        row = self._row(track)
        if row is None or not row["video_id"] or video_id not in (None, row["video_id"]):
            return self.get(track)
        return self._settle(track, row["other_ids"].split())

    def close(self) -> None:
        """Stop; look-ups not yet begun are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, track: Track) -> tuple[Player, Future[Player] | None]:
        with self._lock:
            if self._clock() < self._paused_until:
                return self._player(track, "blocked"), None
            future = self._under_way.get(track.id)
            if future is None:
                future = self._pool.submit(self._look_up, track)
                self._under_way[track.id] = future
                future.add_done_callback(lambda _: self._under_way.pop(track.id, None))
        return self._player(track, "pending"), future

    def _look_up(self, track: Track) -> Player:
        if self._clock() < self._paused_until:  # a bot check came while this one stood in the queue
            return self._player(track, "blocked")
        try:
            ids = [i for i in self._search(f"{track.artist} {track.title}") if is_video_id(i)][:HITS]
        except BotCheck:
            self._pause()
            return self._remember(track, "blocked", None, [])
        except SearchFailed:
            return self._remember(track, "failed", None, [])
        with self._lock:
            self._pause_s = PAUSE_S
        return self._settle(track, ids)

    def _settle(self, track: Track, ids: list[str]) -> Player:
        """The first of ``ids`` that may be embedded; one that could not be asked about counts as such."""
        for n, video_id in enumerate(ids):
            if may_embed(video_id, self._oembed_url, self._timeout_s) is not False:
                return self._remember(track, "found", video_id, ids[n + 1 :])
        return self._remember(track, "none", None, [])

    def _pause(self) -> None:
        with self._lock:
            self._paused_until = self._clock() + self._pause_s
            self._pause_s = min(2 * self._pause_s, PAUSE_LIMIT_S)

    def _player(self, track: Track, outcome: Outcome, video_id: str | None = None, at: float | None = None) -> Player:
        return Player(track.id, outcome, video_id, search_link(track), self._clock() if at is None else at)

    def _row(self, track: Track) -> Mapping[str, Any] | None:
        if self._engine is not None:
            query = sa.select(players).where(players.c.track_id == track.id)
            with contextlib.suppress(SQLAlchemyError), self._engine.connect() as c:
                row = c.execute(query).one_or_none()
                return None if row is None else row._asdict()
        return self._kept.get(track.id)

    def _remembered(self, track: Track) -> Player | None:
        row = self._row(track)
        if row is None or not 0 <= self._clock() - row["at"] < KEPT_S.get(row["outcome"], 0):
            return None
        if row["video_id"] is not None and not is_video_id(row["video_id"]):
            return None
        return self._player(track, row["outcome"], row["video_id"], row["at"])

    def _remember(self, track: Track, outcome: Outcome, video_id: str | None, others: list[str]) -> Player:
        player = self._player(track, outcome, video_id)
        values = {
            "track_id": track.id,
            "query": f"{track.artist} {track.title}",
            "outcome": outcome,
            "video_id": video_id,
            "other_ids": " ".join(others),
            "at": player.at,
        }
        self._kept[track.id] = values
        if self._engine is not None:
            # where it cannot be written, the answer still holds for this process
            with contextlib.suppress(SQLAlchemyError), self._engine.begin() as c:
                c.execute(sa.delete(players).where(players.c.track_id == track.id))
                c.execute(sa.insert(players).values(values))
        return player


def _database_if_any() -> sa.Engine | None:
    try:
        return open_database()
    except MemoryUnavailable:
        return None  # players are found all the same, only forgotten with the process


def may_embed(video_id: str, oembed_url: str = OEMBED_URL, timeout_s: float = TIMEOUT_S) -> bool | None:
    """Whether oEmbed says that the video is there and may be embedded; None where it says nothing of use.

    False for 400, 401, 403 and 404 (malformed, private, embedding forbidden, gone).
    """
    watch = f"{WATCH_URL}?v={quote_plus(video_id)}"
    url = f"{oembed_url}?{urlencode({'url': watch, 'format': 'json'})}"
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"not a web address: {oembed_url}")
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:  # noqa: S310
            body = _read(answer, timeout_s)
        return True if isinstance(json.loads(body), dict) else None
    except urllib.error.HTTPError as e:
        return False if e.code in {400, 401, 403, 404} else None
    except (OSError, ValueError, http.client.HTTPException):  # the last: an answer that is no HTTP at all
        return None


def _read(answer, timeout_s: float) -> bytes:
    """The body, up to a size and a time: a server that drips is not waited for."""
    end, parts, size = time.monotonic() + timeout_s, [], 0
    while chunk := answer.read1(8192):
        parts.append(chunk)
        size += len(chunk)
        if size > ANSWER_LIMIT_BYTES or time.monotonic() > end:
            raise OSError("too much or too slow")
    return b"".join(parts)
