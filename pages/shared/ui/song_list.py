"""Songs in two columns, each with its reason and a player on request: the same on the result and behind a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import streamlit as st

import recommender
from emotion.timeline import Timeline, Verdict
from pages.shared.language import emotion_name, language, markdown, t, t_plain
from pages.shared.ui import song
from pages.shared.ui.failures import calm
from recommender import Pick

More = Callable[[Pick], None]
"""Draws what a page adds under a song."""


def show(picks: Sequence[Pick], timeline: Timeline, *, sided: bool, more: More | None = None) -> None:
    """Two columns, one a side of the ``timeline`` where the songs are ``sided``."""
    if sided:
        sides = [(side, list(run)) for side, run in groupby(picks, key=lambda p: p.for_modality)]
    else:
        sides = [("", list(picks))] if picks else []
    for column, (side, run) in zip(st.columns(2, gap="large"), halves(sides), strict=False):
        with column:
            if side:
                st.markdown(f"**{t(f'songs.for_{side}', emotion=_read(timeline, side, run[0].emotion))}**")
            for stretch, songs in groupby(map(parted, run), key=lambda said: said[0]):
                if stretch:
                    st.markdown(f"**{markdown(stretch)}**")
                for _, why, pick in songs:
                    _song(pick, why, more)


def _read(timeline: Timeline, side: str, emotion: str) -> str:
    """The emotion's name, no surer than the side was read; what a person said, or only confirmed, is not doubted."""
    read: Verdict | None = getattr(timeline, side) if side != "fused" else None  # lists of both sides: a person's word
    doubted = read is not None and not read.sure and read.label == emotion
    return t_plain("songs.perhaps", emotion=emotion_name(emotion)) if doubted else emotion_name(emotion)


def halves(sides: list[tuple[str, list[Pick]]]) -> list[tuple[str, list[Pick]]]:
    """Two columns: one a side, or the one side's songs in two."""
    if len(sides) != 1:
        return sides
    side, run = sides[0]
    middle = -(-len(run) // 2)
    return [(side, part) for part in (run[:middle], run[middle:]) if part]


def parted(pick: Pick) -> tuple[str, str, Pick]:
    """What is said of all songs of one stretch of the clip, what of this one alone, and the song.

    The first is empty where the reason names no stretch.
    """
    reason, values = recommender.sentence(pick.reason, language()), dict(pick.reason.values)
    energy = t_plain(f"music.energy.{values['energy']}") if {"start", "energy"} <= values.keys() else ""
    if not energy or not reason.endswith(energy):
        return "", reason, pick
    return reason.removesuffix(energy).rstrip(" :："), energy, pick


@st.fragment
def _song(pick: Pick, why: str, more: More | None) -> None:
    """One song and ``why`` it is there; its player is looked up and loaded when it is asked for, nothing before."""
    track = pick.track
    with st.container(border=True, key=f"song_{track.id}", gap="xsmall"):
        with st.container(
            horizontal=True,
            vertical_alignment="center",
            horizontal_alignment="distribute",
            gap="small",
            key=f"song_row_{track.id}",
        ):
            facts = [track.artist, *([str(track.year)] if track.year else []), *([track.genre] if track.genre else [])]
            st.markdown(f"**{markdown(track.title)}**  \n{markdown(' · '.join(facts))}", width="stretch")
            asked = st.button(
                t("songs.play"),
                icon=":material/play_arrow:",
                key=f"play_{track.id}",
                help=t("songs.play_help", title=track.title),
            )
        st.caption(markdown(why))
        if more is not None:
            more(pick)
        if asked:
            st.session_state[f"playing_{track.id}"] = True
        if st.session_state.get(f"playing_{track.id}"):
            with calm():
                song.player(track, "songs")
