"""What a shared result shows, as JSON and back: the timeline, the songs with their reasons, faces if wanted.

Nothing of the clip's owner goes in: the clip is called by the title they chose, and only the named
parts of the timeline are kept (``KEPT``). Whatever is read back is checked, part by part.
"""

from __future__ import annotations

import base64
import json
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from emotion import result
from emotion.errors import TimelineFileError
from emotion.labels import EMOTIONS
from emotion.media.picture import is_small_jpeg
from emotion.timeline import Notice, Timeline
from recommender import cues
from recommender.cues import CueSheet
from recommender.errors import SheetFileError, SnapshotError
from recommender.ranking import reasons
from recommender.ranking.picks import Modality, Pick
from recommender.songs.catalogue import Track

VERSION: Final = 1
KEPT: Final = ("clip", "voice", "face", "fused", "disagreement", "timeline", "models")
"""What of ``emotion.result.to_dict`` is shared; what later versions add stays out until it is named here."""
LONGEST_TITLE: Final = 120
LONGEST_TEXT: Final = 300
MOST_SONGS: Final = 20
MOST_FACES: Final = 12
MOST_MOMENTS: Final = 20_000
LONGEST_S: Final = 86_400.0
FACE_SIDE: Final = 192
"""Pixels of a face's longer side, at most."""
MAX_FACE_BYTES: Final = 64 * 1024
_REASON: Final = re.compile(r"music\.reason\.[a-z_]{1,30}")
_DAMAGED: Final = (
    *(KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError),
    *(TimelineFileError, SheetFileError),
)
_NAME: Final = re.compile(r"[a-z_]{1,20}")


@dataclass(frozen=True, slots=True)
class Face:
    """A small picture (JPEG) of a person of the clip, and what it says at ``time_s`` seconds."""

    time_s: float
    person: int
    emotion: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A result as it is shared; ``corrected`` is the emotion that its owner put in place of the one shown."""

    title: str
    timeline: Timeline
    songs: tuple[Pick, ...] = ()
    corrected: str | None = None
    faces: tuple[Face, ...] = ()
    sheet: CueSheet | None = None


def of(
    timeline: Timeline,
    songs: Sequence[Pick],
    *,
    title: str,
    corrected: str | None = None,
    faces: Sequence[Face] = (),
    sheet: CueSheet | None = None,
) -> Snapshot:
    """``timeline`` is cut down to what is shared."""
    title = clean_title(title)
    kept = {key: value for key, value in result.to_dict(timeline).items() if key in KEPT}
    kept["clip"]["name"] = title
    own = None if sheet is None else replace(sheet, clip=replace(sheet.clip, name=title))
    return Snapshot(title, result.from_dict(kept), tuple(songs[:MOST_SONGS]), corrected, tuple(faces[:MOST_FACES]), own)


def clean_title(title: str) -> str:
    """One line without control characters, not too long, never empty."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in title)
    return " ".join(visible.split())[:LONGEST_TITLE].strip() or "MoodCue"


def to_json(snapshot: Snapshot) -> str:
    timeline = result.to_dict(snapshot.timeline)
    return json.dumps(
        {
            "version": VERSION,
            "title": snapshot.title,
            "corrected": snapshot.corrected,
            "timeline": {key: timeline[key] for key in KEPT},
            "songs": [_song(p) for p in snapshot.songs],
            "sheet": None if snapshot.sheet is None else cues.to_dict(snapshot.sheet),
            "faces": [
                {"at": f.time_s, "person": f.person, "emotion": f.emotion, "jpeg": base64.b64encode(f.jpeg).decode()}
                for f in snapshot.faces
            ],
        },
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )


def from_json(text: str) -> Snapshot:
    """What :func:`to_json` wrote; fields that it does not know are passed over.

    Raises:
        SnapshotError: it is something else, or damaged.
    """
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise ValueError(f"version {data['version']!r}")
        title = clean_title(_text(data["title"]))
        return Snapshot(
            title,
            _timeline(data["timeline"], title),
            tuple(_pick(row) for row in data["songs"][:MOST_SONGS]),
            None if data["corrected"] is None else _emotion(data["corrected"]),
            tuple(_face(row) for row in data["faces"][:MOST_FACES]),
            _sheet(data.get("sheet"), title),
        )
    except _DAMAGED as e:
        raise SnapshotError() from e


def _sheet(data: Any, title: str) -> CueSheet | None:
    if data is None:
        return None
    sheet = cues.from_dict(data, name=title)
    return replace(sheet, clip=replace(sheet.clip, name=title))


def _song(pick: Pick) -> dict[str, Any]:
    track = pick.track
    return {
        "id": track.id,
        "artist": track.artist,
        "title": track.title,
        "year": track.year,
        "genre": track.genre,
        "mood": track.mood,
        "of": track.emotion,
        "valence": track.valence,
        "arousal": track.arousal,
        "for": pick.for_modality,
        "emotion": pick.emotion,
        "distance": pick.distance,
        "reason": [pick.reason.key, dict(pick.reason.values)],
    }


def _pick(row: Any) -> Pick:
    track = Track(
        id=_text(row["id"], 64),
        artist=_text(row["artist"]),
        title=_text(row["title"]),
        year=None if row["year"] is None else int(_number(row["year"], 0, 9999)),
        genre=_text_or_none(row["genre"]),
        mood=_text_or_none(row["mood"]),
        emotion=_emotion(row["of"]),
        valence=_number(row["valence"], -1, 1),
        arousal=_number(row["arousal"], -1, 1),
        has_words=None,
        source="",
        licence="",
    )
    key, values = row["reason"]
    if not _REASON.fullmatch(key) or not all(_NAME.fullmatch(name) for name in values):
        raise ValueError("not a reason")
    if row["for"] not in get_args(Modality):
        raise ValueError("not a modality")
    reason = Notice(reasons.key_now(key), tuple((name, _text(value, 80)) for name, value in values.items()))
    return Pick(track, reason, row["for"], _emotion(row["emotion"]), _number(row["distance"], 0, 1e3))


def _timeline(data: Any, title: str) -> Timeline:
    if len(data["timeline"]) > MOST_MOMENTS:
        raise ValueError("too long")
    read = result.from_dict(data)
    clip = read.clip
    duration_s = _number(clip.duration_s, 0, LONGEST_S)
    sizes = (clip.sr, clip.fps, clip.width, clip.height)
    if not all(size is None or _number(size, 0, 1e6) >= 0 for size in sizes):
        raise ValueError("not a clip")
    if read.disagreement is not None:
        _number(read.disagreement, 0, 1.001)
    for moment in read.moments:
        _number(moment.segment.start_s, 0, LONGEST_S)
        _number(moment.segment.end_s, 0, LONGEST_S)
    for model in read.models:
        for word in (model.name, model.version, model.sha256):
            _text(word)
    return replace(read, clip=replace(clip, name=title, duration_s=duration_s))


def _face(row: Any) -> Face:
    """Raises ValueError where it is no small JPEG."""
    jpeg = base64.b64decode(_text(row["jpeg"], 2 * MAX_FACE_BYTES), validate=True)
    if len(jpeg) > MAX_FACE_BYTES or not is_small_jpeg(jpeg, FACE_SIDE):
        raise ValueError("not a small picture")
    return Face(_number(row["at"], 0, LONGEST_S), int(_number(row["person"], 0, 1e6)), _emotion(row["emotion"]), jpeg)


def _text(value: Any, longest: int = LONGEST_TEXT) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("not a short text")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _number(value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    if not least <= value <= most:
        raise ValueError(f"{value} is not between {least} and {most}")
    return value


def _emotion(value: Any) -> str:
    if value not in EMOTIONS:
        raise ValueError("not one of the eight emotions")
    return value
