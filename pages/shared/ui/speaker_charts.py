"""The difference that knowing a speaker makes, as a figure."""

from __future__ import annotations

import plotly.graph_objects as go

from emotion.labels import TABLE
from emotion.timeline import EmotionScores
from pages.shared.ui.charts import CLEAR, GREY, Words

LEAST = 0.02
"""What stays under this both ways is not drawn."""
ROW_PX, EDGE_PX = 44, 54


def change_figure(before: EmotionScores, after: EmotionScores, words: Words) -> go.Figure:
    """Two bars an emotion: grey as everybody is read, in the emotion's colour as this speaker is read."""
    shown = [e for e in TABLE if max(before[e.name], after[e.name]) >= LEAST]
    names = [words(f"emotion.{e.name}") for e in shown]
    figure = go.Figure()
    sides = (
        ("speaker.before", before, {"color": CLEAR, "line": {"color": GREY, "width": 1.5}, "cornerradius": 3}),
        ("speaker.after", after, {"color": [e.colour for e in shown], "cornerradius": 3}),
    )
    for key, scores, marker in sides:
        values = [scores[e.name] for e in shown]
        figure.add_trace(
            go.Bar(
                x=values,
                y=names,
                orientation="h",
                name=words(key),
                marker=marker,
                text=[words("chart.percent", value=v) for v in values],
                textposition="outside",
                cliponaxis=False,
                hovertemplate=f"%{{y}} %{{text}}<extra>{words(key)}</extra>",
            )
        )
    top = max(before.confidence, after.confidence)
    figure.update_xaxes(range=[0, top * 1.25], visible=False, fixedrange=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, fixedrange=True)
    return figure.update_layout(
        height=ROW_PX * len(shown) + EDGE_PX,
        barmode="group",
        bargap=0.28,
        margin={"l": 8, "r": 8, "t": 34, "b": 4},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "itemclick": False},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
    )
