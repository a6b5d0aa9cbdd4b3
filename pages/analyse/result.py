"""The result: the player with its cue sheet, and below it a section for each question about the clip."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from emotion.timeline import Timeline
from pages.analyse import (
    clip_reading,
    correction,
    cue_list,
    cue_sheet,
    export,
    faces,
    session,
    share,
    songs,
    sound,
    speaker,
    under_clip,
)
from pages.analyse.session import Ready, Session
from pages.shared import language
from pages.shared.language import t, t_plain
from pages.shared.services import models, pools, returning, visit
from pages.shared.ui import announce, cue_words, players, plotting, timeline_chart, verdict
from pages.shared.ui.failures import calm

TABS: Final = "result_section"
OPENED_FIRST: Final = "result_section_first"
SECTIONS: Final = ("reading", "songs", "sound", "share", "export")


def show(current: Session, ready: Ready) -> None:
    timeline = clip_reading.reading(current, ready.analysed, models.readers(), pools.pool())
    _head()
    if timeline.best is not None:
        cue_sheet.of(current, timeline)  # made here, while the pool finds out what the player can play
    left, right = st.columns([3, 2], gap="large", vertical_alignment="top")
    with left, calm():
        _player(current, timeline)
    with right:
        if timeline.best is None:
            verdict.headline(timeline)
        else:
            for sentence in cue_words.sides(cue_sheet.of(current, timeline)) or verdict.sentences(timeline):
                st.markdown(sentence)
        verdict.notices(timeline)
    if timeline.best is None:
        return  # sections without anything in them would say nothing six times
    cue_sheet.forget_others()
    with calm():
        cue_list.show(timeline)
    with calm():
        under_clip.show(current, timeline)
    _sections(current, ready, timeline)
    if timeline.clip.sr is not None:
        models.warm_sound()


def _head() -> None:
    name = session.title()
    st.set_page_config(page_title=f"✓ {name} · MoodCue")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(t("result.title", name=name), anchor=False, width="stretch")
        st.button(t("result.another"), icon=":material/add:", key="analyse_another", on_click=_another)
    returning.keep(visit.visitor(), session.current())
    announce.view(f"result {id(session.current())}", t_plain("result.ready", name=name))


def _player(current: Session, timeline: Timeline) -> None:
    path = session.playable()
    if path is None:
        _player_to_come()
    else:
        alt = t_plain("result.player", name=session.title())
        players.clip_player(path, current.secret, video=timeline.clip.width is not None, alt=alt)


@st.fragment(run_every=0.7)
def _player_to_come() -> None:
    with calm():
        if session.playable(wait_s=0) is not None:
            st.rerun()
        st.skeleton(height=220)
        done = session.preparing()
        st.caption(t("result.preparing") if done is None else t("result.preview", value=done))


def _another() -> None:
    session.start_over()


def _timeline(current: Session, ready: Ready, timeline: Timeline) -> None:
    envelope = ready.analysed.envelope
    if timeline_chart.too_short(timeline) or (not timeline_chart.sides_of(timeline) and envelope is None):
        return
    st.markdown(f"**{t('reading.details')}**  \n:small[{t('result.timeline_help')}]")
    figure = current.derived.of(
        "timeline",
        (language.language(), timeline.voice),
        lambda: timeline_chart.timeline_figure(timeline, envelope, t_plain),
    )
    with st.container(key=players.TIMELINE_KEY):
        plotting.chart(
            figure,
            key="timeline_chart",
            on_select=_chosen,
            selection_mode="points",
            config={"doubleClick": False},
            alt=verdict.timeline_in_words(timeline),
        )
    players.keep_in_step(current.state.at_s, current.state.jumps)


def _chosen() -> None:
    """A click: the player moved already, the rest of the page follows."""
    picked: Any = st.session_state["timeline_chart"].selection
    if picked.points:
        current = session.current()
        current.state = current.state.looked_at(float(picked.points[0]["x"]))


def _opened_first(current: Session) -> str:
    """The section to open when the tabs are drawn for the first time: after another page, the one that was open there.

    It stays what it is while the tabs stand: with another default they would be other tabs.
    """
    tag = language.language()
    if TABS not in st.session_state or st.session_state.get(OPENED_FIRST, ("", ""))[0] != tag:
        st.session_state[OPENED_FIRST] = (tag, current.state.section or SECTIONS[0])
    return st.session_state[OPENED_FIRST][1]


def _sections(current: Session, ready: Ready, timeline: Timeline) -> None:
    labels = [t(f"section.{s}") for s in SECTIONS]
    tabs = st.tabs(labels, key=TABS, on_change="rerun", default=labels[SECTIONS.index(_opened_first(current))])
    for name, tab in zip(SECTIONS, tabs, strict=True):
        if not tab.open:
            continue
        current.state = current.state.section_opened(name)
        with tab, calm():
            if name == "reading":
                with calm():
                    _timeline(current, ready, timeline)
                if len(cue_sheet.of(current, timeline)) == 1:  # of several cues no one name is true
                    verdict.headline(timeline)
                verdict.show(timeline)
                speaker.show(current, timeline)
                faces.show(current, timeline)
            elif name == "songs":
                correction.show(current, timeline)
                songs.show(current, timeline)
            elif name == "sound":
                sound.show(current, timeline)
            elif name == "share":
                share.show(current, timeline)
            else:
                export.show(current, timeline)
