"""OpenTimelineIO with its stock schemas alone, which is all that DaVinci Resolve and Premiere accept.

One track holds a gap for each cue, in the sheet's order; a marker on it carries name, colour and
what to know of the cue. Resolve drops a marker that its item does not cover, so a peak stands on its cue.
"""

from __future__ import annotations

from typing import Final

import opentimelineio as otio

from recommender.cues import timecodes
from recommender.cues.export.marks import Colour, Mark, marks
from recommender.cues.export.xml import clean
from recommender.cues.frames import to_frame
from recommender.cues.sheet import CueSheet

_COLOURS: Final[dict[Colour, str]] = {
    "Red": otio.schema.MarkerColor.RED,
    "Rose": otio.schema.MarkerColor.PINK,
    "Purple": otio.schema.MarkerColor.PURPLE,
    "Yellow": otio.schema.MarkerColor.YELLOW,
    "Lemon": otio.schema.MarkerColor.ORANGE,
    "Cyan": otio.schema.MarkerColor.CYAN,
    "Green": otio.schema.MarkerColor.GREEN,
    "Mint": otio.schema.MarkerColor.CYAN,
    "Blue": otio.schema.MarkerColor.BLUE,
    "Sand": otio.schema.MarkerColor.WHITE,
}


def write(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    rate = float(sheet.rate)
    start = otio.opentime.RationalTime(timecodes.parse(start_timecode, sheet.rate), rate)
    timeline = otio.schema.Timeline(name=clean(sheet.clip.name), global_start_time=start)
    track = otio.schema.Track(name="MoodCue", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    found = marks(sheet, language)
    for cue in sheet.cues:
        first, last = to_frame(cue.start, sheet.rate), to_frame(cue.end, sheet.rate)
        gap = otio.schema.Gap(
            name=clean(cue.name(language)), source_range=span(0, max(last - first, 1), rate), metadata={}
        )
        for mark in found:
            if mark.cue.id == cue.id:
                gap.markers.append(_marker(mark, first, rate))
        track.append(gap)
    return otio.adapters.write_to_string(timeline, "otio_json")


def _marker(mark: Mark, first: int, rate: float) -> otio.schema.Marker:
    return otio.schema.Marker(
        name=clean(mark.name),
        marked_range=span(mark.frame - first, mark.frames, rate),
        color=_COLOURS[mark.colour],
        comment=clean(mark.note),
    )


def span(start: int, frames: int, rate: float) -> otio.opentime.TimeRange:
    """From one frame on, so many of them."""
    return otio.opentime.TimeRange(otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate))
