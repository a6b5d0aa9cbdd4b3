"""Cover pictures of own tracks, small: taken out of the file, decoded behind the fence, and drawn anew."""

from __future__ import annotations

import base64
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

import streamlit as st

from emotion.errors import MoodCueError
from emotion.media import fence
from recommender.songs.usable import Usable

SIDE_PX: Final = 88
"""Twice the size at which it is shown."""
MOST_BYTES: Final = 20 * 1024**2


def small(track: Usable) -> str | None:
    """The cover as an address of data; None where there is none, or none that can be shown."""
    if track.source != "own" or track.file is None:
        return None
    try:
        changed = track.file.stat().st_mtime_ns
    except OSError:
        return None
    return _small(str(track.file), changed)


@st.cache_data(show_spinner=False, max_entries=2000)
def _small(path: str, changed: int) -> str | None:
    """``changed`` stands for the file's content."""
    picture = _embedded(path)
    if picture is None or not 0 < len(picture) <= MOST_BYTES:
        return None
    from PIL import Image

    try:
        with tempfile.TemporaryDirectory(prefix="moodcue-") as folder:
            source = Path(folder, "cover")
            source.write_bytes(picture)
            rgb = fence.read_picture(source)
    except MoodCueError:
        return None
    image = Image.fromarray(rgb)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    out = BytesIO()
    image.crop((left, top, left + side, top + side)).resize((SIDE_PX, SIDE_PX)).save(out, "WEBP", quality=75)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def _embedded(path: str) -> bytes | None:
    from tinytag import TinyTag

    try:
        found = TinyTag.get(path, image=True, tags=True, duration=False).images.any
    except Exception:  # a broken tag is no cover, whatever the reader makes of it
        return None
    return None if found is None else found.data
