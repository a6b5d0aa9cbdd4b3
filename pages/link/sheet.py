"""The shared cue sheet: the strip, each cue with its songs to vote for, and short notes from whoever looks."""

from __future__ import annotations

import functools

import streamlit as st

from emotion.errors import MoodCueError
from pages.shared.language import language, markdown, t, t_plain
from pages.shared.services import returning, song_catalogue
from pages.shared.ui import cue_strip, cue_words, failures, song
from pages.shared.ui.failures import calm
from recommender.cues import Cue, CueSheet
from recommender.store.shares import Share
from recommender.store.votes import LONGEST_NOTE, Tally, Votes


@st.fragment
def show(sheet: CueSheet, share: Share, *, player: bool) -> None:
    guest = returning.browser()
    votes = Votes(share.key)
    tally = votes.tally(guest)
    st.subheader(sheet.course(language()), anchor=False)
    cue_strip.show(sheet, key="link_strip", player=player)
    st.caption(t("vote.ended") if tally.ended else t("vote.lead"))
    for cue in sheet.cues:
        with calm():
            _cue(cue, votes, tally, guest, player=player)
    st.caption(t("songs.reference") + " " + t("songs.privacy"))


def _cue(cue: Cue, votes: Votes, tally: Tally, guest: str, *, player: bool) -> None:
    with st.container(border=True, key=f"link_cue_{cue.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if player:
                st.button(cue_words.span(cue), icon=":material/play_arrow:", key=f"cue_play_{cue.id}")
            else:
                st.markdown(cue_words.span(cue), width="content")
            st.markdown(cue_words.heading(cue), width="stretch")
        st.caption(cue_words.direction(cue))
        if cue.note:
            st.caption(":material/sticky_note_2: " + t("cues.noted", note=cue.note))
        if cue.music and cue.direction.advice != "none":
            _songs(cue, votes, tally, guest)
        for note in tally.notes:
            if note.cue == cue.id:
                st.markdown(f"> {markdown(note.text)}")
        if not tally.ended:
            _note(cue, votes, guest)


def _songs(cue: Cue, votes: Votes, tally: Tally, guest: str) -> None:
    key = f"vote_{cue.id}"
    st.session_state[key] = tally.mine.get(cue.id)
    counts = tally.votes.get(cue.id, {})

    def label(song_id: str) -> str:
        one = next(s for s in cue.music if s.id == song_id)
        chosen = " :material/check_circle:" if song_id == cue.chosen else ""
        count = f" · {t('vote.count', count=counts[song_id])}" if song_id in counts else ""
        return cue_words.song(one) + chosen + count

    def voted() -> None:
        if st.session_state[key] is not None:
            _say(functools.partial(votes.vote, cue.id, st.session_state[key], guest))

    st.radio(
        t_plain("cues.songs", span=cue_words.span(cue)),
        [s.id for s in cue.music],
        index=None,
        format_func=label,
        captions=[f"{cue_words.use(s)} {cue_words.why(s.reason)}" for s in cue.music],
        key=key,
        label_visibility="collapsed",
        disabled=tally.ended,
        on_change=voted,
    )
    song.listen(song_catalogue.catalogue(), cue.music, f"link{cue.id}")


def _note(cue: Cue, votes: Votes, guest: str) -> None:
    count = st.session_state.get("vote_notes", 0)
    key = f"vote_note_{cue.id}_{count}"

    def left() -> None:
        if st.session_state[key].strip() and _say(functools.partial(votes.note, cue.id, st.session_state[key], guest)):
            st.session_state["vote_notes"] = count + 1

    st.text_input(
        t_plain("vote.note"),
        key=key,
        max_chars=LONGEST_NOTE,
        placeholder=t_plain("vote.note.hint"),
        label_visibility="collapsed",
        on_change=left,
    )


def _say(act: functools.partial[None]) -> bool:
    try:
        act()
    except MoodCueError as e:
        st.toast(failures.sentence(e), icon=":material/error:")
        return False
    return True
