"""Final Cut Pro 7 XML (xmeml), the one file of markers that Premiere Pro imports: a sequence with markers.

``in`` and ``out`` are frames from the sequence's start; ``timebase`` and ``ntsc`` give the rate, and
``timecode`` where the sequence begins.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from recommender.cues import timecodes
from recommender.cues.export.marks import marks
from recommender.cues.export.xml import element, put_rate, render
from recommender.cues.frames import to_frame
from recommender.cues.sheet import CueSheet


def write(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    rate, length = sheet.rate, max(to_frame(sheet.end, sheet.rate), 1)
    root = ET.Element("xmeml", version="5")
    sequence = ET.SubElement(root, "sequence", id="cue-sheet")
    element(sequence, "name", sheet.clip.name)
    element(sequence, "duration", length)
    put_rate(sequence, rate)
    code = ET.SubElement(sequence, "timecode")
    put_rate(code, rate)
    start = timecodes.parse(start_timecode, rate)
    element(code, "string", timecodes.at(start, rate))
    element(code, "frame", start)
    element(code, "displayformat", "DF" if timecodes.drops(rate) else "NDF")
    media = ET.SubElement(sequence, "media")
    _picture(ET.SubElement(media, "video"), sheet)
    ET.SubElement(ET.SubElement(media, "audio"), "track")
    for mark in marks(sheet, language):
        marker = ET.SubElement(sequence, "marker")
        element(marker, "name", mark.name)
        element(marker, "comment", mark.note)
        element(marker, "in", mark.frame)
        element(marker, "out", -1 if mark.peak else mark.frame + mark.frames)
    return render(root, doctype="<!DOCTYPE xmeml>")


def _picture(video: ET.Element, sheet: CueSheet) -> None:
    """The format: without it DaVinci Resolve refuses the file."""
    shape = ET.SubElement(ET.SubElement(video, "format"), "samplecharacteristics")
    put_rate(shape, sheet.rate)
    element(shape, "width", sheet.clip.width or 1920)
    element(shape, "height", sheet.clip.height or 1080)
    element(shape, "pixelaspectratio", "square")
    ET.SubElement(video, "track")
