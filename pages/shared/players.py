"""Players: the visitor's own clip, in step with the timeline under it, and songs on request."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from pages.shared import clips

CLIP_KEY: Final = "clip_player"
TIMELINE_KEY: Final = "clip_timeline"
VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")

# A click or the start of a drag on the chart moves the player at once, without asking the server;
# a line on the chart follows the player. `jump` comes from elsewhere on the page.
_SYNC_JS: Final = """
const state = { jumped: 0 };
const running = new WeakMap();  // new data calls this again without the clean-up of the last call
export default function ({ data, parentElement }) {
  running.get(parentElement)?.();
  const media = () => document.querySelector(`.st-key-${data.player} video, .st-key-${data.player} audio`);
  const box = () => document.querySelector(`.st-key-${data.chart}`);
  const plot = () => box() && box().querySelector('.js-plotly-plot');
  const axis = () => plot() && plot()._fullLayout && plot()._fullLayout.xaxis;
  const go = (seconds) => {
    const player = media();
    if (player && Number.isFinite(seconds)) player.currentTime = Math.max(0, seconds);
    return Boolean(player);
  };
  let down = null;
  const secondsAt = (event) => {
    const x = axis();
    if (!x) return null;
    const at = event.clientX - plot().getBoundingClientRect().left - x._offset;
    return at < 0 || at > x._length ? null : x.p2d(at);
  };
  const inChart = (event) => plot() && event.target.closest && event.target.closest('.js-plotly-plot') === plot();
  const onDown = (event) => { down = inChart(event) ? secondsAt(event) : null; };
  const onUp = (event) => {
    if (down === null) return;
    const up = secondsAt(event);
    go(up === null ? down : Math.min(down, up));
    down = null;
  };
  document.addEventListener('pointerdown', onDown, true);
  document.addEventListener('pointerup', onUp, true);

  const line = document.createElement('div');
  line.setAttribute('aria-hidden', 'true');
  line.style.cssText = 'position:absolute;width:2px;pointer-events:none;z-index:5;border-radius:1px;display:none;' +
    'background:var(--st-primary-color, #4b44a6)';
  let frame = 0;
  const follow = () => {
    const player = media(), chart = plot(), x = axis();
    if (data.jump && state.jumped !== data.jump && go(data.at)) state.jumped = data.jump;
    if (player && chart && x) {
      const host = box();
      if (line.parentElement !== host) { host.style.position = 'relative'; host.appendChild(line); }
      const size = chart._fullLayout._size, inner = chart.getBoundingClientRect(), outer = host.getBoundingClientRect();
      const at = x.d2p(Math.min(player.currentTime, x.range[1]));
      line.style.display = 'block';
      line.style.left = `${inner.left - outer.left + x._offset + at - 1}px`;
      line.style.top = `${inner.top - outer.top + size.t}px`;
      line.style.height = `${size.h}px`;
    } else {
      line.style.display = 'none';
    }
    frame = requestAnimationFrame(follow);
  };
  follow();
  const stop = () => {
    cancelAnimationFrame(frame);
    line.remove();
    document.removeEventListener('pointerdown', onDown, true);
    document.removeEventListener('pointerup', onUp, true);
  };
  running.set(parentElement, stop);
  return stop;
}
"""

_CLIP_JS: Final = """
export default function ({ data, parentElement }) {
  const host = parentElement.querySelector('div');
  const source = location.pathname.replace(/[^/]*$/, '') + data.path;
  let player = host.firstElementChild;
  if (!player || player.dataset.source !== source) {
    player = document.createElement(data.kind === 'video' ? 'video' : 'audio');
    Object.assign(player, { controls: true, preload: 'metadata', playsInline: true, src: source });
    player.dataset.source = source;
    player.style.cssText = 'display:block;width:100%;border-radius:0.6rem' +
      (data.kind === 'video' ? ';max-height:70vh;background:#000' : '');
    host.replaceChildren(player);
  }
  player.setAttribute('aria-label', data.alt);
}
"""

# The frame must send where it stands, or the player refuses with error 153.
_SONG_JS: Final = """
export default function ({ data, parentElement }) {
  const frame = document.createElement('iframe');
  frame.src = `https://www.youtube-nocookie.com/embed/${encodeURIComponent(data.id)}`;
  frame.title = data.title;
  frame.allow = 'encrypted-media; picture-in-picture; fullscreen';
  frame.referrerPolicy = 'strict-origin-when-cross-origin';
  frame.style.cssText = 'width:100%;aspect-ratio:16/9;border:0;border-radius:0.6rem;display:block';
  parentElement.querySelector('div').replaceChildren(frame);
}
"""


@functools.cache
def _component(name: str, **parts: str) -> ComponentRenderer:
    return component(name, isolate_styles=False, **parts)


def clip_player(path: Path, secret: str | None, *, video: bool, alt: str) -> None:
    """The visitor's clip, from ``clips`` by its secret where there is one; :func:`keep_in_step` finds it by its key."""
    with st.container(key=CLIP_KEY):
        if secret is None:
            (st.video if video else st.audio)(str(path), alt=alt)
        else:
            data = {"kind": "video" if video else "audio", "path": f"{clips.PREFIX}/{secret}", "alt": alt}
            _component("moodcue_clip", html="<div></div>", js=_CLIP_JS)(key="clip", data=data)


def keep_in_step(at_s: float, jump: int) -> None:
    """Chart and player move together. Each new number in ``jump`` moves the player to ``at_s``."""
    data = {"player": CLIP_KEY, "chart": TIMELINE_KEY, "at": at_s, "jump": jump}
    _component("moodcue_sync", js=_SYNC_JS)(key="clip_sync", data=data, height="content")


def song_player(video_id: str, title: str, *, key: str) -> None:
    """A YouTube player. Nothing of it is loaded before this is called.

    Raises:
        ValueError: ``video_id`` is not the eleven signs of a video.
    """
    if not VIDEO_ID.fullmatch(video_id):
        raise ValueError(f"not a YouTube video: {video_id!r}")
    _component("moodcue_song", html="<div></div>", js=_SONG_JS)(key=key, data={"id": video_id, "title": title})
