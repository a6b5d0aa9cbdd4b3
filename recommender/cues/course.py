"""The course of a sheet in one sentence, made of the cues' own moods and times, so that it cannot contradict them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from emotion.messages import message
from recommender.cues.mood import Mood
from recommender.messages import clock

TOLD: Final = 4
"""So many moods are told one after the other; of a longer course the most of it, the beginning and the end."""
MOSTLY: Final = 0.5
"""What fills at least so much of the clip is what it mostly is."""

Run = tuple[Fraction, Fraction, Mood]


def sentence(cues: Sequence[Run], language: str = "en") -> str:
    """The moods in order, neighbours with one word told once; ``cues``: start, end and mood of each.

    A clause at the end says where they are hard to tell, unless the words say so.
    """
    return _capital(_told(cues, language) + _doubt(cues, language))


def _told(cues: Sequence[Run], language: str) -> str:
    runs: list[Run] = []
    for start, end, mood in cues:
        if runs and runs[-1][2].word == mood.word:
            runs[-1] = (runs[-1][0], end, runs[-1][2])
        else:
            runs.append((start, end, mood))
    words = [message(f"cue.mood.{mood.word}", language) for _, _, mood in runs]
    if len(runs) == 1:
        whole = cues[0][2].words(language) if len(cues) == 1 else words[0]
        return message("cue.course.one", language, mood=whole)
    if len(runs) > TOLD:
        most = _mostly(runs)
        values = {"first": words[0], "last": words[-1]}
        same = ".same" if words[0] == words[-1] else ""
        if most is None:
            return message(f"cue.course.changing{same}", language, **values)
        return message(f"cue.course.many{same}", language, most=message(f"cue.mood.{most}", language), **values)
    times = [clock(float(start)) for start, _, _ in runs]
    parts = [words[0]]
    for k in range(1, len(runs)):
        key = "then" if k == 1 else "last" if k == len(runs) - 1 else "next"
        parts.append(message(f"cue.course.{key}", language, mood=words[k], time=times[k]))
    return "".join(parts)


def _doubt(cues: Sequence[Run], language: str) -> str:
    read = [mood for _, _, mood in cues if mood.emotion is not None and mood.word != "unclear"]
    unsure = sum(mood.unsure for mood in read)
    if len(cues) == 1 or not unsure:
        return ""  # a single cue is told in its own words
    return message(f"cue.course.unsure.{'all' if unsure == len(read) else 'some'}", language)


def _mostly(runs: Sequence[Run]) -> str | None:
    """The word that fills most of the clip, None where none fills half of it."""
    lasting: dict[str, Fraction] = {}
    for start, end, mood in runs:
        lasting[mood.word] = lasting.get(mood.word, Fraction(0)) + end - start
    word = max(lasting, key=lambda w: lasting[w])
    return word if lasting[word] >= MOSTLY * sum(lasting.values()) else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
