"""The formats by name: what the file is called, how it is written, and for which program it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from recommender.cues import timecodes
from recommender.cues.export import chapters, edl, fcp7, fcpxml, otio, text
from recommender.cues.export.footage import with_footage
from recommender.cues.sheet import CueSheet
from recommender.errors import UnknownChoice


class Writer(Protocol):
    def __call__(self, sheet: CueSheet, *, start_timecode: str = ..., language: str = ...) -> str: ...


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file. ``key`` names it on the command line; ``cue.format.<key>`` says what it is for."""

    key: str
    suffix: str
    mime: str
    write: Writer


FORMATS: Final[dict[str, Format]] = {
    f.key: f
    for f in (
        Format("edl", ".edl", "text/plain", edl.write),
        Format("xmeml", ".xml", "application/xml", fcp7.write),
        Format("fcpxml", ".fcpxml", "application/xml", fcpxml.write),
        Format("otio", ".otio", "application/json", otio.write),
        Format("chapters", ".chapters.txt", "text/plain", chapters.write),
        Format("vtt", ".vtt", "text/vtt", text.webvtt),
        Format("csv", ".csv", "text/csv", text.table),
        Format("text", ".txt", "text/plain", text.page),
        Format("json", ".cues.json", "application/json", text.data),
    )
}


def render(
    sheet: CueSheet,
    form: str,
    *,
    start_timecode: str = timecodes.DEFAULT_START,
    language: str = "en",
    footage: Path | None = None,
) -> str:
    """The sheet in one of :data:`FORMATS`; ``footage`` is the clip's own file, for timelines that hold clips.

    Raises:
        UnknownChoice: there is no such format.
        BadTimecode: the start timecode is none at the clip's rate.
    """
    if form not in FORMATS:
        raise UnknownChoice(value=form, what="format", known=", ".join(FORMATS))
    timecodes.parse(start_timecode, sheet.rate)  # also where the format has no use for it: a typo is never passed over
    text = FORMATS[form].write(sheet, start_timecode=start_timecode, language=language)
    return text if footage is None else with_footage(text, form, sheet, footage)


def render_bytes(
    sheet: CueSheet,
    form: str,
    *,
    start_timecode: str = timecodes.DEFAULT_START,
    language: str = "en",
    footage: Path | None = None,
) -> bytes:
    """As :func:`render`, in UTF-8, ready to be written or downloaded."""
    text = render(sheet, form, start_timecode=start_timecode, language=language, footage=footage)
    return text.encode("utf-8", "replace")
