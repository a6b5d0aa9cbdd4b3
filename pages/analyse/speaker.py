"""This speaker: what the reading of the voice rests on, the difference it makes, and more footage to rest it on."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from emotion import media
from emotion.timeline import Adaptation, Speaker, Timeline
from pages.analyse import clip_reading
from pages.analyse.session import Session
from pages.analyse.speaker_samples import BY_VOICE, NOBODY, Footage, assigned
from pages.shared.language import emotion_name, file_stem, t, t_plain, together
from pages.shared.services import models, pools, visit
from pages.shared.ui import failures, plotting, speaker_charts, uploader, verdict

EVERY_S: Final = 0.7
MOST_SPEAKERS: Final = 4
UPLOADER: Final = "speaker_upload"


def show(current: Session, timeline: Timeline) -> None:
    told = timeline.adaptation
    if told is None:
        return
    with st.container(border=True, key="speaker"):
        many = len(told.speakers) > 1
        st.markdown(f"**{t('speaker.title_many' if many else 'speaker.title')}**")
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            _switch(current, told)
            _count(current)
        for speaker in told.speakers:
            _speaker(told, speaker, many=many)
        _again(current)
        _more(current, told)
        _save(current, timeline, told)
        st.caption(t("speaker.privacy"))


def _switch(current: Session, told: Adaptation) -> None:
    if not any(s.adapted for s in told.speakers):
        return
    st.session_state["speaker_switch"] = current.adapt

    def switched() -> None:
        current.adapt = st.session_state["speaker_switch"]

    st.toggle(t("speaker.switch"), key="speaker_switch", help=t("speaker.switch_help"), on_change=switched)


def _count(current: Session) -> None:
    """Two voices of one sex are hard to tell from two moods of one: the visitor may say how many speak."""
    heard = clip_reading.listened(current)
    if heard is None or heard.voices.shape[1] == 0 or len(heard.segments) < 2:
        return
    st.session_state["speaker_count"] = current.state.speakers or 0

    def counted() -> None:
        current.state = current.state.said_speakers(st.session_state["speaker_count"] or None)

    st.selectbox(
        t("speaker.count"),
        range(min(MOST_SPEAKERS, len(heard.segments)) + 1),
        format_func=lambda n: t_plain("speaker.count.of", count=n) if n else t_plain("speaker.count.heard"),
        key="speaker_count",
        help=t("speaker.count_help"),
        width=190,
        on_change=counted,
    )


def _speaker(told: Adaptation, speaker: Speaker, *, many: bool) -> None:
    if many:
        st.markdown(f"**{t('speaker.name', number=speaker.id)}**")
    for sentence in sentences(told, speaker):
        st.markdown(sentence)
    if not speaker.adapted:
        return
    before, after = (verdict.spoken("voice", scores) for scores in (speaker.general, speaker.known))
    plotting.chart(
        speaker_charts.change_figure(speaker.general, speaker.known, t_plain),
        key=f"speaker_change_{speaker.id}",
        alt=t_plain("speaker.chart_alt", number=speaker.id, before=before, after=after),
    )


def sentences(told: Adaptation, speaker: Speaker) -> list[str]:
    """What is known of a speaker and what it changed; Markdown."""
    from emotion.voice.adapt import LEAST_CLIPS
    from emotion.voice.profile import ONE_MOOD
    from emotion.voice.speech import WINDOW_S

    if not speaker.adapted:
        speech, least = speaker.speech_s + speaker.added_s, LEAST_CLIPS * WINDOW_S
        if round(speech, 1) >= round(least, 1):  # in windows it is not enough yet, in seconds it reads as if it were
            return [t("speaker.almost")]
        return [t("speaker.too_little", speech=speech, least=least)]
    said = [
        t(
            "speaker.used_more" if speaker.files else "speaker.used",
            speech=speaker.speech_s,
            added=speaker.added_s,
            files=speaker.files,
            moods=speaker.variety,
        )
    ]
    if speaker.variety < ONE_MOOD:
        said.append(t("speaker.one_mood"))
    before, after = speaker.general, speaker.known
    key = "speaker.off" if not told.on else "speaker.same" if before.label == after.label else "speaker.change"
    values = {"before_value": before.confidence, "after_value": after.confidence}
    change = t(key, before=emotion_name(before.label), after=emotion_name(after.label), **values)
    mine = [w for w in told.windows if w.speaker == speaker.id]
    changed = sum(w.general.label != w.adapted.label for w in mine)
    return [*said, together(change, t("speaker.windows", changed=changed, count=len(mine)))]


# The voice read again -------------------------------------------------------------------------------


def _again(current: Session) -> None:
    """How far the reading is that the visitor asked for; until it is there, the one before is shown."""
    failure = clip_reading.failure(current)
    if failure is not None:
        st.markdown(failures.sentence(failure))
    elif clip_reading.at_work(current) is not None:
        _follow_reading(current)


@st.fragment(run_every=EVERY_S)
def _follow_reading(current: Session) -> None:
    with failures.calm():
        status = clip_reading.at_work(current)
        if status is None or status.over:
            st.rerun()
        done = status.progress if isinstance(status.progress, float) else 0.0
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(done, text=t("speaker.again.waiting" if status.state == "queued" else "speaker.again.reading"))
            st.button(
                t("progress.cancel"),
                icon=":material/close:",
                key="speaker_again_cancel",
                on_click=clip_reading.cancel,
                args=(current,),
            )


# More of this speaker ------------------------------------------------------------------------------


def _more(current: Session, told: Adaptation) -> None:
    limits = media.Limits.from_environment()
    st.file_uploader(
        t("speaker.more"),
        type=[*sorted(media.SUFFIXES), "npz"],
        accept_multiple_files=True,
        key=_uploader(),
        max_upload_size=max(1, limits.max_bytes // 1024**2),
        help=t("speaker.more_lead"),
        on_change=_uploaded,
        args=(current,),
    )
    uploader.words(t_plain("speaker.more_drop", mb=limits.max_bytes / 1024**2), key="speaker")
    if any(more.ticket for more in current.footage):
        _follow(current)
    for more in list(current.footage):
        if more.ticket is None:
            _file(current, told, more)


def _uploader() -> str:
    return f"{UPLOADER}_{st.session_state.get(UPLOADER, 0)}"


def _uploaded(current: Session) -> None:
    for file in st.session_state.get(_uploader()) or ():
        clip_reading.add(current, file, visit.name_of(file), models.readers(), pools.pool())
        visit.forget_upload(file)
    st.session_state[UPLOADER] = st.session_state.get(UPLOADER, 0) + 1


@st.fragment(run_every=EVERY_S)
def _follow(current: Session) -> None:
    """The files that are being heard; the page is drawn anew when one of them is done."""
    with failures.calm():
        at_work = [more for more in current.footage if more.ticket is not None]
        if not all(more.advance() for more in at_work):
            st.rerun()
        for more in at_work:
            status: Any = more.ticket.status() if more.ticket else None
            done = status.progress if status and isinstance(status.progress, float) else 0.0
            waits = status is not None and status.state == "queued"
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.progress(done, text=t("speaker.file.waiting" if waits else "speaker.file.hearing", name=more.name))
                _remove_button(current, more, t("progress.cancel"), "cancel")


def _file(current: Session, told: Adaptation, more: Footage) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"footage_{more.id}"):
        if more.error is not None:
            st.markdown(failures.sentence(more.error), width="stretch")
        else:
            st.markdown(_whose(current, more), width="stretch")
            _choice(current, told, more)
        _remove_button(current, more, t("speaker.remove"), "remove")


def _remove_button(current: Session, more: Footage, label: str, key: str) -> None:
    st.button(
        label,
        icon=":material/close:",
        type="tertiary",
        key=f"footage_{key}_{more.id}",
        help=t("speaker.remove_help", name=more.name),
        on_click=_remove,
        args=(current, more),
    )


def _whose(current: Session, more: Footage) -> str:
    from emotion.voice.speech import WINDOW_S

    heard = clip_reading.listened(current)
    choice = clip_reading.owner(current, more)
    pairs = assigned(heard, more.voices, choice) if heard else []
    counted = [voice for _, voice in pairs] or more.voices
    seconds = sum(voice.profile.count for voice in counted) * WINDOW_S
    whom = t("songs.join").join(t("speaker.name", number=n + 1) for n in sorted({n for n, _ in pairs}))
    key = "heard" if pairs else "nobody" if choice == NOBODY else "stranger"
    return t(f"speaker.file.{key}", name=more.name, seconds=seconds, whom=whom)


def _choice(current: Session, told: Adaptation, more: Footage) -> None:
    """The visitor knows better whose voice it is."""
    names = {BY_VOICE: t_plain("speaker.by_voice"), NOBODY: t_plain("speaker.nobody")}
    names |= {s.id - 1: t_plain("speaker.name", number=s.id) for s in told.speakers}
    key = f"footage_whose_{more.id}"

    def given() -> None:
        current.state = current.state.given_to(more.id, st.session_state[key])

    st.session_state[key] = clip_reading.owner(current, more)
    st.selectbox(
        t("speaker.file.whose", name=more.name),
        sorted(names),
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        width=190,
        on_change=given,
    )


def _remove(current: Session, more: Footage) -> None:
    more.leave()
    current.footage.remove(more)


# Save this speaker ---------------------------------------------------------------------------------


def _save(current: Session, timeline: Timeline, told: Adaptation) -> None:
    heard = clip_reading.listened(current)
    reader = models.readers().result().voice
    if heard is None or reader is None:
        return
    from emotion.voice.saved_speaker import SUFFIX, save

    stem = file_stem(timeline.clip.name)
    with st.container(horizontal=True):
        for speaker in told.speakers:
            many = len(told.speakers) > 1
            st.download_button(
                t("speaker.save_number", number=speaker.id) if many else t("speaker.save"),
                save(clip_reading.to_save(current, heard, speaker.id - 1, reader)),
                file_name=f"{stem}-speaker-{speaker.id}.{SUFFIX}",
                mime="application/octet-stream",
                icon=":material/person:",
                on_click="ignore",
                key=f"speaker_save_{speaker.id}",
                help=t("speaker.save_help"),
            )
