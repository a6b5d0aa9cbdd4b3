"""Music under the clip: heard at once in three ways, or with any track, before it is mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from emotion.errors import MoodCueError
from emotion.timeline import Timeline
from pages.analyse import cue_sheet, music_wish, under_mix
from pages.analyse.session import Session
from pages.shared.language import markdown, t, t_plain
from pages.shared.services import fetched, own_music, studio
from pages.shared.ui import failures, players, under
from pages.shared.ui.failures import calm
from recommender.cues import CueSheet, usable
from recommender.messages import clock
from recommender.mix import command, planner, score, sources
from recommender.mix.plan import TARGETS, UNDER_LU, MixPlan
from recommender.mix.report import critical, remarks_on
from recommender.players import open_sound
from recommender.ranking.shelf import Part
from recommender.songs.usable import Usable

WAYS: Final = 3
ON: Final = "under_on"
LEVEL: Final = "under_level"
TRACK: Final = "under_track"
EFFECTS: Final = "under_effects"
NUDGED: Final = "under_nudged"
NUDGE_LU: Final = 0.5
"""What is mended is taken so far below the least that is wanted."""
MOST_NAMED: Final = 6


@dataclass(frozen=True)
class Heard:
    """The ways of one sheet, planned at one level."""

    clip: score.Clip
    sound: planner.ClipSound
    ways: tuple[under_mix.Way, ...]
    own_music: bool
    missing: tuple[str, ...] = ()
    """Sentences about chosen tracks that could not be fetched; others stand in for them."""


@st.fragment
def show(here: Session, timeline: Timeline) -> None:
    """Everything is worked out when it is asked for: tracks are read and fitted then."""
    silent = timeline.clip.sr is None
    if silent:
        st.caption(t("under.no_sound"))
    if silent or not st.toggle(t("under.on"), key=ON, help=t("under.lead")):
        st.session_state.pop(cue_sheet.SHOWN_ELSEWHERE, None)
        return
    level = st.slider(
        t_plain("under.level"), int(UNDER_LU["forward"]), int(UNDER_LU["accessible"]), int(UNDER_LU["default"]),
        key=LEVEL, help=t("under.level.help"),
    )  # fmt: skip
    sheet = cue_sheet.of(here, timeline)
    track = _track()
    st.session_state[cue_sheet.SHOWN_ELSEWHERE] = sheet
    marks = command.marked(sheet)
    with calm():
        with st.spinner(t("under.planning")):
            heard = _heard(here, timeline, sheet, float(level), track)
        if not heard.ways:
            st.info(t("under.none"))
            return
        for sentence in heard.missing:
            st.warning(markdown(sentence), icon=":material/cloud_off:")
        if heard.own_music:
            st.info(t("under.own_music"))
        _listen(heard, float(level))
        effects = bool(marks) and st.checkbox(t("under.effects", count=len(marks)), key=EFFECTS)
        under_mix.show(
            sheet, heard.clip, heard.ways, float(level), score.effects_at(marks if effects else []), heard.own_music
        )


def _track() -> str | None:
    """One track under all of the clip, by its id; any that lies on this machine."""
    known = {track.id: track for track in studio.shelf().tracks}
    names = {key: " – ".join(filter(None, (track.title, track.artist))) for key, track in known.items()}
    return st.selectbox(
        t_plain("under.track"), sorted(known, key=lambda key: names[key].casefold()), index=None,
        format_func=lambda key: names.get(str(key), ""), key=TRACK, placeholder=t_plain("under.track.none"),
        help=t("under.track.help"), width=420,
    )  # fmt: skip


def _heard(here: Session, timeline: Timeline, sheet: CueSheet, level: float, track: str | None) -> Heard:
    nudged: dict[int, float] = st.session_state.setdefault(NUDGED, {})
    cues = tuple((c.start, c.end, c.intent, c.goal, c.corrected, c.state, c.chosen) for c in sheet.cues)
    key = (id(timeline.voice), cues, level, track, tuple(nudged.items()), music_wish.current(), own_music.stamp())
    return here.derived.of("under", key, lambda: _planned(here, timeline, sheet, level, track, nudged))


def _planned(
    here: Session, timeline: Timeline, sheet: CueSheet, level: float, track: str | None, nudged: Mapping[int, float]
) -> Heard:
    assert here.kept is not None  # noqa: S101 - a result has its clip
    room, shelf = studio.studio(), studio.shelf()
    clip = score.Clip(here.kept.path, timeline.clip.name, timeline.clip.duration_s, timeline.speech)
    sound = here.derived.of("clip_sound", here.digest, lambda: room.hear(clip))
    also, missing = _chosen_elsewhere(sheet)
    asked = [usable.take(sheet, shelf, turn, music_wish.current(), also) for turn in range(WAYS)]
    if track is not None:
        asked.append(usable.throughout(sheet, shelf, track))
    ways = []
    stretches = [
        [w for cue in sheet.cues if (w := command.wanted_for(cue, parts.get(cue.id))) is not None] for parts in asked
    ]
    room.prepare(w.music for wanted in stretches for w in wanted)
    for turn, (parts, wanted) in enumerate(zip(asked, stretches, strict=True)):
        if wanted:
            plan = room.plan(clip, wanted, under_lu=level, target=TARGETS["youtube"], nudges=nudged, heard=sound)
            ways.append(under_mix.Way(_choice(turn, plan, sound, list(parts.values())), plan, parts))
    return Heard(clip, sound, tuple(ways), sound.own_music, missing)


def _chosen_elsewhere(sheet: CueSheet) -> tuple[dict[str, Usable], tuple[str, ...]]:
    """Chosen tracks of open catalogues with their files, fetched where they are not here; what could not be had."""
    found: dict[str, Usable] = {}
    missing: list[str] = []
    for chosen in dict.fromkeys(cue.chosen for cue in sheet.cues if cue.chosen is not None):
        track = studio.open_catalogue().of(chosen)
        if track is None:
            continue
        try:
            path = open_sound.sound_of(track)
            sound = fetched.hear(track)
        except MoodCueError as e:
            missing.append(failures.plain(e))
            continue
        if sound is not None:
            studio.studio().know({track.id: sound})
            found[track.id] = replace(sources.measured(track, sound), path=str(path))
    return found, tuple(missing)


def _choice(turn: int, plan: MixPlan, sound: planner.ClipSound, parts: list[Part]) -> under.Choice:
    titles = ", ".join(dict.fromkeys(p.track.title for p in parts))
    meter = studio.studio().meter(plan, sound)
    low = critical(meter, plan.under_lu)
    places = ", ".join(t_plain("under.place", time=clock(s.start_s), level=round(s.under_lu)) for s in low[:MOST_NAMED])
    note = t_plain("under.critical", places=places) if low else t_plain("under.clear", level=round(plan.under_lu))
    said = [note, *(t_plain(n.key, **dict(n.values)) for n in remarks_on(plan))]
    return under.Choice(f"way{turn}", titles, " ".join(said), plan, meter)


def _listen(heard: Heard, level: float) -> None:
    sounds = {(p.music.path, p.fit.rate) for way in heard.ways for p in way.plan.placements}
    addresses = {s: a for s in sounds if (a := studio.address(*s)) is not None}
    if addresses.keys() != sounds:
        st.info(t("under.no_route"))
        return
    silence = under.Choice(under.SILENCE, t_plain("under.silence"))
    choices = [way.choice for way in heard.ways]
    under.show(
        [silence, *choices], addresses, player=players.CLIP_KEY, chosen=choices[0].id, under_lu=level
    )  # fmt: skip
    low = {int(s.start_s): level - s.under_lu + NUDGE_LU for way in choices for s in critical(way.meter, level)}
    if low:
        st.button(t("under.mend"), icon=":material/healing:", key="under_mend", on_click=_mend, args=(low,))


def _mend(short_lu: Mapping[int, float]) -> None:
    nudged: dict[int, float] = dict(st.session_state.get(NUDGED, {}))
    for second, lu in short_lu.items():
        nudged[second] = nudged.get(second, 0.0) + lu
    st.session_state[NUDGED] = nudged
