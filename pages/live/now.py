"""What the live page shows beside the picture; each part renews itself every second while it runs."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Final

import streamlit as st

import recommender
from emotion.live import SPAN_S, Live, LiveView
from emotion.pipeline import Readers
from emotion.timeline import Timeline
from emotion.voice.adapt import LEAST_CLIPS
from emotion.voice.speech import WINDOW_S
from pages.live import stream
from pages.shared.language import emotion_name, markdown, t, t_plain
from pages.shared.services import models, song_catalogue
from pages.shared.ui import charts, pick_buttons, timeline_chart, verdict
from recommender import Pick

EVERY_S: Final = 1.0
SONG_EVERY_S: Final = 6.0
SONG_OF_S: Final = 8.0
"""The song is chosen by so many last seconds, and stays so long as :data:`SONG_EVERY_S` at least."""
_STARTED: Final = "_live_started"
_SONG: Final = "_live_song"
_PLAYING: Final = "_live_playing"
_STILL: Final = {"displayModeBar": False, "staticPlot": True}


def of_session() -> Live:
    """This visitor's live view; the models are everybody's."""
    if "_live" not in st.session_state:
        loading = models.readers()

        def readers() -> Readers | None:
            return loading.result() if loading.done() and loading.exception() is None else None

        st.session_state["_live"] = Live(readers)
    return st.session_state["_live"]


def mark(live: Live, *, asked: bool, now_s: float) -> float | None:
    """When the visitor pressed start, None where it is off; a new start begins anew."""
    if not asked:
        st.session_state.pop(_STARTED, None)
    elif _STARTED not in st.session_state:
        live.clear()
        st.session_state[_STARTED] = now_s
    return st.session_state.get(_STARTED)


def panel(live: Live, *, asked: bool) -> None:
    """The verdict of now, its bars, and how quick the reading is."""
    _renewed(_panel, asked)(live, asked)


def strip(live: Live, *, asked: bool) -> None:
    """The last seconds as a timeline, and the song that fits."""
    _renewed(_strip, asked)(live, asked)


def _renewed(part: Callable[..., None], asked: bool) -> Callable[..., None]:
    return st.fragment(part, run_every=EVERY_S if asked else None)


def _panel(live: Live, asked: bool) -> None:
    if not asked:
        st.info(t("live.off"), icon=":material/videocam:")
        _record_instead()
        return
    view = live.view(time.monotonic())
    if view.frames == 0:
        _waiting()
        return
    st.subheader(_headline(view), anchor=False)
    sides = {"voice": view.voice, "face": view.face}
    shown = sides | ({"fused": view.fused} if view.voice and view.face else {})
    if view.voice or view.face:
        alt = "; ".join(f"{t_plain(f'side.{s}')}: {emotion_name(v.label)}" for s, v in shown.items() if v)
        st.plotly_chart(charts.bars_figure(shown, t_plain), key="live_bars", config=_STILL, alt=alt)
    silent = [t(f"live.no_{side}") for side, verdict in sides.items() if verdict is None]
    st.caption(" ".join([*silent, t("live.speed", fps=view.fps, delay=view.delay_s * 1000)]))
    _speaker(live, view)


def _speaker(live: Live, view: LiveView) -> None:
    """Whether the voice is read by what was heard of it so far; nothing of it outlives the start."""
    least_s = LEAST_CLIPS * WINDOW_S
    if view.known_s == 0:
        return

    def switched() -> None:
        live.adapt = st.session_state["live_adapt"]

    st.session_state["live_adapt"] = live.adapt
    st.toggle(t("speaker.switch"), key="live_adapt", help=t("speaker.live.help"), on_change=switched)
    key = "speaker.live.known" if view.known_s >= least_s else "speaker.live.soon"
    st.caption(t(key, known=view.known_s, least=least_s))


def _waiting() -> None:
    waited_s = time.monotonic() - st.session_state.get(_STARTED, time.monotonic())
    if waited_s < stream.CONNECT_S:
        st.info(t("live.connecting"), icon=":material/hourglass_top:")
        return
    st.warning(t("live.no_connection"), icon=":material/wifi_off:")
    _record_instead()


def _record_instead() -> None:
    st.page_link("pages/analyse/page.py", label=t("live.record_instead"), icon=":material/mic:")


def _headline(view: LiveView) -> str:
    if view.fused is None:
        return t("live.nothing")
    return t(
        f"live.{verdict.doubt(view.fused)}", emotion=emotion_name(view.fused.label), value=view.fused.scores.confidence
    )


def _strip(live: Live, asked: bool) -> None:
    if not asked or live.frames == 0:
        return
    view = live.view(time.monotonic())
    if any(m.fused for m in view.timeline.moments):
        st.markdown(f"**{t('live.timeline', seconds=SPAN_S)}**")
        figure = timeline_chart.timeline_figure(view.timeline, None, t_plain)
        ticks = [0.0, SPAN_S / 3, SPAN_S * 2 / 3, SPAN_S]
        figure.update_xaxes(
            tickvals=ticks,
            ticktext=[*(t_plain("live.ago", seconds=SPAN_S - s) for s in ticks[:-1]), t_plain("live.end")],
        )
        last = [m for m in view.timeline.moments if m.fused][-1]
        alt = t_plain("live.timeline.alt", emotion=emotion_name(last.fused.label) if last.fused else "")
        st.plotly_chart(figure, key="live_timeline", config=_STILL, alt=alt)
    _song(view)


def _song(view: LiveView) -> None:
    """The song for the last seconds; a song that is playing is left alone."""
    kept: tuple[float, Pick] | None = st.session_state.get(_SONG)
    playing = st.session_state.get(_PLAYING)
    now_s = time.monotonic()
    if not playing and (kept is None or now_s - kept[0] >= SONG_EVERY_S):
        pick = _pick(view)
        if pick is not None:
            kept = st.session_state[_SONG] = (now_s, pick)
    if kept is None:
        return
    track = kept[1].track
    with st.container(border=True, key="live_song"):
        st.markdown(f"{t('live.song')}  \n**{markdown(track.title)}** · {markdown(track.artist)}")
        words = [emotion_name(kept[1].emotion), *([t_plain(f"music.mood.{track.mood}")] if track.mood else [])]
        st.caption(markdown(" · ".join(dict.fromkeys(words))))
        said = pick_buttons.made()
        pick_buttons.buttons(
            track, None if said is None else said.get(track.id, ""), "live", functools.partial(_choose, kept[1])
        )
        if playing == track.id:
            _player(track)
        elif st.button(t("library.play"), icon=":material/play_arrow:", key="live_play"):
            st.session_state[_PLAYING] = track.id
            st.rerun(scope="fragment")


def _choose(pick: Pick, kind: pick_buttons.Choice) -> None:
    """A live picture is no clip and has no hash; a song that does not fit makes room for the next."""
    pick_buttons.record(kind, pick.track, emotion=pick.emotion)
    if kind == "skip":
        st.session_state.pop(_PLAYING, None)
        st.session_state.pop(_SONG, None)


def _pick(view: LiveView) -> Pick | None:
    moments = tuple(m for m in view.timeline.moments if m.fused and m.segment.end_s > SPAN_S - SONG_OF_S)
    if not moments:
        return None
    recent = Timeline(view.timeline.clip, moments)
    picks = recommender.rank(recent, song_catalogue.catalogue(), count=1, seed=int(time.monotonic() // SONG_EVERY_S))
    return picks[0] if picks else None


def _player(track: recommender.Track) -> None:
    from pages.shared.ui import song

    song.player(track, "live")
    if st.button(t("live.next_song"), icon=":material/skip_next:", key="live_next"):
        st.session_state.pop(_PLAYING, None)
        st.session_state.pop(_SONG, None)
        st.rerun(scope="fragment")
