"""Music under the clip: heard at once in three ways, then mixed into a video and stems to take away."""

from __future__ import annotations

import io
import secrets
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import streamlit as st

from emotion.errors import MoodCueError
from emotion.timeline import Timeline
from pages.analyse import cue_sheet, music_wish
from pages.analyse.session import Session
from pages.shared.language import file_stem, markdown, t, t_plain
from pages.shared.services import fetched, own_music, pools, studio, visit
from pages.shared.services.jobs import Report as Tell
from pages.shared.services.jobs import Ticket
from pages.shared.ui import failures, players, under
from pages.shared.ui.failures import calm
from recommender.cues import CueSheet, timecodes, usable
from recommender.mix import command, planner, score, sources
from recommender.mix.plan import TARGETS, UNDER_LU, EffectPlacement, MixPlan
from recommender.mix.report import Report, critical
from recommender.ranking.shelf import Part
from recommender.songs.usable import Usable

WAYS: Final = 3
ON: Final = "under_on"
LEVEL: Final = "under_level"
TARGET: Final = "under_target"
EFFECTS: Final = "under_effects"
TICKET: Final = "under_ticket"
NUDGED: Final = "under_nudged"
NUDGE_LU: Final = 3.0


@dataclass(frozen=True)
class Heard:
    """The ways of one sheet, planned at one level."""

    clip: score.Clip
    sound: planner.ClipSound
    ways: tuple[under.Choice, ...]
    parts: tuple[Mapping[int, Part], ...]
    """Of each way: which part of which track stands under which cue."""
    own_music: bool
    missing: tuple[str, ...] = ()
    """Sentences about chosen tracks that could not be fetched; others stand in for them."""


@dataclass(frozen=True)
class Mixed:
    """A mix that was rendered: the report, and the folder with its files."""

    report: Report
    folder: Path


@st.fragment
def show(here: Session, timeline: Timeline) -> None:
    """Everything is worked out when it is asked for: tracks are read and fitted then."""
    if timeline.clip.sr is None or not st.toggle(t("under.on"), key=ON, help=t("under.lead")):
        return
    level = st.slider(
        t_plain("under.level"), int(UNDER_LU["forward"]), int(UNDER_LU["accessible"]), int(UNDER_LU["default"]),
        key=LEVEL, help=t("under.level.help"),
    )  # fmt: skip
    sheet = cue_sheet.of(here, timeline)
    marks = command.marked(sheet)
    effects = bool(marks) and st.checkbox(t("under.effects", count=len(marks)), key=EFFECTS)
    with calm():
        with st.spinner(t("under.planning")):
            heard = _heard(here, timeline, sheet, float(level))
        if not heard.ways:
            st.info(t("under.none"))
            return
        for sentence in heard.missing:
            st.warning(markdown(sentence), icon=":material/cloud_off:")
        if heard.own_music:
            st.info(t("under.own_music"))
        _listen(heard, float(level))
        _take_away(sheet, heard, float(level), score.effects_at(marks if effects else []))


def _heard(here: Session, timeline: Timeline, sheet: CueSheet, level: float) -> Heard:
    nudged: dict[int, float] = st.session_state.setdefault(NUDGED, {})
    cues = tuple((c.start, c.end, c.intent, c.goal, c.corrected, c.state, c.chosen) for c in sheet.cues)
    key = (id(timeline.voice), cues, level, tuple(nudged.items()), music_wish.current(), own_music.stamp())
    return here.derived.of("under", key, lambda: _planned(here, timeline, sheet, level, nudged))


def _planned(here: Session, timeline: Timeline, sheet: CueSheet, level: float, nudged: dict[int, float]) -> Heard:
    assert here.kept is not None  # noqa: S101 - a result has its clip
    room, shelf = studio.studio(), studio.shelf()
    clip = score.Clip(here.kept.path, timeline.clip.name, timeline.clip.duration_s, timeline.speech)
    sound = here.derived.of("clip_sound", here.digest, lambda: room.hear(clip))
    also, missing = _chosen_elsewhere(sheet)
    ways, placed = [], []
    for turn in range(WAYS):
        parts = usable.take(sheet, shelf, turn, music_wish.current(), also)
        wanted = [w for cue in sheet.cues if (w := command.wanted_for(cue, parts.get(cue.id))) is not None]
        if not wanted:
            continue
        plan = room.plan(
            clip, wanted, under_lu=level, target=TARGETS["youtube"], nudges=nudged, heard=sound
        )  # fmt: skip
        ways.append(_choice(turn, plan, sound, list(parts.values())))
        placed.append(parts)
    return Heard(clip, sound, tuple(ways), tuple(placed), score.music_in(sound), missing)


def _chosen_elsewhere(sheet: CueSheet) -> tuple[dict[str, Usable], tuple[str, ...]]:
    """Chosen tracks of open catalogues with their files, fetched where they are not here; what could not be had."""
    found: dict[str, Usable] = {}
    missing: list[str] = []
    for chosen in dict.fromkeys(cue.chosen for cue in sheet.cues if cue.chosen is not None):
        track = studio.open_catalogue().of(chosen)
        if track is None:
            continue
        try:
            path = fetched.fetch(track)
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
    meter = score.meter(plan, sound, studio.studio().load)
    low = critical(meter, plan.under_lu)
    places = ", ".join(f"{int(s.start_s) // 60}:{int(s.start_s) % 60:02d}" for s in low[:6])
    note = t_plain("under.critical", places=places) if low else t_plain("under.clear", level=round(plan.under_lu))
    return under.Choice(f"way{turn}", titles, note, plan, meter)


def _listen(heard: Heard, level: float) -> None:
    sounds = {(p.music.path, p.fit.rate) for way in heard.ways if way.plan for p in way.plan.placements}
    addresses = {s: a for s in sounds if (a := studio.address(*s)) is not None}
    if addresses.keys() != sounds:
        st.info(t("under.no_route"))
        return
    silence = under.Choice(under.SILENCE, t_plain("under.silence"))
    under.show(
        [silence, *heard.ways], addresses, player=players.CLIP_KEY, chosen=heard.ways[0].id, under_lu=level
    )  # fmt: skip
    low = sorted({int(s.start_s) for way in heard.ways for s in critical(way.meter, level)})
    if low:
        st.button(t("under.mend"), icon=":material/healing:", key="under_mend", on_click=_mend, args=(low,))


def _mend(seconds: list[int]) -> None:
    nudged: dict[int, float] = dict(st.session_state.get(NUDGED, {}))
    for s in seconds:
        nudged[s] = nudged.get(s, 0.0) + NUDGE_LU
    st.session_state[NUDGED] = nudged


# Taking it away --------------------------------------------------------------------------------------


def _take_away(sheet: CueSheet, heard: Heard, level: float, effects: tuple[EffectPlacement, ...]) -> None:
    st.markdown(f"**{t('under.take')}**")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        way = st.selectbox(
            t_plain("under.which"), heard.ways, format_func=lambda w: w.name, key="under_way", width=320
        )  # fmt: skip
        target = st.selectbox(
            t_plain("under.target"), list(TARGETS), format_func=lambda k: t_plain(f"under.target.{k}"), key=TARGET,
            width=260,
        )  # fmt: skip
        st.button(
            t("under.make"), icon=":material/movie:", type="primary", key="under_make",
            on_click=_make, args=(sheet, heard, way, target, level, effects),
        )  # fmt: skip
    _progress(sheet)


def _make(
    sheet: CueSheet,
    heard: Heard,
    way: under.Choice,
    target: str,
    level: float,
    effects: tuple[EffectPlacement, ...],
) -> None:
    assert way.plan is not None  # noqa: S101 - silence is not among the ways
    plan = replace(way.plan, target=TARGETS[target], under_lu=level, effects=effects)
    named = usable.with_parts(sheet, heard.parts[heard.ways.index(way)])
    folder = visit.visitor().folder / f"mix-{secrets.token_hex(8)}"
    earlier: Ticket[Any] | None = st.session_state.pop(TICKET, None)
    if earlier is not None:
        earlier.leave()
    st.session_state[TICKET] = pools.pool().submit(
        secrets.token_hex(16), _mixing(heard.clip, plan, named, folder), keep=False
    )  # fmt: skip


def _mixing(clip: score.Clip, plan: MixPlan, sheet: CueSheet, folder: Path) -> Callable[..., Mixed]:
    def work(tell: Tell, cancelled: Callable[[], bool]) -> Mixed:
        room = score.Studio({}, command.described, cancelled)
        try:
            report = room.render(clip, plan, folder, on_fraction=tell)
            start = sheet.clip.start_timecode or timecodes.DEFAULT_START
            command.write_papers(folder, sheet, report, start_timecode=start)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Mixed(report, folder)

    return work


@st.fragment(run_every=0.7)
def _progress(sheet: CueSheet) -> None:
    ticket: Ticket[Mixed] | None = st.session_state.get(TICKET)
    if ticket is None:
        return
    status = ticket.status()
    if not status.over:
        st.progress(float(status.progress or 0.0), t("under.mixing"))
        st.button(t("under.cancel"), key="under_cancel", on_click=_cancel)
        return
    with calm():
        if status.state == "failed" and status.error is not None:
            raise status.error
        if status.result is not None:
            _result(sheet, status.result)


def _cancel() -> None:
    ticket: Ticket[Mixed] | None = st.session_state.pop(TICKET, None)
    if ticket is not None:
        ticket.leave()


def _result(sheet: CueSheet, mixed: Mixed) -> None:
    report = mixed.report
    told = report.to_dict()
    level = t("under.silent") if report.integrated_lufs is None else f"{report.integrated_lufs:.1f} LUFS"
    median = told["under_lu"]["median"]
    st.success(
        t(
            "under.made", level=level, peak=f"{report.true_peak_dbtp:.1f}",
            under="–" if median is None else f"{median:.0f}",
        )
    )  # fmt: skip
    stem = file_stem(sheet.clip.name)
    first = mixed.folder / report.files[0]
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            t_plain("under.video" if first.suffix != ".wav" else "under.sound"),
            lambda: first.read_bytes(), file_name=f"{stem}-mix{first.suffix}", icon=":material/download:",
            key="under_get_mix", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            t_plain("under.everything"), lambda: _zipped(mixed.folder), file_name=f"{stem}-mix.zip",
            mime="application/zip", icon=":material/folder_zip:", key="under_get_all", on_click="ignore",
        )  # fmt: skip
    if report.plan.credits:
        st.code("\n".join(report.plan.credits), language=None)


def _zipped(folder: Path) -> bytes:
    """Mix, stems, marker files, credits and report; sound does not get smaller, so it is only stored."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            z.write(path, str(path.relative_to(folder)))
    return out.getvalue()
