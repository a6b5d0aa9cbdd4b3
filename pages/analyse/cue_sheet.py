"""The visitor's cue sheet: made from the reading, changed by edits that can be taken back. Draws nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st

from emotion.errors import MoodCueError
from emotion.timeline import Notice, Timeline
from pages.analyse import music_wish
from pages.analyse.session import Session
from pages.shared.services import own_music, song_catalogue, studio
from pages.shared.ui import failures
from recommender.cues import CueSheet, from_dict, make_sheet, with_songs
from recommender.cues.export import chapters
from recommender.cues.usable import with_usable, without_usable
from recommender.errors import NoSavedSheet, SheetFileError, SheetOfAnotherClip

Edit = Callable[[CueSheet], CueSheet]
SHOWN_ELSEWHERE = "sheet_shown_elsewhere"
"""The sheet that another part of the page was drawn of; it is drawn anew when that is no longer the sheet."""
SAID_ELSEWHERE = "sheet_said_elsewhere"
"""What the export says of its chapters: the same for most edits, which need not draw it anew."""
LARGEST_BYTES = 20 * 1024**2


def of(current: Session, timeline: Timeline) -> CueSheet:
    """The sheet as it stands: the edited one, else the one that the reading gives."""
    if current.state.sheet is not None:
        return current.state.sheet
    key = (timeline.voice, music_wish.current(), own_music.stamp())
    return current.derived.of("sheet", key, lambda: _with_songs(make_sheet(timeline)))


def change(current: Session, sheet: CueSheet, edit: Edit) -> None:
    """For widgets: ``sheet`` edited takes its place; what cannot be done is said and changes nothing."""
    try:
        changed = edit(sheet)
        if changed != sheet:
            current.state = current.state.edited(sheet, _with_songs(changed))
    except MoodCueError as e:
        st.toast(failures.sentence(e), icon=":material/error:")


def renew_others(sheet: CueSheet) -> None:
    """At the end of a run of the cues alone: the whole page, where another part of it shows the sheet of before."""
    shown, said = st.session_state.get(SHOWN_ELSEWHERE, sheet), chapters.problem(sheet)
    if shown is not sheet or st.session_state.get(SAID_ELSEWHERE, said) != said:
        forget_others()
        st.rerun(scope="app")


def forget_others() -> None:
    """Nothing else of the page shows the sheet, until it is drawn."""
    st.session_state.pop(SHOWN_ELSEWHERE, None)
    st.session_state.pop(SAID_ELSEWHERE, None)


def said_of_chapters(sheet: CueSheet) -> Notice | None:
    """For the export: why YouTube would show no chapters, as long as that is drawn."""
    said = chapters.problem(sheet)
    st.session_state[SAID_ELSEWHERE] = said
    return said


def others(current: Session, sheet: CueSheet, cue_id: int) -> None:
    """Other songs for one cue; a chosen one stays."""
    current.state = current.state.drawn_again()
    draw = current.state.draw

    def edit(s: CueSheet) -> CueSheet:
        return _with_usable(with_songs(s, song_catalogue.catalogue(), seed=draw, only=[cue_id]))

    change(current, sheet, edit)


def wished(current: Session, sheet: CueSheet) -> None:
    """Other music to use under every cue, by what is asked of it now; chosen tracks stay."""
    if current.state.sheet is not None:
        change(current, sheet, lambda s: _with_usable(without_usable(s)))


def load(current: Session, sheet: CueSheet, data: bytes, name: str) -> bool:
    """Take a downloaded sheet back; whether it was one, and of a clip as long as this one."""
    try:
        loaded = _saved(data, name)
        if abs(float(loaded.end - sheet.end)) > 0.5:
            raise SheetOfAnotherClip(name=name, seconds=f"{float(loaded.end):.1f}", here=f"{float(sheet.end):.1f}")
    except MoodCueError as e:
        st.toast(failures.sentence(e), icon=":material/error:")
        return False
    current.state = current.state.edited(sheet, loaded).exported()
    return True


def _saved(data: bytes, name: str) -> CueSheet:
    """The sheet that a downloaded file holds; raises NoSavedSheet."""
    if len(data) > LARGEST_BYTES:
        raise NoSavedSheet(name=name)
    try:
        return from_dict(json.loads(data), name=name)
    except (ValueError, RecursionError, SheetFileError) as e:
        raise NoSavedSheet(name=name) from e


def _with_songs(sheet: CueSheet) -> CueSheet:
    """Music to use first, then the reference songs."""
    return _with_usable(with_songs(sheet, song_catalogue.catalogue()))


def _with_usable(sheet: CueSheet) -> CueSheet:
    return with_usable(sheet, studio.shelf(), elsewhere=studio.elsewhere(), wish=music_wish.current())
