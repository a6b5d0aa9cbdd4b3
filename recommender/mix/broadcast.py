"""The music cue sheet that broadcasters and collecting societies ask for: a row for each piece of music.

Columns as production music libraries list them (AudioSparx, article 1779): when and how long, how it is used,
who wrote and publishes it, its ISRC. What is not known stays empty: nobody is paid for a guess.
"""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from typing import Final

from recommender.cues import timecodes
from recommender.cues.export.text import guarded
from recommender.cues.frames import to_frame
from recommender.mix.plan import MixPlan, Placement

COLUMNS: Final = (
    "Cue", "Title", "Timecode in", "Timecode out", "Duration", "Usage code", "Composer", "Publisher", "ISRC",
    "Licence", "Credit",
)  # fmt: skip
INSTRUMENTAL, VOCAL = "BI", "BV"
"""Background instrumental and background vocal."""


def rows(plan: MixPlan, rate: Fraction, start_timecode: str) -> list[list[str]]:
    """One row for each placement, in order."""
    return [_row(i, p, rate, start_timecode) for i, p in enumerate(plan.placements, 1)]


def _row(number: int, p: Placement, rate: Fraction, start: str) -> list[str]:
    seconds = round(p.end_s - p.start_s)
    return [
        str(number),
        p.music.title,
        timecodes.label(to_frame(p.start_s, rate), rate, start),
        timecodes.label(to_frame(p.end_s, rate), rate, start),
        f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}",
        VOCAL if p.music.sung else INSTRUMENTAL,
        p.music.artist,
        "",
        p.music.isrc or "",
        p.music.licence,
        p.music.credit,
    ]


def to_csv(plan: MixPlan, production: str, rate: Fraction, start_timecode: str) -> bytes:
    """With a byte order mark, which Excel needs to read other than Latin letters."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for line in _lines(plan, production, rate, start_timecode):
        writer.writerow([guarded(cell) for cell in line])
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
            cell = page.cell(i, j)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
            cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _lines(plan: MixPlan, production: str, rate: Fraction, start: str) -> list[list[str]]:
    music_s = round(sum(p.end_s - p.start_s for p in plan.placements))
    return [
        ["Production", production],
        ["Length", f"{round(plan.duration_s)} s"],
        ["Length of all music", f"{music_s} s"],
        [],
        list(COLUMNS),
        *rows(plan, rate, start),
    ]
