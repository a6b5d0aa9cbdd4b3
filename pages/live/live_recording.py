"""What is seen live is kept where the visitor asks for it, and handed to the Analyse page or thrown away after Stop."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import streamlit as st

from emotion import media
from emotion.media.tape import SPAN_S, Tape
from emotion.media.tape_segments import PIECE_S
from pages.shared.language import clock, t, t_plain
from pages.shared.services import handover, visit

FOLDER: Final = "live"
EVERY_S: Final = 1.0
_KEEPING: Final = "_live_keeping"


def span_s() -> float:
    """The last five minutes, never longer than a clip may be."""
    return min(SPAN_S, media.Limits.from_environment().max_duration_s - 2 * PIECE_S)


@dataclass
class Keeping:
    """The tape of one visitor, if there is one; ``start_s`` is the start it belongs to."""

    tape: Tape | None = None
    start_s: float | None = None

    def picture(self, frame: av.VideoFrame, now_s: float) -> None:
        if (tape := self.tape) is not None:
            tape.picture(frame, now_s)

    def sound(self, frame: av.AudioFrame, now_s: float) -> None:
        if (tape := self.tape) is not None:
            tape.sound(frame, now_s)

    def follow(self, folder: Path, *, wanted: bool, start_s: float | None) -> None:
        """Record while it is wanted and something runs, which began at ``start_s``; stop when it ends.

        Who takes the tick away while it runs does not want what was kept so far either.
        """
        if start_s is None:
            if self.tape is not None:
                self.tape.stop()
        elif not wanted and self.start_s == start_s:
            self.throw_away()
        elif wanted and self.start_s != start_s:
            self.throw_away()
            shutil.rmtree(folder, ignore_errors=True)
            self.tape, self.start_s = Tape(folder, span_s=span_s()), start_s

    def throw_away(self) -> None:
        """Free the file, the thread and what waits."""
        tape, self.tape, self.start_s = self.tape, None, None
        if tape is not None:
            tape.throw_away()
            tape.wait(2.0)


def of_session() -> Keeping:
    """This visitor's; it goes with the visit."""
    keeping = st.session_state.setdefault(_KEEPING, Keeping())
    visitor = visit.visitor()
    if keeping.throw_away not in visitor.on_leave:
        visitor.on_leave.append(keeping.throw_away)
    return keeping


def ask(keeping: Keeping, *, start_s: float | None) -> None:
    """The tick, off until somebody sets it."""
    wanted = st.toggle(t("live.keep", minutes=span_s() / 60), key="live_keep", help=t("live.keep_help"))
    keeping.follow(visit.visitor().folder / FOLDER, wanted=wanted, start_s=start_s)


def show(keeping: Keeping) -> None:
    """How much is kept, and what may be done with it; renews itself while it changes."""
    changing = _changing(keeping)
    st.fragment(_show, run_every=EVERY_S if changing else None)(keeping, changing)


def _changing(keeping: Keeping) -> bool:
    return keeping.tape is not None and keeping.tape.state in ("recording", "saving")


def _show(keeping: Keeping, changing: bool) -> None:
    if changing and not _changing(keeping):
        st.rerun()  # it has come to its end: no need to look every second any more
    tape = keeping.tape
    if tape is None:
        return
    if tape.state == "recording":
        st.markdown(f":red[:material/fiber_manual_record:] {t('live.keeping', length=clock(int(tape.length_s)))}")
    elif tape.state == "saving":
        st.caption(t("live.saving"))
    elif tape.path is None or not tape.path.is_file():
        if tape.state == "failed":
            st.warning(t("live.keep_failed"))
    else:
        _offer(keeping, tape.path, tape.length_s)


def _offer(keeping: Keeping, path: Path, length_s: float) -> None:
    with st.container(border=True, key="live_kept"):
        st.markdown(t("live.kept", length=clock(int(length_s))))
        with st.container(horizontal=True):
            if st.button(t("live.analyse"), icon=":material/graphic_eq:", type="primary", key="live_analyse"):
                own = visit.visitor().folder / f"handed-over{path.suffix}"
                path.replace(own)
                keeping.throw_away()
                handover.give(own, t_plain("live.stretch") + path.suffix)
            st.button(
                t("live.throw_away"), icon=":material/delete:", key="live_throw_away", on_click=keeping.throw_away
            )
