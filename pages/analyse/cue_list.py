"""The cue sheet on the page: the strip, what it says as a whole, and a row for each cue, one of them open to edit.

The rows above the open cue and those below it are one component each; the widgets of the open cue stand between them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from emotion.timeline import Timeline
from pages.analyse import cue_editor, cue_sheet, music_wish
from pages.analyse.session import Session, current
from pages.shared.language import language, t, t_plain
from pages.shared.ui import cue_rows, cue_strip
from pages.shared.ui.failures import calm
from recommender.cues import INTENTS, Cue, CueSheet, edits

BELOW: Final = "cue_rows_below"
EDITOR: Final = "cue_editor"


@st.fragment
def show(timeline: Timeline) -> None:
    """An edit runs this part of the page alone."""
    here = current()
    sheet = cue_sheet.of(here, timeline)
    with calm():
        st.subheader(sheet.course(language()), anchor=False)
        cue_strip.show(
            sheet,
            on_edit=functools.partial(_on_strip, here, sheet),
            chosen=here.state.cue,
            unsaved=here.state.unsaved,
        )
        st.caption(t("cues.how"))
        _tools(here, sheet)
        _rows(here, sheet)
        st.caption(t("songs.reference"))
        st.caption(t("cues.privacy"))
    cue_sheet.renew_others(sheet)


def _on_strip(here: Session, sheet: CueSheet) -> None:
    edit = cue_strip.edited()
    if edit is None:
        return
    if edit.kind == "open":
        here.state = here.state.opened(edit.cue)
    elif edit.kind == "move":
        cue_sheet.change(here, sheet, lambda s: edits.move_start(s, edit.cue, edit.time_s))
    else:
        cue_sheet.change(here, sheet, lambda s: edits.split(s, s.at(edit.time_s).id, edit.time_s))


def _tools(here: Session, sheet: CueSheet) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(t("cues.undo"), icon=":material/undo:", key="cues_undo", disabled=not here.state.past, on_click=_undo)
        st.selectbox(
            t_plain("cues.all"),
            INTENTS,
            format_func=lambda i: t_plain(f"cues.intent.{i}"),
            key="cues_all",
            index=None,
            placeholder=t_plain("cues.all.hint"),
            width=220,
            on_change=lambda: _for_all(here, sheet),
        )
        music_wish.choose(lambda: cue_sheet.wished(here, sheet))


def _undo() -> None:
    here = current()
    here.state = here.state.undone()


def _for_all(here: Session, sheet: CueSheet) -> None:
    intent: Any = st.session_state["cues_all"]
    st.session_state["cues_all"] = None
    if intent is not None:
        cue_sheet.change(here, sheet, lambda s: edits.set_intent(s, intent))


def _rows(here: Session, sheet: CueSheet) -> None:
    above, opened, below = parted(sheet, here.state.cue)
    for key, cues in ((cue_rows.KEY, above), (BELOW, below)):
        on_asked = functools.partial(_on_rows, here, sheet, key)
        cue_rows.show(cues, key=key, on_asked=on_asked, open_=here.state.cue)
        if opened and key == cue_rows.KEY:
            with st.container(border=True, key=EDITOR), calm():
                cue_editor.show(here, sheet, above[-1])


def parted(sheet: CueSheet, cue_id: int | None) -> tuple[Sequence[Cue], bool, Sequence[Cue]]:
    """The cues up to the open one, whether there is one, and those after it; all are above where none is open."""
    at = next((k for k, cue in enumerate(sheet.cues) if cue.id == cue_id), None)
    end = len(sheet.cues) if at is None else at + 1
    return sheet.cues[:end], at is not None, sheet.cues[end:]


def _on_rows(here: Session, sheet: CueSheet, key: str) -> None:
    asked = cue_rows.asked(key)
    if asked is not None:
        act(here, sheet, asked)


def act(here: Session, sheet: CueSheet, asked: cue_rows.Asked) -> None:
    """Do what was asked for on a row."""
    cue = next((c for c in sheet.cues if c.id == asked.cue), None)
    if cue is None:
        return
    if asked.kind == "open":
        here.state = here.state.opened(None if here.state.cue == cue.id else cue.id)
    elif not any(s.id == asked.value for s in cue.music):
        return
    elif asked.kind == "choose":
        cue_sheet.change(here, sheet, lambda s: edits.choose(s, cue.id, asked.value))
    elif asked.kind == "listen":
        cue_editor.listen(cue, asked.value, again=here.state.cue == cue.id)
        here.state = here.state.opened(cue.id)
