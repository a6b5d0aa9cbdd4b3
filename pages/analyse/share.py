"""A link for others to look at the result: what it will show, for how long, and its end."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from emotion.media import fence
from emotion.timeline import FaceTrack, Timeline
from pages.analyse import cue_sheet, session, songs, tally
from pages.analyse.session import Session
from pages.shared.language import file_stem, t, t_plain
from pages.shared.services import links, memory, visit
from pages.shared.ui.failures import calm
from recommender.errors import NoSongs
from recommender.ranking.picks import Pick
from recommender.store import shares, snapshot

PEOPLE: Final = 3
PICTURES_EACH: Final = 4


@st.fragment
def show(current: Session, timeline: Timeline) -> None:
    choices = shares.lifetimes()
    if timeline.best is None or not choices:
        st.info(t("verdict.nothing_more" if choices else "share.off"))
        return
    assert current.kept is not None  # noqa: S101 - a result has its clip
    clip = current.kept.digest[:12]
    picks = _songs(current, timeline)
    st.markdown(t("share.lead"))
    st.caption(t("share.what"))
    title = st.text_input(
        t_plain("share.title"),
        file_stem(timeline.clip.name) if current.sample is None else session.title(),
        max_chars=snapshot.LONGEST_TITLE,
        key=f"share_title_{clip}",
        help=t("share.title.help"),
    )
    faces = _faces_wanted(timeline.tracks, clip)
    path = _clip_wanted(clip)
    days = st.segmented_control(
        t_plain("share.days"),
        choices,
        default=choices[-1],
        required=True,
        format_func=lambda d: t_plain("share.days.of", count=d),
        key=f"share_days_{clip}",
    )
    if st.button(t("share.make"), icon=":material/add_link:", type="primary", key="share_make"):
        with calm(), st.spinner(t("share.making")):
            shown = snapshot.of(
                timeline,
                picks,
                title=title,
                corrected=current.state.correction,
                faces=pictures(timeline.tracks) if faces else (),
                sheet=cue_sheet.of(current, timeline),
            )
            made = _make(shown, days, path)
            links.made()[made.share.key] = made
            current.state = current.state.linked(made.share.key)
    links.said()
    _made(current, timeline)


def _songs(current: Session, timeline: Timeline) -> Sequence[Pick]:
    """The songs as they were last seen; none where no song passes the filters."""
    with contextlib.suppress(NoSongs):
        return songs.seen(current, timeline)
    return ()


def _faces_wanted(tracks: Sequence[FaceTrack], clip: str) -> bool:
    some = any(s.crop is not None for track in tracks for s in track.sightings)
    return some and st.checkbox(t("share.faces"), key=f"share_faces_{clip}")


def _clip_wanted(clip: str) -> Path | None:
    """What the player plays, where it is ticked; it may still be in the making, or too large."""
    with calm():
        path = session.playable(wait_s=0)
        if path is None:
            st.caption(t("share.clip.soon"))
            return None
        size, most = path.stat().st_size, shares.MAX_CLIP_BYTES
        if size > most:
            st.caption(t("share.clip.large", mb=size / shares.MEGABYTE, limit=most / shares.MEGABYTE))
            return None
        label = t("share.clip", mb=size / shares.MEGABYTE)
        return path if st.checkbox(label, key=f"share_clip_{clip}", help=t("share.clip.help")) else None
    return None


def _make(shown: snapshot.Snapshot, days: int, path: Path | None) -> shares.Made:
    store, owner = shares.Shares(), memory.current().visitor
    payload = snapshot.to_json(shown)
    if path is None:
        return store.create(owner, shown.title, payload, days=days)
    copy = fence.anonymous(path, visit.visitor().folder)
    try:
        return store.create(owner, shown.title, payload, days=days, clip=copy)
    finally:
        copy.unlink(missing_ok=True)


def _made(current: Session, timeline: Timeline) -> None:
    """The links of this clip, and how their owner finds them again."""
    standing = [made for key in current.state.links if (made := links.made().get(key))]
    if not standing:
        return
    known_again = memory.current().local or memory.consent()
    for made in standing:
        links.show(made.share, "share")
        st.markdown(f"**{t('vote.tally')}**")
        tally.show(cue_sheet.of(current, timeline), made.share.key)
        if not known_again:
            st.caption(t("share.key.lead"))
            links.address_to_delete(made, key=f"share_key_{made.share.key}")
    if known_again:
        st.caption(t("share.again"))


def pictures(tracks: Sequence[FaceTrack]) -> list[snapshot.Face]:
    """A few small pictures of each of the people seen most, in order of time."""
    found: list[snapshot.Face] = []
    for track in tracks[:PEOPLE]:
        kept = [s for s in track.sightings if s.crop is not None]
        for sighting in kept[:: max(1, -(-len(kept) // PICTURES_EACH))]:
            picture = _small(sighting.crop)
            found.append(snapshot.Face(round(sighting.time_s, 2), track.id, sighting.scores.label, picture))
    return found


def _small(crop: object) -> bytes:
    """An RGB picture of shape (height, width, 3) as a JPEG without anything beside the picture."""
    from PIL import Image

    picture = Image.fromarray(crop)  # pyright: ignore[reportArgumentType]
    picture.thumbnail((snapshot.FACE_SIDE, snapshot.FACE_SIDE))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
