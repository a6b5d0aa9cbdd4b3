"""What was found, how sure, and whether voice and face agree: first in a sentence, then in charts."""

from __future__ import annotations

import streamlit as st

from emotion.fusion import accord
from emotion.labels import BY_NAME
from emotion.timeline import EmotionScores, Timeline, Verdict
from pages.shared.language import emotion_name, percent, t, t_plain

SIDES = ("voice", "face", "fused")


def headline(timeline: Timeline) -> None:
    """One large line: the emotion, or that it is not sure which."""
    best = timeline.best
    if best is None:
        st.subheader(t("verdict.nothing"), anchor=False)
        return
    first, second = candidates(timeline, best)
    values = {"first": emotion_name(first), "second": emotion_name(second), "value": best.scores.confidence}
    key = "verdict.sure" if best.sure else "verdict.not_sure"
    sign = BY_NAME[first].emoji if best.sure else ":material/help:"
    st.subheader(f"{sign} {t(key, **values)}", anchor=False)


def candidates(timeline: Timeline, best: Verdict) -> tuple[str, str]:
    """The two emotions to name: what voice and face each say where they differ and nothing is sure."""
    likeliest, second = ranked(best.scores)[:2]
    if not best.sure and timeline.voice and timeline.face and timeline.voice.label != timeline.face.label:
        return timeline.voice.label, timeline.face.label
    return likeliest, second


def sentences(timeline: Timeline) -> list[str]:
    """What each side says, and how far they differ; Markdown."""
    said = [
        t(
            f"verdict.{side}.{'sure' if verdict.sure else 'not_sure'}",
            emotion=emotion_name(verdict.label),
            value=verdict.scores.confidence,
            second=emotion_name(ranked(verdict.scores)[1]),
        )
        for side in ("voice", "face")
        if (verdict := getattr(timeline, side)) is not None
    ]
    if timeline.disagreement is not None:
        said.append(t(f"verdict.{accord(timeline.disagreement)}", value=timeline.disagreement))
    return said


def ranked(scores: EmotionScores) -> list[str]:
    """Emotions, the likeliest first."""
    return [e for e, _ in sorted(scores.as_dict().items(), key=lambda item: -item[1])]


def verdicts(timeline: Timeline) -> dict[str, EmotionScores]:
    """What there is to draw: both together only where there are two."""
    sides = {side: getattr(timeline, side) for side in SIDES}
    present = {side: v.scores for side, v in sides.items() if v is not None}
    return present if len(present) == 3 else {s: v for s, v in present.items() if s != "fused"}


def bars(timeline: Timeline, *, key: str) -> None:
    from pages.shared.ui import charts, plotting

    shown = verdicts(timeline)
    if shown:
        alt = "; ".join(spoken(side, scores) for side, scores in shown.items())
        plotting.chart(charts.bars_figure(shown, t_plain), key=key, alt=alt)


def spoken(side: str, scores: EmotionScores) -> str:
    """The chart in words, for who cannot see it."""
    parts = ", ".join(f"{emotion_name(e)} {percent(scores[e])}" for e in ranked(scores)[:3])
    return f"{t_plain(f'side.{side}')}: {parts}"


def show(timeline: Timeline) -> None:
    if timeline.best is None:
        st.info(t("verdict.nothing_more"))
        return
    from pages.shared.ui import charts, plotting

    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown(f"**{t('verdict.bars')}**")
        bars(timeline, key="verdict_bars")
    with right:
        st.markdown(f"**{t('verdict.plane')}**")
        scores = timeline.best.scores
        plotting.chart(
            charts.plane_figure(verdicts(timeline), t_plain),
            key="verdict_plane",
            alt=t_plain("verdict.plane_alt", valence=round(scores.valence, 2), arousal=round(scores.arousal, 2)),
        )
    models = ", ".join(f"{m.name}-v{m.version}" for m in timeline.models)
    st.caption(t("verdict.how") + " " + t("verdict.models", models=models))
