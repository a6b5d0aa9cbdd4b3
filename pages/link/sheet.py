"""The shared cue sheet: the strip, each cue with its songs to hear and to vote for, and notes from whoever looks."""

from __future__ import annotations

import functools
from typing import Final

import streamlit as st

from emotion.errors import MoodCueError
from pages.shared.language import language, t
from pages.shared.services import returning, song_catalogue, studio
from pages.shared.ui import cue_rows, cue_strip, failures, song, usable_tracks
from pages.shared.ui.failures import calm
from recommender.cues import Cue, CueSheet
from recommender.store.shares import Share
from recommender.store.votes import Tally, Votes

ROWS: Final = "link_rows"
BELOW: Final = "link_rows_below"
LISTENED: Final = "link_listened"
"""The cue and the song whose player is open."""


@st.fragment
def show(sheet: CueSheet, share: Share, *, player: bool) -> None:
    guest = returning.browser()
    votes = Votes(share.key)
    tally = votes.tally(guest)
    st.subheader(sheet.course(language()), anchor=False)
    cue_strip.show(sheet, key="link_strip", player=player)
    st.caption(t("vote.ended") if tally.ended else t("vote.lead"))
    with calm():
        _rows(sheet, votes, tally, guest, player=player)
    st.caption(t("songs.reference"))
    st.caption(t("cues.privacy"))


def _rows(sheet: CueSheet, votes: Votes, tally: Tally, guest: str, *, player: bool) -> None:
    """The player of a song that is listened to elsewhere stands under its cue."""
    said = {cue.id: guests(cue, tally) for cue in sheet.cues}
    listened: tuple[int, str] | None = st.session_state.get(LISTENED)
    end = next((k + 1 for k, cue in enumerate(sheet.cues) if listened and cue.id == listened[0]), len(sheet.cues))
    for key, cues in ((ROWS, sheet.cues[:end]), (BELOW, sheet.cues[end:])):
        on_asked = functools.partial(_on_rows, sheet, votes, guest, key)
        cue_rows.show(cues, key=key, on_asked=on_asked, player=player, guests=said, ended=tally.ended)
        if listened and key == ROWS:
            with st.container(border=True, key="link_listen"), calm():
                _listen(listened[1])


def _listen(song_id: str) -> None:
    """A reference song's player; of an open catalogue's track a row that fetches it when it is asked for."""
    row, track = song_catalogue.catalogue().index_of(song_id), studio.for_guests(song_id)
    if row is not None:
        song.player(song_catalogue.catalogue()[row], "link")
    elif track is not None:
        usable_tracks.show([track], key="link_track")


def guests(cue: Cue, tally: Tally) -> cue_rows.Guests:
    """What was said of one cue."""
    return cue_rows.Guests(
        votes=tally.votes.get(cue.id, {}),
        notes=tuple(note.text for note in tally.notes if note.cue == cue.id),
        mine=tally.mine.get(cue.id),
    )


def _on_rows(sheet: CueSheet, votes: Votes, guest: str, key: str) -> None:
    asked = cue_rows.asked(key)
    if asked is not None:
        act(sheet, votes, guest, asked)


def act(sheet: CueSheet, votes: Votes, guest: str, asked: cue_rows.Asked) -> None:
    """Do what a guest asked for; a song or a cue that is not in the sheet is none."""
    cue = next((c for c in sheet.cues if c.id == asked.cue), None)
    if cue is None:
        return
    try:
        if asked.kind == "note":
            votes.note(cue.id, asked.value, guest)
        elif not any(s.id == asked.value for s in cue.music):
            return
        elif asked.kind == "choose":
            votes.vote(cue.id, asked.value, guest)
        elif asked.kind == "listen":
            wanted = (cue.id, asked.value)
            st.session_state[LISTENED] = None if st.session_state.get(LISTENED) == wanted else wanted
    except MoodCueError as e:
        st.toast(failures.sentence(e), icon=":material/error:")
