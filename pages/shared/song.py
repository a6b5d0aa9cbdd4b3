"""A song's player on a page: looked up when asked for, replaced where it does not play, never needed."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared import cached, players
from pages.shared.language import t, t_plain
from recommender.catalogue import Track

_OUT: Final = "_players_out"
"""Where on the page it was said that no player can be had: it is said once."""


def player(track: Track, place: str) -> None:
    """The player, a way to the next video, and a search; ``place`` keeps two lists on one page apart."""
    from recommender import youtube

    key = f"{place}_{track.id}"
    finder = cached.song_players()
    with st.spinner(t("songs.looking")):
        found = finder.next(track) if st.session_state.pop(f"next_{key}", False) else finder.find(track)
    st.session_state[video_key(track)] = found.video_id
    if found.video_id:
        st.session_state.pop(_OUT, None)
        title = t_plain("songs.player", title=track.title)
        players.song_player(found.video_id, title, key=f"player_{key}_{found.video_id}")
    elif found.outcome == "none":
        st.caption(t("songs.not_found"))
    elif st.session_state.setdefault(_OUT, key) == key:
        st.caption(t("picks.unreachable"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.link_button(t("songs.search"), youtube.search_link(track), icon=":material/open_in_new:")
        if found.video_id:
            st.button(
                t("picks.next_video"),
                icon=":material/skip_next:",
                key=f"gone_{key}",
                help=t("picks.next_video_help"),
                on_click=_ask_for_next,
                args=(f"next_{key}",),
            )


def _ask_for_next(flag: str) -> None:
    st.session_state[flag] = True


def video_key(track: Track) -> str:
    """Where the session keeps the video that is shown for a song."""
    return f"video_{track.id}"
