"""The result: player and timeline on top, and below it a section for each question about the clip."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from emotion.timeline import Timeline
from pages.analyse import correction, download, faces, session, share, songs, sound, speaker, speaker_samples, verdict
from pages.analyse.session import Session
from pages.shared import language
from pages.shared.language import t, t_plain
from pages.shared.services import cached
from pages.shared.ui import charts, players, plotting
from pages.shared.ui.failures import calm

SECTIONS: Final = ("verdict", "songs", "faces", "sound", "share", "download")


def show(current: Session) -> None:
    assert current.result is not None and current.kept is not None  # noqa: S101 - page.py asks for it
    timeline = speaker_samples.reading(current, current.result, cached.readers())
    _head(timeline)
    left, right = st.columns([3, 2], gap="large", vertical_alignment="top")
    with left, calm():
        _player(current, timeline)
    with right:
        verdict.headline(timeline)
        for sentence in verdict.sentences(timeline):
            st.markdown(sentence)
        correction.show(current, timeline)
        for notice in timeline.notices:
            st.caption(":material/info: " + t(notice.key, **dict(notice.values)))
    with calm():
        _timeline(current, timeline)
    _sections(current, timeline)
    if timeline.clip.sr is not None:
        cached.warm_sound()


def _head(timeline: Timeline) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(t("result.title", name=timeline.clip.name), anchor=False, width="stretch")
        st.button(t("result.another"), icon=":material/add:", key="analyse_another", on_click=_another)


def _player(current: Session, timeline: Timeline) -> None:
    path = session.playable()
    if path is None:
        _player_to_come()
    else:
        alt = t_plain("result.player", name=timeline.clip.name)
        players.clip_player(path, current.secret, video=timeline.clip.width is not None, alt=alt)


@st.fragment(run_every=0.7)
def _player_to_come() -> None:
    with calm():
        if session.playable(wait_s=0) is not None:
            st.rerun()
        st.skeleton(height=220)
        st.caption(t("result.preparing"))


def _another() -> None:
    session.start_over()


def _timeline(current: Session, timeline: Timeline) -> None:
    if not charts.sides_of(timeline) and (current.result is None or current.result.envelope is None):
        return
    st.markdown(f"**{t('result.timeline')}**  \n:small[{t('result.timeline_help')}]")
    key = ("timeline", language.language(), timeline.voice)
    if key not in current.memo:
        envelope = current.result.envelope if current.result else None
        current.memo[key] = charts.timeline_figure(timeline, envelope, t_plain)
    with st.container(key=players.TIMELINE_KEY):
        plotting.chart(
            current.memo[key],
            key="timeline_chart",
            on_select=_chosen,
            selection_mode=("points", "box"),
            config={"doubleClick": False},
            alt=timeline_in_words(timeline),
        )
    players.keep_in_step(current.at_s, current.memo.get("jump", 0))


def _chosen() -> None:
    """A click or a drag: the player moved already, the rest of the page follows."""
    picked: Any = st.session_state["timeline_chart"].selection
    at = picked.box[0]["x"][0] if picked.box else picked.points[0]["x"] if picked.points else None
    if at is not None:
        session.current().at_s = max(0.0, float(at))


def timeline_in_words(timeline: Timeline) -> str:
    """The leaders in order of time: what the chart shows, for who cannot see it."""
    parts: list[str] = []
    last = None
    for moment in timeline.moments:
        scores = moment.fused or moment.voice or moment.face
        if scores is not None and scores.label != last:
            last = scores.label
            parts.append(f"{language.clock(moment.segment.start_s)} {language.emotion_name(last)}")
    return t_plain("result.timeline_alt") + " " + ", ".join(parts[:40])


def _sections(current: Session, timeline: Timeline) -> None:
    tabs = st.tabs([t(f"section.{s}") for s in SECTIONS], key="result_section", on_change="rerun")
    for name, tab in zip(SECTIONS, tabs, strict=True):
        if not tab.open:
            continue
        with tab, calm():
            if name == "verdict":
                verdict.show(timeline)
                speaker.show(current, timeline)
            elif name == "songs":
                songs.show(current, timeline)
            elif name == "faces":
                faces.show(current, timeline)
            elif name == "sound":
                sound.show(current, timeline)
            elif name == "share":
                share.show(current, timeline)
            else:
                download.show(current, timeline)
