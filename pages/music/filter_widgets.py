"""The widgets of the music page, held in step with the query string: the address is the selection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import streamlit as st

from emotion.labels import EMOTIONS
from pages.music import plane
from pages.music.selection import FROM, KEYS, LENGTH_MIN, MOODS, TEMPO_BPM, WORDS, Range, Selection
from pages.shared.language import emotion_name, t_plain
from recommender.songs.catalogue import Catalogue
from recommender.songs.licences import USES

T = TypeVar("T")

_LAST: Final = "_music_query"
_CHOSEN: Final = "_music_selection"


def filters(catalogue: Catalogue) -> Selection:
    """Draw the filters; gives what is chosen now, and writes it to the address."""
    start = _opened(catalogue)
    chosen = replace(start, **_first())
    # Without a value of their own the sliders take theirs, and that they have two ends, from the session.
    with st.expander(t_plain("library.more"), expanded=_more(start)):
        chosen = replace(chosen, **_of_the_sound(), **_of_the_song(catalogue))
    _keep(chosen)
    return chosen


def _first() -> dict[str, Any]:
    """What is always in sight: words, emotions, what the music is for."""
    left, middle, right = st.columns([3, 2, 2])
    text = left.text_input(
        t_plain("library.search"), key="music_q", type="search", live=True, placeholder=t_plain("library.search.hint")
    )
    emotions = _several(middle, "emotion", EMOTIONS, emotion_name)
    use = right.selectbox(
        t_plain("library.for"),
        USES,
        index=None,
        key="music_for",
        format_func=lambda u: t_plain(f"library.for.{u}"),
        placeholder=t_plain("library.any"),
    )
    return {"text": (text or "").strip(), "emotions": emotions, "use": use}


def _of_the_sound() -> dict[str, Any]:
    first, second, third, fourth = st.columns(4)
    tempo: Any = third.slider(t_plain("library.tempo"), *TEMPO_BPM, key="music_tempo", step=5)
    length: Any = fourth.slider(t_plain("library.length"), *LENGTH_MIN, key="music_length")
    return {
        "sources": _several(first, "source", FROM, lambda s: t_plain(f"library.source.{s}")),
        "moods": _several(second, "mood", MOODS, lambda m: t_plain(f"music.mood.{m}")),
        "tempo_bpm": _range(tempo, TEMPO_BPM),
        "length_min": _range(length, LENGTH_MIN),
    }


def _of_the_song(catalogue: Catalogue) -> dict[str, Any]:
    first, second, third = st.columns([2, 1, 1])
    words = first.segmented_control(
        t_plain("library.vocals"), list(WORDS), key="music_words", format_func=lambda w: t_plain(f"library.words.{w}")
    )
    return {
        "words": WORDS[words] if words else None,
        "genres": _several(second, "genre", catalogue.genres, str),
        "decades": _several(third, "decade", catalogue.decades, lambda d: t_plain("library.decade.of", decade=str(d))),
    }


def _several(place: Any, name: str, options: Sequence[T], words: Callable[[T], str]) -> tuple[T, ...]:
    chosen: list[T] = place.multiselect(
        t_plain(f"library.{name}"),
        options,
        key=f"music_{name}",
        format_func=words,
        placeholder=t_plain("library.any"),
    )
    return tuple(chosen)


def _range(chosen: Range, ends: Range) -> Range | None:
    return None if tuple(chosen) == ends else (int(chosen[0]), int(chosen[1]))


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
        music_source=list(selection.sources),
        music_for=selection.use,
        music_tempo=selection.tempo_bpm or TEMPO_BPM,
        music_length=selection.length_min or LENGTH_MIN,
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
    plain = replace(Selection(), text=selection.text, emotions=selection.emotions, use=selection.use)
    return replace(selection, area=None, songs=()) != plain
