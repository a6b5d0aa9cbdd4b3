"""The visitor's cue sheet: made from the reading, changed by edits that can be taken back. Draws nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st

from emotion.errors import MoodCueError
from emotion.timeline import Timeline
from pages.analyse.session import Session
from pages.shared.services import song_catalogue, studio
from pages.shared.ui import failures
from recommender.cues import CueSheet, from_dict, make_sheet, with_songs
from recommender.cues.usable import with_usable
from recommender.errors import SheetFileError

Edit = Callable[[CueSheet], CueSheet]
LARGEST_BYTES = 20 * 1024**2


def of(current: Session, timeline: Timeline) -> CueSheet:
    """The sheet as it stands: the edited one, else the one that the reading gives."""
    if current.state.sheet is not None:
        return current.state.sheet
    return current.derived.of("sheet", timeline.voice, lambda: _with_songs(make_sheet(timeline)))


def change(current: Session, sheet: CueSheet, edit: Edit) -> None:
    """For widgets: ``sheet`` edited takes its place; what cannot be done is said and changes nothing."""
    try:
        changed = edit(sheet)
        if changed != sheet:
            current.state = current.state.edited(sheet, _with_songs(changed))
    except MoodCueError as e:
        st.toast(failures.sentence(e), icon=":material/error:")


def others(current: Session, sheet: CueSheet, cue_id: int) -> None:
    """Other songs for one cue; a chosen one stays."""
    current.state = current.state.drawn_again()
    draw = current.state.draw

    def edit(s: CueSheet) -> CueSheet:
        return with_usable(with_songs(s, song_catalogue.catalogue(), seed=draw, only=[cue_id]), studio.shelf())

    change(current, sheet, edit)


def load(current: Session, sheet: CueSheet, data: bytes, name: str) -> bool:
    """Take a downloaded sheet back; whether it was one, and of a clip as long as this one."""
    try:
        if len(data) > LARGEST_BYTES:
            raise SheetFileError(name=name, detail="it is too large")
        try:
            loaded = from_dict(json.loads(data), name=name)
        except (ValueError, RecursionError) as e:
            raise SheetFileError(name=name, detail="it is not JSON") from e
        if abs(float(loaded.end - sheet.end)) > 0.5:
            raise SheetFileError(name=name, detail=f"its clip lasts {float(loaded.end):.1f} s")
    except MoodCueError as e:
        st.toast(failures.sentence(e), icon=":material/error:")
        return False
    current.state = current.state.edited(sheet, loaded).exported()
    return True


def _with_songs(sheet: CueSheet) -> CueSheet:
    """Music to use first, then the reference songs."""
    return with_usable(with_songs(sheet, song_catalogue.catalogue()), studio.shelf())
