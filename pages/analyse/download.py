"""The reading as files: JSON in the documented schema, CSV of the timeline."""

from __future__ import annotations

import json

import streamlit as st

from emotion import result
from emotion.timeline import Timeline
from pages.analyse.session import Session
from pages.shared.language import file_stem, t
from pages.shared.services import memory


def show(current: Session, timeline: Timeline) -> None:
    on_click = _record if memory.consent() else "ignore"
    stem = file_stem(timeline.clip.name)
    text = json.dumps(result.to_dict(timeline), ensure_ascii=False, indent=2)
    st.markdown(t("download.lead"))
    with st.container(horizontal=True):
        for kind, content, mime, icon in (
            ("json", text, "application/json", "data_object"),
            ("csv", result.to_csv(timeline), "text/csv", "table"),
        ):
            st.download_button(
                kind.upper(),
                content,
                file_name=f"{stem}.{kind}",
                mime=mime,
                icon=f":material/{icon}:",
                on_click=on_click,
                args=(current, timeline, kind),
                key=f"download_{kind}",
            )
    st.caption(
        t("download.models", models=", ".join(f"{m.name}-v{m.version} ({m.sha256[:12]})" for m in timeline.models))
    )
    with st.expander(t("download.look")):
        st.code(text[:6000] + ("\n…" if len(text) > 6000 else ""), language="json", height=320)


def _record(current: Session, timeline: Timeline, form: str) -> None:
    memory.record(
        "export",
        emotion=timeline.best.label if timeline.best else None,
        clip_sha256=current.digest,
        detail=form,
    )
