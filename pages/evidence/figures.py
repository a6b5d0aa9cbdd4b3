"""The charts of the evidence page: pure functions from results to plotly figures.

Clear backgrounds and the theme's text colour serve light and dark. ``words`` gives the sentence of a
key in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from emotion.labels import BY_NAME
from pages.evidence.reading import Result
from pages.shared.ui.charts import CLEAR, FAINT, GREY, PATTERNS

Words = Callable[..., str]
SHADES: Final = [[0, "#eef1f8"], [0.35, "#a9bfe6"], [0.7, "#4f7ac7"], [1, "#1d3f83"]]
ALIASES: Final = {
    "happiness": "happy", "sadness": "sad", "anger": "angry",
    "fear": "fearful", "surprise": "surprised",
}  # fmt: skip
HONEST: Final = "#4f7ac7"
LEAK: Final = "#d1333d"
OTHERS: Final = "#8a8f98"


def label_name(label: str, words: Words) -> str:
    """An emotion's name, also where FER+ or DeepFace call it otherwise; contempt has a sentence of its own."""
    label = ALIASES.get(label, label)
    return words(f"emotion.{label}") if label in BY_NAME else words(f"evidence.class.{label}")


def confusion_figure(counts: npt.NDArray[np.float64], labels: Sequence[str], words: Words) -> go.Figure:
    """Rows true, columns what it was taken for; numbers are percent of the row, the count on hovering."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [label_name(label, words) for label in labels]
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=names,
            y=names,
            customdata=counts,
            colorscale=SHADES,
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
            text=np.round(share * 100).astype(int),
            texttemplate="%{text}",
            hovertemplate=words("evidence.confusion.hover") + "<extra></extra>",
        )
    )
    figure.update_xaxes(title=words("evidence.taken_for"), side="bottom", tickangle=-40, fixedrange=True)
    figure.update_yaxes(title=words("evidence.true"), autorange="reversed", fixedrange=True)
    return _clear(figure.update_layout(height=420, margin={"l": 8, "r": 8, "t": 8, "b": 8}))


def recall_figure(result: Result, words: Words) -> go.Figure:
    """A bar a class: the share of its clips that were recognised."""
    recalls = result.recalls()
    labels = list(recalls)
    chance = 1 / len(result.labels)
    figure = go.Figure(
        go.Bar(
            x=[recalls[label][0] for label in labels],
            y=[label_name(label, words) for label in labels],
            orientation="h",
            marker={
                "color": [_colour(label) for label in labels],
                "pattern": _pattern([PATTERNS.get(ALIASES.get(label, label), "") for label in labels]),
                "cornerradius": 3,
            },
            text=[words("evidence.percent", value=recalls[label][0]) for label in labels],
            textposition="outside",
            cliponaxis=False,
            customdata=[recalls[label][1] for label in labels],
            hovertemplate="%{y} %{text} (n = %{customdata})<extra></extra>",
        )
    )  # fmt: skip
    figure.add_vline(x=chance, line_dash="dot", line_color=GREY)
    figure.add_annotation(
        x=chance, y=1.06, yref="paper", text=words("evidence.chance"), showarrow=False, xanchor="left"
    )
    figure.update_xaxes(range=[0, 1.15], visible=False, fixedrange=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, fixedrange=True)
    return _clear(figure.update_layout(height=420, bargap=0.28, margin={"l": 8, "r": 8, "t": 28, "b": 8}))


def reliability_figure(result: Result, words: Words) -> go.Figure:
    """How often it is right against how sure it is; honest doubt lies on the diagonal."""
    bins = result.reliability
    total = sum(b.get("n", 0) for b in bins) or 1
    figure = go.Figure(
        go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": GREY},
            name=words("evidence.perfect"), hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[b["confidence"] for b in bins],
            y=[b["accuracy"] for b in bins],
            mode="lines+markers",
            line={"color": HONEST},
            marker={"size": [8 + 26 * (b.get("n", 0) / total) ** 0.5 for b in bins], "color": HONEST},
            customdata=[b.get("n", 0) for b in bins],
            name=words("evidence.measured"),
            hovertemplate=words("evidence.reliability.hover") + "<extra></extra>",
        )
    )
    axis = {"range": [0, 1.04], "tickformat": ".0%", "fixedrange": True, "gridcolor": FAINT, "zeroline": False}
    figure.update_xaxes(title=words("evidence.how_sure"), **axis)
    figure.update_yaxes(title=words("evidence.how_right"), **axis)
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0}
    return _clear(figure.update_layout(height=380, legend=legend, margin={"l": 8, "r": 8, "t": 8, "b": 8}))


def ladder_figure(steps: Sequence[Mapping[str, object]], words: Words) -> go.Figure:
    """Steps ``{"name", "value", "kind"}`` with the kinds own, leaked and published, from the first recipe on."""
    figure = go.Figure()
    kinds = {"own": (HONEST, ""), "leaked": (LEAK, "/"), "published": (OTHERS, ".")}
    names = list(dict.fromkeys(str(s["name"]) for s in steps))
    for kind, (colour, pattern) in kinds.items():
        some = [s for s in steps if s["kind"] == kind]
        if not some:
            continue
        figure.add_trace(
            go.Bar(
                x=[s["value"] for s in some],
                y=[s["name"] for s in some],
                orientation="h",
                name=words(f"evidence.kind.{kind}"),
                marker={
                    "color": colour,
                    "pattern": _pattern([pattern] * len(some)),
                    "cornerradius": 3,
                },
                text=[words("evidence.percent1", value=s["value"]) for s in some],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y} %{text}<extra></extra>",
            )
        )
    figure.update_xaxes(range=[0, 1.12], tickformat=".0%", fixedrange=True, gridcolor=FAINT)
    figure.update_yaxes(
        autorange="reversed",
        categoryorder="array",
        categoryarray=names,
        showgrid=False,
        fixedrange=True,
        automargin=True,
    )
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0}
    height = 110 + 34 * len(names) + 8 * len(steps)
    figure.update_layout(height=height, bargap=0.25, legend=legend, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    return _clear(figure)


def _colour(label: str) -> str:
    emotion = BY_NAME.get(ALIASES.get(label, label))
    return emotion.colour if emotion else GREY


def _pattern(shapes: list[str]) -> dict[str, object]:
    """White marks over the bar's own colour: a second sign beside it."""
    return {"shape": shapes, "fillmode": "overlay", "size": 6, "solidity": 0.25, "fgcolor": "white", "fgopacity": 0.45}


def _clear(figure: go.Figure) -> go.Figure:
    return figure.update_layout(paper_bgcolor=CLEAR, plot_bgcolor=CLEAR)
