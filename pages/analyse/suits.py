"""What else suits: genres, tempo and instruments to look for, sound effects, and where along the clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from emotion.timeline import Timeline
from pages.shared.language import clock, emotion_name, markdown, t, t_plain, together
from recommender import suggestions


def show(timeline: Timeline) -> None:
    if timeline.best is None:
        return
    suits = suggestions.suggest(timeline.best.scores)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{t('songs.genres')}**")
        _chips("genre", suits.genres, suits.emotion)
        instruments = t("songs.join").join(t(f"music.instrument.{i}") for i in suits.instruments)
        st.caption(
            t("songs.tempo", slow=suits.bpm[0], fast=suits.bpm[1])
            + f" · {t(f'music.key.{suits.key}')}  \n{together(t('songs.instruments'), instruments)}"
        )
    with right:
        st.markdown(f"**{t('songs.effects')}**")
        _chips("effect", (*suits.effects, *suits.accents))
    cues = suggestions.cues(timeline)
    if cues:
        st.markdown(f"**{t('songs.cues')}**")
        st.markdown("\n".join(_cue(cue) for cue in cues))
    st.caption(t("songs.sources"))


def _chips(kind: Literal["genre", "effect"], names: Sequence[str], emotion: str | None = None) -> None:
    """A chip a name; it opens on links into libraries that are searched for it."""
    with st.container(horizontal=True, gap="xsmall"):
        for name in names:
            with st.popover(t(f"music.{kind}.{name}"), key=f"suits_{kind}_{name}"):
                for link in suggestions.links(kind, name, emotion):
                    st.markdown(f"[{link.library}]({link.url})  \n:small[{markdown(link.licence)}]")


def _cue(cue: suggestions.Cue) -> str:
    said = t(
        f"songs.cue.{cue.why}",
        at=clock(cue.time_s),
        effect=t_plain(f"music.effect.{cue.effect}"),
        emotion=emotion_name(cue.emotion),
    )
    searches = [f"[{link.library}]({link.url})" for link in suggestions.links("effect", cue.effect) if link.searches]
    return f"- {said} :small[{' · '.join(searches)}]"
