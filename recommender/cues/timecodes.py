"""Timecode of the frames of a sheet: hours, minutes, seconds and frames, drop-frame for 29.97, 59.94 and 119.88.

Drop-frame skips the labels of the first frames of a minute (no picture is dropped), so that the
label keeps to the clock. Counting is left to ``timecode``; this checks what people type.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from timecode.timecode import Timecode

from recommender.errors import BadTimecode

DEFAULT_START: Final = "01:00:00:00"
"""Where DaVinci Resolve's and most other timelines begin unless told otherwise."""
_FORM: Final = re.compile(r"(\d{2}):(\d{2}):(\d{2})[:;.](\d{2,3})")


def drops(rate: Fraction) -> bool:
    """Whether a rate is counted drop-frame: multiples of 30000/1001."""
    return rate.denominator == 1001 and rate.numerator % 30000 == 0


def base(rate: Fraction) -> int:
    """Frames in a second of timecode: 30 for 29.97."""
    return round(rate)


def label(frame: int, rate: Fraction, start: str = DEFAULT_START) -> str:
    """The timecode of a frame of the clip, counted from 0, on a timeline that begins at ``start``.

    Raises:
        BadTimecode: ``start`` is not a timecode at this rate.
    """
    return at(parse(start, rate) + frame, rate)


def at(count: int, rate: Fraction) -> str:
    """The timecode of the frame ``count`` frames after 00:00:00:00; it starts again after 24 hours."""
    hours, minutes, seconds, frames = _counter(rate).frames_to_tc(count + 1)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if drops(rate) else ':'}{frames:02d}"


def parse(text: str, rate: Fraction) -> int:
    """Frames from 00:00:00:00 to a timecode.

    Raises:
        BadTimecode: it is not of the form 01:00:00:00, or no frame has that label at this rate.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise BadTimecode(value=text)
    hours, minutes, seconds, frames = (int(part) for part in found.groups())
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= base(rate):
        raise BadTimecode(value=text)
    plain = f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if drops(rate) else ':'}{frames:02d}"
    count = _counter(rate).tc_to_frames(plain) - 1
    if at(count, rate) != plain:  # a label that drop-frame skips
        raise BadTimecode(value=text)
    return count


def check(text: str) -> None:
    """Whether a text is a timecode at any rate: before a clip is read whose rate is not known.

    Raises:
        BadTimecode: it is none.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None or any(int(part) > most for part, most in zip(found.groups(), (23, 59, 59), strict=False)):
        raise BadTimecode(value=text)


def _counter(rate: Fraction) -> Timecode:
    return Timecode(f"{rate.numerator}/{rate.denominator}")
