"""YouTube's player, played by a page of ours on its host: what it says of itself is heard, said and remembered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import create_engine, text

from recommender import load_catalogue
from recommender.paths import STARTER
from recommender.store.database import migrate
from tests.browser.conftest import Open, Server

HOST = "https://www.youtube-nocookie.com"
FIRST, SECOND = "first000000", "second00000"

# Speaks as YouTube's embedded player does: only when greeted, and of errors only to who asked for them.
PLAYER = """<!doctype html><title>player</title><p id=heard></p><script>
addEventListener('message', (event) => {
  const said = JSON.parse(event.data);
  if (said.channel !== 'widget') return;
  const answer = (message) => event.source.postMessage(JSON.stringify({...message, id: said.id}), event.origin);
  if (said.event === 'listening') answer({event: 'onReady', info: null});
  if (said.func === 'addEventListener' && said.args[0] === 'onError' && %(code)s) {
    answer({event: 'onError', info: %(code)s});
  }
  if (said.func === 'addEventListener') document.getElementById('heard').textContent = 'asked for errors';
});
</script>"""


@pytest.fixture
def song(server: Server) -> str:
    """The id of a song of which two videos are known."""
    track = load_catalogue(STARTER)[0]
    engine = create_engine(f"sqlite:///{server.home / 'memory.sqlite'}")
    server.home.mkdir(parents=True, exist_ok=True)
    migrate(engine)
    row = {"id": track.id, "query": "q", "video": FIRST, "others": SECOND}
    with engine.begin() as c:
        c.execute(text("DELETE FROM players"))
        c.execute(
            text(
                "INSERT INTO players (track_id, query, outcome, video_id, other_ids, at) "
                "VALUES (:id, :query, 'found', :video, :others, strftime('%s'))"
            ),
            row,
        )
    engine.dispose()
    return track.id


Play = Callable[..., Page]


@pytest.fixture
def play(open_page: Open, song: str) -> Play:
    """Opens the Music page, presses play; the first video says ``code`` of itself, the second plays."""

    def open_(code: int | None, asked: list[str] | None = None) -> Page:
        def answer(route: Route) -> None:
            if asked is not None:
                asked.append(f"{route.request.url} from {route.request.headers.get('referer', '')}")
            said = code if FIRST in route.request.url and code is not None else "null"
            route.fulfill(content_type="text/html", body=PLAYER % {"code": said})

        page = open_page(f"/music?song={song}", allow=(HOST,))
        page.context.route(f"{HOST}/**", answer)
        press(page)
        return page

    return open_


def press(page: Page) -> None:
    page.locator("[class*=st-key-play_shared_] button:visible").click()


def frame(page: Page, video: str) -> str:
    selector = f'iframe[src^="{HOST}/embed/{video}"]'
    expect(page.locator(selector)).to_be_visible()
    return selector


def test_a_player_is_on_the_privacy_host_and_told_where_it_stands(play: Play, server: Server) -> None:
    asked: list[str] = []
    page = play(None, asked)
    selector = frame(page, FIRST)
    page.frame_locator(selector).get_by_text("asked for errors").wait_for()
    assert asked == [f"{HOST}/embed/{FIRST}?enablejsapi=1&origin={re.sub(':', '%3A', server.url).replace('/', '%2F')}"
                     f" from {server.url}/"]  # fmt: skip
    assert page.locator(selector).get_attribute("referrerpolicy") == "strict-origin-when-cross-origin"
    assert page.get_by_text("Show the next video").count() == 0


@pytest.mark.parametrize(("code", "said"), [(100, "gone or private"), (150, "on YouTube alone")])
def test_a_video_that_may_not_play_is_said_remembered_and_replaced(play: Play, code: int, said: str) -> None:
    page = play(code)
    page.get_by_text(said).wait_for()
    assert page.locator("iframe").count() == 0
    watch = page.get_by_role("link", name="This video on YouTube")
    assert watch.count() == (0 if code == 100 else 1)
    expect(page.get_by_role("link", name="Search on YouTube")).to_be_visible()
    page.get_by_role("button", name="Show the next video").click()
    frame(page, SECOND)
    page.reload()  # the next visit begins with the one that plays
    press(page)
    frame(page, SECOND)


def test_a_refused_player_leaves_the_link_and_blames_no_video(play: Play) -> None:
    page = play(153)
    page.get_by_text("error 153").wait_for()
    link = page.get_by_role("link", name="This video on YouTube")
    assert link.get_attribute("href") == f"https://www.youtube.com/watch?v={FIRST}"
    assert page.get_by_role("button", name="Show the next video").count() == 0
    page.reload()
    press(page)
    frame(page, FIRST)
