"""Which models run, from which files, under which licence."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from emotion.weights import Weights
from pages.evidence.reading import Evidence
from pages.shared.language import t, t_plain


def show(evidence: Sequence[Evidence]) -> None:
    st.markdown(t("evidence.models.lead"))
    st.warning(t("evidence.licence.warning"), icon=":material/balance:")
    rows = [row for e in evidence for row in _rows(e.weights)]
    st.dataframe(rows, hide_index=True, key="models")
    for e in evidence:
        card = e.weights.folder / "MODEL_CARD.md"
        if card.is_file():
            with st.expander(t_plain("evidence.card", model=e.folder)):
                st.caption(t("evidence.card.english"))
                st.markdown(card.read_text(encoding="utf-8"))
    st.subheader(t("evidence.data"), anchor=False)
    st.markdown(t("evidence.data.list"))


def _rows(weights: Weights) -> list[dict[str, object]]:
    return [
        {
            t_plain("evidence.column.model"): weights.name,
            t_plain("evidence.column.version"): weights.version,
            t_plain("evidence.column.file"): file,
            t_plain("evidence.column.size"): _size(weights, file),
            t_plain("evidence.column.licence"): str(weights.config.get("licence", "")),
            "SHA-256": sha256,
        }
        for file, sha256 in weights.config["files"].items()
    ]


def _size(weights: Weights, file: str) -> str:
    path = weights.folder / file
    return t_plain("evidence.megabytes", value=path.stat().st_size / 1e6) if path.is_file() else "–"
