"""Stage by stage while the pool works; the sound's result shows before the picture's is done."""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

from emotion.errors import Cancelled
from emotion.pipeline import Progress
from emotion.time_left import TimeLeft, rounded
from emotion.timeline import Timeline
from pages.analyse import session
from pages.analyse.session import Fetching
from pages.shared.language import t, t_plain
from pages.shared.services.jobs import Status
from pages.shared.ui import announce
from pages.shared.ui.failures import calm

EVERY_S: Final = 0.6
WAIT_S: Final = 0.45
"""So long each look waits for the end, so that the result is not a look late."""
STAGES: Final = ("reading", "hearing", "looking", "matching")
_LEFT: Final = "_time_left"
_SHOWN: Final = "_voice_shown"
_FIRST: Final = "_first_look"


def show() -> None:
    current = session.current()
    phase = current.phase
    name = phase.url if isinstance(phase, Fetching) else session.title()
    st.set_page_config(page_title=t_plain("progress.tab", name=name))
    st.title(t("progress.title"), anchor=False)
    st.markdown(t("progress.name", name=name))
    announce.view(f"progress {id(current)}", t_plain("progress.title"))
    status = session.advance()
    st.session_state[_SHOWN] = status is not None and _voice(status.progress) is not None
    st.session_state[_FIRST] = True
    _follow()
    if status is not None:
        _early(status.progress)


@st.fragment(run_every=EVERY_S)
def _follow() -> None:
    with calm():
        before = type(session.current().phase)
        status = session.advance()
        phase = session.current().phase
        if status is None or type(phase) is not before:
            st.rerun()
        if isinstance(phase, Fetching):
            _fetching(status)
        elif status.state == "queued":
            st.progress(0.0, text=t("progress.queued", place=status.place))
        else:
            _stages(status.progress)
            _time_left(status.progress)
        st.button(t("progress.cancel"), icon=":material/close:", key="analyse_cancel", on_click=_cancel)
        # What the voice says is drawn once, and not again with each look.
        new = _voice(status.progress) is not None and not st.session_state[_SHOWN]
        # The first look does not wait: what is pressed before the whole page has been run through would be taken for
        # what was pressed before it, an upload, once more.
        first = st.session_state.pop(_FIRST, False)
        if new or (not first and session.over_within(WAIT_S)):
            st.rerun()


def _time_left(progress: Progress | None) -> None:
    """What is left, from what the work took so far; said only once there is enough to go by."""
    current = session.current()
    clip, so_far = st.session_state.get(_LEFT, (None, TimeLeft()))
    if clip != id(current):
        so_far = TimeLeft()
    st.session_state[_LEFT] = id(current), so_far
    left = so_far.after(progress, time.monotonic())
    if left is not None:
        count, unit = rounded(left)
        st.caption(t(f"progress.left.{unit}", count=count))


def _cancel() -> None:
    session.start_over(Cancelled())


def _fetching(status: Status[object]) -> None:
    fraction = status.progress if isinstance(status.progress, float) else 0.0
    st.progress(min(max(fraction, 0.0), 1.0), text=t("progress.fetching", value=fraction))


def _stages(progress: Progress | None) -> None:
    now = STAGES.index(progress.stage) if progress else 0
    fraction = progress.fraction if progress else 0.0
    for index, (stage, column) in enumerate(zip(STAGES, st.columns(len(STAGES)), strict=True)):
        done = 1.0 if index < now else min(max(fraction, 0.0), 1.0) if index == now else 0.0
        state = "done" if index < now else "now" if index == now else "later"
        column.progress(done, text=t(f"progress.{state}", stage=t(f"progress.{stage}"), value=done))


def _voice(progress: object) -> Timeline | None:
    """What is known of the voice while the picture is looked at."""
    partial = progress.partial if isinstance(progress, Progress) else None
    return partial if partial is not None and partial.voice is not None else None


def _early(progress: object) -> None:
    """What the voice says already."""
    partial = _voice(progress)
    if partial is None or partial.voice is None:
        return
    from pages.shared.ui import plain_bars, verdict

    st.subheader(t("progress.early"))
    verdict.headline(partial)
    with st.container(key="early_bars"):
        plain_bars.show("voice", partial.voice.scores)
