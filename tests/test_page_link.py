"""Sharing on the pages: nothing but what is ticked, opened by others, deleted by its owner, one sentence when gone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from emotion.labels import EMOTIONS
from emotion.messages import catalogue as sentences
from emotion.timeline import Box, EmotionScores, FaceTrack, Sighting, Timeline
from pages.analyse import cue_sheet, session
from pages.link import sheet as link_sheet
from pages.shared.services import clips, links, memory, studio
from pages.shared.ui import cue_rows
from pages.shared.ui.cue_rows import Asked
from recommender.cues import edits
from recommender.songs.collection import Collection
from recommender.store import database, snapshot
from recommender.store.history import History
from recommender.store.shares import Made, Shares, folder
from recommender.store.votes import Votes
from tests import results
from tests.conftest import ROOT, SAMPLES
from tests.test_page_picks import clip

PAGE = str(ROOT / "pages" / "link" / "page.py")
PICKS = str(ROOT / "pages" / "picks" / "page.py")
VISITOR, OTHER = "v" * 32, "o" * 32
EN = sentences("en")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path))
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MOODCUE_DATABASE_URL", raising=False)
    monkeypatch.setattr(clips, "_mounted", False)  # another test may have started the app
    yield
    database.close_all()


def with_faces() -> Timeline:
    happy = EmotionScores.from_array([float(e == "happy") for e in EMOTIONS])
    crop = np.full((300, 260, 3), 90, np.uint8)
    seen = tuple(Sighting(float(i), Box(0, 0, 9, 9), 0.9, happy, crop=crop) for i in range(8))
    film = replace(clip().clip, width=640, height=360)
    return replace(clip(), clip=film, tracks=(FaceTrack(1, seen, 0.8, main=True), FaceTrack(2, seen[:1], 0.1)))


def share_section() -> None:
    import streamlit as st

    from pages.analyse import share
    from tests import results
    from tests.test_page_link import kept, with_faces

    current = st.session_state.setdefault("analyse", results.session(with_faces(), kept()))
    share.show(current, with_faces())


def kept() -> Any:
    from pages.shared.services.visitors import Kept

    return Kept(Path("holiday with somebody.mp4"), "holiday with somebody.mp4", "a" * 64)


@pytest.fixture
def section(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(session, "playable", lambda wait_s=0.3: SAMPLES / "good-news.mp4")
    return as_visitor(AppTest.from_function(share_section, default_timeout=60), VISITOR)


def as_visitor(app: AppTest, visitor: str) -> AppTest:
    app.session_state["_memory"] = memory.Remembered(visitor, local=False, known=True)
    app.run()
    assert not app.exception
    return app


def opened(public: str, **more: str) -> AppTest:
    app = AppTest.from_file(PAGE, default_timeout=60)
    app.query_params["id"] = public
    for key, value in more.items():
        app.query_params[key] = value
    return as_visitor(app, OTHER)


def make(section: AppTest) -> Made:
    section.button("share_make").click().run()
    assert not section.exception
    assert not section.error
    return next(iter(section.session_state["_links"].values()))


def texts(app: AppTest) -> str:
    return "\n".join(e.value for e in [*app.title, *app.subheader, *app.markdown, *app.caption, *app.success])


def says_gone(app: AppTest) -> bool:
    return [e.value for e in app.title] == [EN["link.none"]] and EN["link.none.why"] in texts(app)


def payload() -> dict[str, Any]:
    with database.open_database().connect() as c:
        return json.loads(c.execute(sa.select(database.shares.c.payload)).scalar_one())


def test_a_link_shows_verdict_and_songs_and_neither_clip_nor_faces_unless_ticked(section: AppTest) -> None:
    assert [box.value for box in section.checkbox] == [False, False]
    section.text_input[0].set_value("My <b>talk</b>").run()
    made = make(section)
    assert payload()["faces"] == []
    assert list(folder().iterdir()) == []
    page = opened(made.id)
    assert [e.value for e in page.title] == [r"My \<b\>talk\</b\>"]
    assert "throughout" in page.subheader[0].value
    assert [len(row["songs"]) for row in results.rows(page)] == [4]
    assert [e.label for e in page.expander] == [EN["picks.way.lists"]], "the five and five stay, beside the sheet"
    assert len(page.expander[0].markdown) >= 5
    assert page.get("image") == page.get("video") == []
    assert not [b for b in page.button if str(b.key).startswith(("pick_", "link_delete"))]
    assert "holiday" not in texts(page)


def test_what_is_ticked_comes_along(section: AppTest, tmp_path: Path) -> None:
    for box in section.checkbox:
        box.check()
    made = make(section)
    assert len(payload()["faces"]) == 5
    (shared,) = folder().iterdir()
    assert shared.stat().st_size == pytest.approx((SAMPLES / "good-news.mp4").stat().st_size, rel=0.05)
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file()] == [], "no copy stays with the visitor"
    page = opened(made.id)
    assert len(page.get("image")) == 5
    assert len(page.get("video")) == 1


def test_the_sheet_comes_along_as_it_was_edited_and_guests_vote_on_it(section: AppTest) -> None:
    current = section.session_state["analyse"]
    sheet = cue_sheet.of(current, with_faces())
    only = sheet.cues[0].id
    cue_sheet.change(current, sheet, lambda s: edits.rename(s, only, "Cold <i>open</i>"))
    made = make(section.run())
    page = opened(made.id)
    assert [row["name"] for row in results.rows(page)] == ["Cold <i>open</i>"]
    votes, wanted = Votes(made.share.key), sheet.cues[0].music[1]
    for value in (wanted.id, "no song of the sheet"):
        link_sheet.act(sheet, votes, "guest", Asked("choose", only, value))
    link_sheet.act(sheet, votes, "guest", Asked("choose", only + 1, wanted.id))
    link_sheet.act(sheet, votes, "guest", Asked("note", only, "[more](http://127.0.0.1:9) strings"))
    (row,) = results.rows(opened(made.id))
    assert [song["marks"] for song in row["songs"]].count("1 vote") == 1 and row["songs"][1]["marks"] == "1 vote"
    assert row["notes"] == ["[more](http://127.0.0.1:9) strings"]
    section.run()
    assert wanted.title.replace("(", "\\(").replace(")", "\\)") in texts(section)
    assert "\\[more\\]" in texts(section)
    section.button(f"vote_end_{made.share.key}").click().run()
    assert EN["vote.ended"] in texts(opened(made.id))


def test_guests_hear_installed_music_and_nothing_of_the_owners_folders(
    section: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clips, "_mounted", True)
    sheet = cue_sheet.of(section.session_state["analyse"], with_faces())
    here = [s.id for s in sheet.cues[0].music if s.id.startswith("installed:")]
    assert here
    ids = [s.id for s in sheet.cues[0].music]
    there = studio.heard(ids, by_guests=True)
    row = cue_rows.row(sheet.cues[0], there, guests=cue_rows.Guests())
    heard = {song["id"]: song["path"] for song in row["songs"]}
    assert all(heard[song] == there[song][0] for song in here)
    far = [s.id for s in sheet.cues[0].music if s.id.startswith("incompetech:")]
    assert far and all(heard[song] is None for song in far), "to be fetched first"
    assert set(far) <= cue_rows.elsewhere(ids, by_guests=True), "which guests may ask for"
    installed = studio.everything().of(here[0])
    assert installed is not None
    own = replace(installed, source="own")
    monkeypatch.setattr(studio, "everything", lambda: Collection((own,), {}))
    assert set(studio.heard(ids)) == {here[0]}, "its owner hears it"
    assert studio.heard(ids, by_guests=True) == {}
    assert here[0] not in cue_rows.elsewhere(ids, by_guests=True)


def test_unknown_expired_and_deleted_links_say_the_same_and_make_no_database(section: AppTest, tmp_path: Path) -> None:
    assert says_gone(opened("x" * 32))
    assert says_gone(opened("'; DROP TABLE shares; --"))
    assert not (tmp_path / "memory.sqlite").exists()
    made = make(section)
    assert not says_gone(opened(made.id))
    with database.open_database().begin() as c:
        c.execute(sa.update(database.shares).values(expires=time.time() - 1))
    gone = opened(made.id)
    assert says_gone(gone)
    Shares().delete_with(made.id, made.secret)
    assert texts(opened(made.id)) == texts(gone) == texts(opened("x" * 32))


def test_the_owner_deletes_it_where_it_was_made_and_nobody_else_can(section: AppTest) -> None:
    made = make(section)
    stranger = as_visitor(AppTest.from_file(PICKS, default_timeout=60), OTHER)
    assert EN["share.mine"] not in texts(stranger)
    for wrong in ("", "x" * 32, made.id, made.share.key):
        assert "link_delete" not in {b.key for b in opened(made.id, key=wrong).button}
    section.button(f"share_delete_{made.share.key}").click().run()
    assert EN["share.deleted"] in texts(section)
    assert says_gone(opened(made.id))


def test_who_is_not_known_again_gets_an_address_that_deletes(section: AppTest) -> None:
    made = make(section)
    assert EN["share.key.lead"] in texts(section)
    page = opened(made.id, key=made.secret)
    page.button("link_delete").click().run()
    assert says_gone(page)
    assert EN["share.deleted"] in texts(page)
    assert says_gone(opened(made.id))


def test_who_is_known_again_finds_the_links_on_a_later_visit(section: AppTest) -> None:
    History(visitor=VISITOR).set_consent(True)
    made = make(section.run())
    assert EN["share.again"] in texts(section)
    later = as_visitor(AppTest.from_file(PICKS, default_timeout=60), VISITOR)
    assert EN["share.mine"] in texts(later)
    assert made.id not in repr(later.main), "the address is nowhere to be had"
    later.button(f"mine_delete_{made.share.key}").click().run()
    assert EN["share.deleted"] in texts(later)
    assert EN["share.mine"] not in texts(later)
    assert says_gone(opened(made.id))


def test_delete_all_takes_the_links_too(section: AppTest) -> None:
    History(visitor=VISITOR).set_consent(True)
    made = make(section)
    picks = as_visitor(AppTest.from_file(PICKS, default_timeout=60), VISITOR)
    picks.button("picks_delete_yes").click().run()
    assert says_gone(opened(made.id))


def test_a_damaged_result_gives_a_sentence(section: AppTest) -> None:
    made = make(section)
    with database.open_database().begin() as c:
        c.execute(sa.update(database.shares).values(payload='{"version": 1, "title": "<script>"}'))
    page = opened(made.id)
    assert [e.value for e in page.error] == [EN["error.snapshot"]]


def test_a_limit_is_a_sentence(section: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.store.shares.EACH", 1)
    make(section)
    section.button("share_make").click().run()
    assert "You have 1 links already" in section.error[0].value
    monkeypatch.setenv("MOODCUE_SHARE_DAYS", "0")
    section.run()
    assert [e.value for e in section.info] == [EN["share.off"]]


def get(path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """What the app's own routes answer: status, headers, body."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": sent,
    }
    asyncio.run(Starlette(routes=clips.routes())(scope, receive, send))
    answered = {name.decode(): value.decode() for name, value in said[0]["headers"]}
    return said[0]["status"], answered, b"".join(m.get("body", b"") for m in said[1:])


def test_the_clip_of_a_link_is_served_while_the_link_stands() -> None:
    assert get("/clip/shared/" + "x" * 32)[0] == 404
    store, other = Shares(), Shares()
    made = store.create("one", "t", "{}", days=1, clip=SAMPLES / "good-news.mp4")
    status, headers, body = get(f"/clip/shared/{made.id}", range="bytes=0-99")
    assert (status, len(body), headers["content-type"]) == (206, 100, "video/mp4")
    assert headers["cache-control"] == "private, no-store"
    for guess in (made.share.key, made.share.key + ".mp4", "../" + made.share.key, made.id[:-1], made.secret):
        assert get(f"/clip/shared/{guess}")[0] == 404
    assert other.delete(made.share.key, "one")  # by another process
    assert get(f"/clip/shared/{made.id}")[0] == 404


def test_nothing_in_a_title_becomes_markup() -> None:
    shown = snapshot.of(clip(), [], title="![x](https://elsewhere.test/p.png) <img src=x> $x$ :red[x]")
    made = Shares().create("one", shown.title, snapshot.to_json(shown), days=1)
    (title,) = (e.value for e in opened(made.id).title)
    assert "](" not in title.replace(r"\]", "").replace(r"\(", "")
    assert r"\<img" in title


@pytest.mark.parametrize("zone", ["Etc/Unknown", "../../etc/passwd", "Mars/Olympus", "", None, "Asia/Taipei"])
def test_a_link_opens_whatever_time_zone_the_browser_names(monkeypatch: pytest.MonkeyPatch, zone: str | None) -> None:
    monkeypatch.setattr(links.language, "language", lambda: "en")
    monkeypatch.setattr(links.st, "context", SimpleNamespace(timezone=zone))
    assert links.day(1_700_000_000.0) == ("15 November 2023" if zone == "Asia/Taipei" else "14 November 2023")
