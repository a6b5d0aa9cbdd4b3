"""Upload or record → progress → result."""

import streamlit as st

from pages.shared.language import t

st.title(t("analyse.title"))
st.markdown(t("analyse.lead"))
