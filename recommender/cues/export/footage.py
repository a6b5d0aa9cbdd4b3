"""The clip itself in the editor's timeline, beside its markers: for a file that lies where that program finds it.

OTIO, FCP7 XML and FCPXML get a clip over the whole length with a reference to the file and the time code that the
camera wrote; the other formats hold no clips and stay as they are. Times lie on frames of the sheet's rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final, cast
from xml.etree import ElementTree as ET

import opentimelineio as otio

from recommender.cues import timecodes
from recommender.cues.export.xml import clean, element, exact, parsed, put_rate, render
from recommender.cues.frames import to_frame
from recommender.cues.sheet import CueSheet
from recommender.errors import BadTimecode


def with_footage(text: str, form: str, sheet: CueSheet, path: Path) -> str:
    """What :func:`recommender.cues.export.render` wrote, with the clip at ``path`` in it where the form holds clips."""
    return _WITH[form](text, sheet, path.absolute()) if form in _WITH else text


def first_frame(sheet: CueSheet) -> int:
    """The number of the file's first frame: what the camera's time code counts, 0 where there is none."""
    try:
        return timecodes.parse(sheet.clip.start_timecode, sheet.rate) if sheet.clip.start_timecode else 0
    except BadTimecode:  # a label that this rate has not
        return 0


def _length(sheet: CueSheet) -> int:
    return max(to_frame(sheet.end, sheet.rate), 1)


def _otio(text: str, sheet: CueSheet, path: Path) -> str:
    timeline = cast(otio.schema.Timeline, otio.adapters.read_from_string(text, "otio_json"))
    rate = float(sheet.rate)
    whole = otio.opentime.TimeRange(
        otio.opentime.RationalTime(first_frame(sheet), rate), otio.opentime.RationalTime(_length(sheet), rate)
    )
    kinds = {otio.schema.TrackKind.Video: sheet.clip.width, otio.schema.TrackKind.Audio: sheet.clip.sr}
    for kind, there in kinds.items():
        if there is not None:
            media = otio.schema.ExternalReference(target_url=path.as_uri(), available_range=whole)
            track = otio.schema.Track(name=clean(sheet.clip.name), kind=kind)
            track.append(otio.schema.Clip(clean(sheet.clip.name), media, whole))
            timeline.tracks.append(track)
    return otio.adapters.write_to_string(timeline, "otio_json")


def _xmeml(text: str, sheet: CueSheet, path: Path) -> str:
    root = parsed(text)
    for kind, there in (("video", sheet.clip.width), ("audio", sheet.clip.sr)):
        track = root.find(f".//sequence/media/{kind}/track")
        if there is not None and track is not None:
            _clipitem(track, kind, sheet, path, first=not root.findall(".//file"))
    return render(root, doctype="<!DOCTYPE xmeml>")


def _clipitem(track: ET.Element, kind: str, sheet: CueSheet, path: Path, *, first: bool) -> None:
    item, length = ET.SubElement(track, "clipitem", id=f"footage-{kind}"), _length(sheet)
    element(item, "name", sheet.clip.name)
    element(item, "duration", length)
    put_rate(item, sheet.rate)
    for tag, value in (("start", 0), ("end", length), ("in", 0), ("out", length)):
        element(item, tag, value)
    file = ET.SubElement(item, "file", id="footage")
    if first:  # the second time its number is enough
        element(file, "name", path.name)
        element(file, "pathurl", path.as_uri())
        put_rate(file, sheet.rate)
        element(file, "duration", length)
        code = ET.SubElement(file, "timecode")
        put_rate(code, sheet.rate)
        element(code, "string", timecodes.at(first_frame(sheet), sheet.rate))
        element(code, "frame", first_frame(sheet))
        element(code, "displayformat", "DF" if timecodes.drops(sheet.rate) else "NDF")
        media = ET.SubElement(file, "media")
        if sheet.clip.width is not None:
            shape = ET.SubElement(ET.SubElement(media, "video"), "samplecharacteristics")
            element(shape, "width", sheet.clip.width)
            element(shape, "height", sheet.clip.height)
        if sheet.clip.sr is not None:
            sound = ET.SubElement(media, "audio")
            element(ET.SubElement(sound, "samplecharacteristics"), "samplerate", sheet.clip.sr)
    source = ET.SubElement(item, "sourcetrack")
    element(source, "mediatype", kind)
    element(source, "trackindex", 1)


def _fcpxml(text: str, sheet: CueSheet, path: Path) -> str:
    """The clip takes the gap's place, and the markers count by its own time."""
    root = parsed(text)
    resources, gap = root.find("resources"), root.find(".//spine/gap")
    if resources is None or gap is None:
        return text
    frame = 1 / sheet.rate
    start, length = first_frame(sheet) * frame, _length(sheet) * frame
    asset = ET.SubElement(
        resources, "asset", id="footage", name=clean(sheet.clip.name), start=exact(start), duration=exact(length)
    )  # fmt: skip
    if sheet.clip.width is not None:
        asset.attrib |= {"hasVideo": "1", "videoSources": "1", "format": "r1"}
    if sheet.clip.sr is not None:
        asset.attrib |= {"hasAudio": "1", "audioSources": "1", "audioChannels": "2", "audioRate": str(sheet.clip.sr)}
    ET.SubElement(asset, "media-rep", kind="original-media", src=path.as_uri())
    moved = start - Fraction(gap.attrib["start"].rstrip("s"))
    gap.tag = "asset-clip"
    gap.attrib |= {"ref": "footage", "start": exact(start)}
    for marker in gap.iter("marker"):
        marker.set("start", exact(Fraction(marker.attrib["start"].rstrip("s")) + moved))
    return render(root, doctype="<!DOCTYPE fcpxml>")


_WITH: Final[Mapping[str, Callable[[str, CueSheet, Path], str]]] = {"otio": _otio, "xmeml": _xmeml, "fcpxml": _fcpxml}
