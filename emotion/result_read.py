"""A :class:`Timeline` from the JSON that :mod:`emotion.result_written` makes, of this version or an older one."""

from __future__ import annotations

import codecs
import json
import math
import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from emotion import errors
from emotion.labels import EMOTIONS
from emotion.messages import Words
from emotion.result_written import SCHEMA_VERSION
from emotion.timeline import (
    Adaptation,
    Affect,
    Box,
    Clip,
    EmotionScores,
    FaceTrack,
    ModelUsed,
    Moment,
    Notice,
    Segment,
    Sighting,
    Speaker,
    SpokenWindow,
    Timeline,
    Verdict,
)

FASTEST: Final = 10_000
"""Frames a second."""
_RATE: Final = re.compile(r"\d{1,9}(/0*[1-9]\d{0,8}|\.\d{1,20})?", re.ASCII)


def read(path: Path) -> Timeline:
    """The timeline in a JSON file of ``python -m emotion``, in UTF-8 or, as Windows redirects it, in UTF-16.

    Raises:
        FileMissing: there is no such file.
        TimelineFileError: it is something else, or holds several clips.
    """
    try:
        data = json.loads(_decoded(path.read_bytes()))
    except FileNotFoundError as e:
        raise errors.FileMissing(name=path.name) from e
    except (OSError, ValueError, RecursionError) as e:
        detail = errors.wrong(e) if isinstance(e, OSError) else {"detail": Words.of("fault.not_json")}
        raise errors.TimelineFileError(name=path.name, **detail) from e
    if isinstance(data, list):
        if len(data) > 1:
            from_dict(data[0], name=path.name)  # a list of something else is no results of several clips
            raise errors.SeveralTimelines(name=path.name, count=len(data))
        data = data[0] if data else None
    return from_dict(data, name=path.name)


def _decoded(data: bytes) -> str:
    """Text by its byte order mark, UTF-8 where it has none."""
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if utf_16 else "utf-8-sig")


def from_dict(data: object, *, name: str = "timeline.json") -> Timeline:
    """The timeline of a JSON file that :func:`to_dict` made, of this version or an older one.

    Numbers come back as they were rounded. A face comes back as it was first and last seen, with its mean emotion.

    Raises:
        TimelineFileError: it is something else; the message says what is wrong.
    """
    try:
        return _from_dict(data)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as e:
        raise errors.TimelineFileError(name=name, **errors.wrong(e)) from e


def _from_dict(data: Any) -> Timeline:
    version = data.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise errors.Flaw("fault.newer", made=str(version)[:20], read=SCHEMA_VERSION)
    clip = data["clip"]
    moments = tuple(
        Moment(
            _segment(m),
            voice=_scores(m.get("voice")),
            face=_scores(m.get("face")),
            fused=_scores(m.get("fused")),
            disagreement=_optional(m.get("disagreement")),
            affect=_affect(m.get("affect")),
        )
        for m in data["timeline"]
    )
    return Timeline(
        Clip(
            str(clip["name"]),
            _number(clip["duration_s"], least=0),
            whole_number(clip["sr"]),
            _rate(clip),
            whole_number(clip["width"]),
            whole_number(clip["height"]),
            clip.get("start_timecode"),
            _notices(clip.get("notices", ())),
        ),
        moments,
        voice=_verdict(data["voice"]),
        face=_verdict(data["face"]),
        fused=_verdict(data["fused"]),
        disagreement=_optional(data.get("disagreement")),
        tracks=tuple(_face(f) for f in data.get("faces", ())),
        models=tuple(ModelUsed(m["name"], m["version"], m["sha256"]) for m in data.get("models", ())),
        notices=_notices(data.get("notices", ())),
        speech=tuple(_segment(s) for s in data.get("speech", ())),
        face_seen=_optional(data.get("face_seen")),
        adaptation=_adaptation(data.get("adaptation")),
    )


def _number(value: Any, *, least: float = -math.inf) -> float:
    """A finite number: Python's JSON also reads Infinity and NaN, which are neither times nor probabilities."""
    number = float(value)
    if not math.isfinite(number) or number < least:
        raise ValueError(f"{value!r} where a number should be")
    return number


def _optional(value: Any) -> float | None:
    return None if value is None else _number(value)


def _segment(data: Any) -> Segment:
    return Segment(_number(data["start"]), _number(data["end"]))


def _affect(data: Any) -> Affect | None:
    """None where there is none, and of files from before it was measured."""
    return None if data is None else Affect(**{f.name: _number(data[f.name]) for f in fields(Affect)})


def _face(face: Any) -> FaceTrack:
    scores = _scores(face["probabilities"])
    if scores is None:
        raise ValueError("a face without probabilities")
    ends = sorted({_number(face["first_s"]): "first_box", _number(face["last_s"]): "last_box"}.items())
    seen = tuple(
        Sighting(t, Box(*map(_number, face.get(box) or (0, 0, 0, 0))), 1.0, scores, _number(face.get("readability", 1)))
        for t, box in ends
    )
    return FaceTrack(int(face["id"]), seen, _number(face["share"]), bool(face["main"]))


def _notices(notices: Any) -> tuple[Notice, ...]:
    return tuple(Notice(str(n["key"]), tuple(dict(n["values"]).items())) for n in notices)


def _adaptation(data: Any) -> Adaptation | None:
    """None as well where an older MoodCue left the windows out, without which nobody can say who speaks when."""
    if data is None or "windows" not in data:
        return None
    general, adapted = _verdict(data["voice_without"]), _verdict(data["voice_with"])
    if general is None or adapted is None:
        raise ValueError("an adaptation without its verdicts")
    return Adaptation(
        on=bool(data["on"]),
        speakers=tuple(_speaker(s) for s in data["speakers"]),
        windows=tuple(SpokenWindow(_segment(w), int(w["speaker"]), *_pair(w)) for w in data["windows"]),
        general=general,
        adapted=adapted,
    )


def _speaker(s: Any) -> Speaker:
    numbers = _number(s["speech_s"]), _number(s["added_s"]), int(s["files"]), _number(s["variety"])
    return Speaker(int(s["id"]), *numbers, bool(s["adapted"]), *_pair(s))


def _pair(data: Any) -> tuple[EmotionScores, EmotionScores]:
    """Without and with what is known of the speaker."""
    general, known = _scores(data["probabilities_without"]), _scores(data["probabilities_with"])
    if general is None or known is None:
        raise ValueError("a reading without probabilities")
    return general, known


def _rate(clip: Any) -> Fraction | None:
    if clip.get("frame_rate") is not None:
        return frame_rate(clip["frame_rate"])
    return None if clip["fps"] is None else Fraction(_number(clip["fps"], least=0)).limit_denominator(1001)


def frame_rate(value: object) -> Fraction:
    """An exact rate as it is written: "25", "30000/1001", 23.976.

    ``Fraction`` alone would work "1e999999999" out digit by digit, for hours.

    Raises:
        ValueError: it is none, or none that a camera has.
    """
    rate = Fraction(str(value)) if _RATE.fullmatch(str(value)) else Fraction(0)
    if not 0 < rate <= FASTEST:
        raise ValueError(f"{str(value)[:40]!r} is not a frame rate")
    return rate


def whole_number(value: Any) -> int | None:
    """Of samples a second, or pixels; None where there is none.

    Raises:
        TypeError, ValueError: it is something else.
    """
    return None if value is None else int(_number(value, least=0))


def _scores(probabilities: Any) -> EmotionScores | None:
    if probabilities is None:
        return None
    unknown = set(probabilities) - set(EMOTIONS)
    if unknown:
        raise ValueError(f"unknown emotion {sorted(unknown)[0]!r}")
    values = [_number(probabilities[e]) for e in EMOTIONS]
    if min(values) < 0 or not math.isclose(sum(values), 1, abs_tol=1e-2):
        raise ValueError("probabilities that do not sum to 1")
    return EmotionScores.from_array(values)


def _verdict(verdict: Any) -> Verdict | None:
    if verdict is None:
        return None
    scores = _scores(verdict["probabilities"])
    return None if scores is None else Verdict(scores, bool(verdict["sure"]))
