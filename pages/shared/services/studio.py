"""Music that may be used, for all visitors: what there is to search and to rank, how it sounds, where it is heard."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import streamlit as st

from pages.shared.services import clips, own_music
from recommender.library.track_sound import TrackSound
from recommender.mix import command, sources
from recommender.mix.score import Studio
from recommender.players import open_sound
from recommender.ranking.shelf import Shelf
from recommender.songs.collection import Collection
from recommender.songs.usable import Usable

_published: dict[Path, str] = {}
_lock = threading.Lock()


@st.cache_resource(show_spinner=False)
def installed() -> Collection:
    """The installed tracks where their sound puts them, one beside the other; their mood words are their makers'."""
    found = sources.tracks(sources.INSTALLED)
    sounds = sources.placed(found, sources.installed_sounds(), makers_word=0.0)
    placed = sources.with_sound(found, sounds)
    return Collection(tuple(replace(t, moods=t.said or t.moods) for t in placed), sounds)


@st.cache_resource(show_spinner=False)
def open_catalogue() -> Collection:
    """The open catalogues, known by their makers' words; the sound is fetched when it is asked for."""
    return Collection(tuple(sources.tracks(sources.CATALOGUE)), {})


def everything() -> Collection:
    """All music to use: installed, own, open."""
    return _joined(own_music.stamp())


@st.cache_resource(show_spinner=False, max_entries=2)
def _joined(stamp: str) -> Collection:
    """``stamp`` changes with the own tracks."""
    return Collection.joined((installed(), own_music.collection(), open_catalogue()))


def shelf() -> Shelf:
    """What is ranked for cues and lies on this machine: installed and own tracks, with what their sound says."""
    return _shelf(own_music.stamp())


@st.cache_resource(show_spinner=False, max_entries=2)
def _shelf(stamp: str) -> Shelf:
    """``stamp`` changes with the own tracks."""
    found, sounds = command.installed_music()
    own = own_music.collection()
    return Shelf.of([*found, *own.tracks], {**sounds, **own.sounds})


@st.cache_resource(show_spinner=False)
def elsewhere() -> Shelf:
    """The open catalogues, ranked by their makers' words."""
    return Shelf.of(open_catalogue().tracks)


@st.cache_resource(show_spinner=False)
def studio() -> Studio:
    return Studio(sources.installed_sounds(), command.described)


def sound_of(track: Usable) -> TrackSound | None:
    """What was measured of a track, for its curve; None where it was not heard."""
    return everything().sounds.get(track.id)


def address(path: Path) -> str | None:
    """Where the browser gets a track of this machine; None where the server has no such route."""
    with _lock:
        if path not in _published:
            secret = clips.publish(path)
            if secret is None:
                return None
            _published[path] = f"{clips.PREFIX}/{secret}"
        return _published[path]


def address_of(track: Usable) -> str | None:
    """The same for any track; None too where its sound has not been fetched."""
    path = track.file or open_sound.kept(track)
    return None if path is None else address(path)
