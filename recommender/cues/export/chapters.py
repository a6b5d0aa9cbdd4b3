"""YouTube chapters: the lines of a video's description, and why YouTube would show none of them.

YouTube makes chapters of a list of times whose first is 0:00, of three or more in order, each chapter ten seconds or
longer (support.google.com/youtube/answer/9884579); a list that is anything else is passed over without a word.
"""

from __future__ import annotations

from typing import Final

from emotion.timeline import Notice
from recommender.cues import credits, timecodes
from recommender.cues.export.marks import one_line
from recommender.cues.sheet import Cue, CueSheet

SHORTEST_S: Final = 10
FEWEST: Final = 3

Chapter = tuple[Cue, ...]
"""Cues that stand as one chapter, in order."""


def write(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START, language: str = "en") -> str:
    """Lines for a video's description: a time and a name for each chapter, then whom the music asks to be named."""
    del start_timecode  # chapters count from the video's beginning
    told = [f"{_clock(_second(c[0]))} {_capital(one_line(_called(c).name(language), '<>'))}" for c in chapters(sheet)]
    named = [one_line(line, "<>") for line in credits.block(sheet, language)]
    return "".join(f"{line}\n" for line in [*told, *([""] if named else []), *named])


def problem(sheet: CueSheet) -> Notice | None:
    """Why YouTube would show no chapters, as a sentence for the editor; None where it shows them."""
    count = len(chapters(sheet))
    if count >= FEWEST:
        return None
    if sheet.end < FEWEST * SHORTEST_S:
        return Notice("cue.chapters.short", (("least", str(FEWEST * SHORTEST_S)),))
    return Notice("cue.chapters.few", (("made", str(count)), ("least", str(FEWEST)), ("seconds", str(SHORTEST_S))))


def chapters(sheet: CueSheet) -> list[Chapter]:
    """The cues as chapters of ten seconds or more, short ones joined to a neighbour; one chapter of a shorter clip.

    Of all ways to join them that which gives most chapters, and of those the one in which the fewest seconds stand
    under another cue's name.
    """
    cues = sheet.cues
    edges = [*(_second(c) for c in cues), int(sheet.end)]
    best: list[tuple[int, float]] = [(0, 0.0)] + [(-1, 0.0)] * len(cues)
    before = [0] * (len(cues) + 1)
    for end in range(1, len(cues) + 1):
        for start in range(end - 1, -1, -1):
            if edges[end] - edges[start] < SHORTEST_S:
                continue
            group = cues[start:end]
            astray = float(cues[end - 1].end - cues[start].start - _called(group).length)
            found = (best[start][0] + 1, best[start][1] - astray)
            if best[start][0] >= 0 and found > best[end]:
                best[end], before[end] = found, start
            if any(_splits(edges, start, k, end) for k in range(start + 1, end)):
                break  # what begins earlier still would be one chapter where there may be two
    if best[-1][0] < 1:
        return [cues]
    out: list[Chapter] = []
    end = len(cues)
    while end > 0:
        out.append(cues[before[end] : end])
        end = before[end]
    return out[::-1]


def _splits(edges: list[int], start: int, between: int, end: int) -> bool:
    return min(edges[between] - edges[start], edges[end] - edges[between]) >= SHORTEST_S


def _called(chapter: Chapter) -> Cue:
    """The cue that a chapter is called by: the longest, the first of such."""
    return max(chapter, key=lambda c: c.length)


def _second(cue: Cue) -> int:
    """A time in a description has whole seconds."""
    return int(cue.start)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _clock(seconds: int) -> str:
    minutes, s = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{s:02d}" if hours else f"{minutes}:{s:02d}"
