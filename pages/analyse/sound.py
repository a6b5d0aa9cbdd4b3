"""The sound as the seed describes it: log-mel, MFCC, and what trimming took away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from emotion import signals
from emotion.media import fence
from emotion.timeline import Timeline
from pages.analyse.session import Session
from pages.shared.language import clock, t, t_plain
from pages.shared.ui import plotting, sound_charts
from pages.shared.ui.charts import Envelope

SR: Final = 22_050
MOST_S: Final = 120.0
"""Longer clips are shown around the chosen place: features of ten minutes would be a blur."""


@dataclass(frozen=True)
class Described:
    """``log_mel`` (128, frames) dB, ``mfcc`` (100, frames); the means are over time; times in seconds."""

    start_s: float
    duration_s: float
    log_mel: npt.NDArray[Any]
    mfcc: npt.NDArray[Any]
    mean: npt.NDArray[Any]
    trimmed_mean: npt.NDArray[Any]
    envelope: Envelope
    kept: tuple[float, float]


def show(current: Session, timeline: Timeline) -> None:
    if timeline.clip.sr is None or current.kept is None:
        st.info(t("sound.none"), icon=":material/volume_off:")
        return
    path = current.kept.path
    start_s = stretch_start(current.state.at_s, timeline.clip.duration_s)
    with st.spinner(t("sound.working")):
        described = current.derived.of("sound", start_s, lambda: describe(stretch_of(path, start_s), start_s))
    if timeline.clip.duration_s > MOST_S:
        end = clock(start_s + described.duration_s)
        st.caption(t("sound.stretch", start=clock(start_s), end=end))
    if described.log_mel.size == 0:
        st.info(t("sound.empty"), icon=":material/volume_off:")
        return
    _charts(described)


def stretch_start(at_s: float, duration_s: float) -> float:
    """Where the shown stretch starts: in steps of half its length, so that nearby clicks share one."""
    if duration_s <= MOST_S:
        return 0.0
    step = MOST_S / 2
    return min(max(0.0, (at_s // step - 0.5) * step), duration_s - MOST_S)


def stretch_of(path: Path, start_s: float) -> npt.NDArray[np.float32]:
    """The stretch that is shown, at 22,050 Hz: no more of it is held."""
    return fence.read_stretch(path, SR, start_s, start_s + MOST_S)


def describe(y: npt.NDArray[np.float32], start_s: float) -> Described:
    """Everything drawn here, from the sound of the stretch."""
    trimmed, (first, last) = signals.trim(y)
    mfcc = signals.mfcc(y, SR)
    mfcc_trimmed = signals.mfcc(trimmed, SR)
    return Described(
        start_s,
        len(y) / SR,
        sound_charts.pooled(signals.log_mel(y, SR)),
        sound_charts.pooled(mfcc),
        mfcc.mean(axis=1) if mfcc.size else np.zeros(signals.N_MFCC),
        mfcc_trimmed.mean(axis=1) if mfcc_trimmed.size else np.zeros(signals.N_MFCC),
        signals.envelope(y, SR),
        (first / SR, last / SR),
    )


def _charts(d: Described) -> None:
    st.markdown(f"**{t('sound.log_mel')}**  \n:small[{t('sound.log_mel_help')}]")
    figure = sound_charts.features_figure(d.log_mel, d.duration_s, title=t_plain("sound.band"), unit=" dB")
    plotting.chart(figure, key="sound_mel", alt=t_plain("sound.log_mel"))
    with st.expander(t("sound.students"), icon=":material/school:"):
        _for_students(d)


def _for_students(d: Described) -> None:
    st.markdown(f"**{t('sound.mfcc')}**  \n:small[{t('sound.mfcc_help')}]")
    figure = sound_charts.features_figure(d.mfcc, d.duration_s, title=t_plain("sound.coefficient"), unit="", middle=0.0)
    plotting.chart(figure, key="sound_mfcc", alt=t_plain("sound.mfcc"))
    st.markdown(f"**{t('sound.trim')}**")
    removed_s = d.duration_s - (d.kept[1] - d.kept[0])
    st.markdown(
        t("sound.trim_help", removed=removed_s, duration=d.duration_s, first=d.kept[0], last=d.duration_s - d.kept[1])
    )
    plotting.chart(sound_charts.trim_figure(d.envelope, d.kept, t_plain), key="sound_trim", alt=t_plain("sound.trim"))
    st.markdown(f":small[{t('sound.mean_help')}]")
    figure = sound_charts.mean_figure(d.mean, d.trimmed_mean, t_plain, title=t_plain("sound.coefficient"))
    plotting.chart(figure, key="sound_mean", alt=t_plain("sound.mean_help"))
