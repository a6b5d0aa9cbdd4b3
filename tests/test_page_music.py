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
from pages.music import listing, plane
from pages.music.plane import points
from pages.music.selection import Area, Selection
from pages.shared.services import studio
from recommender import load_catalogue
from recommender.paths import STARTER
from recommender.songs.catalogue import Catalogue, from_columns
from recommender.songs.collection import Collection
from recommender.songs.facts import Wish

ROOT = Path(__file__).resolve().parent.parent
PAGE = str(ROOT / "pages" / "music" / "page.py")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(STARTER)


@pytest.fixture(scope="module")
def music() -> Collection:
    return Collection.joined((studio.installed(), studio.open_catalogue()))


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
        moods=("grief", "tension"),
        sources=("installed", "reference"),
        use="broadcast",
        tempo_bpm=(80, 220),
        length_min=(1, 4),
        genres=(catalogue.genres[0],),
        decades=(catalogue.decades[-1],),
        words=False,
        area=Area.of((0.5, -0.25), (1.7, 0.1)),
        songs=(catalogue.id[3], catalogue.id[1]),
    )
    assert Selection.from_query(chosen.to_query(), catalogue) == chosen
    assert chosen.area == Area(-0.25, 0.5, 0.1, 1.0)
    assert chosen.wish == Wish("broadcast", False, (80.0, np.inf), (60.0, 240.0))


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
        {"from": ["elsewhere"]},
        {"for": ["everything"]},
        {"tempo": ["80", "x-y", "90-80", "-5-80", "1e2-180", "40-220"]},
        {"length": ["0-99"]},
    ],
)
def test_what_no_link_of_ours_says_is_left_out(query: dict[str, list[str]], catalogue: Catalogue) -> None:
    assert Selection.from_query(query, catalogue) == Selection()


def test_filters_and_area_narrow_both_lists(catalogue: Catalogue, music: Collection) -> None:
    chosen = Selection(emotions=("sad",), words=False, area=Area(-1, 0, -1, 0))
    rows = chosen.listed(chosen.usable(music), music.position, music.facts.measured)
    assert len(rows)
    for row in rows:
        track = music.tracks[row]
        assert EMOTIONS[music.emotion[row]] == "sad" or "sad" in (*track.moods, *track.said), "or its maker calls it so"
        assert track.vocals is False and track.measured
    assert (music.position[rows] <= 0).all()
    away = np.linalg.norm(music.position[rows] - [-0.5, -0.5], axis=1)
    assert (np.diff(away) >= 0).all(), "from the middle outwards"
    songs = many(500)
    rows = chosen.listed(Selection().shown(songs), songs.position, songs.measured)
    assert len(rows) and (songs.position[rows] <= 0).all()


def test_what_is_asked_of_a_licence_a_tempo_or_a_length_leaves_no_reference_song(
    catalogue: Catalogue, music: Collection
) -> None:
    for chosen in (Selection(use="client"), Selection(tempo_bpm=(80, 110)), Selection(length_min=(0, 2))):
        assert not chosen.shown(catalogue).any()
        assert chosen.usable(music).any()
    only = Selection(sources=("reference",))
    assert only.shown(catalogue).all() and not only.usable(music).any()
    assert not Selection(sources=("installed",)).shown(catalogue).any()
    quick = [music.tracks[i] for i in np.flatnonzero(Selection(tempo_bpm=(80, 110)).usable(music))]
    assert all(t.tempo_bpm is not None and 80 <= t.tempo_bpm <= 110 for t in quick)


@pytest.mark.parametrize("asked", ["tense", "緊繃", "Kevin MacLeod marimba"])
def test_words_find_moods_makers_and_instruments_in_both_languages(asked: str, music: Collection) -> None:
    found = [music.tracks[i] for i in np.flatnonzero(Selection(text=asked).usable(music))]
    assert found
    if asked in ("tense", "緊繃"):
        assert any("tense" in t.said and t.source == "installed" for t in found)
    else:
        assert all(t.source == "open" for t in found)
        assert any("marimba" in t.instruments for t in found)


def test_only_measured_tracks_lie_on_the_plane(catalogue: Catalogue, music: Collection) -> None:
    drawn = points.measured(music, catalogue)
    assert len(drawn) == len(drawn.usable) == sum(t.source == "installed" for t in music.tracks)
    assert not len(drawn.reference), "the starter's songs lie where their mood does"
    mixed = points.measured(music, many(50))
    assert len(mixed.reference) == 50
    assert (np.abs(mixed.position) <= 1).all()


def told(drawn: points.Points, keep: np.ndarray) -> dict[str, Any]:
    """What the browser is told of a choice."""
    return plane.drawn(drawn, keep, Area(-0.5, 0.5, -1, 0), "in words", lambda key, **_: key)


def test_a_choice_travels_as_one_bit_a_track() -> None:
    drawn = of_songs(many(101))
    keep = drawn.position[:, 0] > 0.2
    data = told(drawn, keep)
    packed = np.frombuffer(base64.b64decode(data["keep"]), dtype=np.uint8)
    assert np.unpackbits(packed, count=len(keep), bitorder="little").astype(bool).tolist() == keep.tolist()
    counts = {e["name"]: e["count"] for e in data["emotions"]}
    assert counts == {f"emotion.{e}": int((keep & (drawn.emotion == INDEX[e])).sum()) for e in EMOTIONS}
    assert told(drawn, np.ones(len(drawn), bool))["keep"] is None
    assert data["area"] == [-0.5, 0.5, -1, 0]


def asked_for(path: str) -> Response:
    digest = path.removeprefix(f"{points.PREFIX}/")
    return asyncio.run(points._send(Request({"type": "http", "path_params": {"digest": digest}})))


def test_every_track_goes_to_the_browser_once_where_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    songs = of_songs(many(20_000))
    monkeypatch.setattr(points, "_mounted", True)
    path = points.publish(songs)["path"]
    answer = asked_for(path)
    table = json.loads(gzip.decompress(bytes(answer.body)))
    assert "immutable" in answer.headers["cache-control"]
    assert table["title"] == list(songs.title)
    assert table["emotion"] == songs.emotion.tolist()
    sent = np.column_stack([table["x"], table["y"]]) / points.GRID
    assert np.abs(sent - songs.position).max() <= 0.5 / points.GRID + 1e-9
    assert len(json.dumps(told(songs, songs.position[:, 0] > 0))) < 8_000, "a filter is light"
    assert asked_for(f"{points.PREFIX}/no-such-file").status_code == 404


def test_without_a_route_the_tracks_travel_with_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "_mounted", False)
    songs = of_songs(many(9))
    assert points.publish(songs)["table"]["artist"] == list(songs.artist)


def test_the_browser_knows_the_shape_of_every_emotion() -> None:
    script = (Path(plane.__file__).parent / "plane.js").read_text(encoding="utf-8")
    shapes = set(re.findall(r"^  '?([\w-]+)'?: 'M", script, re.MULTILINE))
    assert {e.symbol for e in TABLE} <= shapes


def test_a_title_cannot_bring_tags_along() -> None:
    """Whatever a song is called, the browser gets it as data and shows it as text: nothing reads it as HTML."""
    song = {"artist": ["A & B"], "title": ["<img src=x>"], "valence": [0.5], "arousal": [0.1]}
    assert points.table(of_songs(from_columns("x", song)))["title"] == ["<img src=x>"]
    scripts = list((ROOT / "pages").rglob("*.js"))
    assert len(scripts) > 7
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", text), script


def of_songs(catalogue: Catalogue) -> points.Points:
    return points.measured(Collection((), {}), catalogue)


def open_page(**query: list[str] | str) -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def found(at: AppTest) -> tuple[int, int]:
    """How many tracks to use, and how many reference songs."""
    counts = [re.search(r"([\d,]+)", str(s.value).rsplit("：", 1)[-1].rsplit(": ", 1)[-1]) for s in at.subheader]
    use, reference = [int(m[1].replace(",", "")) for m in counts if m][:2]
    return use, reference


def test_music_to_use_stands_first_and_both_kinds_are_labelled(catalogue: Catalogue, music: Collection) -> None:
    at = open_page()
    heads = [str(s.value) for s in at.subheader]
    assert heads[0].startswith("Music to use") and heads[-1].startswith("Reference music (needs a licence)")
    assert found(at) == (len(music), len(catalogue))


def test_the_link_sets_the_filters(catalogue: Catalogue, music: Collection) -> None:
    at = open_page(emotion=["fearful"], q="the")
    chosen = Selection(text="the", emotions=("fearful",))
    assert found(at) == (chosen.usable(music).sum(), chosen.shown(catalogue).sum())
    assert at.text_input(key="music_q").value == "the"
    assert at.multiselect(key="music_emotion").value == ["fearful"]


def test_a_link_that_says_everything_opens_everything(catalogue: Catalogue, music: Collection) -> None:
    """By somebody who was never here: each part of the selection, and the language, from the address alone."""
    chosen = Selection(
        text="a",
        emotions=("happy", "calm"),
        moods=("happy", "upbeat", "calm"),
        sources=("installed", "reference"),
        use="client",
        tempo_bpm=(60, 220),
        length_min=(0, 5),
        genres=catalogue.genres[:12],
        decades=catalogue.decades[2:],
        words=False,
        area=Area(-0.2, 1.0, -0.9, 0.9),
        songs=(str(catalogue.id[5]), str(catalogue.id[2])),
    )
    count = len(chosen.listed(chosen.usable(music), music.position, music.facts.measured))
    assert 0 < count < chosen.usable(music).sum() + 1 < len(music)
    at = open_page(lang="zh-TW", **chosen.to_query())
    assert found(at) == (count, 0)
    assert at.session_state["_music_selection"] == chosen
    assert [str(b.key) for b in at.button if str(b.key).startswith("aside_shared_")] == [
        f"aside_shared_{song}" for song in chosen.songs
    ]
    assert {k: at.query_params[k] for k in at.query_params} == {"lang": "zh-TW"} | {
        k: v[0] if len(v) == 1 else v for k, v in chosen.to_query().items()
    }, "the address stays what it was"


def test_a_filter_changes_list_and_link(catalogue: Catalogue, music: Collection) -> None:
    at = open_page()
    at.multiselect(key="music_emotion").select("surprised").run()
    assert not at.exception
    assert at.query_params["emotion"] == "surprised"
    chosen = Selection(emotions=("surprised",))
    assert found(at) == (chosen.usable(music).sum(), (catalogue.emotion == INDEX["surprised"]).sum())
    at.selectbox(key="music_for").select("advertising").run()
    at.slider(key="music_tempo").set_range(100, 140).run()
    assert not at.exception
    assert (at.query_params["for"], at.query_params["tempo"]) == ("advertising", "100-140")
    at.button(key="music_reset").click().run()
    assert not {"emotion", "for", "tempo"} & {*at.query_params}
    assert found(at) == (len(music), len(catalogue))


def test_a_damaged_catalogue_is_said_once_and_quietly(tmp_path: Path, catalogue: Catalogue) -> None:
    st.cache_resource.clear()
    (tmp_path / "catalogue.parquet").write_bytes(b"PAR1 no more")
    try:
        at = open_page()
    finally:
        st.cache_resource.clear()
    assert found(at)[1] == len(catalogue)
    assert not at.error
    said = [c.value for c in at.caption if "recommender.building" in c.value]
    assert len(said) == 1


def test_nothing_found_is_said() -> None:
    at = open_page(q="zzzzzz")
    assert [i.value for i in at.info] == [sentences("en")["library.use.none"], sentences("en")["library.none"]]


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


def test_a_song_whose_lyrics_say_one_mood_and_whose_figures_another_is_told_apart() -> None:
    columns = {"artist": ["A", "B", "C"], "title": ["X", "Y", "Z"], "mood": ["grief", "grief", "grief"]}
    songs = from_columns("x", columns | {"valence": [0.7, -0.6, None], "arousal": [0.6, -0.2, None]})
    said = [listing._jars(songs, row) for row in range(3)]
    assert "sombre" in said[0] and "bright" in said[0]
    assert said[1:] == ["", ""], "one agrees, and one has no figures of its own"
