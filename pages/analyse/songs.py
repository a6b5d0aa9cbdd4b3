"""Music that fits."""

from __future__ import annotations

import streamlit as st

from emotion.timeline import Timeline
from pages.analyse.session import Session
from pages.shared.language import t


def show(current: Session, timeline: Timeline) -> None:
    del current, timeline
    st.info(t("songs.none"))
