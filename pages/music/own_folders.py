"""The editor's own folders: which there are, indexing with progress and cancel, what was found, what is broken."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

from pages.shared.language import markdown, t, t_plain, together
from pages.shared.services import memory, own_music
from pages.shared.ui import failures
from recommender.songs.licences import LICENCES, UNKNOWN, recognised

if TYPE_CHECKING:
    from recommender.library.index import OwnTrack

MOST_BROKEN: Final = 50
"""So many of the broken files are named."""
EVERY_S: Final = 1.0


def show() -> None:
    """Nothing where the host allows no folder, and to nobody from elsewhere: where files lie, and whether they are
    indexed or forgotten, is for who sits at this machine."""
    if not own_music.folders() or not memory.current().local:
        return
    running = own_music.run().running
    with st.expander(t_plain("own.title"), icon=":material/folder_open:", expanded=running, key="own_folders"):
        st.caption(t("own.lead"))
        (_moving if running else _standing)()


@st.fragment(run_every=EVERY_S)
def _moving() -> None:
    """How far the run is; when it is over the whole page is drawn anew, with the new tracks."""
    run = own_music.run()
    if not run.running:
        st.rerun()
    progress = run.progress
    if progress is None:
        st.progress(0.0, t_plain("own.looking"))
    else:
        share = progress.done / max(progress.total, 1)
        st.progress(share, t_plain("own.progress", done=progress.done, total=progress.total) + _left(progress.left_s))
        st.caption(markdown(progress.name))
    st.button(t("own.cancel"), icon=":material/stop_circle:", key="own_cancel", on_click=own_music.cancel)


def _left(left_s: float | None) -> str:
    if left_s is None:
        return ""
    if left_s < 60:
        return " · " + t_plain("own.left.soon")
    return " · " + t_plain("own.left", count=round(left_s / 60))


@st.fragment
def _standing() -> None:
    with failures.calm():
        _outcome()
        held = own_music.tracks()
        for i, folder in enumerate(own_music.folders()):
            _folder(i, folder, [track for track in held if track.path.is_relative_to(folder.resolve())])


def _outcome() -> None:
    """What the last run did."""
    run = own_music.run()
    if run.error is not None:
        failures.show(run.error)
    elif run.cancelled:
        st.info(t("own.cancelled"), icon=":material/info:")
    elif run.outcome is not None:
        done = run.outcome
        st.success(
            t(
                "own.done", heard=done.heard, unchanged=done.unchanged, moved=done.moved, copies=done.copies,
                broken=done.broken, removed=done.removed,
            ),
            icon=":material/check:",
        )  # fmt: skip


def _folder(i: int, folder: Path, held: list[OwnTrack]) -> None:
    states = Counter(track.state for track in held)
    with st.container(border=True, key=f"own_folder_{i}", gap="xsmall"):
        st.markdown(f"**{markdown(str(folder))}**")
        if not folder.is_dir():
            st.warning(t("own.missing"), icon=":material/folder_off:")
        elif not held:
            st.caption(t("own.empty"))
        else:
            st.caption(
                t("own.counts", count=states["heard"], copies=states["copy"], broken=states["broken"])
                + "  \n"
                + _licences(held)
            )
        with st.container(horizontal=True, gap="small"):
            if st.button(
                t("own.again" if held else "own.index"),
                icon=":material/hearing:",
                key=f"own_index_{i}",
                disabled=not folder.is_dir(),
            ):
                own_music.start([folder])
                st.rerun()  # all of the page: it shows the run now
            with st.popover(t("own.forget"), icon=":material/delete:", disabled=not held, key=f"own_forget_{i}"):
                st.markdown(t("own.forget.how"))
                if st.button(t("own.forget.now"), key=f"own_forget_now_{i}"):
                    own_music.forget(folder)
                    st.rerun()  # its tracks are in the list below
        _broken(held)


def _licences(held: list[OwnTrack]) -> str:
    """Which licences were found, and how many tracks say nothing."""
    counts = Counter(recognised(track.tags.licence) for track in held if track.state == "heard")
    named = [f"{markdown(name)} {n}" for name, n in counts.most_common() if name in LICENCES]
    other = sum(n for name, n in counts.items() if name not in LICENCES and name != UNKNOWN)
    parts = [*named, *([t("own.licence.other", count=other)] if other else [])]
    if counts[UNKNOWN]:
        parts.append(t("own.licence.unknown", count=counts[UNKNOWN]))
    return together(t("own.licences"), " · ".join(parts))


def _broken(held: list[OwnTrack]) -> None:
    broken = [track for track in held if track.state == "broken"]
    if not broken:
        return
    with st.popover(t("own.broken", count=len(broken)), icon=":material/broken_image:"):
        for track in broken[:MOST_BROKEN]:
            st.markdown(f"**{markdown(track.path.name)}**  \n{markdown(track.reason or '')}")
        if len(broken) > MOST_BROKEN:
            st.caption(t("own.broken.more", count=len(broken) - MOST_BROKEN))
