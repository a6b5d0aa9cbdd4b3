"""A :class:`Timeline` as JSON and CSV, in the stable schema that the README documents."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from emotion.labels import EMOTIONS
from emotion.messages import english
from emotion.timeline import (
    Adaptation,
    Affect,
    Clip,
    EmotionScores,
    FaceTrack,
    Moment,
    Notice,
    Segment,
    Sighting,
    Timeline,
    Verdict,
)

DIGITS: Final = 6
MODALITIES: Final = ("voice", "face", "fused")
SCHEMA_VERSION: Final = 1
"""Of ``assets/schema/result.json``: it grows where a reader of the old form would go wrong."""
FORMULA: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20|%")
"""What a spreadsheet may take for the beginning of one."""


def to_dict(timeline: Timeline) -> dict[str, Any]:
    """Plain data, ready for ``json.dumps``; None where a modality has nothing to say."""
    best = timeline.best
    return {
        "schema_version": SCHEMA_VERSION,
        "clip": clip_dict(timeline.clip),
        **{side: _verdict(getattr(timeline, side)) for side in MODALITIES},
        "valence": None if best is None else round(best.scores.valence, DIGITS),
        "arousal": None if best is None else round(best.scores.arousal, DIGITS),
        "disagreement": None if timeline.disagreement is None else round(timeline.disagreement, DIGITS),
        "timeline": [_moment(timeline, m) for m in timeline.moments],
        "speech": [_ends(s) for s in timeline.speech],
        "adaptation": _adaptation(timeline.adaptation),
        "face_seen": None if timeline.face_seen is None else round(timeline.face_seen, DIGITS),
        "faces": [_face(t) for t in timeline.tracks],
        "models": [{"name": m.name, "version": m.version, "sha256": m.sha256} for m in timeline.models],
        "notices": _notices(timeline.notices),
        "warnings": [english(n.key, **dict(n.values)) for n in timeline.notices],
    }


def clip_dict(clip: Clip) -> dict[str, Any]:
    """The clip as every file of ours names it."""
    return {
        "name": clip.name,
        "duration_s": round(clip.duration_s, 3),
        "sr": clip.sr,
        "fps": None if clip.fps is None else round(clip.fps, 3),
        "frame_rate": None if clip.frame_rate is None else str(clip.frame_rate),
        "width": clip.width,
        "height": clip.height,
        "start_timecode": clip.start_timecode,
        "notices": _notices(clip.notices),
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


def _ends(segment: Segment) -> dict[str, float]:
    return {"start": round(segment.start_s, 3), "end": round(segment.end_s, 3)}


def _moment(timeline: Timeline, moment: Moment) -> dict[str, Any]:
    return {
        **_ends(moment.segment),
        **{side: _probabilities(getattr(moment, side)) for side in MODALITIES},
        "disagreement": None if moment.disagreement is None else round(moment.disagreement, DIGITS),
        "speaker": _speaker(timeline, moment),
        "affect": _affect(moment.affect),
    }


def _face(track: FaceTrack) -> dict[str, Any]:
    return {
        "id": track.id,
        "first_s": round(track.segment.start_s, 3),
        "last_s": round(track.segment.end_s, 3),
        "share": round(track.share, 4),
        "main": track.main,
        "readability": round(track.readability, 4),
        "first_box": _box(track.sightings[0]),
        "last_box": _box(track.sightings[-1]),
        "probabilities": _probabilities(track.scores),
        "valence": round(track.scores.valence, DIGITS),
        "arousal": round(track.scores.arousal, DIGITS),
    }


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
                **_ends(w.segment),
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
    probs = {e: round(p, DIGITS) for e, p in verdict.scores.as_dict().items()}
    return {
        "probabilities": probs,
        "label": max(EMOTIONS, key=probs.__getitem__),  # of what is written: it may tie where the reading did not
        "confidence": round(verdict.scores.confidence, DIGITS),
        "sure": verdict.sure,
    }


def _probabilities(scores: EmotionScores | None) -> dict[str, float] | None:
    return None if scores is None else {e: round(p, DIGITS) for e, p in scores.as_dict().items()}


def cell(text: str) -> str:
    """A text that a spreadsheet would take for a formula is made plain, whatever blank stands before it.

    A carriage return becomes a line feed: Python's writer puts the one into quotes and not the other.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    formula = text[:1] in ("\t", "\n") or text.lstrip(" \t\n\x00\ufeff")[:1] in FORMULA
    return f"'{text}" if text and formula else text
