"""The songs and their players, the same for all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from emotion import heap

if TYPE_CHECKING:
    from recommender import Catalogue, Track
    from recommender.errors import CatalogueError
    from recommender.players.youtube import Player, Players

LOOK_UP_S = 8.0


def catalogue() -> Catalogue:
    """The songs: the built catalogue where there is a sound one, else the shipped one."""
    return _catalogue()[0]


def catalogue_fault() -> CatalogueError | None:
    """What is wrong with the built catalogue, which the shipped one stands in for."""
    return _catalogue()[1]


@st.cache_resource(show_spinner=False)
def _catalogue() -> tuple[Catalogue, CatalogueError | None]:
    from recommender.songs.files import built_or_starter

    songs = built_or_starter()
    heap.settle()
    return songs


@dataclass(frozen=True)
class SongPlayers:
    """Finds a song's player; what was found is remembered on disk."""

    players: Players

    def find(self, track: Track) -> Player:
        """Asks the network where it must, for a few seconds at most."""
        return self.players.wait(track, LOOK_UP_S)

    def next(self, track: Track, video_id: str | None = None) -> Player:
        """Another video, where the one shown (``video_id``, if it is known) does not play."""
        return self.players.gone(track, video_id)


@st.cache_resource(show_spinner=False)
def song_players() -> SongPlayers:
    from recommender.players.youtube import Players

    return SongPlayers(Players())
