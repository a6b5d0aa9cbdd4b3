"""The waveform and the emotions of a clip over time, each side in a row; :mod:`pages.shared.ui.charts` has the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from emotion.labels import EMOTIONS, TABLE
from emotion.timeline import EmotionScores, Moment, Segment, Timeline
from pages.shared.language import clock
from pages.shared.ui.charts import CLEAR, GREY, PATTERNS, SIDES, Envelope, Words, clear, time_ticks

EDGE_S: Final = 1e-3
"""How far from its neighbour a curve falls to nothing where a modality has nothing to say."""
LEAST_S: Final = 4.0
"""A shorter clip has one or two readings: a chart over time would make them look like more."""
MOST_STEPS: Final = 900
"""More steps than this, a quarter of an hour of them, would be narrower than what can be seen or pressed."""
LABEL_SHARE: Final = 0.09
"""An emotion is named on the timeline where it leads for at least this part of the clip."""
WAVE_PX, ROW_PX, FOOT_PX = 58, 84, 96


def timeline_figure(
    timeline: Timeline, envelope: Envelope | None, words: Words, at_s: float | None = None
) -> go.Figure:
    """Waveform and emotions on one axis of time. A click gives ``points[0].x``."""
    sides = sides_of(timeline)
    heights = [WAVE_PX] * (envelope is not None) + [ROW_PX] * len(sides)
    figure = make_subplots(
        rows=max(1, len(heights)),
        shared_xaxes=True,
        vertical_spacing=0.025,
        row_heights=heights or [ROW_PX],
    )
    row = 0
    if envelope is not None:
        row += 1
        _wave(figure, envelope, row, words("chart.waveform"))
    moments = thinned(timeline.moments)
    for side in sides:
        row += 1
        _areas(figure, moments, side, row, words, legend=side == sides[-1])
    if at_s is not None:
        figure.add_vline(x=at_s, line_width=1.5, line_dash="dot", line_color=GREY)
    duration_s = max(timeline.clip.duration_s, 0.1)
    figure.update_xaxes(range=[0, duration_s], showgrid=False, zeroline=False, fixedrange=True, showticklabels=False)
    ticks = time_ticks(duration_s)
    figure.update_xaxes(showticklabels=True, tickvals=ticks, ticktext=[clock(s) for s in ticks], row=row)
    figure.update_yaxes(fixedrange=True, showgrid=False, zeroline=False)
    figure.update_layout(
        height=sum(heights) + FOOT_PX,
        margin={"l": 62, "r": 8, "t": 8, "b": 0},
        dragmode=False,
        hovermode="closest",
        hoverdistance=-1,
        clickmode="event+select",
        legend={
            "orientation": "h",
            "yanchor": "top",
            "y": -34 / max(sum(heights), ROW_PX),  # under the times
            "x": 0,
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
    return clear(figure)


def thinned(moments: Sequence[Moment], most: int = MOST_STEPS) -> Sequence[Moment]:
    """At most so many steps of equal numbers of moments: the means of what each side says in at least half of them."""
    every = -(-len(moments) // most)
    if every <= 1:
        return moments
    steps = []
    for k in range(0, len(moments), every):
        some = moments[k : k + every]
        found = {side: [s for m in some if (s := getattr(m, side)) is not None] for side in SIDES}
        means = {side: EmotionScores.mean(s) if 2 * len(s) >= len(some) else None for side, s in found.items()}
        segment = Segment(some[0].segment.start_s, some[-1].segment.end_s)
        steps.append(Moment(segment, means["voice"], means["face"], means["fused"]))
    return steps


def sides_of(timeline: Timeline) -> list[str]:
    """The rows worth drawing: both together only where there are two."""
    present = [s for s in ("voice", "face") if any(getattr(m, s) is not None for m in timeline.moments)]
    return [*present, "fused"] if len(present) == 2 else present


def _wave(figure: go.Figure, envelope: Envelope, row: int, name: str) -> None:
    times, low, high = (np.asarray(part, dtype=np.float32).round(4) for part in envelope)
    style = {"line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_trace(go.Scatter(x=times, y=low, mode="lines", **style), row=row, col=1)
    figure.add_trace(go.Scatter(x=times, y=high, mode="lines", fill="tonexty", fillcolor=GREY, **style), row=row, col=1)
    every = max(1, len(times) // 600)  # what a click on the waveform hits
    figure.add_trace(_touch(times[::every], [clock(s) for s in times[::every]], 0.0), row=row, col=1)
    peak = max(float(np.abs(high).max(initial=0)), float(np.abs(low).max(initial=0)), 1e-3)
    figure.update_yaxes(range=[-peak, peak], tickvals=[0], ticktext=[name], row=row)


def _touch(x: Iterable[float], text: Sequence[str], y: float) -> go.Scatter:
    """Invisible points: lines alone give no clicks."""
    x = list(map(float, x))
    hidden = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=x,
        y=[y] * len(x),
        mode="lines+markers",
        line={"width": 0, "color": CLEAR},
        marker={"opacity": 0, "size": 8},
        selected=hidden,
        unselected=hidden,
        text=text,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _areas(figure: go.Figure, moments: Sequence[Moment], side: str, row: int, words: Words, *, legend: bool) -> None:
    x, stacked = curve(moments, side)
    for index, emotion in enumerate(TABLE):
        figure.add_trace(
            go.Scatter(
                x=x,
                y=stacked[:, index],
                mode="lines",
                line={"width": 0.5, "color": emotion.colour},
                stackgroup=side,
                fillcolor=emotion.colour,
                fillpattern={
                    "shape": PATTERNS[emotion.name],
                    "fgcolor": "white",
                    "bgcolor": emotion.colour,
                    "fillmode": "replace",
                    "size": 7,
                    "solidity": 0.12,
                    "fgopacity": 0.4,
                },
                name=words(f"emotion.{emotion.name}"),
                legendgroup=emotion.name,
                showlegend=legend,
                hoverinfo="skip",
            ),
            row=row,
            col=1,
        )
    spoken = [m for m in moments if getattr(m, side) is not None]
    figure.add_trace(
        _touch([m.segment.middle_s for m in spoken], [_hover(m, side, words) for m in spoken], 0.5), row=row, col=1
    )
    figure.update_yaxes(range=[0, 1], tickvals=[0.5], ticktext=[words(f"side.{side}")], row=row)
    _name_leaders(figure, moments, side, row, words, moments[-1].segment.end_s if moments else 0.0)


def too_short(timeline: Timeline) -> bool:
    return timeline.clip.duration_s < LEAST_S


def curve(moments: Sequence[Moment], side: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """``x`` (n,) seconds and probabilities (n, 8), zero where ``side`` has nothing to say."""
    xs: list[float] = []
    ys: list[Any] = []
    nothing = np.zeros(len(EMOTIONS))
    for silent, run in groupby(moments, key=lambda m: getattr(m, side) is None):
        stretch = list(run)
        if silent:
            start_s, end_s = stretch[0].segment.start_s, stretch[-1].segment.end_s
            xs += [start_s + EDGE_S, end_s - EDGE_S]
            ys += [nothing, nothing]
            continue
        for m in stretch:  # a reading holds for its step: between two of them nothing was measured
            xs += [m.segment.start_s, max(m.segment.start_s, m.segment.end_s - EDGE_S)]
            ys += [getattr(m, side).as_array()] * 2
    return np.array(xs).round(4), np.array(ys, dtype=np.float32).reshape(-1, len(EMOTIONS)).round(4)


def _hover(moment: Moment, side: str, words: Words) -> str:
    scores: EmotionScores = getattr(moment, side)
    best = sorted(scores.as_dict().items(), key=lambda item: -item[1])[:3]
    lines = [words("chart.share", emotion=words(f"emotion.{e}"), value=p) for e, p in best]
    return "<br>".join([f"<b>{clock(moment.segment.start_s)}</b>", *lines])


def _name_leaders(
    figure: go.Figure, moments: Sequence[Moment], side: str, row: int, words: Words, duration_s: float
) -> None:
    """Each emotion's name on its largest part, where it leads without a gap for long enough to hold a name."""
    for label, stretch in runs(moments, side):
        if stretch[-1].segment.end_s - stretch[0].segment.start_s < LABEL_SHARE * duration_s:
            continue
        middle = stretch[len(stretch) // 2]
        probs = getattr(middle, side).as_array()
        index = EMOTIONS.index(label)
        figure.add_annotation(
            x=(stretch[0].segment.start_s + stretch[-1].segment.end_s) / 2,
            y=float(probs[:index].sum() + probs[index] / 2),
            text=words(f"emotion.{label}"),
            showarrow=False,
            font={"size": 11, "color": "#16161b"},
            bgcolor="rgba(255,255,255,0.82)",
            borderpad=2,
            row=row,
            col=1,
        )


def runs(moments: Sequence[Moment], side: str) -> list[tuple[str, list[Moment]]]:
    """Stretches in which one emotion leads, broken where ``side`` has nothing to say."""
    labels = groupby(moments, key=lambda m: None if (s := getattr(m, side)) is None else s.label)
    return [(label, list(run)) for label, run in labels if label is not None]
