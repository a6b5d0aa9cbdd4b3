"""The music cue sheet that broadcasters and collecting societies ask for: a row for each piece of music.

Columns as production music libraries list them (AudioSparx, article 1779): when and how long, how it is used,
who wrote and publishes it, its ISRC. What is not known stays empty: nobody is paid for a guess.
"""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from typing import Final

from emotion.result import cell
from recommender.cues import timecodes
from recommender.cues.frames import to_frame
from recommender.mix.plan import MixPlan, Placement

HEAD: Final = (
    "Production", "Alternative title", "Episode title", "Episode number", "First broadcast", "Production company",
    "Contact",
)  # fmt: skip
"""What the form asks of the production; the first is known here, the rest is the editor's to fill in."""
COLUMNS: Final = (
    "Cue", "Title", "Timecode in", "Timecode out", "Duration", "Usage code", "Composer", "Composer's society",
    "Composer's share, %", "Publisher", "Publisher's society", "Publisher's share, %", "IPI", "ISRC",
    "Licence", "Credit",
)  # fmt: skip
INSTRUMENTAL, VOCAL = "BI", "BV"
"""Background instrumental and background vocal."""


def rows(plan: MixPlan, rate: Fraction, start_timecode: str) -> list[list[str]]:
    """One row for each placement, in order."""
    return [_row(i, p, rate, start_timecode) for i, p in enumerate(plan.placements, 1)]


def _row(number: int, p: Placement, rate: Fraction, start: str) -> list[str]:
    return [
        str(number),
        p.music.title,
        timecodes.label(to_frame(p.start_s, rate), rate, start),
        timecodes.label(to_frame(p.end_s, rate), rate, start),
        _length(p.end_s - p.start_s),
        VOCAL if p.music.sung else INSTRUMENTAL,
        p.music.artist,
        *[""] * 6,
        p.music.isrc or "",
        p.music.licence,
        p.music.credit,
    ]


def to_csv(plan: MixPlan, production: str, rate: Fraction, start_timecode: str) -> bytes:
    """With a byte order mark, which Excel needs to read other than Latin letters."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for line in _lines(plan, production, rate, start_timecode):
        writer.writerow(map(cell, line))
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(plan: MixPlan, production: str, rate: Fraction, start_timecode: str) -> bytes:
    """The same as a workbook; every cell is text, so no formula can hide in a title."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook()
    book.remove(book.worksheets[0])
    page = book.create_sheet("Music cue sheet")
    for i, line in enumerate(_lines(plan, production, rate, start_timecode), 1):
        for j, text in enumerate(line, 1):
            place = page.cell(i, j)
            place.value = ILLEGAL_CHARACTERS_RE.sub("", text)
            place.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _lines(plan: MixPlan, production: str, rate: Fraction, start: str) -> list[list[str]]:
    music_s = sum(p.end_s - p.start_s for p in plan.placements)
    return [
        *([name, production if i == 0 else ""] for i, name in enumerate(HEAD)),
        ["Length", _length(plan.duration_s)],
        ["Length of all music", _length(music_s)],
        [],
        list(COLUMNS),
        *rows(plan, rate, start),
    ]


def _length(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
