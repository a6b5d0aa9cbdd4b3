"""What music to use under a clip must be: licence, voice, tempo, length; remembered for the visit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import streamlit as st

from pages.shared.language import t, t_plain
from recommender.songs.facts import Wish
from recommender.songs.licences import USES

VOCALS: Final = {"yes": True, "no": False}
TEMPO_BPM: Final = (40, 220)
LENGTH_MIN: Final = (0, 10)
"""A filter that reaches its end knows no bound there."""
KEPT: Final = "_music_wish"
USE, VOICE, TEMPO, LENGTH = "wish_use", "wish_vocals", "wish_tempo", "wish_length"


def current() -> Wish:
    """What was last asked for in this visit."""
    return st.session_state.get(KEPT, Wish())


def choose(on_change: Callable[[], None]) -> None:
    """The filters in a popover; ``on_change`` is called once :func:`current` says the new wish."""

    def changed() -> None:
        st.session_state[KEPT] = _told()
        on_change()

    def reset() -> None:
        st.session_state[KEPT] = Wish()
        _to_widgets(Wish())
        on_change()

    wish = current()
    some = sum(part is not None for part in (wish.use, wish.vocals, wish.tempo_bpm, wish.length_s))
    label = t("picks.filters_some", count=some) if some else t("wish.title")
    _to_widgets(wish)
    with st.popover(label, icon=":material/filter_alt:", key="wish"):
        st.selectbox(
            t_plain("library.for"), USES, index=None, key=USE, format_func=lambda u: t_plain(f"library.for.{u}"),
            placeholder=t_plain("library.any"), on_change=changed,
        )  # fmt: skip
        st.segmented_control(
            t_plain("library.vocals"), list(VOCALS), key=VOICE, format_func=lambda w: t_plain(f"library.words.{w}"),
            on_change=changed,
        )  # fmt: skip
        # Without a value of their own the sliders take theirs, and that they have two ends, from the session.
        st.slider(t_plain("library.tempo"), *TEMPO_BPM, key=TEMPO, step=5, on_change=changed)
        st.slider(t_plain("library.length"), *LENGTH_MIN, key=LENGTH, on_change=changed)
        st.caption(t("wish.how"))
        if some:
            st.button(t("library.reset"), icon=":material/filter_alt_off:", key="wish_reset", on_click=reset)


def _told() -> Wish:
    voice = st.session_state[VOICE]
    return Wish(
        use=st.session_state[USE],
        vocals=VOCALS[voice] if voice else None,
        tempo_bpm=_bounds(st.session_state[TEMPO], TEMPO_BPM, 1.0),
        length_s=_bounds(st.session_state[LENGTH], LENGTH_MIN, 60.0),
    )


def _bounds(chosen: Any, ends: tuple[int, int], unit: float) -> tuple[float, float] | None:
    low, high = int(chosen[0]), int(chosen[1])
    if (low, high) == ends:
        return None
    return low * unit, np.inf if high == ends[1] else high * unit


def _to_widgets(wish: Wish) -> None:
    """The widgets as the wish has it, whichever page drew them last."""

    def ends(bounds: tuple[float, float] | None, widest: tuple[int, int], unit: float) -> tuple[int, int]:
        if bounds is None:
            return widest
        return round(bounds[0] / unit), widest[1] if np.isinf(bounds[1]) else round(bounds[1] / unit)

    st.session_state[USE] = wish.use
    st.session_state[VOICE] = next((name for name, value in VOCALS.items() if value is wish.vocals), None)
    st.session_state[TEMPO] = ends(wish.tempo_bpm, TEMPO_BPM, 1.0)
    st.session_state[LENGTH] = ends(wish.length_s, LENGTH_MIN, 60.0)
