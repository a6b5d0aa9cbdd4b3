"""Music that fits: by the seed's lists or along the clip, with reasons, and what else suits beside it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from itertools import groupby

import streamlit as st

import recommender
from emotion.timeline import Timeline
from pages.analyse import correction, song_options, suits
from pages.analyse.session import Session
from pages.shared.language import emotion_name, language, markdown, t, t_plain
from pages.shared.services import cached, memory
from pages.shared.ui import pick_buttons, song
from pages.shared.ui.failures import calm
from recommender import Pick
from recommender.ranking.taste import Taste


def show(current: Session, timeline: Timeline) -> None:
    if timeline.best is None:
        st.info(t("songs.none"), icon=":material/music_off:")
        return
    read = correction.applied(current, timeline)
    _music(current, read, correction.right(current))
    with calm():
        suits.show(read)


@st.fragment
def _music(current: Session, timeline: Timeline, right: str | None) -> None:
    """A choice above the list runs this part of the page alone."""
    catalogue = cached.catalogue()
    wish = song_options.choose(catalogue)
    remembering = memory.consent()
    events = memory.choices() if remembering else []
    taste = memory.taste(events, catalogue) if wish.way != "lists" else None
    with calm():
        current.memo["wish"] = wish, taste
        picks = picked(current, timeline, wish, right, taste)
        _lead(wish, picks, taste)
        made = {e.track_id: e.kind for e in reversed(events)}
        lists(picks, sided=wish.way == "lists", current=current, made=made if remembering else None)
    st.button(t("songs.others"), icon=":material/shuffle:", key="songs_others", on_click=_others, args=(current,))
    st.caption(t("songs.privacy") + ("" if remembering else " " + t("picks.off_here")))


def picked(
    current: Session, timeline: Timeline, wish: song_options.Wish, right: str | None, taste: Taste | None
) -> list[Pick]:
    """The songs of a wish, worked out once: a pick does not turn the list over. Another draw brings others."""
    draw = current.memo.get("draw", 0)
    key = ("songs", timeline.voice, wish, right, taste is not None, draw)
    if key not in current.memo:
        current.memo[key] = song_options.songs(wish, timeline, right, cached.catalogue(), taste, draw)
    return current.memo[key]


def seen(current: Session, timeline: Timeline) -> list[Pick]:
    """The songs as the visitor last saw them, or would at first sight.

    Raises:
        NoSongs
    """
    wish, taste = current.memo.get("wish", (song_options.Wish(), None))
    return picked(current, correction.applied(current, timeline), wish, correction.right(current), taste)


def _others(current: Session) -> None:
    current.memo["draw"] = current.memo.get("draw", 0) + 1


def _lead(wish: song_options.Wish, picks: Sequence[Pick], taste: Taste | None) -> None:
    if not picks:
        st.info(t("error.no_songs"), icon=":material/search_off:")
    elif wish.way == "lists":
        st.markdown(t("songs.lead", count=len(picks)))
    else:
        st.markdown(t(f"picks.lead.{wish.way}", count=len(picks), goal=t_plain(f"music.goal.{wish.goal}")))
        if taste is not None:
            st.caption(t("picks.taste.used"))


def lists(
    picks: Sequence[Pick],
    *,
    sided: bool,
    current: Session | None = None,
    made: Mapping[str | None, str] | None = None,
) -> None:
    """Two columns of songs, one a side where they are ``sided``.

    ``made`` says which were picked and skipped before; without it, or ``current``, nothing is recorded.
    """
    if sided:
        sides = [(side, list(run)) for side, run in groupby(picks, key=lambda p: p.for_modality)]
    else:
        sides = [("", list(picks))] if picks else []
    for column, (side, run) in zip(st.columns(2, gap="large"), halves(sides), strict=False):
        with column:
            if side:
                st.markdown(f"**{t(f'songs.for_{side}', emotion=emotion_name(run[0].emotion))}**")
            for pick in run:
                _song(current, pick, None if made is None else made.get(pick.track.id, ""))


def halves(sides: list[tuple[str, list[Pick]]]) -> list[tuple[str, list[Pick]]]:
    """Two columns: one a side, or the one side's songs in two."""
    if len(sides) != 1:
        return sides
    side, run = sides[0]
    middle = -(-len(run) // 2)
    return [(side, part) for part in (run[:middle], run[middle:]) if part]


@st.fragment
def _song(current: Session | None, pick: Pick, made: str | None) -> None:
    """One song; its player is looked up and loaded when it is asked for, nothing before."""
    track = pick.track
    with st.container(border=True, key=f"song_{track.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
            facts = [track.artist, *([str(track.year)] if track.year else []), *([track.genre] if track.genre else [])]
            st.markdown(f"**{markdown(track.title)}**  \n{markdown(' · '.join(facts))}", width="stretch")
            asked = st.button(
                t("songs.play"),
                icon=":material/play_arrow:",
                key=f"play_{track.id}",
                help=t("songs.play_help", title=track.title),
            )
        st.caption(markdown(recommender.sentence(pick.reason, language())))
        if current is not None and made is not None:
            said = current.memo.get(("made", track.id), made)
            pick_buttons.buttons(track, said, "songs", functools.partial(_choose, current, pick))
        if asked:
            st.session_state[f"playing_{track.id}"] = True
        if st.session_state.get(f"playing_{track.id}"):
            with calm():
                song.player(track, "songs")


def _choose(current: Session, pick: Pick, kind: pick_buttons.Choice) -> None:
    digest = current.kept.digest if current.kept else None
    if pick_buttons.record(kind, pick.track, emotion=pick.emotion, clip_sha256=digest):
        current.memo[("made", pick.track.id)] = kind
