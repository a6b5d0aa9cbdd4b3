"""The cue sheet as files for editing programs, and back again; the reading behind it as JSON and CSV."""

from __future__ import annotations

import functools

import streamlit as st

from emotion.timeline import Timeline
from pages.analyse import cue_sheet, download
from pages.analyse.session import Session
from pages.shared.language import file_stem, language, markdown, t, t_plain
from pages.shared.services import visit
from pages.shared.ui import cue_words, uploader
from pages.shared.ui.failures import calm
from recommender.cues import CueSheet, timecodes
from recommender.cues.export import FORMATS, render_bytes

START = "export_start"
UPLOADER = "export_load"
LARGEST_MB = cue_sheet.LARGEST_BYTES // 1024**2


def show(current: Session, timeline: Timeline) -> None:
    sheet = cue_sheet.of(current, timeline)
    st.markdown(t("export.lead"))
    start = st.text_input(
        t_plain("export.start"),
        sheet.clip.start_timecode or timecodes.DEFAULT_START,
        key=START,
        max_chars=16,
        width=180,
        help=t("export.start.help"),
    )
    with calm():
        timecodes.parse(start, sheet.rate)  # says at once what is wrong with it
        _formats(current, timeline, start)
    if (problem := cue_sheet.said_of_chapters(sheet)) is not None:
        st.caption(markdown(cue_words.why(problem)))
    st.caption(t("export.unsaved"))
    _load(current, sheet)
    st.markdown(f"**{t('export.reading')}**")
    download.show(current, timeline)


def _formats(current: Session, timeline: Timeline, start: str) -> None:
    """Each file is written when it is asked for: an edit of the sheet does not draw this section anew."""
    stem, tag = file_stem(timeline.clip.name), language()

    def saved() -> None:
        current.state = current.state.exported()

    kept = current.kept  # an upload lies nowhere that an editing program would find
    own = kept.path if kept and kept.in_place else None

    def file(key: str) -> bytes:
        sheet = cue_sheet.of(current, timeline)
        return render_bytes(sheet, key, start_timecode=start, language=tag, footage=own)

    with st.container(horizontal=True, gap="small"):
        for key, form in FORMATS.items():
            st.download_button(
                t_plain(f"cue.format.{key}"),
                functools.partial(file, key),
                file_name=f"{stem}{form.suffix}",
                mime=form.mime,
                icon=":material/download:",
                key=f"export_{key}",
                on_click=saved,
                help=t("cue.chapters.help") if key == "chapters" else None,
            )


def _load(current: Session, sheet: CueSheet) -> None:
    key = f"{UPLOADER}_{st.session_state.get(UPLOADER, 0)}"

    def loaded() -> None:
        file = st.session_state[key]
        if file is not None:
            if cue_sheet.load(current, sheet, file.getvalue(), visit.name_of(file)):
                st.toast(t("export.loaded"), icon=":material/check:")
            visit.forget_upload(file)
            st.session_state[UPLOADER] = st.session_state.get(UPLOADER, 0) + 1

    st.file_uploader(
        t_plain("export.load"),
        type=["json"],
        key=key,
        help=t("export.load.help"),
        max_upload_size=LARGEST_MB,
        on_change=loaded,
    )
    uploader.words(t_plain("export.load_drop", mb=LARGEST_MB), key="sheet")
