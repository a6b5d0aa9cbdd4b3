"""What a shared result shows: cue sheet, verdict, timeline; faces and the clip where its owner ticked so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.link import sheet
from pages.shared.language import clock, emotion_name, t, t_plain
from pages.shared.services import clips, song_catalogue
from pages.shared.ui import cue_words, players, plotting, song_list, timeline_chart, verdict
from pages.shared.ui.failures import calm
from recommender.ranking.picks import Pick
from recommender.store.shares import Share, clip_of
from recommender.store.snapshot import Face, Snapshot

FACE_PX = 96


def show(shared: Snapshot, share: Share, public: str) -> None:
    timeline = shared.timeline
    path = clip_of(share)
    if path is None:
        _said(shared)
    else:
        left, right = st.columns([3, 2], gap="large", vertical_alignment="top")
        with left, calm():
            alt = t_plain("result.player", name=shared.title)
            players.clip_player(path, clips.shared(public), video=timeline.clip.width is not None, alt=alt)
        with right:
            _said(shared)
    if shared.sheet is not None:
        with calm():
            sheet.show(shared.sheet, share, player=path is not None)
    with calm():
        _timeline(shared, moves_player=path is not None)
    with calm():
        verdict.show(timeline)
    with calm():
        _faces(shared.faces)
    if shared.songs:
        _songs(shared)


def _songs(shared: Snapshot) -> None:
    """The songs for the clip as a whole; beside a sheet they are the other way to look at it, and folded."""
    by_label = by_side(shared.songs)
    if shared.sheet is None:
        st.subheader(t("link.songs"), anchor=False)
        place = st.container()
    else:
        place = st.expander(t("picks.way.lists") if by_label else t("link.songs"))
    with place, calm():
        song_list.show([_of_the_catalogue(p) for p in shared.songs], shared.timeline, sided=by_label)
        st.caption(t("songs.privacy"))


def _said(shared: Snapshot) -> None:
    if shared.sheet is None:
        verdict.headline(shared.timeline)
    by_cue = cue_words.sides(shared.sheet) if shared.sheet is not None else []
    for sentence in by_cue or verdict.sentences(shared.timeline):
        st.markdown(sentence)
    if shared.corrected is not None:
        st.markdown(t("link.corrected", emotion=emotion_name(shared.corrected)))


def _timeline(shared: Snapshot, *, moves_player: bool) -> None:
    timeline = shared.timeline
    if not timeline_chart.sides_of(timeline):
        return
    more = f"  \n:small[{t('result.timeline_help')}]" if moves_player else ""
    st.markdown(f"**{t('result.timeline')}**{more}")
    with st.container(key=players.TIMELINE_KEY):
        figure = timeline_chart.timeline_figure(timeline, None, t_plain)
        plotting.chart(figure, key="timeline_chart", alt=verdict.timeline_in_words(timeline))
    if moves_player:
        players.keep_in_step(0.0, 0)


def _faces(faces: Sequence[Face]) -> None:
    if not faces:
        return
    st.subheader(t("link.faces"), anchor=False)
    with st.container(horizontal=True, gap="small"):
        for face in faces:
            caption = f"{clock(face.time_s)} · {emotion_name(face.emotion)}"
            st.image(face.jpeg, width=FACE_PX, caption=caption, alt=caption)


def by_side(picks: Sequence[Pick]) -> bool:
    """Whether the songs are the seed's five for the voice and five for the face."""
    return all(p.reason.key.startswith("music.reason.seed") for p in picks)


def _of_the_catalogue(pick: Pick) -> Pick:
    """The song as this server's catalogue has it, where it does: its player may be known."""
    catalogue = song_catalogue.catalogue()
    row = catalogue.index_of(pick.track.id)
    return pick if row is None else replace(pick, track=catalogue[row])
