"""Music that fits: five songs for the voice and five for the face, and what else suits beside them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

import recommender
from emotion.timeline import Timeline
from pages.analyse import suits
from pages.analyse.session import Session
from pages.shared import cached, players
from pages.shared.failures import calm
from pages.shared.language import emotion_name, language, markdown, t, t_plain
from recommender import Pick


def show(current: Session, timeline: Timeline) -> None:
    picks = picked(current, timeline)
    if not picks:
        st.info(t("songs.none"), icon=":material/music_off:")
        return
    st.markdown(t("songs.lead", count=len(picks)))
    _lists(picks)
    st.button(t("songs.others"), icon=":material/shuffle:", key="songs_others", on_click=_others, args=(current,))
    st.caption(t("songs.privacy"))
    with calm():
        suits.show(timeline)


def picked(current: Session, timeline: Timeline) -> list[Pick]:
    """The seed's ten songs; another draw each time others are asked for."""
    draw = current.memo.get("draw", 0)
    key = ("songs", draw)
    if key not in current.memo:
        voice, face = (v.scores if v else None for v in (timeline.voice, timeline.face))
        current.memo[key] = recommender.seed_picks(voice, face, cached.catalogue(), seed=draw)
    return current.memo[key]


def _others(current: Session) -> None:
    current.memo["draw"] = current.memo.get("draw", 0) + 1


def _lists(picks: Sequence[Pick]) -> None:
    sides = [(side, list(run)) for side, run in groupby(picks, key=lambda p: p.for_modality)]
    for column, (side, run) in zip(st.columns(2, gap="large"), halves(sides), strict=True):
        with column:
            emotion = emotion_name(run[0].emotion)
            st.markdown(f"**{t(f'songs.for_{side}', emotion=emotion)}**")
            for pick in run:
                _song(pick)


def halves(sides: list[tuple[str, list[Pick]]]) -> list[tuple[str, list[Pick]]]:
    """Two columns: one a side, or the one side's songs in two."""
    if len(sides) == 2:
        return sides
    side, run = sides[0]
    middle = -(-len(run) // 2)
    return [(side, run[:middle]), (side, run[middle:] or run[:0])] if run[middle:] else [(side, run), (side, run)]


@st.fragment
def _song(pick: Pick) -> None:
    """One song; its player is looked up and loaded when it is asked for, nothing before."""
    track = pick.track
    with st.container(border=True, key=f"song_{track.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
            facts = [track.artist, *([str(track.year)] if track.year else []), *([track.genre] if track.genre else [])]
            st.markdown(f"**{markdown(track.title)}**  \n{markdown(' · '.join(facts))}", width="stretch")
            asked = st.button(
                t("songs.play"),
                icon=":material/play_arrow:",
                key=f"play_{track.id}",
                help=t("songs.play_help", title=track.title),
            )
        st.caption(markdown(recommender.sentence(pick.reason, language())))
        if asked:
            st.session_state[f"playing_{track.id}"] = True
        if st.session_state.get(f"playing_{track.id}"):
            with calm():
                _player(pick)


def _player(pick: Pick) -> None:
    from recommender import youtube

    track = pick.track
    with st.spinner(t("songs.looking")):
        found = cached.song_players().find(track)
    if found.video_id:
        players.song_player(found.video_id, t_plain("songs.player", title=track.title), key=f"player_{track.id}")
    else:
        st.caption(t("songs.not_found"))
    st.link_button(t("songs.search"), youtube.search_link(track), icon=":material/open_in_new:")
