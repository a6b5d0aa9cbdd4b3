"""The music page: what the address says is what is listed, in both languages."""

import asyncio
import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from streamlit.testing.v1 import AppTest

from emotion.labels import EMOTIONS, INDEX, TABLE
from emotion.messages import catalogue as sentences
from pages.music import plane
from pages.music.plane import points
from pages.music.selection import Area, Selection
from recommender import load_catalogue
from recommender.paths import STARTER
from recommender.songs.catalogue import Catalogue, from_columns

ROOT = Path(__file__).resolve().parent.parent
PAGE = str(ROOT / "pages" / "music" / "page.py")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(STARTER)


@pytest.fixture(autouse=True)
def _no_built_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path))


def many(count: int) -> Catalogue:
    """``count`` songs spread over the plane."""
    rng = np.random.default_rng(0)
    where = rng.uniform(-1, 1, (count, 2))
    names = [f"Song {i}" for i in range(count)]
    columns = {"artist": ["Somebody"] * count, "title": names, "valence": where[:, 0], "arousal": where[:, 1]}
    return from_columns("many", {k: list(v) for k, v in columns.items()})


def test_a_selection_survives_its_query_string(catalogue: Catalogue) -> None:
    chosen = Selection(
        text="love & war",
        emotions=("sad", "calm"),
        moods=("grief",),
        genres=(catalogue.genres[0],),
        decades=(catalogue.decades[-1],),
        words=False,
        area=Area.of((0.5, -0.25), (1.7, 0.1)),
        songs=(catalogue.id[3], catalogue.id[1]),
    )
    assert Selection.from_query(chosen.to_query(), catalogue) == chosen
    assert chosen.area == Area(-0.25, 0.5, 0.1, 1.0)


@pytest.mark.parametrize(
    "query",
    [
        {"area": ["1,2"]},
        {"area": ["nan,0,0,0"]},
        {"area": ["<b>"]},
        {"emotion": ["joyous"]},
        {"decade": ["1066", "x"]},
        {"song": ["no-such-song"]},
        {"words": ["perhaps"]},
    ],
)
def test_what_no_link_of_ours_says_is_left_out(query: dict[str, list[str]], catalogue: Catalogue) -> None:
    assert Selection.from_query(query, catalogue) == Selection()


def test_filters_and_area_narrow_the_list(catalogue: Catalogue) -> None:
    chosen = Selection(emotions=("sad",), words=True, area=Area(-1, 0, -1, 0))
    places = points.places(catalogue)
    rows = chosen.listed(catalogue, places)
    assert len(rows)
    for row in rows:
        track = catalogue[int(row)]
        assert track.emotion == "sad"
        assert track.has_words
        assert (places[row] <= 0).all()
    away = np.linalg.norm(places[rows] - [-0.5, -0.5], axis=1)
    assert (np.diff(away) >= 0).all(), "from the middle outwards"


def test_songs_on_one_spot_are_drawn_apart_but_near(catalogue: Catalogue) -> None:
    places = points.places(catalogue)
    assert len(np.unique(places.round(6), axis=0)) > 0.95 * len(catalogue)
    assert np.linalg.norm(places - catalogue.position, axis=1).max() <= points.WIDEST + 1e-9


def told(catalogue: Catalogue, keep: np.ndarray) -> dict[str, Any]:
    """What the browser is told of a choice."""
    return plane.drawn(catalogue, keep, Area(-0.5, 0.5, -1, 0), "in words", lambda key, **_: key)


def test_a_choice_travels_as_one_bit_a_song(catalogue: Catalogue) -> None:
    keep = Selection(words=False).shown(catalogue)
    data = told(catalogue, keep)
    packed = np.frombuffer(base64.b64decode(data["keep"]), dtype=np.uint8)
    assert np.unpackbits(packed, count=len(keep), bitorder="little").astype(bool).tolist() == keep.tolist()
    counts = {e["name"]: e["count"] for e in data["emotions"]}
    assert counts == {f"emotion.{e}": int((keep & (catalogue.emotion == INDEX[e])).sum()) for e in EMOTIONS}
    assert told(catalogue, np.ones(len(catalogue), bool))["keep"] is None
    assert data["area"] == [-0.5, 0.5, -1, 0]


def asked_for(path: str) -> Response:
    digest = path.removeprefix(f"{points.PREFIX}/")
    return asyncio.run(points._send(Request({"type": "http", "path_params": {"digest": digest}})))


def test_every_song_goes_to_the_browser_once_where_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    songs = many(20_000)
    monkeypatch.setattr(points, "_mounted", True)
    path = points.publish(songs)["path"]
    answer = asked_for(path)
    table = json.loads(gzip.decompress(bytes(answer.body)))
    assert "immutable" in answer.headers["cache-control"]
    assert table["title"] == songs.title.tolist()
    assert table["emotion"] == songs.emotion.tolist()
    sent = np.column_stack([table["x"], table["y"]]) / points.GRID
    assert np.abs(sent - points.places(songs)).max() <= 0.5 / points.GRID + 1e-9
    assert len(json.dumps(told(songs, songs.position[:, 0] > 0))) < 8_000, "a filter is light"
    assert asked_for(f"{points.PREFIX}/no-such-file").status_code == 404


def test_without_a_route_the_songs_travel_with_the_page(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "_mounted", False)
    assert points.publish(catalogue)["table"]["artist"] == catalogue.artist.tolist()


def test_the_browser_knows_the_shape_of_every_emotion() -> None:
    script = (Path(plane.__file__).parent / "plane.js").read_text(encoding="utf-8")
    shapes = set(re.findall(r"^  '?([\w-]+)'?: 'M", script, re.MULTILINE))
    assert {e.symbol for e in TABLE} <= shapes


def test_a_title_cannot_bring_tags_along() -> None:
    """Whatever a song is called, the browser gets it as data and shows it as text: nothing reads it as HTML."""
    songs = from_columns("x", {"artist": ["A & B"], "title": ["<img src=x>"], "mood": ["sad"]})
    assert points.table(songs)["title"] == ["<img src=x>"]
    script = (Path(plane.__file__).parent / "plane.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script)


def open_page(**query: list[str] | str) -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def found(at: AppTest) -> str:
    return str(at.subheader[0].value)


def test_the_link_sets_the_filters(catalogue: Catalogue) -> None:
    at = open_page(emotion=["fearful"], q="the")
    expected = Selection(text="the", emotions=("fearful",)).shown(catalogue).sum()
    assert found(at).startswith(f"{expected} ")
    assert at.text_input(key="music_q").value == "the"
    assert at.multiselect(key="music_emotion").value == ["fearful"]


def test_a_link_that_says_everything_opens_everything(catalogue: Catalogue) -> None:
    """By somebody who was never here: each part of the selection, and the language, from the address alone."""
    chosen = Selection(
        text="a",
        emotions=("happy", "calm"),
        moods=("happy", "upbeat", "calm"),
        genres=catalogue.genres[:12],
        decades=catalogue.decades[2:],
        words=True,
        area=Area(-0.2, 1.0, -0.9, 0.2),
        songs=(str(catalogue.id[5]), str(catalogue.id[2])),
    )
    count = len(chosen.listed(catalogue, points.places(catalogue)))
    assert 0 < count < chosen.shown(catalogue).sum() < len(catalogue)
    at = open_page(lang="zh-TW", **chosen.to_query())
    assert found(at) == sentences("zh_TW")["library.found#other"].replace("{count:d}", str(count))
    assert at.session_state["_music_selection"] == chosen
    assert [str(b.key) for b in at.button if str(b.key).startswith("aside_shared_")] == [
        f"aside_shared_{song}" for song in chosen.songs
    ]
    assert {k: at.query_params[k] for k in at.query_params} == {"lang": "zh-TW"} | {
        k: v[0] if len(v) == 1 else v for k, v in chosen.to_query().items()
    }, "the address stays what it was"


def test_a_filter_changes_list_and_link(catalogue: Catalogue) -> None:
    at = open_page()
    assert found(at).startswith(str(len(catalogue)))
    at.multiselect(key="music_emotion").select("surprised").run()
    assert not at.exception
    assert at.query_params["emotion"] == "surprised"
    assert found(at).startswith(f"{(catalogue.emotion == INDEX['surprised']).sum()} ")
    at.button(key="music_reset").click().run()
    assert "emotion" not in at.query_params
    assert found(at).startswith(str(len(catalogue)))


def test_a_damaged_catalogue_is_said_once_and_quietly(tmp_path: Path, catalogue: Catalogue) -> None:
    st.cache_resource.clear()
    (tmp_path / "catalogue.parquet").write_bytes(b"PAR1 no more")
    try:
        at = open_page()
    finally:
        st.cache_resource.clear()
    assert found(at).startswith(str(len(catalogue)))
    assert not at.error
    said = [c.value for c in at.caption if "recommender.building" in c.value]
    assert len(said) == 1


def test_nothing_found_is_said() -> None:
    at = open_page(q="zzzzzz")
    assert at.info[0].value == sentences("en")["library.none"]


def test_songs_put_aside_are_in_the_link(catalogue: Catalogue) -> None:
    at = open_page(emotion=["happy"])
    first = next(b for b in at.button if str(b.key).startswith("aside_list_"))
    track_id = str(first.key).removeprefix("aside_list_")
    first.click().run()
    assert at.query_params["song"] == track_id
    assert at.query_params["emotion"] == "happy"
    other = open_page(song=[track_id])
    assert any(b.key == f"aside_shared_{track_id}" for b in other.button)
    row = catalogue.index_of(track_id)
    assert row is not None
    assert any(catalogue[row].artist.split()[0] in m.value for m in other.markdown)


def test_the_page_in_chinese() -> None:
    at = open_page(lang="zh-TW")
    assert at.title[0].value == sentences("zh_TW")["library.title"]
    assert at.multiselect(key="music_emotion").options[:2] == ["中性", "平靜"]


def test_both_languages_have_the_same_sentences() -> None:
    own = [{k.split("#")[0] for k in sentences(lang) if k.startswith("library.")} for lang in ("en", "zh_TW")]
    assert own[0] == own[1]
