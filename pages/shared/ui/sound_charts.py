"""Charts of sound as the features describe it: pure functions from arrays to plotly figures."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from pages.shared.language import clock
from pages.shared.ui.charts import CLEAR, GREY, Envelope, Words, time_ticks

COLUMNS: Final = 800
DIVERGING: Final = ((0.0, "#3b6fd4"), (0.5, "rgba(138,143,152,0.08)"), (1.0, "#d1333d"))
KEPT: Final = "#4b9c8f"


def pooled(features: npt.NDArray[Any], columns: int = COLUMNS) -> npt.NDArray[np.float32]:
    """(bands, frames) as at most ``columns`` frames, each the mean of the frames it stands for."""
    frames = features.shape[1]
    if frames <= columns:
        return features.astype(np.float32)
    edges = np.linspace(0, frames, columns + 1).astype(int)
    sums = np.add.reduceat(features, edges[:-1], axis=1)
    return (sums / np.diff(edges)).astype(np.float32)


def features_figure(
    features: npt.NDArray[Any], duration_s: float, *, title: str, unit: str, middle: float | None = None
) -> go.Figure:
    """A heat map of (bands, frames) over ``duration_s`` seconds; ``title`` names the bands.

    With ``middle`` the colours spread to both sides of it, else from the lowest to the highest.
    """
    z = pooled(features).round(1)
    x = np.linspace(0, duration_s, z.shape[1], endpoint=False) if z.size else []
    low, high = np.percentile(z, [1, 99]) if z.size else (0.0, 1.0)
    # the first coefficient is the loudness, ten times as large as the others
    reach = max(float(np.percentile(np.abs(z[1:] - (middle or 0)), 98)), 1e-3) if z[1:].size else 1.0
    figure = go.Figure(
        go.Heatmap(
            z=z,
            x=x,
            colorscale=DIVERGING if middle is not None else "Viridis",  # the theme takes "#0000.." for its own
            zmin=float(low) if middle is None else middle - reach,
            zmax=float(high) if middle is None else middle + reach,
            hovertemplate=f"%{{x:.2f}} s · {title} %{{y}} · %{{z:.1f}}{unit}<extra></extra>",
            colorbar={"thickness": 10, "outlinewidth": 0, "ticksuffix": unit},
        )
    )
    ticks = time_ticks(duration_s)
    figure.update_xaxes(tickvals=ticks, ticktext=[clock(s) for s in ticks], showgrid=False, fixedrange=True)
    figure.update_yaxes(title=title, showgrid=False, fixedrange=True)
    return _bare(figure, 240)


def mean_figure(whole: npt.NDArray[Any], trimmed: npt.NDArray[Any], words: Words, *, title: str) -> go.Figure:
    """Each coefficient's mean over time before and after trimming; the first one would dwarf the rest."""
    figure = go.Figure()
    for means, name, colour in ((whole, "chart.whole", GREY), (trimmed, "chart.kept", KEPT)):
        figure.add_trace(
            go.Scatter(
                x=list(range(1, len(means))),
                y=np.asarray(means[1:]).round(2),
                mode="lines",
                line={"color": colour, "width": 2, "dash": "dot" if colour == GREY else "solid"},
                name=words(name),
            )
        )
    figure.update_xaxes(title=title, showgrid=False, fixedrange=True)
    figure.update_yaxes(showgrid=False, fixedrange=True)
    figure.update_layout(hovermode="x unified", legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0})
    return _bare(figure, 220)


def trim_figure(envelope: Envelope, kept: tuple[float, float], words: Words) -> go.Figure:
    """The waveform, with what trimming left in colour; ``kept`` in seconds."""
    times, low, high = envelope
    end_s = float(times[-1] + times[0]) if len(times) else 1.0
    figure = go.Figure()
    for colour, inside in ((KEPT, True), (GREY, False)):
        mask = ((times >= kept[0]) & (times < kept[1])) == inside
        y_low, y_high = (np.where(mask, part, np.nan).round(4) for part in (low, high))
        name = words("chart.kept" if inside else "chart.trimmed")
        bars: dict[str, Any] = {"marker": {"color": colour, "line": {"width": 0}}, "hoverinfo": "skip"}
        figure.add_trace(go.Bar(x=times, y=y_high - y_low, base=y_low, name=name, **bars))
    for start_s, stop_s in ((0.0, kept[0]), (kept[1], end_s)):
        figure.add_vrect(x0=start_s, x1=stop_s, fillcolor=GREY, opacity=0.22, line_width=0)
    ticks = time_ticks(end_s)
    figure.update_xaxes(tickvals=ticks, ticktext=[clock(s) for s in ticks], showgrid=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    figure.update_layout(bargap=0, legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0})
    return _bare(figure, 170)


def _bare(figure: go.Figure, height: int) -> go.Figure:
    margin = {"l": 8, "r": 8, "t": 8, "b": 8}
    return figure.update_layout(height=height, margin=margin, paper_bgcolor=CLEAR, plot_bgcolor=CLEAR)
