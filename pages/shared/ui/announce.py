"""What a page says without being looked at: a sentence for screen readers, and where a new view begins.

Streamlit draws anew in place: who listens hears nothing of it, the focus falls to the page's body, and a long page
stays scrolled to where the last one was read.
"""

from __future__ import annotations

import functools
from typing import Final

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

_JS: Final = """
const seen = new WeakMap();
export default function ({ data, parentElement }) {
  if (seen.get(parentElement) === data.id) return;
  seen.set(parentElement, data.id);
  let live = document.getElementById('moodcue-live');
  if (!live) {
    live = document.createElement('div');
    live.id = 'moodcue-live';
    live.setAttribute('role', 'status');
    live.style.cssText = 'position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap';
    document.body.append(live);
  }
  setTimeout(() => { live.textContent = data.text; }, 100);  // a region that was just made is read when it changes
  if (window.moodcueView === data.view) return;
  window.moodcueView = data.view;
  for (const place of document.querySelectorAll('[data-testid=stMain], [data-testid=stAppViewContainer]')) {
    place.scrollTop = 0;
  }
  const heading = document.querySelector('[data-testid=stMain] h1');
  if (heading) {
    heading.tabIndex = -1;
    heading.style.outline = 'none';
    heading.focus({ preventScroll: true });
  }
}
"""


def view(name: str, text: str) -> None:
    """A new view, called ``name``: it is read from its top on, its heading has the focus, and ``text`` is said."""
    data = {"id": f"{name} {text}", "text": text, "view": name}
    _mounted()(key="new_view", data=data, height="content")


@functools.cache
def _mounted() -> ComponentRenderer:
    return component("moodcue_announce", js=_JS, isolate_styles=False)
