"""A song's player on a page: looked up when asked for, replaced where it does not play, never needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.shared.language import t, t_plain
from pages.shared.services import song_catalogue
from pages.shared.ui import failures, players
from recommender.cues import Song
from recommender.songs.catalogue import Catalogue, Track

_OUT: Final = "_players_out"
"""Under which song of each place it was said that no player can be had: once a list, not under every song."""


def player(track: Track, place: str) -> None:
    """The player, a way to the next video, and a search; ``place`` keeps two lists on one page apart."""
    key = f"{place}_{track.id}"
    failed: tuple[str, str] | None = st.session_state.get(_failed(key))
    finder = song_catalogue.song_players()
    with st.spinner(t("songs.looking")):
        found = finder.next(track) if st.session_state.pop(f"next_{key}", False) else finder.find(track)
    st.session_state[video_key(track)] = None if failed else found.video_id
    if failed:
        st.info(t(f"player.{failed[1]}"), icon=":material/play_disabled:")
    elif found.video_id:
        st.session_state.pop(f"{_OUT}_{place}", None)
        players.song_player(
            found.video_id,
            t_plain("songs.player", title=track.title),
            key=f"player_{key}_{found.video_id}",
            on_failed=lambda video_id, code: _fail(track, key, video_id, code),
        )
    elif found.outcome == "none":
        st.caption(t("songs.not_found"))
    elif st.session_state.setdefault(f"{_OUT}_{place}", key) == key:
        st.caption(t("picks.unreachable"))
    _ways_on(track, key, found.video_id, failed)


def opened(catalogue: Catalogue, songs: Sequence[Song], place: str) -> None:
    """The players that :func:`ask` opened; nothing is loaded before."""
    for one in songs:
        row = catalogue.index_of(one.id)
        if row is not None and st.session_state.get(_playing(place, one.id)):
            with failures.calm():
                player(catalogue[row], place)


def ask(place: str, song_id: str, *, again: bool = True) -> None:
    """For widgets: the player of a song in :func:`opened` opens; asked for ``again``, it closes."""
    key = _playing(place, song_id)
    st.session_state[key] = not (again and st.session_state.get(key))


def _playing(place: str, song_id: str) -> str:
    return f"playing_{place}_{song_id}"


def _ways_on(track: Track, key: str, video_id: str | None, failed: tuple[str, str] | None) -> None:
    """Where else the song is to be heard; ``failed`` is the video that did not play, and why."""
    from recommender.players import youtube

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if failed and failed[1] != "gone":
            st.link_button(t("player.watch"), youtube.watch_link(failed[0]), icon=":material/open_in_new:")
        st.link_button(t("songs.search"), youtube.search_link(track), icon=":material/open_in_new:")
        if video_id and not (failed and failed[1] == "refused"):
            st.button(
                t("player.next" if failed else "picks.next_video"),
                icon=":material/skip_next:",
                key=f"gone_{key}",
                help=t("picks.next_video_help"),
                on_click=_ask_for_next,
                args=(key, video_id),
            )


def _fail(track: Track, key: str, video_id: str, code: int) -> None:
    """The player said that it cannot play. A fault of the video itself is remembered for the next visitors too."""
    from recommender.players import youtube

    fault = youtube.FAULTS.get(code, "broken")
    st.session_state[_failed(key)] = (video_id, fault)
    if fault in youtube.OF_THE_VIDEO:
        with failures.calm():
            song_catalogue.song_players().next(track, video_id)


def _ask_for_next(key: str, video_id: str) -> None:
    """The one after the video that was shown, or the one that has taken its place already."""
    failed = st.session_state.pop(_failed(key), None)
    st.session_state[f"next_{key}"] = failed is None or failed[0] == video_id


def _failed(key: str) -> str:
    return f"failed_{key}"


def video_key(track: Track) -> str:
    """Where the session keeps the video that is shown for a song."""
    return f"video_{track.id}"
