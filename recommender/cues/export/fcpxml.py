"""FCPXML 1.9 for Final Cut Pro: a project with one gap as long as the clip, which carries the markers.

Every time is a fraction of a second that lies on the sequence's frames, as Final Cut demands; a gap
begins at its ``start``, and markers count from there.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from recommender.cues import timecodes
from recommender.cues.export.marks import marks
from recommender.cues.export.xml import clean, exact, render
from recommender.cues.frames import to_frame
from recommender.cues.sheet import CueSheet

GAP_START_S = 3600
"""Where Final Cut itself begins its gaps."""


def write(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    rate = sheet.rate
    frame = 1 / rate
    gap_start = to_frame(GAP_START_S, rate)
    length = max(to_frame(sheet.end, rate), 1)
    root = ET.Element("fcpxml", version="1.9")
    resources = ET.SubElement(root, "resources")
    width, height = str(sheet.clip.width or 1920), str(sheet.clip.height or 1080)
    ET.SubElement(resources, "format", id="r1", frameDuration=exact(frame), width=width, height=height)
    name = clean(sheet.clip.name)
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name="MoodCue")
    project = ET.SubElement(event, "project", name=name)
    sequence = ET.SubElement(
        project,
        "sequence",
        format="r1",
        duration=exact(length * frame),
        tcStart=exact(timecodes.parse(start_timecode, rate) * frame),
        tcFormat="DF" if timecodes.drops(rate) else "NDF",
    )
    spine = ET.SubElement(sequence, "spine")
    gap = ET.SubElement(
        spine,
        "gap",
        name=name,
        offset=exact(timecodes.parse(start_timecode, rate) * frame),
        start=exact(gap_start * frame),
        duration=exact(length * frame),
    )
    for mark in marks(sheet, language):
        at = {"start": exact((gap_start + mark.frame) * frame), "duration": exact(frame), "value": clean(mark.name)}
        if mark.note:
            at["note"] = clean(mark.note)
        ET.SubElement(gap, "marker", at)
    return render(root, doctype="<!DOCTYPE fcpxml>")
