"""A session of the Analyse page that has its result, without a server or a clip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from emotion.assembly import Heard
from emotion.timeline import Clip, Timeline
from pages.analyse.jobs_for_clip import Analysed
from pages.analyse.session import Ready, Session
from pages.shared.services.jobs import Busy
from pages.shared.services.visitors import Kept

SHA = "ab" * 32


def session(analysed: Analysed | Timeline | None = None, kept: Kept | None = None) -> Session:
    if not isinstance(analysed, Analysed):
        analysed = Analysed(analysed or Timeline(Clip("c.mp4", 1.0), ()), None, Heard())
    return Session(Ready(kept or Kept(Path("c.mp4"), "c.mp4", SHA), analysed, Busy(waiting=1)))


def rows(app: AppTest) -> list[dict[str, Any]]:
    """What the browser is told of the cues of a page's sheet, the open one's neighbours too."""
    told = [e.proto for e in app.get("bidi_component")]
    return [row for p in told if p.component_name == "moodcue_cue_rows" for row in json.loads(p.json)["rows"]]
