"""The open cue: everything about it that can be changed, each by a widget of its own."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from emotion.labels import EMOTIONS
from pages.analyse import cue_sheet
from pages.analyse.session import Session
from pages.shared.language import clock, emotion_name, language, t, t_plain
from pages.shared.services import song_catalogue, studio
from pages.shared.ui import cue_words, song, usable_tracks
from recommender import GOALS
from recommender.cues import INTENTS, STATES, Cue, CueSheet, edits

AS_READ: Final = ""
"""The choice of no emotion of one's own."""


def show(here: Session, sheet: CueSheet, cue: Cue) -> None:
    _listened(cue)
    with st.container(horizontal=True, gap="small"):
        if cue.chosen is not None:
            _act(
                here,
                sheet,
                "unchoose",
                cue,
                lambda s: edits.choose(s, cue.id, None),
                ":material/radio_button_unchecked:",
            )
        st.button(
            t("songs.others"),
            icon=":material/shuffle:",
            key=f"cue_others_{cue.id}",
            on_click=cue_sheet.others,
            args=(here, sheet, cue.id),
        )
    left, middle, right = st.columns(3)
    with left:
        _mood(here, sheet, cue)
        _title(here, sheet, cue)
    with middle:
        _intent(here, sheet, cue)
        _state(here, sheet, cue)
    with right:
        _times(here, sheet, cue)
    _note(here, sheet, cue)
    with st.container(horizontal=True, gap="small"):
        half = float(cue.start + cue.length / 2)
        _act(here, sheet, "halve", cue, lambda s: edits.split(s, cue.id, half), ":material/content_cut:")
        if cue.id != sheet.cues[-1].id:
            _act(here, sheet, "merge", cue, lambda s: edits.merge(s, cue.id), ":material/merge:")
    cue_words.searches(cue)


def _listened(cue: Cue) -> None:
    """What the row above cannot play itself and was asked for there; all of the cue's music stands in that row."""
    asked = st.session_state.get(_fetched(cue), ())
    music = studio.everything()
    found = [track for s in cue.music if s.id in asked and (track := music.of(s.id)) is not None]
    if found:
        usable_tracks.show(found, key=_tracks(cue))
    song.opened(song_catalogue.catalogue(), cue.music, _players(cue))


def listen(cue: Cue, song_id: str, *, again: bool) -> None:
    """For widgets: a song's own player opens, or closes where it was asked for ``again``; other sound is fetched."""
    if song_catalogue.catalogue().index_of(song_id) is None:
        st.session_state[_fetched(cue)] = (song_id,)
        usable_tracks.ask(_tracks(cue), song_id)
    else:
        song.ask(_players(cue), song_id, again=again)


def _tracks(cue: Cue) -> str:
    return f"cue_tracks_{cue.id}"


def _fetched(cue: Cue) -> str:
    return f"cue_fetched_{cue.id}"


def _players(cue: Cue) -> str:
    return f"cue{cue.id}"


def _act(here: Session, sheet: CueSheet, name: str, cue: Cue, edit: cue_sheet.Edit, icon: str) -> None:
    st.button(
        t(f"cues.{name}"),
        icon=icon,
        key=f"cue_{name}_{cue.id}",
        on_click=cue_sheet.change,
        args=(here, sheet, edit),
    )


def _mood(here: Session, sheet: CueSheet, cue: Cue) -> None:
    key = f"cue_mood_{cue.id}"
    st.session_state[key] = cue.corrected or AS_READ

    def corrected() -> None:
        said = None if st.session_state[key] == AS_READ else st.session_state[key]
        cue_sheet.change(here, sheet, lambda s: edits.correct(s, cue.id, said))

    st.selectbox(
        t_plain("cues.mood"),
        (AS_READ, *EMOTIONS),
        format_func=lambda e: capital(t_plain("cues.mood.read") if e == AS_READ else emotion_name(e)),
        key=key,
        on_change=corrected,
    )


def _title(here: Session, sheet: CueSheet, cue: Cue) -> None:
    key = f"cue_title_{cue.id}"
    st.session_state[key] = cue.title or ""
    st.text_input(
        t_plain("cues.title"),
        key=key,
        max_chars=edits.LONGEST_TEXT,
        placeholder=cue.mood.words(language()),
        on_change=lambda: cue_sheet.change(here, sheet, lambda s: edits.rename(s, cue.id, st.session_state[key])),
    )


def _note(here: Session, sheet: CueSheet, cue: Cue) -> None:
    key = f"cue_note_{cue.id}"
    st.session_state[key] = cue.note
    st.text_input(
        t_plain("cues.note"),
        key=key,
        max_chars=edits.LONGEST_TEXT,
        on_change=lambda: cue_sheet.change(here, sheet, lambda s: edits.write_note(s, cue.id, st.session_state[key])),
    )


def _intent(here: Session, sheet: CueSheet, cue: Cue) -> None:
    key, goal_key = f"cue_intent_{cue.id}", f"cue_goal_{cue.id}"
    st.session_state[key] = cue.intent

    def meant() -> None:
        goal = st.session_state.get(goal_key, cue.goal)
        intent = st.session_state[key] or cue.intent
        cue_sheet.change(here, sheet, lambda s: edits.set_intent(s, intent, goal=goal, only=[cue.id]))

    st.segmented_control(
        t_plain("cues.intent"),
        INTENTS,
        format_func=lambda i: t_plain(f"cues.intent.{i}"),
        key=key,
        required=True,
        on_change=meant,
    )
    if cue.intent == "steer":
        st.session_state[goal_key] = cue.goal
        st.selectbox(
            t_plain("picks.goal"),
            list(GOALS),
            format_func=lambda g: t_plain(f"music.goal.{g}"),
            key=goal_key,
            on_change=meant,
        )


def _state(here: Session, sheet: CueSheet, cue: Cue) -> None:
    key = f"cue_state_{cue.id}"
    st.session_state[key] = cue.state

    def decided() -> None:
        state = st.session_state[key] or cue.state
        cue_sheet.change(here, sheet, lambda s: edits.set_state(s, cue.id, state))

    st.segmented_control(
        t_plain("cues.state"),
        STATES,
        wrap=True,
        format_func=lambda s: capital(t_plain(f"cue.state.{s}")),
        key=key,
        required=True,
        on_change=decided,
    )


def _times(here: Session, sheet: CueSheet, cue: Cue) -> None:
    """The edges as numbers to type; the first cue begins with the clip, the last ends with it."""
    first, last = cue.id == sheet.cues[0].id, cue.id == sheet.cues[-1].id
    sides = (("start", cue.start, first, edits.move_start), ("end", cue.end, last, edits.move_end))
    for name, time, fixed, move in sides:
        key = f"cue_{name}_{cue.id}"
        st.session_state[key] = clock(float(time))

        def moved(key: str = key, move: Any = move) -> None:
            seconds = seconds_of(st.session_state[key])
            if seconds is None:
                st.toast(t("cues.time.wrong"), icon=":material/error:")
            else:
                cue_sheet.change(here, sheet, lambda s: move(s, cue.id, seconds))

        st.text_input(t_plain(f"cues.{name}"), key=key, max_chars=16, disabled=fixed, on_change=moved)


def capital(words: str) -> str:
    """As a choice begins."""
    return words[:1].upper() + words[1:]


def seconds_of(text: str) -> float | None:
    """``1:02.5``, ``0:01:02.5`` or ``62.5`` in seconds; None where it is none of them."""
    parts = text.strip().replace(",", ".").split(":")
    if not 1 <= len(parts) <= 3:
        return None
    try:
        values = [float(p) for p in parts]
    except ValueError:
        return None
    total = sum(v * 60**k for k, v in enumerate(reversed(values)))
    return total if all(v >= 0 for v in values) and total < 1e6 else None
