"""Tracks of open catalogues that were fetched: each is heard once, and again where what was written of it is no use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pages.shared.services import fetched
from recommender.library.track_sound import TrackSound
from recommender.mix import command
from recommender.mix.sources import installed_sounds
from recommender.players import open_sound
from recommender.songs import installed
from recommender.songs.usable import Usable

TUNE = installed.tracks()[0]
TRACK = Usable("open:x", "open", "X", "Y", "CC BY 4.0", "credit", url="https://example.org/x.opus")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """What had to be heard, in order; another sound each time."""
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path))
    paths: list[Path] = []

    def describe(path: Path) -> TrackSound:
        paths.append(path)
        return replace(installed_sounds()[TUNE.usable().id], tempo_bpm=60.0 + len(paths))

    monkeypatch.setattr(command, "described", describe)
    return paths


def kept() -> Path:
    folder = open_sound.folder()
    folder.mkdir(parents=True)
    path = folder / f"{open_sound._name(TRACK.url or '')}.opus"
    path.write_bytes(TUNE.path.read_bytes())
    return path


def test_what_is_not_here_has_no_sound_and_is_not_heard(heard: list[Path]) -> None:
    assert fetched.hear(TRACK) is None and fetched.sound_of(TRACK) is None
    assert heard == []


def test_a_track_is_heard_once_for_all_visits(heard: list[Path]) -> None:
    path = kept()
    assert fetched.sound_of(TRACK) is None, "it is here, and nobody has heard it yet"
    told = fetched.hear(TRACK)
    assert told is not None and told.tempo_bpm == 61
    assert fetched.hear(TRACK) == fetched.sound_of(TRACK) == told
    assert heard == [path]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model": "another"}'])
def test_what_was_written_of_it_and_is_no_use_is_heard_anew(heard: list[Path], text: str) -> None:
    path = kept()
    fetched.hear(TRACK)
    (path.parent / "heard" / f"{path.stem}.json").write_text(text, encoding="utf-8")
    assert fetched.sound_of(TRACK) is None
    again = fetched.hear(TRACK)
    assert again is not None and again.tempo_bpm == 62
    assert heard == [path, path]
