"""How good is it: what was measured, where it fails, what the music mapping rests on, licences.

No figure stands in this code: all come from the files that the evaluations write.
"""

from __future__ import annotations

import streamlit as st

from pages.evidence import library, mapping, models, sections, together
from pages.evidence.reading import read_all
from pages.shared.language import t, t_plain

st.title(t("evidence.title"))
st.markdown(t("evidence.lead"))

everything = read_all()
tabs = st.tabs([t_plain(f"evidence.tab.{name}") for name in ("voice", "face", "together", "music", "models")])
with tabs[0]:
    sections.modality("voice", [e for e in everything if e.weights.name.startswith("voice")])
with tabs[1]:
    sections.modality("face", [e for e in everything if e.weights.name.startswith(("face", "detector"))])
with tabs[2]:
    together.show(everything)
with tabs[3]:
    mapping.show()
    library.show([e for e in everything if e.weights.name == "music"])
with tabs[4]:
    models.show(everything)
