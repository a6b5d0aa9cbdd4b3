""" "This is not sad": the visitor puts another emotion in the place of the one shown, and the songs follow."""

from __future__ import annotations

import streamlit as st

from emotion.labels import BY_NAME, EMOTIONS
from emotion.timeline import Timeline
from pages.analyse.session import Session
from pages.shared.language import emotion_name, t, t_plain
from pages.shared.services import memory
from recommender.ranking.correction import corrected


def show(current: Session, timeline: Timeline) -> None:
    """The control beside the verdict; recorded only where the visitor agreed to be remembered."""
    if timeline.best is None:
        return
    shown, right = timeline.best.label, current.state.correction
    if right is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{BY_NAME[right].emoji} {t('picks.correct.done', emotion=emotion_name(right))}")
            st.button(
                t("picks.correct.undo"),
                icon=":material/undo:",
                type="tertiary",
                key="correct_undo",
                on_click=_correct,
                args=(current, right, shown, None),
            )
        return
    # where nothing is sure the headline names others too: it is asked which, and the likeliest is an answer as well
    sure = timeline.best.sure
    label = t("picks.correct", emotion=emotion_name(shown)) if sure else t("picks.correct.which")
    with st.popover(label, icon=":material/edit:", type="tertiary", key="correct"):
        st.caption(t("picks.correct.lead"))
        with st.container(horizontal=True, gap="xsmall"):
            for emotion in EMOTIONS:
                if not sure or emotion != shown:
                    st.button(
                        f"{BY_NAME[emotion].emoji} {t_plain(f'emotion.{emotion}')}",
                        key=f"correct_{emotion}",
                        on_click=_correct,
                        args=(current, shown, emotion, emotion),
                    )


def applied(current: Session, timeline: Timeline) -> Timeline:
    """The timeline as the visitor reads it."""
    chosen = current.state.correction
    if chosen is None or timeline.best is None:
        return timeline
    return corrected(timeline, timeline.best.label, chosen)


def _correct(current: Session, before: str, after: str, kept: str | None) -> None:
    """``before`` stood there, ``after`` is right; ``kept`` holds from now on, the model's own where it is None."""
    current.state = current.state.corrected(kept)
    if before != after:
        memory.record("correction", emotion=before, detail=after, clip_sha256=current.digest)
