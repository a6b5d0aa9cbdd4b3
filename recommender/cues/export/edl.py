"""DaVinci Resolve's marker EDL (Timelines > Import > Timeline Markers from EDL): one event a mark.

Each event is a frame long in record time and followed by a line ``|C:colour |M:name |D:frames``,
whose D is the marker's length. The record times must begin where the timeline does, else Resolve
puts no marker; of two markers on one frame it keeps one (``marks.py`` never makes such).
"""

from __future__ import annotations

from recommender.cues import timecodes
from recommender.cues.export.marks import Mark, marks, one_line
from recommender.cues.sheet import CueSheet


def write(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    rate = sheet.rate
    mode = "DROP FRAME" if timecodes.drops(rate) else "NON-DROP FRAME"
    lines = [f"TITLE: {one_line(sheet.clip.name)}", f"FCM: {mode}", ""]
    for number, mark in enumerate(marks(sheet, language), 1):
        here = timecodes.label(mark.frame, rate, start_timecode)
        after = timecodes.label(mark.frame + 1, rate, start_timecode)
        lines += [
            f"{number:03d}  001      V     C        {here} {after} {here} {after}",
            f" |C:ResolveColor{mark.colour} |M:{_text(mark)} |D:{mark.frames}",
            "",
        ]
    return "\n".join(lines)


def _text(mark: Mark) -> str:
    text = one_line(mark.name, "|")
    return text if mark.peak else f"{text}: {one_line(mark.note, '|')}"
