"""Streamlit's uploader in the visitor's language."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import streamlit as st
from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from pages.shared.language import t_plain

# What CSS writes is seen and not heard: the button is called so for screen readers too.
_JS: Final = """
export default function ({ data, setTriggerValue }) {
  let refused = false;
  const name = () => {
    for (const button of document.querySelectorAll('[data-testid=stFileUploaderDropzone] button')) {
      button.setAttribute('aria-label', data.name);
    }
    // A file of a wrong type, or too large, is refused in the browser: the server does not hear of it by itself.
    const now = Boolean(document.querySelector('[data-testid=stFileUploader] [data-testid=stFileChipIconError]'));
    if (now && !refused && data.tell) setTriggerValue('refused', Date.now());
    refused = now;
  };
  name();
  const watch = new MutationObserver(name);
  watch.observe(document.querySelector('[data-testid=stMain]') ?? document.body, { childList: true, subtree: true });
  return () => watch.disconnect();
}
"""


@functools.cache
def _named() -> ComponentRenderer:
    return component("moodcue_uploader", js=_JS, isolate_styles=False)


def words(drop: str, *, key: str, on_refused: Callable[[], None] | None = None) -> None:
    """Streamlit's uploader speaks English alone: its words give way to ours; ``drop`` says what may be dropped.

    ``on_refused`` is called when the uploader itself refuses a file.
    """
    ours = {
        "button p": t_plain("analyse.upload_choose"),
        "[data-testid=stFileUploaderDropzoneInstructions] span": drop,
    }
    rules = "".join(
        f"[data-testid=stFileUploaderDropzone] {place} {{font-size: 0 !important}}"
        f"[data-testid=stFileUploaderDropzone] {place}::after {{font-size: 0.9rem; content: {css_string(text)}}}"
        for place, text in ours.items()
    )
    st.html(f"<style>{rules}</style>")
    _named()(
        key=f"uploader_{key}",
        data={"name": ours["button p"], "tell": on_refused is not None},
        height="content",
        on_refused_change=on_refused or (lambda: None),
    )


def css_string(text: str) -> str:
    """Text as a string of CSS: every sign that is no letter or digit as its code."""
    return '"' + "".join(c if c.isalnum() else f"\\{ord(c):x} " for c in text) + '"'
