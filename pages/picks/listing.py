"""What is remembered, newest first, and what the taste learned from it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from emotion.labels import BY_NAME
from emotion.timeline import Notice
from pages.shared.language import emotion_name, markdown, t, t_plain, together
from pages.shared.services import links, memory, song_catalogue
from pages.shared.ui.failures import calm
from recommender.ranking.taste import ENOUGH, STRONGEST
from recommender.store.history import KINDS, Event
from recommender.store.shares import Share

NAMED: Final = 5
_DELETED: Final = "_picks_deleted_some"


def events(remembered: Sequence[Event]) -> None:
    """All entries, or those of one kind."""
    if not remembered:
        st.info(t("picks.none"), icon=":material/bookmarks:")
        return
    counts = {kind: sum(e.kind == kind for e in remembered) for kind in KINDS}
    st.subheader(t("picks.count", count=len(remembered)), anchor=False)
    kind = st.pills(
        t_plain("picks.kinds"),
        [k for k in KINDS if counts[k]],
        format_func=lambda k: t_plain(f"picks.kind.{k}.many", count=counts[k]),
        key="picks_kind",
        label_visibility="collapsed",
    )
    shown = [e for e in remembered if kind is None or e.kind == kind]
    columns = ("kind", "song", "emotion", "time", "video")
    st.caption(t("picks.delete_some.how"))
    table = st.dataframe(
        {name: [_cell(name, e) for e in shown] for name in columns},
        key=f"picks_table_{kind}_{st.session_state.get(_DELETED, 0)}",  # what was ticked is gone with what is deleted
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "time": st.column_config.DatetimeColumn(
                t_plain("picks.column.time"), format="YYYY-MM-DD HH:mm", timezone=st.context.timezone
            ),
            "kind": t_plain("picks.column.kind"),
            "emotion": t_plain("picks.column.emotion"),
            "song": st.column_config.TextColumn(t_plain("picks.column.song"), width=260),
            "video": st.column_config.LinkColumn(t_plain("picks.column.video"), display_text="YouTube"),
        },
    )
    delete_some([shown[row] for row in table.selection.rows if row < len(shown)])


def delete_some(ticked: Sequence[Event]) -> None:
    """The ticked entries may go, after a second word."""
    if not ticked:
        return
    with st.popover(t("picks.delete_some", count=len(ticked)), icon=":material/delete:", key="picks_delete_some"):
        st.markdown("\n".join(f"- {markdown(' · '.join(filter(None, _in_words(e))))}" for e in ticked[:NAMED]))
        if len(ticked) > NAMED:
            st.markdown(t("picks.delete_some.more", count=len(ticked) - NAMED))
        st.button(
            t("picks.delete_some.yes", count=len(ticked)),
            icon=":material/delete_forever:",
            key="picks_delete_some_yes",
            on_click=_delete,
            args=([e.id for e in ticked if e.id is not None],),
        )


def _in_words(event: Event) -> tuple[str, ...]:
    return tuple(str(_cell(name, event)) for name in ("kind", "song", "emotion"))


def _delete(ids: Sequence[int]) -> None:
    with calm():
        removed = memory.history().delete(ids)
        st.session_state[_DELETED] = st.session_state.get(_DELETED, 0) + 1
        st.toast(t("picks.deleted_some", count=removed), icon=":material/delete:")


def links_shared(shared: Sequence[Share]) -> None:
    """The visitor's links that still open, each with its end; nothing where there are none."""
    links.said()
    if not shared:
        return
    st.subheader(t("share.mine"), anchor=False)
    st.caption(t("share.mine.lead"))
    for share in shared:
        links.show(share, "mine")


def _cell(column: str, event: Event) -> datetime | str:
    """One cell; empty where the event has nothing there."""
    if column == "time":
        return datetime.fromtimestamp(event.at, UTC)
    if column == "song":
        return f"{event.title} · {event.artist}" if event.title else ""
    if column == "video":
        return f"https://www.youtube.com/watch?v={event.video_id}" if event.video_id else ""
    if column == "kind":
        form = f" · {event.detail.upper()}" if event.kind == "export" and event.detail else ""
        return t_plain(f"picks.kind.{event.kind}") + form
    return " → ".join(_emotion(e) for e in (event.emotion, event.detail) if e in BY_NAME)


def _emotion(name: str) -> str:
    return f"{BY_NAME[name].emoji} {emotion_name(name)}"


def taste(remembered: Sequence[Event], given: bool) -> None:
    """What was learned, in words; off until there are enough picks and skips."""
    st.subheader(t("picks.taste"), anchor=False)
    choices = [e for e in remembered if e.kind in ("pick", "skip")]
    learned = memory.taste(choices, song_catalogue.catalogue()) if given else None
    if learned is None:
        latest = {e.track_id: e.kind for e in reversed(choices)}
        picks = sum(kind == "pick" for kind in latest.values())
        st.caption(t("picks.taste.off", enough=ENOUGH, picks=picks, skips=len(latest) - picks))
        return
    reasons = learned.reasons()
    for key, wanted in (("picks.taste.likes", True), ("picks.taste.dislikes", False)):
        names = [_feature(notice) for notice, weight in reasons if (weight > 0) == wanted]
        if names:
            st.markdown(together(t(key), markdown(t_plain("songs.join").join(names))))
    st.caption(t("picks.taste.on", picks=learned.picks, skips=learned.skips, most=STRONGEST))


def _feature(notice: Notice) -> str:
    value = dict(notice.values)["value"]
    return t_plain(f"music.energy.{value}") if notice.key == "music.taste.energy" else t_plain(notice.key, value=value)
