"""What was found, how sure, and whether voice and face agree: first in a sentence, then in charts."""

from __future__ import annotations

from typing import Final

import streamlit as st

from emotion.fusion import accord
from emotion.labels import BY_NAME
from emotion.timeline import EmotionScores, Timeline, Verdict
from pages.shared.language import clock, emotion_name, percent, t, t_plain, together
from recommender.cues.mood import PROBABLY, Doubt

SIDES: Final = ("voice", "face", "fused")
WORTH_NAMING: Final = 0.1
"""A runner-up less likely than this is no alternative."""
NOTHING: Final = "notice.nothing_found"


def headline(timeline: Timeline) -> None:
    """One large line: the emotion that both together show most, in words as sure as the reading is."""
    best = timeline.best
    if best is None:
        st.subheader(t("verdict.nothing"), anchor=False)
        return
    first, second = ranked(best.scores)[:2]
    said = t(f"verdict.{_wording(best)}", first=emotion_name(first), second=emotion_name(second))
    st.subheader(f"{BY_NAME[first].emoji} {said}", anchor=False)


def doubt(verdict: Verdict) -> Doubt:
    """How a verdict is worded: sure by its model's own threshold, else by how much of the probability it holds."""
    if verdict.sure:
        return "sure"
    return "probably" if verdict.scores.confidence >= PROBABLY else "perhaps"


def _wording(verdict: Verdict) -> str:
    """The last part of a key: the doubt, and whether a runner-up is worth its name."""
    second = ranked(verdict.scores)[1]
    alone = doubt(verdict) == "probably" and verdict.scores[second] < WORTH_NAMING
    return f"{doubt(verdict)}{'.alone' if alone else ''}"


def sentences(timeline: Timeline) -> list[str]:
    """What each side says, and how far they differ; Markdown."""
    said = [
        t(
            f"verdict.{side}.{_wording(verdict)}",
            emotion=emotion_name(verdict.label),
            value=verdict.scores.confidence,
            second=emotion_name(ranked(verdict.scores)[1]),
        )
        for side in ("voice", "face")
        if (verdict := getattr(timeline, side)) is not None
    ]
    if timeline.disagreement is not None:
        sure = timeline.fused is not None and timeline.fused.sure
        said.append(t(f"verdict.{accord(timeline.disagreement, sure=sure)}"))
    return said


def notices(timeline: Timeline) -> None:
    """What was missing; where nothing could be read, the one sentence that says so and what to do."""
    found = timeline.notices
    if timeline.best is None:
        found = tuple(n for n in found if n.key == NOTHING) or found
    for notice in found:
        st.caption(":material/info: " + t(notice.key, **dict(notice.values)))


def timeline_in_words(timeline: Timeline) -> str:
    """The leaders in order of time: what the chart shows, for those who do not see it."""
    parts: list[str] = []
    last = None
    for moment in timeline.moments:
        scores = moment.fused or moment.voice or moment.face
        if scores is not None and scores.label != last:
            last = scores.label
            parts.append(f"{clock(moment.segment.start_s)} {emotion_name(last)}")
    return together(t_plain("result.timeline_alt"), t_plain("songs.join").join(parts[:40]))


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
    """The chart in words, for those who do not see it."""
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
    models = t_plain("songs.join").join(f"{m.name}-v{m.version}" for m in timeline.models)
    st.caption(together(t("verdict.how"), t("verdict.models", models=models)))
