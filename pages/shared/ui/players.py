"""Players: the visitor's own clip, in step with the timeline under it, and songs on request."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from pages.shared.services import clips

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
  const onCancel = () => { down = null; };  // the finger scrolls the page
  document.addEventListener('pointerdown', onDown, true);
  document.addEventListener('pointerup', onUp, true);
  document.addEventListener('pointercancel', onCancel, true);

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
    document.removeEventListener('pointercancel', onCancel, true);
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

# The frame must send where it stands, or the player refuses with error 153. It answers to the messages of YouTube's
# own iframe API: greeted until it speaks, then asked for its errors. Only its window and its host are listened to.
_SONG_JS: Final = """
const HOST = 'https://www.youtube-nocookie.com';
const running = new WeakMap();  // new data calls this again without the clean-up of the last call
export default function ({ data, parentElement, setTriggerValue }) {
  running.get(parentElement)?.();
  const place = parentElement.querySelector('div');
  let frame = place.firstElementChild;
  const fresh = frame?.dataset.id !== data.id;
  if (fresh) {
    frame = document.createElement('iframe');
    frame.dataset.id = data.id;
    const asked = new URLSearchParams({ enablejsapi: 1, origin: location.origin });
    frame.src = `${HOST}/embed/${encodeURIComponent(data.id)}?${asked}`;
    frame.allow = 'encrypted-media; picture-in-picture; fullscreen';
    frame.referrerPolicy = 'strict-origin-when-cross-origin';
    frame.style.cssText = 'width:100%;aspect-ratio:16/9;border:0;border-radius:0.6rem;display:block';
  }
  frame.title = data.title;
  const say = (message) =>
    frame.contentWindow?.postMessage(JSON.stringify({ ...message, id: data.id, channel: 'widget' }), HOST);
  let greetings = 0, greeting = 0, heard = false;
  const greet = () => {
    clearInterval(greeting);
    greeting = setInterval(() => {
      if (heard || ++greetings > 40) clearInterval(greeting);
      else say({ event: 'listening' });
    }, 250);
  };
  const onMessage = (event) => {
    if (event.source !== frame.contentWindow || event.origin !== HOST) return;
    let said = null;
    try { said = JSON.parse(event.data); } catch { return; }
    if (!heard) say({ event: 'command', func: 'addEventListener', args: ['onError'] });
    heard = true;
    if (said?.event === 'onError') setTriggerValue('failed', { id: data.id, code: Number(said.info) });
  };
  window.addEventListener('message', onMessage);
  frame.addEventListener('load', greet);
  if (fresh) place.replaceChildren(frame);
  else greet();
  const stop = () => {
    clearInterval(greeting);
    window.removeEventListener('message', onMessage);
    frame.removeEventListener('load', greet);
  };
  running.set(parentElement, stop);
  return stop;
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


def song_player(video_id: str, title: str, *, key: str, on_failed: Callable[[str, int], None]) -> None:
    """A YouTube player. Nothing of it is loaded before this is called.

    ``on_failed`` is called with the video's id and YouTube's number when the player itself says that it
    cannot play (2, 5, 100, 101, 150, 153).

    Raises:
        ValueError: ``video_id`` is not the eleven signs of a video.
    """
    if not VIDEO_ID.fullmatch(video_id):
        raise ValueError(f"not a YouTube video: {video_id!r}")

    def failed() -> None:
        told = st.session_state[key].get("failed")
        if isinstance(told, dict) and told.get("id") == video_id and isinstance(told.get("code"), int | float):
            on_failed(video_id, int(told["code"]))

    player = _component("moodcue_song", html="<div></div>", js=_SONG_JS)
    player(key=key, data={"id": video_id, "title": title}, on_failed_change=failed)
