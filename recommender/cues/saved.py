"""A cue sheet as plain data and back: the JSON of the command line, and what people keep and open again.

What a cue shows (mood, direction, timecodes) is written for other programs and worked out anew on
reading; what people did, and the readings that edits need, are read back whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, TypeVar, cast

from emotion.errors import wrong
from emotion.labels import EMOTIONS
from emotion.result_read import frame_rate, whole_number
from emotion.result_written import clip_dict
from emotion.timeline import Clip, EmotionScores, Moment, Segment
from recommender.cues import edits, frames, reasons, timecodes
from recommender.cues.sheet import DIGITS, STATES, Cue, CueSheet, Song
from recommender.errors import SheetFileError
from recommender.ranking.intents import INTENTS
from recommender.ranking.plane import GOALS

SCHEMA_VERSION: Final = 1
MOST_MOMENTS: Final = 100_000
MOST_CUES: Final = 5_000
MOST_SONGS: Final = 50
LONGEST_S: Final = 86_400.0
LARGEST_ID: Final = 1_000_000_000
OVERLAP_S: Final = 1e-3
"""Of two readings in a row, by rounding."""
_SIDES: Final = ("voice", "face", "fused")

Data = dict[str, Any]
_Word = TypeVar("_Word", bound=str)


def to_dict(sheet: CueSheet, *, start_timecode: str = timecodes.DEFAULT_START) -> Data:
    """Plain data, ready for ``json.dumps``; seconds have six digits, which is far finer than a frame.

    Raises:
        BadTimecode: ``start_timecode`` is none at the clip's rate.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "clip": clip_dict(sheet.clip),
        "course": sheet.course(),
        "cues": [_cue(c, sheet.rate, start_timecode) for c in sheet.cues],
        "speech": [[s.start_s, s.end_s] for s in sheet.speech],
        "readings": [
            [m.segment.start_s, m.segment.end_s, *(_probs(s) for s in (m.voice, m.face, m.fused))]
            for m in sheet.moments
        ],
    }


def from_dict(data: object, *, name: str = "cues.json") -> CueSheet:
    """The sheet that :func:`to_dict` wrote, checked field by field.

    Raises:
        SheetFileError: it is something else; the message says what is wrong.
    """
    try:
        return _sheet(cast(Any, data))
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as e:
        raise SheetFileError(name=name, **wrong(e)) from e


def _cue(cue: Cue, rate: Fraction, start: str) -> Data:
    def code(time: Fraction) -> str:
        return timecodes.label(frames.to_frame(time, rate), rate, start)

    mood, direction = cue.mood, cue.direction
    return {
        "id": cue.id,
        "start": seconds(cue.start),
        "end": seconds(cue.end),
        "start_timecode": code(cue.start),
        "end_timecode": code(cue.end),
        "mood": mood.words(),
        "title": cue.title,
        "emotion": mood.emotion,
        "confidence": round(mood.confidence, 4),
        "doubt": mood.doubt if mood.emotion is not None else None,
        "corrected": cue.corrected,
        "valence": _rounded(cue.valence),
        "energy": _rounded(cue.energy),
        "voice": None if cue.evidence.voice is None else cue.evidence.voice.label,
        "face": None if cue.evidence.face is None else cue.evidence.face.label,
        "speech": cue.speech,
        "intent": cue.intent,
        "goal": cue.goal,
        "along": cue.along,
        "direction": {
            "advice": direction.advice,
            "why": direction.why,
            "tempo_bpm": None if direction.tempo_bpm is None else list(direction.tempo_bpm),
            "mode": direction.mode,
            "energy": direction.level,
            "pleasantness": direction.pleasantness,
            "instruments": list(direction.instruments),
            "words": list(direction.words),
        },
        "peaks": [
            {"time": seconds(p.time), "timecode": code(p.time), "kind": p.kind, "emotion": p.emotion} for p in cue.peaks
        ],
        "music": [_song(s, cue) for s in cue.music],
        "state": cue.state,
        "note": cue.note,
    }


def _song(song: Song, cue: Cue) -> Data:
    return {
        "id": song.id,
        "artist": song.artist,
        "title": song.title,
        "licence": song.licence,
        "credit": song.credit,
        "distance": round(song.distance, 4),
        "reason": reasons.told(song, cue),
        "why": [song.reason.key, dict(song.reason.values)],
        "chosen": song.id == cue.chosen,
    }


def seconds(time: Fraction) -> float:
    return round(float(time), DIGITS)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _probs(scores: EmotionScores | None) -> list[float] | None:
    return None if scores is None else list(scores.probs)


def _sheet(data: Any) -> CueSheet:
    if not isinstance(data, dict):
        raise TypeError("it is not one sheet")
    if data["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"its schema version is {data['schema_version']!r}, and {SCHEMA_VERSION} is read here")
    clip = _read_clip(data["clip"])
    rate, length = frames.edit_rate(clip.frame_rate), frames.length_of(clip.duration_s)
    cues = tuple(_read_cue(c, rate, length) for c in _rows(data["cues"], MOST_CUES, "cues"))
    cues = (*cues[:-1], replace(cues[-1], end=max(length, 1 / rate)))
    sheet = CueSheet(
        clip,
        cues,
        tuple(_moment(row) for row in _rows(data["readings"], MOST_MOMENTS, "readings")),
        tuple(Segment(_time(s[0]), _time(s[1])) for s in _rows(data["speech"], MOST_MOMENTS, "stretches of speech")),
    )
    for a, b in pairwise(sheet.moments):  # each cue would read all of those that lie over it
        if b.segment.start_s < a.segment.end_s - OVERLAP_S:
            raise ValueError("its readings are not one after the other")
    return sheet.measured()


def _read_clip(clip: Any) -> Clip:
    duration = _time(clip["duration_s"])
    rate = None if clip["frame_rate"] is None else frame_rate(clip["frame_rate"])
    whole = [whole_number(clip[k]) for k in ("sr", "width", "height")]
    start = clip["start_timecode"]
    return Clip(
        _text(clip["name"]), duration, whole[0], rate, whole[1], whole[2], None if start is None else _text(start)
    )


def _read_cue(cue: Any, rate: Fraction, length: Fraction) -> Cue:
    music = tuple(_read_song(s) for s in _rows(cue["music"], MOST_SONGS, "songs"))
    chosen = [s["id"] for s in cue["music"] if s.get("chosen")]
    corrected = cue["corrected"]
    if corrected is not None and corrected not in EMOTIONS:
        raise ValueError(f"{corrected!r} is not one of the eight emotions")
    along = float(cue["along"])
    if not 0 < along <= 1:
        raise ValueError(f"{along} is not a part of the way")
    title = None if cue["title"] is None else edits.one_line(str(cue["title"])) or None
    return Cue(
        id=_id(cue["id"]),
        start=frames.on_grid(_time(cue["start"]), rate),
        end=min(frames.on_grid(_time(cue["end"]), rate), length),
        title=title,
        corrected=corrected,
        intent=_one_of(cue["intent"], INTENTS),
        goal=_one_of(cue["goal"], tuple(GOALS)),
        along=along,
        state=_one_of(cue["state"], STATES),
        music=music,
        chosen=str(chosen[0]) if chosen else None,
        note=edits.one_line(str(cue["note"])),
    )


def _read_song(song: Any) -> Song:
    _, values = song["why"]
    if not isinstance(values, Mapping) or len(values) > 20:
        raise TypeError("a reason has no values")
    distance = float(song["distance"])
    if not math.isfinite(distance):
        raise ValueError(f"{distance} is not a distance")
    names = (_text(song[k]) for k in ("id", "artist", "title", "licence"))
    credit = _text(song.get("credit", ""))  # sheets of before have none
    return Song(*names, reason=reasons.read(values), distance=distance, credit=credit)


def _moment(row: Any) -> Moment:
    start, end, *sides = row
    if len(sides) != len(_SIDES):
        raise ValueError("a reading has not three sides")
    voice, face, fused = (None if p is None else EmotionScores(tuple(float(x) for x in p)) for p in sides)
    return Moment(Segment(_time(start), _time(end)), voice, face, fused)


def _rows(value: Any, most: int, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"its {what} are not a list")
    if len(value) > most:
        raise ValueError(f"it has more than {most} {what}")
    return value


def _time(value: Any) -> float:
    time = float(value)
    if isinstance(value, bool) or not (math.isfinite(time) and 0 <= time <= LONGEST_S):
        raise ValueError(f"{value!r} is not a time of a clip")
    return time


def _id(value: Any) -> int:
    """One that a database holds, and a browser says exactly: guests vote by it."""
    number = int(value)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError(f"{str(value)[:40]} is not the number of a cue")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise TypeError("a text is missing or far too long")
    return value


def _one_of(value: Any, known: tuple[_Word, ...]) -> _Word:
    for k in known:
        if value == k:
            return k
    raise ValueError(f"{value!r} is none of {', '.join(known)}")
