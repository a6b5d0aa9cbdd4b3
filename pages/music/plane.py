"""The catalogue drawn on the valence-arousal plane: pure functions to plotly figures."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from emotion.labels import TABLE
from pages.music.selection import Area
from pages.shared.charts import CLEAR, FAINT
from recommender.catalogue import Catalogue

Words = Callable[..., str]
GOLDEN_ANGLE: Final = np.pi * (3 - 5**0.5)
SPREAD: Final = 0.018
WIDEST: Final = 0.13
"""Songs on one spot are drawn around it, the k-th at SPREAD times the square root of k, none farther than WIDEST."""
MANY: Final = 3000
"""From so many points on they are drawn by the graphics card, smaller, and named on hovering no more."""


@functools.lru_cache(maxsize=4)
def places(catalogue: Catalogue) -> npt.NDArray[np.float64]:
    """Where each song is drawn, shape (n, 2): its position, or beside it where others lie there too.

    Songs that have no figures of their own share their mood's coordinates; a sunflower pattern
    around that spot keeps each of them in sight.
    """
    _, spot, counts = np.unique(catalogue.position, axis=0, return_inverse=True, return_counts=True)
    spot = spot.reshape(-1)
    order = np.argsort(spot, kind="stable")
    nth = np.empty(len(spot), dtype=np.int64)
    nth[order] = np.arange(len(spot)) - np.repeat(np.cumsum(counts) - counts, counts)
    radius = np.minimum(SPREAD, WIDEST / np.sqrt(counts))[spot] * np.sqrt(nth)
    angle = nth * GOLDEN_ANGLE
    return np.clip(catalogue.position + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), -1, 1)


def figure(catalogue: Catalogue, keep: npt.NDArray[np.bool_], area: Area | None, words: Words) -> go.Figure:
    """One point a song that ``keep`` (shape (n,)) lets through, coloured and shaped by its emotion."""
    where = places(catalogue).astype(np.float32)
    many = int(keep.sum()) > MANY
    drawn = go.Figure()
    for index, emotion in enumerate(TABLE):
        rows = np.flatnonzero(keep & (catalogue.emotion == index))
        drawn.add_trace(
            (go.Scattergl if many else go.Scatter)(
                x=where[rows, 0],
                y=where[rows, 1],
                mode="markers",
                name=words(f"emotion.{emotion.name}"),
                marker={"color": emotion.colour, "symbol": emotion.symbol, "size": 4 if many else 8,
                        "opacity": 0.6 if many else 0.85},
                visible=True if len(rows) else "legendonly",
                showlegend=bool(len(rows)),
                **_hover(catalogue, rows, many),
            )
        )  # fmt: skip
    _frame(drawn, words)
    if area is not None:
        drawn.add_shape(
            type="rect", x0=area.left, x1=area.right, y0=area.bottom, y1=area.top,
            line={"width": 2, "color": "#7a70e8"}, fillcolor="rgba(122,112,232,0.12)", layer="below",
        )  # fmt: skip
    return drawn


def _hover(catalogue: Catalogue, rows: npt.NDArray[np.intp], many: bool) -> dict[str, Any]:
    if many:
        return {"hoverinfo": "skip"}
    text = [f"{_plain(str(catalogue.title[i]))}<br>{_plain(str(catalogue.artist[i]))}" for i in rows]
    return {"text": text, "hovertemplate": "%{text}<extra></extra>"}


def _plain(text: str) -> str:
    """Plotly reads a few tags: a title must not."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _frame(drawn: go.Figure, words: Words) -> None:
    axis = {
        "range": [-1.06, 1.06],
        "zeroline": True,
        "zerolinecolor": FAINT,
        "gridcolor": FAINT,
        "tickvals": [-1, 0, 1],
    }
    drawn.update_xaxes(title=words("chart.valence"), **axis)
    drawn.update_yaxes(title=words("chart.arousal"), **axis)
    drawn.update_layout(
        height=480,
        dragmode="select",
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        legend={"orientation": "h", "yanchor": "top", "y": -0.14, "x": 0, "itemsizing": "constant",
                "itemclick": False, "itemdoubleclick": False},
    )  # fmt: skip
