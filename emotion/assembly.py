"""What was heard and what was seen, put together: one grid of seconds, and the verdicts on the whole clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from emotion import grid, signals
from emotion.fusion import verdict_of_both
from emotion.timeline import Adaptation, Clip, EmotionScores, FaceTrack, Notice, Segment, Timeline, Verdict

if TYPE_CHECKING:
    from emotion.readers import Readers
    from emotion.voice.adapt import Listened

Window = tuple[Segment, EmotionScores]

MOST_OF_IT: Final = 0.9
"""Where a face was seen for less of the clip, the result says for how much."""


@dataclass(frozen=True, eq=False)
class Heard:
    """What the voice said, window by window, and who spoke; ``listened`` is None where nobody was heard.

    Attributes:
        speech: where somebody speaks, in order, without overlap.
        envelope: the waveform, small enough to draw, see :func:`emotion.signals.envelope`.
    """

    listened: Listened | None = None
    speech: tuple[Segment, ...] = ()
    envelope: signals.Envelope | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, eq=False)
class Seen:
    """Who was seen: tracks, the main person first, and the pictures that were read, None where there are none."""

    tracks: tuple[FaceTrack, ...] = ()
    shown: grid.Shown | None = None
    notices: tuple[Notice, ...] = ()


def reread(timeline: Timeline, readers: Readers, adaptation: Adaptation) -> Timeline:
    """The same clip by another reading of its voice; nothing is decoded, heard or looked at again."""
    steps, row = [m.segment for m in timeline.moments], [m.face for m in timeline.moments]
    judged = _judged(steps, _windows(Heard(), adaptation), row, timeline.face, readers)
    return replace(timeline, adaptation=adaptation, **judged)


def assemble(clip: Clip, heard: Heard, seen: Seen, readers: Readers, adaptation: Adaptation | None = None) -> Timeline:
    """Both modalities on one grid of seconds, and the verdicts on the whole clip."""
    windows = _windows(heard, adaptation)
    steps = grid.steps_of(clip, [segment for segment, _ in windows])
    row = grid.face_row(steps, seen.tracks, seen.shown)
    face = row.whole and Verdict(row.whole, readers.face is not None and row.whole.confidence >= readers.face.threshold)
    judged = _judged(steps, windows, row.scores, face, readers)
    part = None if seen.shown is None else min(1.0, row.seen_s / max(clip.duration_s, 1e-6))
    models = (readers.voice.used,) if readers.voice and judged["voice"] else ()
    if readers.face and face:
        models += (readers.face.used, readers.face.detector_used)
    return Timeline(
        clip,
        face=face,
        tracks=seen.tracks,
        models=models,
        notices=readers.notices + clip.notices + _notices(heard, seen, part, nothing=judged["fused"] is None),
        speech=heard.speech,
        face_seen=part,
        adaptation=adaptation,
        **judged,
    )


def _notices(heard: Heard, seen: Seen, part: float | None, *, nothing: bool) -> tuple[Notice, ...]:
    """What is worth saying: where nothing was found, one sentence that is true of both sides."""
    found = heard.notices + seen.notices
    if nothing and found:
        broken = {"notice.sound_broken", "notice.picture_broken"} & {n.key for n in found}
        return (Notice("notice.nothing_decoded" if broken else "notice.nothing_found"),)
    if part and part < MOST_OF_IT:
        found += (Notice("notice.face_seen", (("share", part),)),)
    return found


def _windows(heard: Heard, adaptation: Adaptation | None) -> list[Window]:
    """The voice as it is to be shown."""
    if adaptation is not None:
        return [(w.segment, w.adapted if adaptation.on else w.general) for w in adaptation.windows]
    if heard.listened is None:
        return []
    scores = map(EmotionScores.from_array, heard.listened.general)
    return list(zip(heard.listened.segments, scores, strict=True))


def _judged(
    steps: Sequence[Segment], windows: Sequence[Window], row: grid.Scores, face: Verdict | None, readers: Readers
) -> dict[str, Any]:
    """The fields of a timeline that follow from what voice and face say."""
    voice = EmotionScores.mean([s for _, s in windows]) if windows else None
    threshold = readers.voice.threshold if readers.voice else 1.0
    face_threshold = readers.face.threshold if readers.face else 1.0
    fused, differ = verdict_of_both(voice, face and face.scores, readers.reliability, (threshold, face_threshold))
    return {
        "moments": grid.joined(steps, grid.voice_row(steps, windows), row, readers.reliability, readers.affects),
        "voice": voice and Verdict(voice, voice.confidence >= threshold),
        "fused": fused,
        "disagreement": differ,
    }
