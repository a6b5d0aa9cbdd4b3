"""What else suits: genres, tempo and instruments to look for, sound effects, and where along the clip."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from emotion.timeline import Timeline
from pages.shared.language import clock, emotion_name, t
from recommender import suggestions


def show(timeline: Timeline) -> None:
    if timeline.best is None:
        return
    suits = suggestions.suggest(timeline.best.scores)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{t('songs.genres')}**")
        st.markdown("\n".join(_row("genre", name, suits.emotion) for name in suits.genres))
        instruments = t("songs.join").join(t(f"music.instrument.{i}") for i in suits.instruments)
        st.caption(
            t("songs.tempo", slow=suits.bpm[0], fast=suits.bpm[1])
            + f" · {t(f'music.key.{suits.key}')}  \n{t('songs.instruments')} {instruments}"
        )
    with right:
        st.markdown(f"**{t('songs.effects')}**")
        st.markdown("\n".join(_row("effect", name) for name in (*suits.effects, *suits.accents)))
    cues = suggestions.cues(timeline)
    if cues:
        st.markdown(f"**{t('songs.cues')}**")
        st.markdown("\n".join(_cue(cue) for cue in cues))


def _row(kind: Literal["genre", "effect"], name: str, emotion: str | None = None) -> str:
    found = suggestions.links(kind, name, emotion)
    links = " · ".join(f"[{link.library}]({link.url})" for link in found)
    return f"- {t(f'music.{kind}.{name}')} :small[{links}]"


def _cue(cue: suggestions.Cue) -> str:
    return "- " + t(
        f"songs.cue.{cue.why}",
        at=clock(cue.time_s),
        effect=t(f"music.effect.{cue.effect}"),
        emotion=emotion_name(cue.emotion),
    )
