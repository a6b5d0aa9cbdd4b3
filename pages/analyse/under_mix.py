"""A way that was heard, made into files: mixed by the pool, measured, and handed out from the disk."""

from __future__ import annotations

import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import streamlit as st

from pages.analyse.progress import rounded
from pages.shared.language import file_stem, language, t, t_plain
from pages.shared.services import clips, pools, visit
from pages.shared.services.jobs import Report as Tell
from pages.shared.services.jobs import Ticket
from pages.shared.ui import under
from pages.shared.ui.failures import calm
from recommender.cues import CueSheet, timecodes, usable
from recommender.mix import beside, command, score
from recommender.mix.estimate import left_s
from recommender.mix.plan import TARGETS, EffectPlacement, MixPlan
from recommender.mix.render import Form
from recommender.mix.report import Report
from recommender.ranking.shelf import Part

TARGET: Final = "under_target"
FORM: Final = "under_form"
TICKET: Final = "under_ticket"
FORMS: Final[tuple[Form, ...]] = ("wav", "flac")


@dataclass(frozen=True)
class Way:
    """One way to score a sheet: how the page shows it, its plan, and the part of a track for each cue."""

    choice: under.Choice
    plan: MixPlan
    parts: Mapping[int, Part]


@dataclass(frozen=True)
class Mixing:
    """How far a mix is; ``left_s`` None where it is too early to say."""

    fraction: float
    left_s: float | None


@dataclass(frozen=True)
class Mixed:
    """A mix that was rendered: the report, the mix itself, and everything together."""

    report: Report
    mix: Path
    archive: Path
    secrets: tuple[str | None, str | None]
    """Under which both are handed out."""

    def forget(self) -> None:
        """Nothing is left of it."""
        for secret in self.secrets:
            if secret is not None:
                clips.withdraw(secret)
        shutil.rmtree(self.mix.parent, ignore_errors=True)
        self.archive.unlink(missing_ok=True)


def show(
    sheet: CueSheet,
    clip: score.Clip,
    ways: Sequence[Way],
    level: float,
    effects: tuple[EffectPlacement, ...],
    own_music: bool,
) -> None:
    st.markdown(f"**{t('under.take')}**")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        way = st.selectbox(
            t_plain("under.which"), ways, format_func=lambda w: w.choice.name, key="under_way", width=320
        )  # fmt: skip
        target = st.selectbox(
            t_plain("under.target"), list(TARGETS), format_func=lambda k: t_plain(f"under.target.{k}"), key=TARGET,
            width=260,
        )  # fmt: skip
        form = st.selectbox(t_plain("under.form"), FORMS, format_func=str.upper, key=FORM, width=110)
        st.button(
            t("under.make"), icon=":material/movie:", type="primary", key="under_make",
            on_click=_make, args=(sheet, clip, way, target, form, level, effects, own_music),
        )  # fmt: skip
    _progress(sheet)


def _make(
    sheet: CueSheet,
    clip: score.Clip,
    way: Way,
    target: str,
    form: Form,
    level: float,
    effects: tuple[EffectPlacement, ...],
    own_music: bool,
) -> None:
    plan = replace(way.plan, target=TARGETS[target], under_lu=level, effects=effects)
    named = usable.with_parts(sheet, way.parts)
    visitor = visit.visitor()
    folder = visitor.folder / f"mix-{secrets.token_hex(8)}"
    earlier: Ticket[Mixed] | None = st.session_state.pop(TICKET, None)
    if earlier is not None:
        _forget(earlier)
    work = _mixing(clip, plan, named, folder, form, own_music, language())
    ticket: Ticket[Mixed] = pools.pool().submit(secrets.token_hex(16), work, keep=False)
    visitor.on_leave.append(lambda: _forget(ticket))
    st.session_state[TICKET] = ticket


def _forget(ticket: Ticket[Mixed]) -> None:
    result = ticket.status().result
    ticket.leave()
    if result is not None:
        result.forget()


def _mixing(
    clip: score.Clip, plan: MixPlan, sheet: CueSheet, folder: Path, form: Form, own_music: bool, words: str
) -> Callable[..., Mixed]:
    def work(tell: Tell, cancelled: Callable[[], bool]) -> Mixed:
        room = score.Studio({}, command.described, cancelled)
        begun_s = time.monotonic()

        def on_fraction(fraction: float) -> None:
            tell(Mixing(fraction, left_s(fraction, time.monotonic() - begun_s)))

        try:
            report = room.render(clip, plan, folder, form=form, on_fraction=on_fraction)
            if own_music:
                report = replace(report, notes=(*report.notes, command.OWN_MUSIC))
            reference = beside.relative(beside.write_tracks(plan, room.load, folder))
            start = sheet.clip.start_timecode or timecodes.DEFAULT_START
            command.write_papers(
                folder, sheet, report, start_timecode=start, language=words, reference=reference
            )  # fmt: skip
            return _packed(report, folder, file_stem(sheet.clip.name))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    return work


def _packed(report: Report, folder: Path, stem: str) -> Mixed:
    """All files in one archive on the disk, and of them only the mix besides; sound does not get smaller, so it is
    only stored."""
    mix, archive = folder / report.files[0], folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as z:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            z.write(path, str(path.relative_to(folder)))
            if path != mix:
                path.unlink()
    own = clips.publish(mix, saved_as=f"{stem}-mix{mix.suffix}")
    return Mixed(report, mix, archive, (own, clips.publish(archive, saved_as=f"{stem}-mix.zip")))


@st.fragment(run_every=0.7)
def _progress(sheet: CueSheet) -> None:
    ticket: Ticket[Mixed] | None = st.session_state.get(TICKET)
    if ticket is None:
        return
    status = ticket.status()
    if status.state == "queued":
        st.progress(0.0, t("progress.queued", place=status.place))
    elif not status.over:
        now = status.progress if isinstance(status.progress, Mixing) else Mixing(0.0, None)
        st.progress(min(1.0, now.fraction), t("under.mixing"))
        if now.left_s is not None:
            count, unit = rounded(now.left_s)
            st.caption(t(f"progress.left.{unit}", count=count))
    if not status.over:
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
    level = t("under.silent") if report.integrated_lufs is None else f"{report.integrated_lufs:.1f} LUFS"
    median = report.to_dict()["under_lu"]["median"]
    said = t(
        "under.made", level=level, peak=f"{report.true_peak_dbtp:.1f}", under="–" if median is None else f"{median:.0f}"
    )  # fmt: skip
    st.success(said)
    for remark in report.remarks:
        st.caption(t(remark.key, **dict(remark.values)))
    stem = file_stem(sheet.clip.name)
    with st.container(horizontal=True, gap="small"):
        suffix = mixed.mix.suffix
        label = t_plain("under.sound" if suffix in (".wav", ".flac") else "under.video")
        _download(label, mixed.mix, mixed.secrets[0], f"{stem}-mix{suffix}", ":material/download:", "mix")
        _download(
            t_plain("under.everything"), mixed.archive, mixed.secrets[1], f"{stem}-mix.zip",
            ":material/folder_zip:", "all",
        )  # fmt: skip
    if report.plan.credits:
        st.code("\n".join(report.plan.credits), language=None)


def _download(label: str, path: Path, secret: str | None, name: str, icon: str, key: str) -> None:
    """From the disk, in parts; through Streamlit's memory only where the server has no route of ours."""
    if secret is not None:
        st.link_button(label, f"/{clips.PREFIX}/{secret}", icon=icon)
    else:
        st.download_button(
            label, path.read_bytes, file_name=name, icon=icon, key=f"under_get_{key}", on_click="ignore"
        )  # fmt: skip
