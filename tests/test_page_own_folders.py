"""The host's folders of music on the page: off unless allowed, indexed with progress, searched, forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared.services import memory, own_music, studio
from recommender.store import database

ROOT = Path(__file__).resolve().parent.parent
PAGE = str(ROOT / "pages" / "music" / "page.py")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two tracks and a broken one in the one folder that is allowed."""
    music = tmp_path / "music"
    music.mkdir()
    rng = np.random.default_rng(5)
    for name in ("First Walk", "Second Walk"):
        soundfile.write(music / f"{name}.wav", rng.normal(0, 0.1, 22_050 * 3), 22_050)
    (music / "First Walk.wav.license").write_text("CC BY 4.0\n")
    (music / "broken.mp3").write_bytes(b"no music" * 99)
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOODCUE_MUSIC", str(music))
    _fresh()
    yield music
    _fresh()
    database.close_all()


def _fresh() -> None:
    st.cache_resource.clear()
    own_music.look_again()


def opened(local: bool = True, /, **query: str) -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=60)
    at.session_state["_memory"] = memory.Remembered("local" if local else "x", local=local, known=local)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def wait_for_run() -> None:
    for _ in range(600):
        if not own_music.run().running:
            return
        time.sleep(0.1)
    raise AssertionError("the run did not end within a minute")


def test_without_the_hosts_word_there_is_no_such_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path))
    monkeypatch.delenv("MOODCUE_MUSIC", raising=False)
    at = opened()
    assert not [b for b in at.button if str(b.key).startswith("own_")]
    assert own_music.collection() is own_music.NOTHING and own_music.tracks() == []


def test_a_folder_is_indexed_searched_played_and_forgotten(folder: Path) -> None:
    at = opened()
    assert len(studio.shelf()) == len(studio.installed())
    at.button(key="own_index_0").click().run()
    wait_for_run()
    at = opened(q="walk", **{"from": "own"})
    assert not at.exception
    said = " ".join(str(c.value) for c in at.caption)
    assert "2 tracks heard" in said and "CC BY 4.0 1" in said and "unknown 1" in said
    assert str(at.subheader[0].value).startswith("Music to use: 2 tracks")
    assert "broken.mp3" in " ".join(str(m.value) for m in at.markdown)
    shelf = studio.shelf()
    own = {t.title: t for t in shelf.tracks if t.source == "own"}
    assert set(own) == {"First Walk", "Second Walk"}
    assert own["First Walk"].licence == "CC BY 4.0" and own["Second Walk"].licence == "unknown"
    assert studio.sound_of(own["First Walk"]) is not None
    elsewhere = opened(False, q="walk", **{"from": "own"})
    assert str(elsewhere.subheader[0].value).startswith("Music to use: 2 tracks"), "everybody may search and hear them"
    assert not [b for b in elsewhere.button if str(b.key).startswith("own_")], "and nobody from elsewhere forgets them"
    assert str(folder) not in " ".join(str(e.value) for e in (*elsewhere.markdown, *elsewhere.caption))
    at.button(key="own_forget_now_0").click().run()
    assert own_music.tracks() == [] and len(studio.shelf()) == len(studio.installed())
    assert len(list(folder.iterdir())) == 4, "the files stay"


def test_a_folder_that_is_not_there_is_said_and_nothing_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOODCUE_MUSIC", str(tmp_path / "unplugged"))
    _fresh()
    at = opened(lang="zh-TW")
    assert len(at.warning) == 1 and at.button(key="own_index_0").disabled


def test_a_run_is_stopped_and_goes_on_later(folder: Path) -> None:
    own_music.start([folder])
    own_music.cancel()  # it is asked after each track
    wait_for_run()
    assert own_music.run().cancelled
    before = len(own_music.tracks())
    assert before == 1
    own_music.start([folder])
    wait_for_run()
    outcome = own_music.run().outcome
    assert outcome is not None and outcome.unchanged == before and len(own_music.tracks()) == 3


def test_only_tracks_of_allowed_folders_are_shown(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was indexed from the command line elsewhere is nobody's business here."""
    other = tmp_path / "music and more"
    other.mkdir()
    soundfile.write(other / "x.wav", np.random.default_rng(1).normal(0, 0.1, 22_050 * 3), 22_050)
    own_music.start([other])
    wait_for_run()
    assert own_music.tracks() == []
