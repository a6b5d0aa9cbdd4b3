"""Who was seen: a row for each person, and the frame at the chosen second with the faces marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from emotion import media
from emotion.media import fence
from emotion.timeline import FaceTrack, Sighting, Timeline
from pages.analyse import person
from pages.analyse.session import Session
from pages.shared.language import clock, emotion_name, t, t_plain
from pages.shared.services.pictures import jpeg

PEOPLE: Final = 12
NEAR_S: Final = 0.35
"""Faces are marked at most so long before or after the frame in which they were seen."""
MARKS: Final = ((122, 112, 232), (233, 164, 0), (42, 157, 143), (229, 107, 168), (59, 111, 212), (209, 51, 61))
FRAME_SIDE: Final = 960


def show(current: Session, timeline: Timeline) -> None:
    if not timeline.tracks:
        st.info(t("faces.none"), icon=":material/face:")
        return
    st.markdown(t("faces.lead", count=len(timeline.tracks)))
    _frame(current, timeline)
    for track in timeline.tracks[:PEOPLE]:
        person.show(current, track)
    if len(timeline.tracks) > PEOPLE:
        st.caption(t("faces.more", count=len(timeline.tracks) - PEOPLE))


def _frame(current: Session, timeline: Timeline) -> None:
    """The frame on screen at the chosen place; where nothing was chosen, where the main face is clearest."""
    end_s = max(timeline.clip.duration_s, 0.2)
    if current.state.face_at_s is None:
        at_s = current.state.at_s or best_sighting(timeline.tracks[0]).time_s
        current.state = current.state.face_shown(at_s)
    st.session_state["faces_second"] = min(round(current.state.face_at_s or 0.0, 1), end_s)

    def moved() -> None:
        current.state = current.state.jumped(st.session_state["faces_second"])

    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with right:
        st.slider(t("faces.second"), 0.0, end_s, step=0.1, key="faces_second", on_change=moved, format="%.1f s")
        at_s = st.session_state["faces_second"]
        seen = seen_at(timeline.tracks, at_s)
        for track, sighting in seen:
            st.markdown(
                t(
                    "faces.seen",
                    person=track.id,
                    emotion=emotion_name(sighting.scores.label),
                    value=sighting.scores.confidence,
                )
            )
        if not seen:
            st.caption(t("faces.nobody"))
    with left:
        assert current.kept is not None  # noqa: S101 - a result has its clip
        frame = fence.frame_at(current.kept.path, at_s, max_side=FRAME_SIDE)
        scale = max(frame.rgb.shape[:2]) / read_side(timeline)
        boxes = [(track.id, sighting, scale) for track, sighting in seen]
        st.image(jpeg(marked(frame.rgb, boxes)), width="stretch", alt=t_plain("faces.frame_alt", at=clock(at_s)))


def read_side(timeline: Timeline) -> float:
    """The longer side of the frames that the boxes are measured on."""
    longest = max(timeline.clip.width or 1, timeline.clip.height or 1)
    return float(min(longest, media.MAX_SIDE))


def seen_at(tracks: Sequence[FaceTrack], at_s: float) -> list[tuple[FaceTrack, Sighting]]:
    """Who was seen in the frame read nearest to this second; nobody from the other side of a cut."""
    read_s = min((s.time_s for track in tracks for s in track.sightings), key=lambda time_s: abs(time_s - at_s))
    if abs(read_s - at_s) > NEAR_S:
        return []
    return [(track, s) for track in tracks for s in track.sightings if s.time_s == read_s]


def best_sighting(track: FaceTrack) -> Sighting:
    return max(track.sightings, key=lambda s: (s.weight, s.confidence))


def marked(rgb: npt.NDArray[np.uint8], boxes: list[tuple[int, Sighting, float]]) -> npt.NDArray[np.uint8]:
    """The picture with a numbered box a person."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(rgb)
    draw = ImageDraw.Draw(picture)
    width = max(2, max(rgb.shape[:2]) // 240)
    font: Any = ImageFont.load_default(size=max(14, max(rgb.shape[:2]) // 36))
    for number_, sighting, scale in boxes:
        box, colour = sighting.box, mark_of(number_)
        left, top = box.x * scale, box.y * scale
        draw.rounded_rectangle(
            (left, top, left + box.width * scale, top + box.height * scale),
            radius=width * 3,
            outline=colour,
            width=width,
        )
        label = f" {number_} "
        _, _, w, h = draw.textbbox((0, 0), label, font=font)
        draw.rectangle((left, max(0, top - h - 4), left + w, max(h + 4, top)), fill=colour)
        draw.text((left, max(0, top - h - 4)), label, fill="white", font=font)
    return np.asarray(picture)


def mark_of(track_id: int) -> tuple[int, int, int]:
    return MARKS[track_id % len(MARKS)]
