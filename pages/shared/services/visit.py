"""The visitor who is asking, and what Streamlit keeps of what they send."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.shared.services import visitors


@st.cache_resource(show_spinner=False)
def swept() -> int:
    """What an earlier server left behind goes once, before the first visitor comes."""
    return visitors.sweep()


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda visitor: visitor.leave(visitors.grace_s()))
def visitor() -> visitors.Visitor:
    """The visitor who is asking; what is theirs goes a while after they are gone."""
    swept()
    return visitors.held(st.session_state)


def name_of(upload: Any) -> str:
    """The name as its owner knows it: browsers send a form's quotes and line ends as ``%22``, ``%0D`` and ``%0A``.

    Source: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
    """
    return upload.name.replace("%22", '"').replace("%0D", " ").replace("%0A", " ")


def forget_upload(upload: Any) -> None:
    """Free the copy that Streamlit keeps in memory: the visitor's folder has the file now."""
    from streamlit.runtime import get_instance
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is not None:
        files: Any = get_instance().uploaded_file_mgr
        files.remove_file(session_id=context.session_id, file_id=upload.file_id)
