"""A :class:`Timeline` as JSON and CSV, in the stable schema that the README documents, and back."""

from __future__ import annotations

import codecs
import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from emotion import errors
from emotion.labels import EMOTIONS
from emotion.messages import english
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

DIGITS: Final = 6
MODALITIES: Final = ("voice", "face", "fused")
SCHEMA_VERSION: Final = 1
"""Of ``assets/schema/result.json``: it grows where a reader of the old form would go wrong."""


def to_dict(timeline: Timeline) -> dict[str, Any]:
    """Plain data, ready for ``json.dumps``; None where a modality has nothing to say."""
    clip, best = timeline.clip, timeline.best
    return {
        "schema_version": SCHEMA_VERSION,
        "clip": {
            "name": clip.name,
            "duration_s": round(clip.duration_s, 3),
            "sr": clip.sr,
            "fps": None if clip.fps is None else round(clip.fps, 3),
            "frame_rate": None if clip.frame_rate is None else str(clip.frame_rate),
            "width": clip.width,
            "height": clip.height,
            "start_timecode": clip.start_timecode,
            "notices": _notices(clip.notices),
        },
        **{side: _verdict(getattr(timeline, side)) for side in MODALITIES},
        "valence": None if best is None else round(best.scores.valence, DIGITS),
        "arousal": None if best is None else round(best.scores.arousal, DIGITS),
        "disagreement": None if timeline.disagreement is None else round(timeline.disagreement, DIGITS),
        "timeline": [
            {
                "start": round(m.segment.start_s, 3),
                "end": round(m.segment.end_s, 3),
                **{side: _probabilities(getattr(m, side)) for side in MODALITIES},
                "disagreement": None if m.disagreement is None else round(m.disagreement, DIGITS),
                "speaker": _speaker(timeline, m),
                "affect": _affect(m.affect),
            }
            for m in timeline.moments
        ],
        "speech": [{"start": round(s.start_s, 3), "end": round(s.end_s, 3)} for s in timeline.speech],
        "adaptation": _adaptation(timeline.adaptation),
        "face_seen": None if timeline.face_seen is None else round(timeline.face_seen, DIGITS),
        "faces": [
            {
                "id": t.id,
                "first_s": round(t.segment.start_s, 3),
                "last_s": round(t.segment.end_s, 3),
                "share": round(t.share, 4),
                "main": t.main,
                "readability": round(t.readability, 4),
                "first_box": _box(t.sightings[0]),
                "last_box": _box(t.sightings[-1]),
                "probabilities": _probabilities(t.scores),
                "valence": round(t.scores.valence, DIGITS),
                "arousal": round(t.scores.arousal, DIGITS),
            }
            for t in timeline.tracks
        ],
        "models": [{"name": m.name, "version": m.version, "sha256": m.sha256} for m in timeline.models],
        "notices": _notices(timeline.notices),
        "warnings": [english(n.key, **dict(n.values)) for n in timeline.notices],
    }


def to_csv(timeline: Timeline) -> str:
    """One row a moment: clip, start, end, eight columns each for voice, face and fused, speaker; empty if missing."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["clip", "start", "end", *(f"{side}_{e}" for side in MODALITIES for e in EMOTIONS), "speaker"])
    for m in timeline.moments:
        cells: list[object] = [cell(timeline.clip.name), round(m.segment.start_s, 3), round(m.segment.end_s, 3)]
        for side in MODALITIES:
            scores: EmotionScores | None = getattr(m, side)
            cells += [""] * len(EMOTIONS) if scores is None else [round(p, DIGITS) for p in scores.probs]
        rows.writerow([*cells, _speaker(timeline, m) or ""])
    return out.getvalue()


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
        detail = (e.strerror or str(e)) if isinstance(e, OSError) else "it is not JSON"
        raise errors.TimelineFileError(name=path.name, detail=detail) from e
    if isinstance(data, list):
        if len(data) > 1:
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
        detail = f"the field {e} is missing" if isinstance(e, KeyError) else str(e)
        raise errors.TimelineFileError(name=name, detail=detail) from e


def _from_dict(data: Any) -> Timeline:
    version = data.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise ValueError(f"it was made by a newer MoodCue (schema {version}; this one reads {SCHEMA_VERSION})")
    clip = data["clip"]
    moments = tuple(
        Moment(
            _segment(m),
            voice=_scores(m.get("voice")),
            face=_scores(m.get("face")),
            fused=_scores(m.get("fused")),
            disagreement=_optional(m.get("disagreement")),
            affect=_read_affect(m.get("affect")),
        )
        for m in data["timeline"]
    )
    return Timeline(
        Clip(
            str(clip["name"]),
            _number(clip["duration_s"], least=0),
            clip["sr"],
            _rate(clip),
            clip["width"],
            clip["height"],
            clip.get("start_timecode"),
            _read_notices(clip.get("notices", ())),
        ),
        moments,
        voice=_read_verdict(data["voice"]),
        face=_read_verdict(data["face"]),
        fused=_read_verdict(data["fused"]),
        disagreement=_optional(data.get("disagreement")),
        tracks=tuple(_read_face(f) for f in data.get("faces", ())),
        models=tuple(ModelUsed(m["name"], m["version"], m["sha256"]) for m in data.get("models", ())),
        notices=_read_notices(data.get("notices", ())),
        speech=tuple(_segment(s) for s in data.get("speech", ())),
        face_seen=_optional(data.get("face_seen")),
        adaptation=_read_adaptation(data.get("adaptation")),
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


def _read_affect(data: Any) -> Affect | None:
    """None where there is none, and of files from before it was measured."""
    return None if data is None else Affect(**{f.name: _number(data[f.name]) for f in fields(Affect)})


def _read_face(face: Any) -> FaceTrack:
    scores = _scores(face["probabilities"])
    if scores is None:
        raise ValueError("a face without probabilities")
    ends = sorted({_number(face["first_s"]): "first_box", _number(face["last_s"]): "last_box"}.items())
    seen = tuple(
        Sighting(t, Box(*map(_number, face.get(box) or (0, 0, 0, 0))), 1.0, scores, _number(face.get("readability", 1)))
        for t, box in ends
    )
    return FaceTrack(int(face["id"]), seen, _number(face["share"]), bool(face["main"]))


def _read_notices(notices: Any) -> tuple[Notice, ...]:
    return tuple(Notice(str(n["key"]), tuple(dict(n["values"]).items())) for n in notices)


def _read_adaptation(data: Any) -> Adaptation | None:
    """None as well where an older MoodCue left the windows out, without which nobody can say who speaks when."""
    if data is None or "windows" not in data:
        return None
    general, adapted = _read_verdict(data["voice_without"]), _read_verdict(data["voice_with"])
    if general is None or adapted is None:
        raise ValueError("an adaptation without its verdicts")
    return Adaptation(
        on=bool(data["on"]),
        speakers=tuple(_read_speaker(s) for s in data["speakers"]),
        windows=tuple(SpokenWindow(_segment(w), int(w["speaker"]), *_pair(w)) for w in data["windows"]),
        general=general,
        adapted=adapted,
    )


def _read_speaker(s: Any) -> Speaker:
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
        return Fraction(str(clip["frame_rate"]))
    return None if clip["fps"] is None else Fraction(clip["fps"]).limit_denominator(1001)


def _affect(affect: Affect | None) -> dict[str, float] | None:
    return None if affect is None else {name: round(value, DIGITS) for name, value in asdict(affect).items()}


def _speaker(timeline: Timeline, moment: Moment) -> int | None:
    told = timeline.adaptation
    return None if told is None or moment.voice is None else told.speaker_at(moment.segment)


def _adaptation(adaptation: Adaptation | None) -> dict[str, Any] | None:
    if adaptation is None:
        return None
    return {
        "on": adaptation.on,
        "used": adaptation.used,
        "voice_without": _verdict(adaptation.general),
        "voice_with": _verdict(adaptation.adapted),
        "speakers": [
            {
                "id": s.id,
                "adapted": s.adapted,
                "speech_s": round(s.speech_s, 3),
                "added_s": round(s.added_s, 3),
                "files": s.files,
                "variety": round(s.variety, 4),
                "probabilities_without": _probabilities(s.general),
                "probabilities_with": _probabilities(s.known),
            }
            for s in adaptation.speakers
        ],
        "windows": [
            {
                "start": round(w.segment.start_s, 3),
                "end": round(w.segment.end_s, 3),
                "speaker": w.speaker,
                "probabilities_without": _probabilities(w.general),
                "probabilities_with": _probabilities(w.adapted),
            }
            for w in adaptation.windows
        ],
    }


def _notices(notices: Sequence[Notice]) -> list[dict[str, Any]]:
    plain = (str, int, float, bool, type(None))
    return [{"key": n.key, "values": {k: v if isinstance(v, plain) else str(v) for k, v in n.values}} for n in notices]


def _box(sighting: Sighting) -> list[float]:
    box = sighting.box
    return [round(v, 4) for v in (box.x, box.y, box.width, box.height)]


def _verdict(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {
        "probabilities": _probabilities(verdict.scores),
        "label": verdict.label,
        "confidence": round(verdict.scores.confidence, DIGITS),
        "sure": verdict.sure,
    }


def _probabilities(scores: EmotionScores | None) -> dict[str, float] | None:
    return None if scores is None else {e: round(p, DIGITS) for e, p in scores.as_dict().items()}


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


def _read_verdict(verdict: Any) -> Verdict | None:
    if verdict is None:
        return None
    scores = _scores(verdict["probabilities"])
    return None if scores is None else Verdict(scores, bool(verdict["sure"]))


def cell(text: str) -> str:
    """A text that a spreadsheet would take for a formula is made plain.

    A carriage return becomes a line feed: Python's writer puts the one into quotes and not the other.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\n"} else text
