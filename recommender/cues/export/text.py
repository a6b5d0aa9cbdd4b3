"""The sheet as text: WebVTT, a table for spreadsheets, a page to read, JSON."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from typing import Final

from emotion.messages import message
from emotion.result import cell
from recommender.cues import credits, saved, timecodes
from recommender.cues.export.marks import note, one_line
from recommender.cues.frames import to_frame
from recommender.cues.sheet import Cue, CueSheet

BOM: Final = "\ufeff"


def webvtt(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    """A track of chapters for a player: name and direction of each cue, from its first frame to its last."""
    del start_timecode  # a player counts from the media's beginning
    blocks = ["WEBVTT"]
    for number, cue in enumerate(sheet.cues, 1):
        words = "\n".join(_escaped(one_line(t)) for t in (cue.name(language), note(cue, language)) if t)
        blocks.append(f"{number}\n{_stamp(cue.start)} --> {_stamp(cue.end)}\n{words}")
    if named := credits.block(sheet, language):
        blocks.insert(1, "\n".join(["NOTE", *(_escaped(one_line(line)) for line in named)]))
    return "\n\n".join(blocks) + "\n"


COLUMNS: Final = (
    "cue", "in", "out", "timecode_in", "timecode_out", "title", "mood", "energy", "advice", "tempo_bpm", "mode",
    "instruments", "words", "track", "licence", "credit", "note", "state",
)  # fmt: skip


def table(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    """CSV with a byte order mark, without which Excel takes UTF-8 for the machine's own code page."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow([message(f"cue.column.{c}", language) for c in COLUMNS])
    for number, cue in enumerate(sheet.cues, 1):
        rows.writerow([number, *map(cell, _cells(cue, sheet.rate, start_timecode, language))])
    return BOM + out.getvalue()


def _cells(cue: Cue, rate: Fraction, start: str, language: str) -> list[str]:
    d, song = cue.direction, cue.song
    return [
        f"{float(cue.start):.3f}",
        f"{float(cue.end):.3f}",
        timecodes.label(to_frame(cue.start, rate), rate, start),
        timecodes.label(to_frame(cue.end, rate), rate, start),
        cue.title or "",
        cue.mood.words(language),
        "" if d.level is None else message(f"music.energy.{d.level}", language),
        cue.advice(language),
        "" if d.tempo_bpm is None else "{}-{}".format(*d.tempo_bpm),
        "" if d.mode is None else message(f"music.key.{d.mode}", language),
        message("songs.join", language).join(message(f"music.instrument.{i}", language) for i in d.instruments),
        ", ".join(d.words),
        "" if song is None else f"{song.artist} - {song.title}",
        "" if song is None else song.licence,
        credits.of_cue(cue, language) or "",
        cue.note,
        message(f"cue.state.{cue.state}", language),
    ]


def page(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    """A page to read, print or mail."""
    lines = [one_line(sheet.clip.name), sheet.course(language), ""]
    for number, cue in enumerate(sheet.cues, 1):
        begin, end = (
            timecodes.label(to_frame(t, sheet.rate), sheet.rate, start_timecode) for t in (cue.start, cue.end)
        )
        lines.append(f"{number:>2}  {begin} - {end}  {one_line(cue.name(language))}")
        lines.append(f"    {one_line(note(cue, language))}")
    if named := credits.block(sheet, language):
        lines += ["", *(one_line(line) for line in named)]
    return "\n".join(lines) + "\n"


def data(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    """The whole sheet as JSON, which reads back (``saved.py``)."""
    del language  # names of fields and moods are English
    return json.dumps(saved.to_dict(sheet, start_timecode=start_timecode), ensure_ascii=False, indent=2) + "\n"


def _stamp(time: Fraction) -> str:
    """Milliseconds, rounded up: then they lie within the frame that begins there, never in the one before."""
    ms = -(-time.numerator * 1000 // time.denominator)
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
