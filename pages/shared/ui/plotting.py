"""Charts on a page: one way to show a figure, with text that can be read on either theme."""

from __future__ import annotations

from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

INK: Final = {"light": "#4a4a55", "dark": "#c9c8d2"}
"""Streamlit's own axis text has too little contrast; these have 7 to 1 and more on our backgrounds."""


def chart(figure: go.Figure, *, key: str, alt: str, **more: Any) -> Any:
    """``st.plotly_chart`` without the tool bar; ``alt`` says the figure in words."""
    ink = INK.get(st.context.theme.type or "")
    if ink is not None:
        figure.update_layout(font_color=ink, legend_font_color=ink, title_font_color=ink)
        figure.update_xaxes(tickfont_color=ink, title_font_color=ink)
        figure.update_yaxes(tickfont_color=ink, title_font_color=ink)
        figure.update_annotations(font_color=ink, selector={"bgcolor": None})
        figure.update_traces(textfont_color=ink, selector={"type": "bar"})
        figure.update_traces(textfont_color=ink, selector={"mode": "markers+text"})
        figure.update_traces(colorbar_tickfont_color=ink, selector={"type": "heatmap"})
    config = {"displayModeBar": False, **more.pop("config", {})}
    return st.plotly_chart(figure, key=key, alt=alt, config=config, **more)
