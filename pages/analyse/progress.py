"""Stage by stage while the pool works; the sound's result shows before the picture's is done."""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

from emotion.errors import Cancelled
from emotion.pipeline import Progress
from pages.analyse import session
from pages.analyse.session import Fetching
from pages.shared.language import t, t_plain
from pages.shared.services.jobs import Status
from pages.shared.ui import announce
from pages.shared.ui.failures import calm

EVERY_S: Final = 0.6
STAGES: Final = ("reading", "hearing", "looking", "matching")
SHARES: Final = (0.03, 0.27, 0.67, 0.03)
"""The part of the whole time that each stage takes of a talking head, by ``make bench``."""
SOON_S: Final = 2.0
"""So long, and for so large a part, something must have run before the rest of the time is guessed."""
SOON: Final = 0.08
_BEGUN: Final = "_progress_begun"


def show() -> None:
    current = session.current()
    kept, phase = current.kept, current.phase
    name = kept.name if kept else phase.url if isinstance(phase, Fetching) else ""
    st.set_page_config(page_title=t_plain("progress.tab", name=name))
    st.title(t("progress.title"), anchor=False)
    st.markdown(t("progress.name", name=name))
    announce.view(f"progress {id(current)}", t_plain("progress.title"))
    st.session_state.pop(_BEGUN, None)
    _follow()


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
        _early(status.progress)


def _time_left(progress: Progress | None) -> None:
    """What is left, from what the work took so far; said only once there is enough to go by."""
    now_s = time.monotonic()
    begun_s = st.session_state.setdefault(_BEGUN, now_s)
    left = left_s(progress, now_s - begun_s)
    if left is not None:
        unit = "minutes" if left > 90 else "seconds"
        st.caption(t(f"progress.left.{unit}", count=rounded(left / 60 if unit == "minutes" else left)))


def left_s(progress: Progress | None, passed_s: float) -> float | None:
    """Seconds until the end, None where it is too early to say."""
    if progress is None:
        return None
    now = STAGES.index(progress.stage)
    done = sum(SHARES[:now]) + SHARES[now] * min(max(progress.fraction, 0.0), 1.0)
    return passed_s * (1 - done) / done if done >= SOON and passed_s >= SOON_S else None


def rounded(value: float) -> int:
    """1 to 5 one by one, then in fives: no more exact than it is known."""
    return max(1, round(value)) if value <= 5 else 5 * -(-round(value) // 5)


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


def _early(progress: Progress | None) -> None:
    """What the voice says already."""
    partial = progress.partial if progress else None
    if partial is None or partial.voice is None:
        return
    from pages.shared.ui import verdict

    st.subheader(t("progress.early"))
    verdict.headline(partial)
    verdict.bars(partial, key="early_bars")
