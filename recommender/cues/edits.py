"""Edits of a cue sheet: each is a pure function from a sheet to a new one, which is as gapless as the old.

What a moved or joined cue shows is read again from the moments; songs that were suggested for what
it was before go, a song that was chosen stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from emotion.errors import UnknownEmotion
from emotion.labels import EMOTIONS
from recommender.cues.frames import on_grid
from recommender.cues.sheet import STATES, Cue, CueSheet, State
from recommender.errors import CueTooShort, FirstCue, LastCue, NoSuchCue, NotAnAlternative, UnknownChoice
from recommender.ranking import intents
from recommender.ranking.intents import Intent
from recommender.ranking.plane import DEFAULT_GOAL, GOALS

SHORTEST: Final = Fraction(1)
"""A person may want a shorter cue than the analysis makes: a sting of one second."""
LONGEST_TEXT: Final = 200
"""Characters of a title or a note."""


def move_start(sheet: CueSheet, cue_id: int, time: Fraction | float) -> CueSheet:
    """The edge before a cue moved to the frame nearest to ``time``, as far as both its cues stay long enough.

    Raises:
        CannotEdit: it is the first cue, which begins with the clip, or there is no such cue.
    """
    k = _place(sheet, cue_id)
    if k == 0:
        raise FirstCue()
    before, after = sheet.cues[k - 1 : k + 1]
    low, high = before.start + SHORTEST, after.end - SHORTEST
    if low > high:
        raise CueTooShort(seconds=SHORTEST)
    edge = _between(on_grid(time, sheet.rate), low, high, sheet.rate)
    if edge == after.start:
        return sheet
    return _swap(sheet, k - 1, 2, _stale(replace(before, end=edge)), _stale(replace(after, start=edge)))


def move_end(sheet: CueSheet, cue_id: int, time: Fraction | float) -> CueSheet:
    """The edge after a cue moved; see :func:`move_start`."""
    k = _place(sheet, cue_id)
    if k == len(sheet.cues) - 1:
        raise LastCue()
    return move_start(sheet, sheet.cues[k + 1].id, time)


def split(sheet: CueSheet, cue_id: int, time: Fraction | float) -> CueSheet:
    """A cue cut in two at the frame nearest to ``time``; the second part gets a new id.

    Raises:
        CannotEdit: a part would be shorter than a second, or there is no such cue.
    """
    k = _place(sheet, cue_id)
    cue, edge = sheet.cues[k], on_grid(time, sheet.rate)
    if edge - cue.start < SHORTEST or cue.end - edge < SHORTEST:
        raise CueTooShort(seconds=SHORTEST)
    first = _stale(replace(cue, end=edge))
    second = replace(_stale(replace(cue, start=edge)), id=max(c.id for c in sheet.cues) + 1)
    return _swap(sheet, k, 1, first, second)


def merge(sheet: CueSheet, cue_id: int) -> CueSheet:
    """A cue joined with the one after it, whose choices go; what people said of both stays where both agree.

    Raises:
        CannotEdit: it is the last cue, or there is no such cue.
    """
    k = _place(sheet, cue_id)
    if k == len(sheet.cues) - 1:
        raise LastCue()
    first, second = sheet.cues[k : k + 2]
    joined = _stale(
        replace(
            first,
            end=second.end,
            corrected=first.corrected if first.corrected == second.corrected else None,
            title=first.title or second.title,
            note=first.note or second.note,
        )
    )
    return _swap(sheet, k, 2, joined)


def rename(sheet: CueSheet, cue_id: int, title: str | None) -> CueSheet:
    """A title of one's own; empty or None for the mood in words again."""
    return _change(sheet, cue_id, title=one_line(title or "") or None)


def write_note(sheet: CueSheet, cue_id: int, note: str) -> CueSheet:
    return _change(sheet, cue_id, note=one_line(note))


def correct(sheet: CueSheet, cue_id: int, emotion: str | None) -> CueSheet:
    """The emotion that it is, said by a person; None takes the reading again.

    Raises:
        UnknownEmotion: not one of the eight.
    """
    if emotion is not None and emotion not in EMOTIONS:
        raise UnknownEmotion(emotion=emotion, known=", ".join(EMOTIONS))
    k = _place(sheet, cue_id)
    if sheet.cues[k].corrected == emotion:
        return sheet
    return _swap(sheet, k, 1, _stale(replace(sheet.cues[k], corrected=emotion)))


def set_intent(
    sheet: CueSheet, intent: Intent, *, goal: str = DEFAULT_GOAL, only: Iterable[int] | None = None
) -> CueSheet:
    """Match the mood, go against it, or steer it to a goal: for all cues or those with the ids in ``only``.

    Steering all goes there step by step: each cue as far as the clip has come by its end.

    Raises:
        UnknownChoice: an intent or a goal that does not exist.
    """
    intent = intents.of(intent)
    if goal not in GOALS:
        raise UnknownChoice(value=goal, what="goal", known=", ".join(GOALS))
    wanted = None if only is None else set(only)
    cues: list[Cue] = []
    for c in sheet.cues:
        along = float(c.end / sheet.end) if wanted is None else 1.0
        told = replace(c, intent=intent, goal=goal, along=along if intent == "steer" else 1.0)
        touched = (wanted is None or c.id in wanted) and told != c
        cues.append(_stale(told) if touched else c)
    return replace(sheet, cues=tuple(cues))


def set_state(sheet: CueSheet, cue_id: int, state: State) -> CueSheet:
    """Keep a cue, mark it to be changed, or silence it (no music).

    Raises:
        UnknownChoice: a state that does not exist.
    """
    if state not in STATES:
        raise UnknownChoice(value=state, what="state", known=", ".join(STATES))
    return _change(sheet, cue_id, state=state)


def choose(sheet: CueSheet, cue_id: int, song_id: str | None) -> CueSheet:
    """One of the cue's alternatives chosen, which keeps the cue; None takes the choice back.

    Raises:
        CannotEdit: the song is not among the alternatives.
    """
    cue = sheet.cues[_place(sheet, cue_id)]
    if song_id is not None and all(s.id != song_id for s in cue.music):
        raise NotAnAlternative()
    return _change(sheet, cue_id, chosen=song_id, state="suggested" if song_id is None else "kept")


def _place(sheet: CueSheet, cue_id: int) -> int:
    for k, cue in enumerate(sheet.cues):
        if cue.id == cue_id:
            return k
    raise NoSuchCue(cue=cue_id)


def _change(sheet: CueSheet, cue_id: int, **values: object) -> CueSheet:
    k = _place(sheet, cue_id)
    cues = list(sheet.cues)
    cues[k] = replace(cues[k], **values)  # type: ignore[arg-type]
    return replace(sheet, cues=tuple(cues))


def _swap(sheet: CueSheet, k: int, count: int, *cues: Cue) -> CueSheet:
    """``count`` cues from the k-th on replaced, and the new ones read again."""
    changed = replace(sheet, cues=(*sheet.cues[:k], *cues, *sheet.cues[k + count :]))
    return changed.measured(c.id for c in cues)


def _stale(cue: Cue) -> Cue:
    """The cue without the songs that were suggested for what it was; a chosen one stays."""
    return replace(cue, music=tuple(s for s in cue.music if s.id == cue.chosen))


def _between(edge: Fraction, low: Fraction, high: Fraction, rate: Fraction) -> Fraction:
    """The frame nearest to ``edge`` that is not outside; the bounds themselves need not be on a frame."""
    if edge < low:
        return Fraction(-(-low * rate // 1)) / rate
    return Fraction(high * rate // 1) / rate if edge > high else edge


def one_line(text: str) -> str:
    """One line of bounded length, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_TEXT]
