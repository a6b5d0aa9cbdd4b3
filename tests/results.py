"""A session of the Analyse page that has its result, without a server or a clip."""

from __future__ import annotations

from pathlib import Path

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
