"""Players: every network step against a local server that answers as YouTube does."""

import functools
import http.server
import json
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from recommender import paths
from recommender.players import youtube
from recommender.players.youtube import BotCheck, Players, SearchFailed, may_embed, search_link
from recommender.songs import files
from recommender.store import database

GOOD, GONE, FORBIDDEN, PRIVATE = "good0000000", "gone0000000", "forbid00000", "private0000"
SLOW, DRIP, GARBAGE, BUSY, HUGE = "slow0000000", "drip0000000", "garbage0000", "busy0000000", "huge0000000"

STATUS = {GONE: 404, FORBIDDEN: 403, PRIVATE: 401, BUSY: 503}


class FakeYouTube(http.server.BaseHTTPRequestHandler):
    """/oembed?url=...v=ID answers by ID; /search?q=QUERY answers by QUERY."""

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        self.server.asked.append(self.path)  # pyright: ignore[reportAttributeAccessIssue]
        if parts.path == "/search":
            return self.search(query["q"])
        video_id = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(query["url"]).query))["v"]
        return self.oembed(video_id)

    def oembed(self, video_id):
        if video_id == SLOW:
            time.sleep(1.5)
        if video_id in STATUS:
            return self.answer(STATUS[video_id], b"Not Found")
        if video_id == GARBAGE:
            return self.answer(200, b"<html>\xff\xfe consent please")
        if video_id == HUGE:
            return self.answer(200, b"[" * 1_000_000)
        if video_id == DRIP:
            self.send_response(200)
            self.end_headers()
            for _ in range(40):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
            self.wfile.write(b'{"title": "too late"}')
            return None
        return self.answer(200, json.dumps({"title": "A song", "html": "<iframe>"}).encode())

    def search(self, query):
        if "robot" in query:
            return self.answer(429, b"Sign in to confirm you're not a bot")
        if "slow" in query:
            time.sleep(1.5)
        if "garbage" in query:
            return self.answer(200, b"\x00\x01 not json")
        ids = {"nothing": [], "gone first": [GONE, FORBIDDEN, "not an id", GOOD, "spare000000"]}
        hits = next((v for k, v in ids.items() if k in query), [GOOD, "spare000000"])
        if "all gone" in query:
            hits = [GONE, FORBIDDEN, PRIVATE]
        return self.answer(200, json.dumps(hits).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return

    def log_message(self, format, *args): ...


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeYouTube)
    server.daemon_threads = True
    server.handle_error = lambda request, client_address: None  # a client that hangs up is what we test
    server.asked = []  # pyright: ignore[reportAttributeAccessIssue]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


class Clock:
    now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def players(server, tmp_path, clock):
    base = f"http://127.0.0.1:{server.server_address[1]}"

    def searcher(query):
        url = f"{base}/search?{urllib.parse.urlencode({'q': query})}"
        try:
            with urllib.request.urlopen(url, timeout=0.8) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as e:
            raise (BotCheck if e.code == 429 else SearchFailed)(str(e)) from e
        except (OSError, ValueError) as e:
            raise SearchFailed(str(e)) from e

    engine = database.open_database(f"sqlite:///{tmp_path / 'm.sqlite'}")
    players = Players(engine, searcher=searcher, oembed_url=f"{base}/oembed", timeout_s=0.6, clock=clock)
    yield players
    players.close()
    database.close_all()


def song(title):
    from recommender.songs.catalogue import from_columns

    return from_columns("x", {"artist": ["Artist"], "title": [title], "mood": ["sad"]})[0]


def searches(server):
    return [p for p in server.asked if p.startswith("/search")]


def test_found_is_checked_and_remembered(players, server, clock):
    player = players.wait(song("plain"), 10)
    assert (player.outcome, player.video_id, player.at) == ("found", GOOD, clock.now)
    assert players.get(song("plain")).video_id == GOOD
    assert len(searches(server)) == 1
    clock.now += 31 * youtube.DAY_S
    assert players.get(song("plain")).outcome == "pending"
    assert players.wait(song("plain"), 10).outcome == "found"
    assert len(searches(server)) == 2


def test_memory_outlives_the_process(players, server, tmp_path, clock):
    players.wait(song("plain"), 10)

    def never(query):
        raise AssertionError("asked again")

    again = Players(database.open_database(f"sqlite:///{tmp_path / 'm.sqlite'}"), searcher=never, clock=clock)
    assert again.get(song("plain")).video_id == GOOD
    again.close()


def test_without_a_database_the_process_remembers(server, monkeypatch):
    monkeypatch.setenv("MOODCUE_DATABASE_URL", "sqlite:////proc/version/no/such/place.sqlite")
    asked = []
    base = f"http://127.0.0.1:{server.server_address[1]}/oembed"
    players = Players(searcher=lambda q: asked.append(q) or [GOOD], oembed_url=base)
    assert players.wait(song("plain"), 10).video_id == GOOD
    assert players.get(song("plain")).video_id == GOOD
    assert len(asked) == 1
    players.close()


def test_gone_and_forbidden_videos_give_way_to_the_next_hit(players):
    assert players.wait(song("gone first"), 10).video_id == GOOD


def test_a_video_that_turns_out_not_to_play_is_replaced(players):
    track = song("plain")
    assert players.wait(track, 10).video_id == GOOD
    assert players.gone(track).video_id == "spare000000"
    assert players.get(track).video_id == "spare000000"
    last = players.gone(track)
    assert (last.outcome, last.video_id) == ("none", None)
    assert last.search_url == search_link(track)


def test_two_visitors_who_meet_the_same_bad_video_skip_one(players):
    track = song("plain")
    assert players.wait(track, 10).video_id == GOOD
    assert [players.gone(track, GOOD).video_id for _ in range(2)] == ["spare000000"] * 2


def test_nothing_found_or_nothing_left_is_a_search_link(players):
    for title in ("nothing", "all gone"):
        player = players.wait(song(title), 10)
        assert (player.outcome, player.video_id) == ("none", None)
        assert player.search_url.startswith("https://www.youtube.com/results?search_query=Artist+")


@pytest.mark.parametrize("title", ["slow", "garbage"])
def test_a_search_that_fails_is_tried_again_only_later(players, server, clock, title):
    assert players.wait(song(title), 10).outcome == "failed"
    assert players.wait(song(title), 10).outcome == "failed"
    assert len(searches(server)) == 1
    clock.now += youtube.KEPT_S["failed"] + 1
    assert players.wait(song(title), 10).outcome == "failed"
    assert len(searches(server)) == 2


def test_after_a_bot_check_nothing_is_asked_for_longer_and_longer(players, server, clock):
    assert players.wait(song("robot one"), 10).outcome == "blocked"
    blocked = players.wait(song("plain"), 10)
    assert (blocked.outcome, len(searches(server))) == ("blocked", 1)
    assert blocked.search_url
    clock.now += youtube.PAUSE_S + 1
    assert players.wait(song("robot two"), 10).outcome == "blocked"
    clock.now += youtube.PAUSE_S + 1  # the second pause is twice as long
    assert players.wait(song("plain"), 10).outcome == "blocked"
    assert len(searches(server)) == 2
    clock.now += youtube.PAUSE_S + 1
    assert players.wait(song("plain"), 10).outcome == "found"


def test_at_most_two_at_a_time_and_each_song_once(tmp_path):
    running, most, asked = [0], [0], []
    lock, gate = threading.Lock(), threading.Event()

    def searcher(query):
        with lock:
            asked.append(query)
            running[0] += 1
            most[0] = max(most[0], running[0])
        opened = gate.wait(60)
        with lock:
            running[0] -= 1
        assert opened
        return []

    players = Players(database.open_database(f"sqlite:///{tmp_path / 'm.sqlite'}"), searcher=searcher)
    tracks = [song(f"n{i}") for i in range(10)]
    assert {players.get(t).outcome for t in tracks * 3} == {"pending"}  # nobody waits for a search
    gate.set()
    assert [players.wait(t, 10).outcome for t in tracks] == ["none"] * 10
    assert most[0] == 2
    assert len(asked) == 10
    players.close()
    database.close_all()


@pytest.mark.parametrize(
    ("video_id", "expected"),
    [
        (GOOD, True),
        (GONE, False),
        (FORBIDDEN, False),
        (PRIVATE, False),
        (SLOW, None),
        (DRIP, None),
        (GARBAGE, None),
        (BUSY, None),
        (HUGE, None),
    ],
)
def test_oembed(server, video_id, expected):
    """The slow ones would say yes to whoever waited longer."""
    got = may_embed(video_id, f"http://127.0.0.1:{server.server_address[1]}/oembed", timeout_s=0.5)
    assert got is expected


@pytest.mark.parametrize(
    "answer",
    [b"", b"rubbish\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200],
)  # fmt: skip
def test_rubbish_from_oembed_says_nothing(answer):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def reply():
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        assert may_embed(GOOD, f"http://127.0.0.1:{listening.getsockname()[1]}/oembed", 1.0) is None
        thread.join()


def test_oembed_without_a_server_says_nothing():
    assert may_embed(GOOD, "http://127.0.0.1:1/oembed", 0.5) is None
    with pytest.raises(ValueError, match="web address"):
        may_embed(GOOD, "file:///etc/passwd")


def test_search_links_are_encoded():
    assert search_link(song("a&b=c 五月天")).endswith("search_query=Artist+a%26b%3Dc+%E4%BA%94%E6%9C%88%E5%A4%A9")


def test_a_search_that_cannot_be_asked_fails_clearly(monkeypatch, capfd):
    monkeypatch.setattr(youtube.fetch, "search", functools.partial(youtube.fetch.search, time_limit_s=0.05))
    with pytest.raises(SearchFailed) as e:  # its time is over before it has begun
        youtube.search_with_ytdlp("artist title")
    assert not isinstance(e.value, BotCheck)
    assert capfd.readouterr().err == ""


def test_bot_checks_are_told_from_other_failures(monkeypatch):
    from yt_dlp.utils import DownloadError

    from emotion.fetch import Hits, worker

    for message, kind in [
        ("ERROR: Sign in to confirm you’re not a bot. Use --cookies", BotCheck),
        ("HTTP Error 429: Too Many Requests", BotCheck),
        ("Unable to download API page", SearchFailed),
    ]:
        told = worker.explain(DownloadError(message), worker.Guard())
        monkeypatch.setattr(youtube.fetch, "search", lambda query, count, told=told: Hits((), told["failure"]))
        with pytest.raises(SearchFailed) as e:
            youtube.search_with_ytdlp("x")
        assert type(e.value) is kind


def test_entries_that_are_none_are_left_out(monkeypatch):
    import yt_dlp

    from emotion.fetch import worker

    found = {"entries": [None, {"id": GOOD}, {"title": "no id"}]}
    asked = []
    monkeypatch.setattr(yt_dlp.YoutubeDL, "extract_info", lambda self, url, download: asked.append(url) or found)
    assert worker.search({"query": "x", "hits": 5, "timeout_s": 1}) == {"ids": [GOOD]}
    assert asked == ["ytsearch5:x"]


def test_a_search_runs_behind_the_guard_and_is_ended_in_time(monkeypatch, tmp_path):
    """The process is given a yt-dlp that connects where it must not, and one that never answers."""
    from emotion.fetch import client, search

    evil = tmp_path / "yt_dlp.py"
    evil.write_text(
        "import socket\n"
        "class YoutubeDL:\n"
        "    def __init__(self, options): pass\n"
        "    def __enter__(self): return self\n"
        "    def __exit__(self, *_): pass\n"
        "    def extract_info(self, url, download):\n"
        "        if 'hang' in url:\n"
        "            import time; time.sleep(60)\n"
        "        if 'run' in url:\n"
        "            import subprocess; subprocess.run(['true'])\n"
        "        if 'die' in url:\n"
        "            import os; os._exit(9)\n"
        "        socket.create_connection(('127.0.0.1', 9))\n"
    )
    environment = {**client._environment(), "PYTHONPATH": str(tmp_path)}
    monkeypatch.setattr(client, "_environment", lambda: environment)
    assert search("inside", 5).failure == "not_allowed"
    assert search("run a program", 5).failure is not None
    assert search("die", 5).failure == "unreachable"
    began = time.monotonic()
    assert search("hang", 5, time_limit_s=4.0).failure == "unreachable"
    assert time.monotonic() - began < 40


def test_starter_has_a_search_link_for_every_song():
    starter = files.read(paths.STARTER)
    assert len({search_link(t) for t in starter}) == len(starter)
