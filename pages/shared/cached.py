"""What all visitors share, kept once in the process: the only place with ``st.cache_*``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
LOCALE_DIR = ROOT / "assets" / "locale"


@st.cache_resource(show_spinner=False, ttl=60)
def sentences(language: str) -> Mapping[str, str]:
    """Key → sentence of every ``assets/locale/<area>.<language>.json``, merged."""
    merged: dict[str, str] = {}
    for path in sorted(LOCALE_DIR.glob(f"*.{language}.json")):
        merged.update(json.loads(path.read_text(encoding="utf-8")))
    return merged
