"""What only a header can tell: the exact rate of the pictures, the camera's time code, the length that it claims."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

STANDARD_RATES: Final = tuple(
    rate for whole in (24, 30, 48, 60, 120, 240) for rate in (Fraction(whole * 1000, 1001), Fraction(whole))
) + tuple(map(Fraction, (5, 8, 10, 12, 15, 20, 25, 50, 90, 100)))
NEAR: Final = Fraction(4, 10_000)
"""A rate this near to a standard one is that one, rounded by its container: 24 and 24000/1001 differ by 1 in 1000."""
FASTEST: Final = 1000
EARLY_S: Final = 0.5
"""A file that ends so much before the length that it claims was not copied whole."""
TRUE_CLAIMS: Final = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flac", "wav", "w64", "aiff", "caf"})
"""Containers that write their length down; the others are guessed at by their size."""
TIMECODE: Final = re.compile(r"\d\d:\d\d:\d\d[:;.]\d\d\d?")


def frame_rate(video: VideoStream) -> Fraction | None:
    """Pictures a second, exact where the container only kept it rounded; None where nothing is known."""
    rates = [r for r in (video.average_rate, video.guessed_rate) if r and 0 < r <= FASTEST]
    if not rates:
        return None
    mean = rates[0]
    near = [r for r in rates if abs(r - mean) <= mean / 500]
    return next((s for r in near for s in _standard(r)), Fraction(mean).limit_denominator(100_000))


def _standard(rate: Fraction) -> Iterable[Fraction]:
    nearest = min(STANDARD_RATES, key=lambda s: abs(s - rate))
    return (nearest,) if abs(nearest - rate) <= rate * NEAR else ()


def start_timecode(container: InputContainer) -> str | None:
    """What the camera wrote for the first picture: the container's own tag, or that of a stream."""
    tags = [container.metadata, *(s.metadata for s in container.streams)]
    found = (tag.get("timecode", "").strip() for tag in tags)
    return next((code for code in found if TIMECODE.fullmatch(code)), None)


def claimed_s(container: InputContainer) -> float:
    """The length that the header gives; 0 where it gives none, or only lets it be guessed."""
    return (container.duration or 0) / av.time_base if container.format.name in TRUE_CLAIMS else 0.0
