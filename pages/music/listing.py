"""The songs under the plane: a page of them at a time, each played on request or put aside to be shared."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from emotion.labels import EMOTIONS
from pages.music import filter_widgets
from pages.music.selection import MOST_SONGS, Selection
from pages.shared import language
from pages.shared.language import emotion_name, markdown, t, t_plain
from pages.shared.ui import copying, pick_buttons, song, usable_words
from pages.shared.ui.failures import calm
from recommender.songs import wording
from recommender.songs.catalogue import Catalogue, Track

PER_PAGE: Final = 12


def head(selection: Selection) -> None:
    """The way out of the filters, and the link that says them."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if selection.area is not None:
            st.button(
                t("library.no_area"),
                icon=":material/close:",
                key="no_area",
                on_click=lambda: filter_widgets.change(area=None),
            )
        if selection != Selection(songs=selection.songs):
            st.button(
                t("library.reset"), icon=":material/filter_alt_off:", key="music_reset", on_click=filter_widgets.reset
            )
        copying.here(key="music_copy", label=t_plain("share.copy"), language=language.chosen())


def songs(catalogue: Catalogue, rows: npt.NDArray[np.intp], selection: Selection) -> None:
    """The reference songs: how many there are, and a page of them."""
    st.subheader(t("library.reference.title", count=len(rows)), anchor=False)
    st.caption(t("library.reference.how"))
    if not len(rows):
        st.info(t("library.none"), icon=":material/search_off:")
        return
    st.caption(t("library.play.how"))  # once: a tip on each of the buttons would draw each of them twice
    page = page_of(len(rows), PER_PAGE, "music_page", selection)
    said = pick_buttons.made()
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    for column, some in zip(st.columns(2), (shown[0::2], shown[1::2]), strict=True):
        with column:
            for row in some:
                _song(catalogue[int(row)], selection, "list", said, jars=_jars(catalogue, int(row)))


def page_of(count: int, per_page: int, key: str, selection: Selection) -> int:
    """Which page of a list is shown; another choice has another key, and so starts on its first page."""
    pages = -(-count // per_page)
    chosen = zlib.crc32(repr(replace(selection, songs=())).encode())
    return st.pagination(pages, key=f"{key}_{chosen}") if pages > 1 else 1


def shared(catalogue: Catalogue, selection: Selection) -> None:
    """The songs put aside, in the address of the page, and so in whatever it is sent to."""
    tracks = [catalogue[i] for s in selection.songs if (i := catalogue.index_of(s)) is not None]
    with st.container(border=True, key="shared_songs"):
        st.subheader(t("library.shared", count=len(tracks)), anchor=False)
        st.caption(t("library.shared.how"))
        said = pick_buttons.made()
        for track in tracks:
            _song(track, selection, "shared", said)
        st.button(
            t("library.shared.empty"),
            icon=":material/playlist_remove:",
            key="shared_empty",
            on_click=lambda: filter_widgets.change(songs=()),
        )


def in_words(emotions: npt.NDArray[np.int8]) -> str:
    """What the plane shows, for those who do not see it: how many tracks near which emotion."""
    counts = np.bincount(emotions, minlength=len(EMOTIONS))
    parts = [
        t_plain("library.count", emotion=emotion_name(e), count=int(n)) for e, n in zip(EMOTIONS, counts, strict=True)
    ]
    shown = ", ".join(p for p, n in zip(parts, counts, strict=True) if n)
    return t_plain("library.plane.alt", counts=shown) if shown else t_plain("library.plane.none")


def facts(track: Track) -> Sequence[str]:
    """What is known of the song, in the visitor's words."""
    known = [str(track.year) if track.year else None, track.genre]
    known.append(t_plain(f"music.mood.{track.mood}") if track.mood else None)
    return [emotion_name(track.emotion), *(k for k in known if k)]


def _jars(catalogue: Catalogue, row: int) -> str:
    """Where the mood that its words have and its own figures say two things: that sentence, else nothing."""
    mood = str(catalogue.mood[row])
    if not mood or not catalogue.measured[row]:
        return ""
    valence, energy = (float(x) for x in catalogue.position[row])
    return usable_words.contrast_note(wording.contrast("", (mood,), valence, energy))


def _song(
    track: Track, selection: Selection, place: str, said: Mapping[str | None, str] | None, jars: str = ""
) -> None:
    aside = track.id in selection.songs
    playing = f"playing_{place}_{track.id}"
    with st.container(border=place == "list", key=f"{place}_{track.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
            about = markdown(" · ".join([*facts(track), *([jars] if jars else [])]))
            st.markdown(f"**{markdown(track.title)}** · {markdown(track.artist)}  \n:small[{about}]", width="stretch")
            with st.container(horizontal=True, width="content", gap="xsmall"):
                if st.button(
                    t("library.play"),
                    icon=":material/play_arrow:",
                    key=f"play_{place}_{track.id}",
                ):
                    st.session_state[playing] = not st.session_state.get(playing)
                left = tuple(s for s in selection.songs if s != track.id)
                st.button(
                    t("library.aside.remove" if aside else "library.aside.add", title=track.title),
                    key=f"aside_{place}_{track.id}",
                    type="primary" if aside else "secondary",
                    disabled=not aside and len(selection.songs) >= MOST_SONGS,
                    on_click=filter_widgets.change,
                    kwargs={"songs": left if aside else (*selection.songs, track.id)},
                )
        made = None if said is None else said.get(track.id, "")
        pick_buttons.buttons(track, made, place, functools.partial(_choose, track))
        if st.session_state.get(playing):
            with calm():
                song.player(track, place)


def _choose(track: Track, kind: pick_buttons.Choice) -> None:
    """No clip stands behind it here, and so no hash; the emotion is the song's own."""
    pick_buttons.record(kind, track, emotion=track.emotion)
