"""The first look: bring a clip, or take a sample."""

from __future__ import annotations

import streamlit as st

from emotion import media
from pages.analyse import browse, recorder, session
from pages.shared.language import t, t_plain
from pages.shared.services import samples, visit
from pages.shared.ui import failures, uploader

UPLOADER = "analyse_upload"
SAMPLE = "sample"


def show(error: BaseException | None) -> None:
    limits = media.Limits.from_environment()
    st.title(t("analyse.title"))
    st.markdown(t("analyse.lead"))
    _from_the_link()
    if error is not None:
        failures.show(error)
    key = f"{UPLOADER}_{st.session_state.get(UPLOADER, 0)}"
    st.file_uploader(
        t("analyse.upload"),
        type=sorted(media.SUFFIXES),
        key=key,
        max_upload_size=max(1, limits.max_bytes // 1024**2),
        on_change=_uploaded,
        args=(key,),
    )
    uploader.words(t_plain("analyse.upload_drop"), key="clip", on_refused=session.forget_error)
    st.caption(t("analyse.upload_takes", mb=limits.max_bytes / 1024**2, minutes=limits.max_duration_s / 60))
    browse.show()
    left, right = st.columns(2, gap="large")
    with left, st.form("analyse_link", border=False):
        st.text_input(t("analyse.link"), key="analyse_url", placeholder="https://", max_chars=2000)
        st.form_submit_button(t("analyse.fetch"), icon=":material/link:", on_click=_linked)
    with right:
        st.audio_input(t("analyse.record"), sample_rate=48000, key="analyse_record", on_change=_recorded)
    with st.expander(t("recorder.title"), icon=":material/videocam:"):
        recorder.show()
    _samples()
    st.caption(t("analyse.privacy"))


def _from_the_link() -> None:
    """``?sample=good-news`` starts that sample; taken once, so that going back does not start it again."""
    asked = st.query_params.get(SAMPLE)
    sample = next((s for s in samples.samples() if s.id == asked), None)
    if asked is not None:
        del st.query_params[SAMPLE]
    if sample is not None:
        session.open_sample(sample)
        st.rerun()


def _uploaded(key: str) -> None:
    """Each uploader takes one file: a click that follows at once has Streamlit tell of the last one again."""
    upload = st.session_state.get(key)
    if upload is not None and key == f"{UPLOADER}_{st.session_state.get(UPLOADER, 0)}":
        session.open_file(upload, visit.name_of(upload))
        visit.forget_upload(upload)
        st.session_state[UPLOADER] = st.session_state.get(UPLOADER, 0) + 1


def _recorded() -> None:
    recording = st.session_state["analyse_record"]
    if recording is not None:
        session.open_file(recording, t_plain("analyse.recording") + ".wav")
        visit.forget_upload(recording)


def _linked() -> None:
    if st.session_state["analyse_url"].strip():
        session.open_link(st.session_state["analyse_url"].strip())


def _samples() -> None:
    clips = samples.samples()
    if not clips:
        return
    st.subheader(t("analyse.samples"))
    for column, sample in zip(st.columns(len(clips)), clips, strict=True):
        title = t_plain(sample.title_key)
        short, details = samples.split_title(title)
        with column.container(border=True, height="stretch", gap="xsmall", key=f"sample_card_{sample.id}"):
            st.image(samples.poster(sample), width="stretch", alt=title)
            st.button(
                short,
                key=f"sample_{sample.id}",
                icon=":material/play_arrow:",
                width="stretch",
                on_click=session.open_sample,
                args=(sample,),
            )
            if details:
                st.caption(details)
    st.caption(t("sample.made"))
