"""How the songs are to relate to the clip, and which songs may come: what the visitor chose above the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import streamlit as st

from emotion.timeline import Timeline
from pages.shared.language import t, t_plain
from recommender import GOALS, Catalogue, Filters, Pick, emotion_picks, seed_picks
from recommender.ranking.correction import corrected
from recommender.ranking.plane import DEFAULT_GOAL
from recommender.ranking.rank import rank
from recommender.ranking.taste import Taste
from recommender.songs.catalogue import ENERGY_LEVELS

Way = Literal["lists", "match", "contrast", "steer"]
WAYS: Final[tuple[Way, ...]] = get_args(Way)
"""``lists`` is the seed's five and five by label; the others are the intents of ``recommender.ranking.intents``."""
WORDS: Final = {"yes": True, "no": False}
COUNT: Final = 10
_FILTERS: Final = ("songs_genre", "songs_decade", "songs_energy", "songs_words")


@dataclass(frozen=True, slots=True)
class SongOptions:
    way: Way = "lists"
    goal: str = DEFAULT_GOAL
    filters: Filters = field(default_factory=Filters)


def choose(catalogue: Catalogue) -> SongOptions:
    """Draw the choices; gives what is chosen now. They last as long as the visitor's session."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        way: Way = st.segmented_control(
            t_plain("picks.way"),
            WAYS,
            default=WAYS[0],
            required=True,
            format_func=lambda w: t_plain(f"picks.way.{w}"),
            key="songs_way",
            persist_state="session",
        )
        goal = _goal() if way == "steer" else DEFAULT_GOAL
        filters = _filters(catalogue)
    return SongOptions(way, goal, filters)


def _goal() -> str:
    return st.selectbox(
        t_plain("picks.goal"),
        list(GOALS),
        format_func=lambda g: t_plain(f"music.goal.{g}"),
        key="songs_goal",
        persist_state="session",
        width=180,
    )


def _filters(catalogue: Catalogue) -> Filters:
    some = sum(bool(st.session_state.get(key)) for key in _FILTERS)
    label = t("picks.filters_some", count=some) if some else t("picks.filters")
    with st.popover(label, icon=":material/filter_alt:", key="songs_filters"):
        anything = t_plain("library.any")
        genres = st.multiselect(
            t_plain("library.genre"),
            catalogue.genres,
            key="songs_genre",
            placeholder=anything,
            persist_state="session",
        )
        decades = st.multiselect(
            t_plain("library.decade"),
            catalogue.decades,
            key="songs_decade",
            placeholder=anything,
            format_func=lambda d: t_plain("library.decade.of", decade=str(d)),
            persist_state="session",
        )
        energies = st.pills(
            t_plain("picks.energy"),
            ENERGY_LEVELS,
            selection_mode="multi",
            format_func=lambda e: t_plain(f"music.energy.{e}"),
            key="songs_energy",
            persist_state="session",
        )
        words = st.segmented_control(
            t_plain("library.words"),
            list(WORDS),
            format_func=lambda w: t_plain(f"library.words.{w}"),
            key="songs_words",
            persist_state="session",
        )
        if some:
            st.button(t("library.reset"), icon=":material/filter_alt_off:", key="songs_reset", on_click=_reset)
    return Filters(frozenset(genres), frozenset(decades), frozenset(energies), WORDS[words] if words else None)


def _reset() -> None:
    for key in _FILTERS:
        st.session_state[key] = None if key == "songs_words" else []


def songs(
    options: SongOptions, timeline: Timeline, right: str | None, catalogue: Catalogue, taste: Taste | None, draw: int
) -> list[Pick]:
    """The songs that were asked for; ``right`` is the emotion that the visitor put in place of the one shown.

    Raises:
        NoSongs, NothingHeard
    """
    if options.way != "lists":
        return rank(
            timeline if right is None or timeline.best is None else corrected(timeline, timeline.best.label, right),
            catalogue,
            count=COUNT,
            intent=options.way,
            goal=options.goal,
            filters=options.filters,
            taste=taste,
            seed=draw,
            said=right,
        )
    if right is not None:
        return emotion_picks(right, COUNT, catalogue, seed=draw, filters=options.filters)
    voice, face = (v.scores if v else None for v in (timeline.voice, timeline.face))
    return seed_picks(voice, face, catalogue, seed=draw, filters=options.filters)
