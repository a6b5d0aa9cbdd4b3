"""The widgets of the music page, held in step with the query string: the address is the selection."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from emotion.labels import EMOTIONS
from pages.music import plane
from pages.music.selection import KEYS, WORDS, Selection
from pages.shared.language import emotion_name, t_plain
from recommender.songs.catalogue import Catalogue
from recommender.songs.moods import MOODS

_LAST: Final = "_music_query"
_CHOSEN: Final = "_music_selection"


def filters(catalogue: Catalogue) -> Selection:
    """Draw the filters; gives what is chosen now, and writes it to the address."""
    start = _opened(catalogue)
    left, right = st.columns([3, 2])
    text = left.text_input(
        t_plain("library.search"), key="music_q", type="search", live=True, placeholder=t_plain("library.search.hint")
    )
    emotions = right.multiselect(
        t_plain("library.emotion"),
        EMOTIONS,
        key="music_emotion",
        format_func=emotion_name,
        placeholder=t_plain("library.any"),
    )
    with st.expander(t_plain("library.more"), expanded=_more(start)):
        columns = st.columns(4)
        moods = columns[0].multiselect(
            t_plain("library.mood"),
            MOODS,
            key="music_mood",
            format_func=lambda m: t_plain(f"music.mood.{m}"),
            placeholder=t_plain("library.any"),
        )
        genres = columns[1].multiselect(
            t_plain("library.genre"), catalogue.genres, key="music_genre", placeholder=t_plain("library.any")
        )
        decades = columns[2].multiselect(
            t_plain("library.decade"),
            catalogue.decades,
            key="music_decade",
            format_func=lambda d: t_plain("library.decade.of", decade=str(d)),
            placeholder=t_plain("library.any"),
        )
        words = columns[3].segmented_control(
            t_plain("library.words"),
            list(WORDS),
            key="music_words",
            format_func=lambda w: t_plain(f"library.words.{w}"),
        )
    chosen = replace(
        start,
        text=(text or "").strip(),
        emotions=tuple(emotions),
        moods=tuple(moods),
        genres=tuple(genres),
        decades=tuple(decades),
        words=WORDS[words] if words else None,
    )
    _keep(chosen)
    return chosen


def area_chosen() -> None:
    """A rectangle was drawn on the plane: keep it."""
    area = plane.chosen()
    if area is not None:
        change(area=area)


def change(**parts: object) -> None:
    """Change the area or the songs put aside."""
    _keep(replace(st.session_state[_CHOSEN], **parts))


def reset() -> None:
    """No filter, no area; the songs put aside stay."""
    kept = Selection(songs=st.session_state[_CHOSEN].songs)
    _keep(kept)
    _to_widgets(kept)


def _opened(catalogue: Catalogue) -> Selection:
    """The selection to start from: the address's if it is new, else the one this visitor had last."""
    asked = {key: st.query_params.get_all(key) for key in KEYS if key in st.query_params}
    if asked and asked != st.session_state.get(_LAST):
        selection = Selection.from_query(asked, catalogue)
    else:
        selection = st.session_state.get(_CHOSEN, Selection())
    if "music_q" not in st.session_state or asked not in ({}, st.session_state.get(_LAST)):
        _to_widgets(selection)
    return selection


def _to_widgets(selection: Selection) -> None:
    words = next((name for name, value in WORDS.items() if value is selection.words), None)
    st.session_state.update(
        music_q=selection.text,
        music_emotion=list(selection.emotions),
        music_mood=list(selection.moods),
        music_genre=list(selection.genres),
        music_decade=list(selection.decades),
        music_words=words,
    )


def _keep(selection: Selection) -> None:
    """Remember the selection and say it in the address; other parts of the query stay."""
    query = selection.to_query()
    st.session_state[_CHOSEN], st.session_state[_LAST] = selection, query
    for key in KEYS:
        if key in query and st.query_params.get_all(key) != query[key]:
            st.query_params[key] = query[key]
        elif key not in query and key in st.query_params:
            del st.query_params[key]


def _more(selection: Selection) -> bool:
    return bool(selection.moods or selection.genres or selection.decades or selection.words is not None)
