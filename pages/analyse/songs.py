"""Music that fits: by the seed's lists or along the clip, with reasons, and what else suits beside it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import streamlit as st

from emotion.timeline import Timeline
from pages.analyse import correction, song_options, suits
from pages.analyse.session import Session
from pages.analyse.song_options import SongOptions
from pages.shared.language import t, t_plain, together
from pages.shared.services import memory, song_catalogue
from pages.shared.ui import pick_buttons, song_list
from pages.shared.ui.failures import calm
from recommender import Pick
from recommender.ranking.taste import Taste


def show(current: Session, timeline: Timeline) -> None:
    if timeline.best is None:
        st.info(t("songs.none"), icon=":material/music_off:")
        return
    _music(current, timeline)
    with calm():
        suits.show(correction.applied(current, timeline))


@st.fragment
def _music(current: Session, timeline: Timeline) -> None:
    """A choice above the list runs this part of the page alone."""
    catalogue = song_catalogue.catalogue()
    options = song_options.choose(catalogue)
    remembering = memory.consent()
    events = memory.choices() if remembering else []
    taste = memory.taste(events, catalogue) if options.way != "lists" else None
    with calm():
        current.state = current.state.asked(options, taste)
        picks = seen(current, timeline)
        _lead(options, picks, taste)
        made = {e.track_id: e.kind for e in reversed(events)} | dict(current.state.choices)
        buttons = functools.partial(_buttons, current, made) if remembering else None
        song_list.show(picks, timeline, sided=options.way == "lists", more=buttons)
    st.button(t("songs.others"), icon=":material/shuffle:", key="songs_others", on_click=_others, args=(current,))
    st.caption(together(t("songs.privacy"), *(() if remembering else (t("picks.off_here"),))))


def seen(current: Session, timeline: Timeline) -> list[Pick]:
    """The songs as they were last asked for, worked out once: a pick does not turn the list over.

    Raises:
        NoSongs
    """
    state = current.state
    return current.derived.of(
        "songs",
        (timeline.voice, state.options, state.correction, state.taste is not None, state.draw),
        lambda: song_options.songs(
            state.options, timeline, state.correction, song_catalogue.catalogue(), state.taste, state.draw
        ),
    )


def _others(current: Session) -> None:
    current.state = current.state.drawn_again()


def _lead(options: SongOptions, picks: Sequence[Pick], taste: Taste | None) -> None:
    if not picks:
        st.info(t("error.no_songs"), icon=":material/search_off:")
    elif options.way == "lists":
        st.markdown(t("songs.lead", count=len(picks)))
    else:
        st.markdown(t(f"picks.lead.{options.way}", count=len(picks), goal=t_plain(f"music.goal.{options.goal}")))
        if taste is not None:
            st.caption(t("picks.taste.used"))


def _buttons(current: Session, made: dict[str | None, str], pick: Pick) -> None:
    said = dict(current.state.choices).get(pick.track.id) or made.get(pick.track.id, "")
    pick_buttons.buttons(pick.track, said, "songs", functools.partial(_choose, current, pick))


def _choose(current: Session, pick: Pick, kind: pick_buttons.Choice) -> None:
    if pick_buttons.record(kind, pick.track, emotion=pick.emotion, clip_sha256=current.digest):
        current.state = current.state.chosen(pick.track.id, kind)
