"""One person of the clip: crops over time, the mean and the peaks, and what the network looked at."""

from __future__ import annotations

from typing import Final

import streamlit as st

from emotion.face.peaks import highest, peaks
from emotion.timeline import FaceTrack, Sighting
from pages.analyse import session
from pages.analyse.session import Session
from pages.shared.language import clock, emotion_name, t, t_plain, together
from pages.shared.services import models
from pages.shared.services.pictures import jpeg
from pages.shared.ui import verdict
from pages.shared.ui.failures import calm

STRIP: Final = 8
HEAT_SIDE: Final = 144
DIM: Final = 0.25
"""A mean weight of the sightings below this is said beside the person."""


def show(current: Session, track: FaceTrack) -> None:
    from pages.shared.ui import charts, plotting

    with st.container(border=True):
        st.markdown(
            t(
                "faces.main" if track.main else "faces.person",
                person=track.id,
                first=clock(track.segment.start_s),
                last=clock(track.segment.end_s),
                value=track.share,
                emotion=emotion_name(track.scores.label),
            )
        )
        if track.readability < DIM:
            st.caption(":material/visibility_off: " + t("faces.dim"))
        left, right = st.columns([2, 3], gap="medium", vertical_alignment="center")
        with left:
            _strip(track)
            _peaks(track)
        with right:
            plotting.chart(
                charts.bars_figure({"face": track.scores}, t_plain, highest=highest(track)),
                key=f"face_bars_{track.id}",
                alt=verdict.spoken("face", track.scores),
            )
            plane = t("faces.plane", valence=track.scores.valence, arousal=track.scores.arousal)
            st.caption(together(t("faces.bars_help"), plane))
        _looked(current, track)


def _strip(track: FaceTrack) -> None:
    """Up to eight crops spread over the time the person is seen."""
    kept = [s for s in track.sightings if s.crop is not None]
    every = max(1, -(-len(kept) // STRIP))
    shown = kept[::every]
    if not shown:
        return
    with st.container(horizontal=True, gap="small"):
        for sighting in shown:
            caption = f"{clock(sighting.time_s)} · {emotion_name(sighting.scores.label)}"
            assert sighting.crop is not None  # noqa: S101 - chosen so above
            st.image(jpeg(sighting.crop), width=84, caption=caption, alt=caption)


def _peaks(track: FaceTrack) -> None:
    """Buttons that take the player, the frame and the timeline to the moment."""
    found = peaks(track)
    if not found:
        return
    st.caption(t("faces.peaks"))
    with st.container(horizontal=True, gap="small"):
        for i, p in enumerate(found):
            st.button(
                t("faces.peak", at=clock(p.time_s), emotion=emotion_name(p.emotion), value=p.value),
                key=f"face_peak_{track.id}_{i}",
                on_click=_jump,
                args=(p.time_s,),
            )


def _jump(at_s: float) -> None:
    current = session.current()
    current.state = current.state.jumped(at_s)


def _looked(current: Session, track: FaceTrack) -> None:
    """On request: where covering the face would change the answer most."""
    clearest = max((s for s in track.sightings if s.crop is not None), key=lambda s: s.weight, default=None)
    if clearest is None:
        return
    asked = st.toggle(t("faces.looked"), key=f"face_looked_{track.id}", help=t("faces.looked_help"))
    if asked:
        with calm():
            _heat(current, track.id, clearest)


def _heat(current: Session, number: int, seen: Sighting) -> None:
    from emotion.face import explain

    assert seen.crop is not None  # noqa: S101 - chosen so by the caller
    face = models.readers().result().face
    if face is None:
        return
    crop = seen.crop
    with st.spinner(t("faces.looking")):
        found = current.derived.of("looked", number, lambda: explain.occlusion(face.network, crop))
    emotion = emotion_name(found.emotion)
    at = clock(seen.time_s)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.image(jpeg(seen.crop), width=HEAT_SIDE, alt=t_plain("faces.crop_alt", at=at))
        st.image(
            jpeg(explain.overlay(seen.crop, found.heat)),
            width=HEAT_SIDE,
            alt=t_plain("faces.heat_alt", at=at, emotion=emotion),
        )
        st.markdown(t("faces.heat", emotion=emotion, at=at, value=found.confidence, without=found.least))
