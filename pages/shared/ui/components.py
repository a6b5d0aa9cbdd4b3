"""Components of our own: three files each, and what the scripts of all of them share."""

from __future__ import annotations

import functools
from pathlib import Path

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer


@functools.cache
def mounted(files: Path) -> ComponentRenderer:
    """The component of ``files``, a path without its ending: its .html, .css and .js, which the folder names.

    ``components.js`` stands before its script: browsers get each script as a text, from which nothing can be imported.
    """
    html, css, js = (files.with_suffix(f".{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    shared = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return component(f"moodcue_{files.parent.name}", html=html, css=css, js=f"{shared}\n{js}")
