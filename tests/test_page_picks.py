"""The visitor's memory on the pages: off by default, picked, listed, exported, deleted; intents and filters."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from emotion.labels import EMOTIONS
from emotion.messages import catalogue as sentences
from emotion.messages import message
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline, Verdict
from pages.shared.services import memory, song_catalogue
from pages.shared.ui import song_list
from recommender.players.youtube import Players, Searcher, SearchFailed
from recommender.ranking.correction import corrected
from recommender.ranking.rank import rank
from recommender.store import database
from recommender.store.history import History

ROOT = Path(__file__).resolve().parent.parent
PAGE = str(ROOT / "pages" / "picks" / "page.py")
SHA = hashlib.sha256(b"clip").hexdigest()
VISITOR = "v" * 32


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path))
    monkeypatch.delenv("MOODCUE_DATABASE_URL", raising=False)
    yield
    database.close_all()


def scores(**probs: float) -> EmotionScores:
    return EmotionScores.from_array([probs.get(e, 0.0) for e in EMOTIONS])


def clip() -> Timeline:
    """Sad in the voice for six seconds, then happy for four; the face is calm throughout."""
    sad, happy, calm = scores(sad=0.8, calm=0.2), scores(happy=0.9, sad=0.1), scores(calm=1.0)
    voices = [sad] * 6 + [happy] * 4
    moments = tuple(Moment(Segment(i, i + 1), voice=v, face=calm, fused=v) for i, v in enumerate(voices))
    voice, face, fused = (Verdict(s, True) for s in (sad, calm, sad))
    return Timeline(Clip("c.mp4", 10.0), moments, voice=voice, face=face, fused=fused)


def songs_page(sure: bool = True) -> None:
    """The Songs section and the correction, as the result shows them."""
    from dataclasses import replace

    import streamlit as st

    from pages.analyse import correction, songs
    from tests import results
    from tests.test_page_picks import clip, kept

    current = st.session_state.setdefault("analyse", results.session(clip(), kept()))
    timeline = clip()
    assert timeline.fused is not None
    timeline = replace(timeline, fused=replace(timeline.fused, sure=sure))
    correction.show(current, timeline)
    songs.show(current, timeline)


def live_song() -> None:
    """The song beside the live picture, after ten sad seconds."""
    from types import SimpleNamespace

    from emotion.timeline import Clip, Moment, Segment, Timeline
    from pages.live import now
    from tests.test_page_picks import scores

    moments = tuple(Moment(Segment(s, s + 1), fused=scores(sad=1)) for s in range(20, 30))
    view = SimpleNamespace(timeline=Timeline(Clip("live", 30.0), moments))
    now._song(view)  # pyright: ignore[reportArgumentType]


def kept():
    from pages.shared.services.visitors import Kept

    return Kept(Path("c.mp4"), "c.mp4", SHA)


def opened(app: AppTest) -> AppTest:
    app.session_state["_memory"] = memory.Remembered(VISITOR, local=False, known=True)
    return app.run()


@pytest.fixture
def songs() -> AppTest:
    return opened(AppTest.from_function(songs_page, default_timeout=60))


@pytest.fixture
def page() -> AppTest:
    return opened(AppTest.from_file(PAGE, default_timeout=60))


def keys(app: AppTest, kind: str) -> list[str]:
    return [str(b.key).removeprefix(kind) for b in app.button if str(b.key).startswith(kind)]


def texts(app: AppTest) -> str:
    return "\n".join(e.value for e in [*app.markdown, *app.caption, *app.info])


def agreed() -> History:
    history = History(visitor=VISITOR)
    history.set_consent(True)
    return history


def test_without_consent_there_is_nothing_to_choose_and_nothing_is_kept(songs: AppTest, page: AppTest) -> None:
    assert len(keys(songs, "play_")) == 10
    assert keys(songs, "pick_") == keys(songs, "skip_") == []
    assert sentences("en")["picks.off_here"] in texts(songs)
    songs.button("correct_angry").click().run()
    assert not songs.exception
    assert History(visitor=VISITOR).events() == []
    assert page.toggle("picks_consent").value is False
    assert page.get("download_button") == []


def test_nobody_unknown_has_a_database_made_for_them(tmp_path: Path) -> None:
    app = AppTest.from_function(songs_page, default_timeout=60).run()
    app.button("correct_angry").click().run()
    assert not app.exception
    here = app.session_state["_memory"]
    assert not here.local
    assert not here.known
    assert len(here.visitor) == 32
    assert not (tmp_path / "memory.sqlite").exists()


def test_a_pick_is_listed_exported_and_deleted(page: AppTest) -> None:
    page.toggle("picks_consent").set_value(True).run()
    songs = opened(AppTest.from_function(songs_page, default_timeout=60))
    first, second = keys(songs, "pick_songs_")[:2]
    songs.button(f"pick_songs_{first}").click().run()
    songs.button(f"skip_songs_{second}").click().run()
    assert songs.button(f"pick_songs_{first}").disabled
    assert not songs.button(f"skip_songs_{first}").disabled
    history = History(visitor=VISITOR)
    skip, pick = history.events()
    assert (pick.kind, pick.track_id, pick.emotion, pick.clip_sha256) == ("pick", first, "sad", SHA)
    assert (skip.kind, skip.track_id) == ("skip", second)

    page.run()
    table: Any = page.dataframe[0].value
    assert list(table["kind"]) == ["skipped", "picked"]
    assert table["song"][1] == f"{pick.title} · {pick.artist}"
    assert "So far 1 and 1." in texts(page)
    rows = list(csv.DictReader(io.StringIO(history.export_csv())))
    assert (rows[0]["kind"], rows[0]["title"], rows[0]["clip_sha256"]) == ("pick", pick.title, SHA)
    assert page.get("download_button")

    page.button("picks_delete_yes").click().run()
    assert page.success[0].value.startswith("2 entries")
    assert page.toggle("picks_consent").value is False
    assert history.events() == []
    assert not history.consent
    assert page.session_state["_memory"].visitor != VISITOR


def ticked() -> None:
    """The list with its newest entry ticked, as a click on its box does."""
    from pages.picks import listing
    from pages.shared.services import memory

    listing.delete_some(memory.history().events()[:1])


def test_one_entry_is_deleted_after_a_second_word_and_the_rest_stays() -> None:
    history = agreed()
    History(visitor="somebody else").set_consent(True)
    History(visitor="somebody else").record("pick", emotion="calm")
    for emotion in ("sad", "happy"):
        history.record("pick", emotion=emotion)
    app = opened(AppTest.from_function(ticked))
    assert "happy" in texts(app)
    app.button("picks_delete_some_yes").click().run()
    assert not app.exception
    assert [e.emotion for e in history.events()] == ["sad"]
    (other,) = History(visitor="somebody else").events()
    assert history.delete([other.id or 0]) == 0, "nobody deletes another's"
    assert len(History(visitor="somebody else").events()) == 1
    assert history.consent


def test_a_song_of_the_music_page_is_picked_without_a_clip(page: AppTest) -> None:
    music = opened(AppTest.from_file(str(ROOT / "pages" / "music" / "page.py"), default_timeout=60))
    assert keys(music, "pick_") == [], "nothing to choose without consent"
    agreed()
    opened(music)
    first, second = keys(music, "pick_list_")[:2]
    music.button(f"pick_list_{first}").click().run()
    music.button(f"skip_list_{second}").click().run()
    assert not music.exception
    assert music.button(f"pick_list_{first}").disabled
    skip, pick = History(visitor=VISITOR).events()
    assert (pick.kind, pick.track_id, pick.clip_sha256) == ("pick", first, None)
    assert pick.emotion in EMOTIONS
    assert (skip.kind, skip.track_id) == ("skip", second)
    music.button(f"skip_list_{first}").click().run()
    assert music.button(f"skip_list_{first}").disabled, "the last word counts"
    assert not music.button(f"pick_list_{first}").disabled


def test_the_live_song_is_picked_and_a_skip_brings_another() -> None:
    live = opened(AppTest.from_function(live_song, default_timeout=60))
    assert keys(live, "pick_") == []
    history = agreed()
    opened(live)
    (first,) = keys(live, "pick_live_")
    live.button(f"pick_live_{first}").click().run()
    assert not live.exception
    (pick,) = history.picks()
    assert (pick.track_id, pick.emotion, pick.clip_sha256) == (first, "sad", None)
    live.button(f"skip_live_{first}").click().run()
    assert history.events("skip")[0].track_id == first
    assert "_live_song" in live.session_state


def test_switching_off_keeps_what_is_there_and_adds_nothing(page: AppTest) -> None:
    agreed().record("pick", emotion="sad")
    opened(page)
    page.toggle("picks_consent").set_value(False).run()
    assert len(page.dataframe[0].value) == 1
    assert not History(visitor=VISITOR).record("pick", emotion="sad")


def test_each_cue_along_the_clip_has_its_searches(songs: AppTest) -> None:
    cues = next(m.value for m in songs.markdown if m.value.startswith("- ")).splitlines()
    assert len(cues) >= 2
    for cue in cues:
        assert "https://freesound.org/search/?q=" in cue
        assert "https://pixabay.com/sound-effects/search/" in cue
    assert sentences("en")["songs.sources"].split("&")[0] in texts(songs)


def test_each_way_and_each_filter_brings_other_songs(songs: AppTest) -> None:
    seen = {tuple(keys(songs, "play_"))}
    for way in ("match", "contrast", "steer"):
        songs.session_state["songs_way"] = way
        songs.run()
        assert not songs.exception
        assert len(keys(songs, "play_")) == 10
        seen.add(tuple(keys(songs, "play_")))
    assert len(seen) == 4
    to_hope = keys(songs, "play_")
    songs.selectbox("songs_goal").set_value("enraged").run()
    assert keys(songs, "play_") != to_hope
    assert "0\\:00-" in texts(songs)  # a stretch of the timeline in the reason
    songs.multiselect("songs_genre").set_value(["jazz"]).run()
    cards = [m.value for m in songs.markdown if m.value.startswith("**") and "  \n" in m.value]
    assert cards
    assert all(c.endswith("jazz") for c in cards)


@pytest.mark.parametrize("way", ["lists", "match"])
def test_filters_hold_on_every_way_and_too_many_are_said(songs: AppTest, way: str) -> None:
    songs.session_state["songs_way"] = way
    songs.session_state["songs_words"] = "no"
    songs.session_state["songs_energy"] = ["low"]
    songs.run()
    assert not songs.exception
    assert keys(songs, "play_")
    songs.multiselect("songs_decade").set_value([1950]).run()
    songs.multiselect("songs_genre").set_value(["metal"]).run()
    assert not songs.exception
    assert keys(songs, "play_") == []
    assert sentences("en")["error.no_songs"] in "\n".join([texts(songs), *(e.value for e in songs.error)])
    songs.button("songs_reset").click().run()
    assert len(keys(songs, "play_")) == 10


def test_other_songs_are_others(songs: AppTest) -> None:
    before = set(keys(songs, "play_"))
    songs.button("songs_others").click().run()
    assert len(set(keys(songs, "play_")) - before) >= 5


def test_the_songs_follow_a_correction_and_its_undoing() -> None:
    history = agreed()
    songs = opened(AppTest.from_function(songs_page, default_timeout=60))
    before = keys(songs, "play_")
    songs.button("correct_angry").click().run()
    assert "For what you said: angry" in texts(songs)
    assert not set(before) & set(keys(songs, "play_"))
    (event,) = history.events("correction")
    assert (event.emotion, event.detail, event.clip_sha256) == ("sad", "angry", SHA)
    songs.button("correct_undo").click().run()
    assert keys(songs, "play_") == before


def test_where_nothing_is_sure_it_is_asked_which_and_the_likeliest_is_an_answer() -> None:
    history = agreed()
    songs = opened(AppTest.from_function(songs_page, default_timeout=60, kwargs={"sure": False}))
    popover: Any = songs.get("popover")[0]
    assert popover.proto.popover.label == sentences("en")["picks.correct.which"]
    before = keys(songs, "play_")
    songs.button("correct_sad").click().run()
    assert "For what you said: sad" in texts(songs)
    songs.button("correct_undo").click().run()
    assert keys(songs, "play_") == before
    assert not history.events("correction"), "nothing was corrected"
    assert songs.button("correct_angry")


def offering(monkeypatch: pytest.MonkeyPatch, searcher: Searcher) -> None:
    """Players that ask nobody: the searcher is ours, and oEmbed answers nothing."""
    found = song_catalogue.SongPlayers(Players(searcher=searcher, oembed_url="http://127.0.0.1:9/oembed"))
    monkeypatch.setattr(song_catalogue, "song_players", lambda: found)


def test_a_video_that_does_not_play_gives_way_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    history = agreed()
    offering(monkeypatch, lambda _: ["a" * 11, "b" * 11])
    songs = opened(AppTest.from_function(songs_page, default_timeout=60))
    first = keys(songs, "play_")[0]
    songs.button(f"play_{first}").click().run()
    assert not songs.exception
    assert songs.session_state[f"video_{first}"] == "a" * 11
    songs.button(f"gone_songs_{first}").click().run()
    assert songs.session_state[f"video_{first}"] == "b" * 11
    songs.button(f"pick_songs_{first}").click().run()
    assert history.picks()[0].video_id == "b" * 11


def test_without_a_network_it_is_said_once_and_the_search_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: str) -> list[str]:
        raise SearchFailed("no network")

    offering(monkeypatch, nobody)
    songs = opened(AppTest.from_function(songs_page, default_timeout=60))
    for track in keys(songs, "play_")[:3]:
        songs.button(f"play_{track}").click().run()
    assert not songs.exception
    assert not songs.error
    assert [c.value for c in songs.caption].count(sentences("en")["picks.unreachable"]) == 1
    links: list[Any] = list(songs.get("link_button"))
    assert sum("youtube.com/results" in link.proto.url for link in links) == 3


def test_without_a_network_music_and_live_say_it_once_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: str) -> list[str]:
        raise SearchFailed("no network")

    offering(monkeypatch, nobody)
    music = opened(AppTest.from_file(str(ROOT / "pages" / "music" / "page.py"), default_timeout=60))
    for track in keys(music, "play_list_")[:3]:
        music.button(f"play_list_{track}").click().run()
    live = opened(AppTest.from_function(live_song, default_timeout=60))
    live.session_state["_live_playing"] = live.session_state["_live_song"][1].track.id  # as its button does
    for _ in range(2):  # every second anew
        live.run()
    for app, songs in ((music, 3), (live, 1)):
        assert not app.exception
        assert not app.error
        assert [c.value for c in app.caption].count(sentences("en")["picks.unreachable"]) == 1
        links: list[Any] = list(app.get("link_button"))
        assert sum("youtube.com/results" in link.proto.url for link in links) == songs


def test_a_correction_moves_one_emotion_and_keeps_the_turns() -> None:
    read = corrected(clip(), "sad", "fearful")
    assert [m.fused.label for m in read.moments if m.fused] == ["fearful"] * 6 + ["happy"] * 4
    assert read.voice is not None
    assert read.voice.scores["sad"] == 0
    assert read.voice.scores["fearful"] == pytest.approx(0.8)
    assert read.face == clip().face


def test_taste_is_used_along_the_clip_when_there_is_enough() -> None:
    from recommender import load_catalogue

    history, catalogue = agreed(), load_catalogue()
    liked = [track for track in catalogue if track.genre == "jazz"][:8]
    others = [track for track in catalogue if track.genre == "pop"][:8]
    songs = opened(AppTest.from_function(songs_page, default_timeout=60))
    songs.session_state["songs_way"] = "match"
    jazz_before = sum(m.value.endswith("jazz") for m in songs.run().markdown)
    for track in liked:
        history.record("pick", track=track)
    for track in others:
        history.record("skip", track=track)
    songs.run()
    assert sentences("en")["picks.taste.used"] in texts(songs)
    assert sum(m.value.endswith("jazz") for m in songs.markdown) > jazz_before
    page = opened(AppTest.from_file(PAGE, default_timeout=60))
    assert "More of:" in texts(page)
    assert "jazz" in texts(page)


@pytest.mark.parametrize("tag", ["en", "zh_TW"])
def test_the_page_speaks_both_languages(tag: str) -> None:
    agreed().record("correction", emotion="sad", detail="angry")
    app = AppTest.from_file(PAGE, default_timeout=60)
    app.query_params["lang"] = tag
    opened(app)
    assert not app.exception
    assert app.title[0].value == sentences(tag)["picks.title"]
    table: Any = app.dataframe[0].value
    assert sentences(tag)["emotion.angry"] in table["emotion"][0]


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost:8501", True),
        ("127.0.0.1", True),
        ("[::1]:8501", True),
        ("moodcue.example.org", False),
        ("localhost.example.org", False),
        ("192.168.0.4:8501", False),
        ("", False),
    ],
)
def test_only_a_loopback_name_is_ones_own_machine(host: str, local: bool) -> None:
    assert memory.is_local_name(host) is local


def test_a_loopback_address_is_known_in_every_form() -> None:
    assert all(memory.is_loopback(a) for a in ("127.0.0.1", "::1", "::ffff:127.0.0.1"))
    assert not any(memory.is_loopback(a) for a in ("::ffff:10.0.0.4", "172.17.0.1", "2001:db8::1", "unknown"))


@pytest.mark.parametrize("tag", ["en", "zh_TW"])
def test_a_stretch_is_said_once_above_its_songs(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(song_list, "language", lambda: tag)
    monkeypatch.setattr(song_list, "t_plain", lambda key: message(key, tag))
    picks = rank(clip(), song_catalogue.catalogue(), count=6)
    said = [song_list.parted(pick) for pick in picks]
    assert len({stretch for stretch, _, _ in said}) == len({pick.segment for pick in picks}) < len(picks)
    assert all("0:" in stretch and not stretch.endswith((":", "：", " ")) for stretch, _, _ in said)
    assert all(why and "0:" not in why for _, why, _ in said), "what is the song's own stays with it"
