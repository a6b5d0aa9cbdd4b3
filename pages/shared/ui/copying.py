"""A button that copies an address, and the address itself beside it where it should be seen.

The browser completes the address: it alone knows under which name and path the app is reached.
"""

from __future__ import annotations

import functools
from typing import Final

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from pages.shared.language import t_plain

_HTML: Final = '<div class="copy"><input readonly hidden><button type="button"></button></div>'
_CSS: Final = """
.copy { display: flex; flex-wrap: wrap; gap: 0.5rem; font-family: var(--st-font, sans-serif);
  font-size: calc(0.9 * var(--st-base-font-size, 16px)); }
[hidden] { display: none !important; }
input { flex: 1 1 14rem; min-width: 0; text-overflow: ellipsis; }
input, button { box-sizing: border-box; min-height: 2.5rem; padding: 0.25rem 0.75rem; font: inherit;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
  color: var(--st-text-color); background: var(--st-background-color); }
button { cursor: pointer; white-space: nowrap; }
button:hover { border-color: var(--st-primary-color); }
input:focus-visible, button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
"""
# Without HTTPS browsers give pages no clipboard; there the old way of selecting and copying still works.
_JS: Final = """
export default function ({ data, parentElement }) {
  const field = parentElement.querySelector('input'), button = parentElement.querySelector('button');
  const address = () => {
    const url = new URL(data.path ? location.pathname.replace(/[^/]*$/, '') + data.path : location.href, location.href);
    if (data.language) url.searchParams.set('lang', data.language);
    return url.href;
  };
  field.hidden = !data.path;
  field.setAttribute('aria-label', data.label);
  field.value = address();
  field.onfocus = () => field.select();
  button.textContent = data.copy;
  button.onclick = async () => {
    field.value = address();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.hidden = false;
      field.select();
      document.execCommand('copy');
      field.hidden = !data.path;
      button.focus();
    }
    button.textContent = data.copied;
    setTimeout(() => { button.textContent = data.copy; }, 2500);
  };
}
"""


def field(path: str, *, key: str, label: str, copy: str) -> None:
    """The address of ``path`` (``link?id=...``) on this server, with a button that copies it."""
    _mounted()(key=key, data={"path": path, "label": label, "copy": copy, "copied": t_plain("share.copied")})


def here(*, key: str, label: str, language: str | None) -> None:
    """A button alone, for the address of the page as it stands; with a ``language`` where one was chosen."""
    data = {"path": None, "label": label, "copy": label, "copied": t_plain("share.copied"), "language": language}
    _mounted()(key=key, data=data, height="content")


@functools.cache
def _mounted() -> ComponentRenderer:
    return component("moodcue_copy", html=_HTML, css=_CSS, js=_JS)
