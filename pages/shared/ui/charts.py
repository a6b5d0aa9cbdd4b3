"""Charts of emotions: pure functions from results to plotly figures.

Backgrounds are clear and the text colour is left to the theme, so that one figure serves light and
dark. An emotion has one colour and one pattern everywhere, and its name stands beside it. ``words``
gives the sentence of a key in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from emotion.labels import EMOTIONS, TABLE
from emotion.timeline import EmotionScores, Verdict

Words = Callable[..., str]
Envelope = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]

SIDES: Final = ("voice", "face", "fused")
PATTERNS: Final = dict(zip(EMOTIONS, ("", "-", ".", "\\", "/", "x", "+", "|"), strict=True))
GREY: Final = "#8a8f98"
CLEAR: Final = "rgba(0,0,0,0)"
FAINT: Final = "rgba(138,143,152,0.25)"


def bars_figure(
    verdicts: Mapping[str, Verdict | EmotionScores | None], words: Words, highest: Sequence[float] = ()
) -> go.Figure:
    """The eight probabilities side by side for each modality that has something to say.

    ``highest``, for a single one, marks the most that each emotion reaches.
    """
    shown = {side: _scores(v) for side, v in verdicts.items() if v is not None}
    figure = make_subplots(
        cols=max(1, len(shown)),
        shared_yaxes=True,
        horizontal_spacing=0.04,
        column_titles=[words(f"side.{side}") for side in shown] if len(shown) > 1 else None,
    )
    names = [words(f"emotion.{e}") for e in EMOTIONS]
    top = max((s.confidence for s in shown.values()), default=1.0)
    for column, scores in enumerate(shown.values(), start=1):
        figure.add_trace(
            go.Bar(
                x=list(scores.probs),
                y=names,
                orientation="h",
                marker={"color": [e.colour for e in TABLE], "cornerradius": 3},
                text=[words("chart.percent", value=p) for p in scores.probs],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y} %{text}<extra></extra>",
                showlegend=False,
            ),
            row=1,
            col=column,
        )
    if highest:
        top = max(top, *highest)
        for trace in _with_highest(next(iter(shown.values())), highest, names, top, words):
            figure.add_trace(trace)
        figure.update_traces(text=None, selector={"type": "bar"})
    figure.update_xaxes(range=[0, top * 1.32], visible=False, fixedrange=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, fixedrange=True)
    figure.update_layout(height=290, bargap=0.28, margin={"l": 8, "r": 8, "t": 28 if len(shown) > 1 else 4, "b": 4})
    return clear(figure)


def _with_highest(
    mean: EmotionScores, highest: Sequence[float], names: list[str], top: float, words: Words
) -> tuple[go.Scatter, go.Scatter]:
    """An upright mark at the most that was reached, and both figures in a column of their own."""
    marks = {"symbol": "line-ns", "size": 15, "line": {"width": 3, "color": [e.colour for e in TABLE]}}
    both = [words("chart.mean_and_most", mean=m, most=h) for m, h in zip(mean.probs, highest, strict=True)]
    quiet: dict[str, Any] = {"y": names, "hoverinfo": "skip", "showlegend": False, "cliponaxis": False}
    return (
        go.Scatter(x=list(highest), mode="markers", marker=marks, **quiet),
        go.Scatter(
            x=[top * 1.05] * len(names),
            mode="markers+text",
            marker_opacity=0,
            text=both,
            textposition="middle right",
            **quiet,
        ),
    )


def plane_figure(points: Mapping[str, EmotionScores | None], words: Words) -> go.Figure:
    """Valence and arousal: the eight emotions where their source puts them, and what was found."""
    figure = go.Figure()
    figure.add_hline(y=0, line_width=1, line_color=FAINT)
    figure.add_vline(x=0, line_width=1, line_color=FAINT)
    figure.add_trace(
        go.Scatter(
            x=[e.valence for e in TABLE],
            y=[e.arousal for e in TABLE],
            mode="markers+text",
            text=[words(f"emotion.{e.name}") for e in TABLE],
            textposition=[_LABEL_AT.get(e.name, "top center") for e in TABLE],
            textfont_size=12,
            marker={"color": [e.colour for e in TABLE], "symbol": [e.symbol for e in TABLE], "size": 11},
            hovertemplate="%{text}<br>%{x:.2f}, %{y:.2f}<extra></extra>",
            showlegend=False,
        )
    )
    for side, scores in points.items():
        if scores is None:
            continue
        name = words(f"side.{side}")
        figure.add_trace(
            go.Scatter(
                x=[scores.valence],
                y=[scores.arousal],
                mode="markers",
                name=name,
                marker={"symbol": _SIDE_SYMBOL[side], "size": 17, "color": CLEAR, "line": {"width": 3, "color": GREY}}
                if side != "fused"
                else {"symbol": _SIDE_SYMBOL[side], "size": 19, "color": "#7a70e8", "line": {"width": 2}},
                hovertemplate=f"{name}<br>%{{x:.2f}}, %{{y:.2f}}<extra></extra>",
            )
        )
    axis = {"range": [-1.08, 1.08], "showgrid": False, "zeroline": False, "tickvals": [-1, 0, 1], "fixedrange": True}
    figure.update_xaxes(title=words("chart.valence"), **axis)
    figure.update_yaxes(title=words("chart.arousal"), **axis)
    figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    return clear(figure)


_LABEL_AT: Final = {
    "fearful": "top left",
    "angry": "top right",
    "disgust": "bottom center",
    "neutral": "bottom center",
    "sad": "bottom center",
}
_SIDE_SYMBOL: Final = {"voice": "circle", "face": "square", "fused": "star-diamond"}


def _scores(verdict: Verdict | EmotionScores) -> EmotionScores:
    return verdict.scores if isinstance(verdict, Verdict) else verdict


def time_ticks(duration_s: float, most: int = 7) -> list[float]:
    """Round places on the axis of time, at most about ``most``."""
    for step in (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600):
        if duration_s / step <= most:
            return [float(s) for s in np.arange(0, duration_s + 1e-6, step)]
    return [0.0, duration_s]


def clear(figure: go.Figure) -> go.Figure:
    return figure.update_layout(paper_bgcolor=CLEAR, plot_bgcolor=CLEAR)
