"""Each window of a clip read in the light of what else its speaker said, here and in further footage.

    listened = listen(reader, y, sr, segments)      sound to features, once
    adapted(reader, listened, known)                as often as wished: two cheap layers

A window teaches nothing about itself: the profile it is read with comes from the windows that share
no sound with it. Too little speech, and the general reading stays.
"""

from __future__ import annotations

import bisect
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from emotion import heap, signals
from emotion.timeline import Adaptation, EmotionScores, Segment, Speaker, SpokenWindow, Verdict
from emotion.voice import saved_speaker as known_voice
from emotion.voice import speakers
from emotion.voice.profile import SpeakerProfile
from emotion.voice.saved_speaker import KnownVoice
from emotion.voice.speech import WINDOW_S, covered_s

if TYPE_CHECKING:
    from emotion.voice.infer import VoiceReader

Floats = npt.NDArray[np.float32]
Probs = npt.NDArray[np.float64]

LEAST_CLIPS: Final = 1.0
"""A speaker is adapted to from so many windows' worth (of three seconds) of speech on, which the second utterance
brings; how far, follows from how varied it is (``emotion.voice.reading``)."""


@dataclass(frozen=True, eq=False)
class Listened:
    """The windows of one clip as the model heard them, enough to read them again.

    Attributes:
        segments: the windows, in order of time; at least one.
        features: shape (windows, d).
        general: shape (windows, 8), read without knowledge of the speaker.
        voices: shape (windows, voice_d), rows of length 1; voice_d is 0 where nobody is told apart.
        who: the speaker of each window, from 0.
    """

    segments: tuple[Segment, ...]
    features: Floats
    general: Probs
    voices: Floats
    who: tuple[int, ...]

    @functools.cached_property
    def voiceprints(self) -> Floats:
        """Shape (speakers, voice_d), rows of length 1."""
        return speakers.voiceprints(self.voices, self.who)

    @property
    def count(self) -> int:
        """How many speak."""
        return max(self.who) + 1

    def of(self, speaker: int) -> npt.NDArray[np.int64]:
        """Which windows are theirs."""
        return np.flatnonzero(np.array(self.who) == speaker)

    def clips(self, windows: Sequence[int]) -> float:
        """How many windows' worth of speech lies under them: overlapping ones repeat each other."""
        return min(covered_s([self.segments[i] for i in windows]) / WINDOW_S, float(len(windows)))


def listen(
    reader: VoiceReader,
    y: signals.Sound,
    sr: int,
    segments: Sequence[Segment],
    *,
    on_progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Listened:
    """Sound to features, and whose they are. ``segments`` holds at least one window, in order of time.

    Long sound is heard part by part; a part begins and ends with a window.

    Raises:
        Cancelled: when asked to stop.
    """
    features, voices = [], []
    for first, last, start, end in _parts(y, sr, segments):
        sound, own = y[start:end], _earlier(segments[first:last], start / sr)

        def tell(fraction: float, before: int = first, count: int = last - first) -> None:
            if on_progress is not None:
                on_progress((before + fraction * count) / len(segments))

        features.append(reader.features(sound, sr, own, on_progress=tell, cancelled=cancelled))
        if reader.adapts and reader.tells_speakers:
            voices.append(_voices(reader, sound, sr, own))
        if last < len(segments):
            heap.trim()  # or what lies free between what is kept grows from part to part
    rows = np.concatenate(features)
    if voices:
        looks = np.concatenate(voices)
        who = speakers.tell_apart(looks, segments)
    else:
        looks, who = np.zeros((len(segments), 0), np.float32), (0,) * len(segments)
    return Listened(tuple(segments), rows, reader.judge(rows), looks, who)


def _parts(y: signals.Sound, sr: int, segments: Sequence[Segment]) -> Iterator[tuple[int, int, int, int]]:
    """Runs of windows that are heard together, and the samples under them: all, or what ``signals.PART_S`` holds."""
    if len(y) <= signals.WHOLE_S * sr:
        yield 0, len(segments), 0, len(y)
        return
    first = 0
    while first < len(segments):
        until_s = segments[first].start_s + signals.PART_S
        last = max(first + 1, bisect.bisect_right(segments, until_s, first, key=lambda s: s.end_s))
        yield first, last, int(segments[first].start_s * sr), min(len(y), math.ceil(segments[last - 1].end_s * sr))
        first = last


def _earlier(segments: Sequence[Segment], by_s: float) -> Sequence[Segment]:
    return segments if by_s == 0 else [Segment(max(0.0, s.start_s - by_s), s.end_s - by_s) for s in segments]


def with_speakers(listened: Listened, count: int | None) -> Listened:
    """The same told apart anew, where it is known how many speak; None counts them."""
    if listened.voices.shape[1] == 0:
        return listened
    return replace(listened, who=speakers.tell_apart(listened.voices, listened.segments, count=count))


def adapted(
    reader: VoiceReader,
    listened: Listened,
    known: Sequence[tuple[int, KnownVoice]] = (),
    *,
    on: bool = True,
    on_window: Callable[[], None] = lambda: None,
) -> Adaptation | None:
    """Both readings of every window, and what the second one rests on.

    Args:
        known: further footage, each with the speaker (from 0) it is of.
        on: which reading is to be shown.
        on_window: called before each window that is read again; what it raises ends the reading.

    Returns:
        None where the model reads everybody alike.
    """
    if not reader.adapts:
        return None
    probs = listened.general.copy()
    told = []
    for n in range(listened.count):
        theirs = [voice for speaker, voice in known if speaker == n]
        speaker, rows = _speaker(reader, listened, n, theirs, on_window)
        told.append(speaker)
        probs[listened.of(n)] = rows
    windows = tuple(
        SpokenWindow(segment, speaker + 1, EmotionScores.from_array(g), EmotionScores.from_array(a))
        for segment, speaker, g, a in zip(listened.segments, listened.who, listened.general, probs, strict=True)
    )
    before, after = (EmotionScores.mean([getattr(w, side) for w in windows]) for side in ("general", "adapted"))
    verdicts = (Verdict(s, s.confidence >= reader.threshold) for s in (before, after))
    return Adaptation(on, tuple(told), windows, *verdicts)


def _speaker(
    reader: VoiceReader, listened: Listened, n: int, footage: Sequence[KnownVoice], on_window: Callable[[], None]
) -> tuple[Speaker, Probs]:
    """What is said of one speaker (from 0), and their windows read again where enough is known of them."""
    mine = listened.of(n)
    general = listened.general[mine]
    added = _merged([voice.profile for voice in footage])
    clips = listened.clips(mine.tolist())
    enough = bool(added or _others(listened, mine).any()) and clips + (added.count if added else 0) >= LEAST_CLIPS
    probs = _read(reader, listened, mine, added, on_window) if enough else general
    all_of_it = SpeakerProfile.learn(listened.features[mine], general, clips)
    told = Speaker(
        n + 1,
        covered_s([listened.segments[i] for i in mine]),
        added.count * WINDOW_S if added else 0.0,
        sum(voice.files for voice in footage),
        (all_of_it.merge(added) if added else all_of_it).variety,
        enough,
        EmotionScores.from_array(general.mean(axis=0)),
        EmotionScores.from_array(probs.mean(axis=0)),
    )
    return told, probs


def voice_of(reader: VoiceReader, listened: Listened, speaker: int) -> KnownVoice:
    """What this footage tells of one of its speakers (from 0)."""
    mine = listened.of(speaker)
    profile = SpeakerProfile.learn(listened.features[mine], listened.general[mine], listened.clips(mine.tolist()))
    return KnownVoice(profile, listened.voiceprints[speaker], reader.used)


def voices(reader: VoiceReader, listened: Listened) -> list[KnownVoice]:
    """What this footage tells of each of its speakers, the one who speaks most first."""
    found = [voice_of(reader, listened, n) for n in range(listened.count)]
    return sorted(found, key=lambda voice: -voice.profile.count)


def whose(listened: Listened, footage: Sequence[KnownVoice]) -> list[tuple[int, KnownVoice]]:
    """The footage that sounds like a speaker of the clip, each with that speaker; the rest is left out."""
    if listened.voices.shape[1] == 0:
        return [(0, voice) for voice in footage]  # nobody is told apart: it is the speaker's, as whoever gave it says
    found = [(speakers.nearest(voice.voiceprint, listened.voiceprints), voice) for voice in footage]
    return [(n, voice) for n, voice in found if n is not None]


def load(reader: VoiceReader, data: bytes, *, name: str) -> KnownVoice:
    """A saved voice, for this model.

    Raises:
        SpeakerFileError, SpeakerOfOtherModel.
    """
    moment = listen(reader, np.zeros(reader.sr // 2, np.float32), reader.sr, [Segment(0.0, 0.5)])
    widths = {"width": moment.features.shape[1], "voice_width": moment.voiceprints.shape[1]}
    return known_voice.load(data, name=name, model=reader.used, **widths)


def _voices(reader: VoiceReader, y: signals.Signal, sr: int, segments: Sequence[Segment]) -> Floats:
    """Whose voice each window is, shape (windows, voice_d).

    Every other one of overlapping windows is the mean of its neighbours, which halves the cost.
    """
    beside = [
        [j for j in (i - 1, i + 1) if i % 2 and 0 <= j < len(segments) and segments[j].overlap_s(segment) > 0]
        for i, segment in enumerate(segments)
    ]
    heard = [i for i, neighbours in enumerate(beside) if not neighbours]
    found = speakers.voice_space()(reader.embeddings(y, sr, [segments[i] for i in heard]))
    voices = np.zeros((len(segments), found.shape[1]), np.float32)
    voices[heard] = found
    for i, neighbours in enumerate(beside):
        if neighbours:
            voices[i] = voices[neighbours].mean(axis=0)
    return speakers.unit(voices)


def _read(
    reader: VoiceReader,
    listened: Listened,
    mine: npt.NDArray[np.int64],
    added: SpeakerProfile | None,
    on_window: Callable[[], None],
) -> Probs:
    """A speaker's windows (n, 8), each with the profile of those that share no sound with it."""
    x, p = listened.features[mine], listened.general[mine]
    first, last = _sharing(listened, mine)
    others = _others(listened, mine)
    total, said = x.sum(axis=0, dtype=np.float64), p.sum(axis=0)
    power = np.einsum("ij,ij->j", x, x, dtype=np.float64)
    clips = listened.clips(mine.tolist()) / len(mine)
    rows = []
    for i, n in enumerate(others.tolist()):
        on_window()
        own = None
        if n:
            near = x[first[i] : last[i]].astype(np.float64)
            mean = (total - near.sum(axis=0)) / n
            deviation = np.sqrt(np.maximum((power - np.square(near).sum(axis=0)) / n - mean**2, 0))
            mixture = np.maximum(said - p[first[i] : last[i]].sum(axis=0), 0) / n
            own = SpeakerProfile(mean.astype(np.float32), deviation.astype(np.float32), mixture, n * clips)
        profile = _merged([part for part in (own, added) if part is not None])
        rows.append(reader.judge(x[i : i + 1], profile)[0])
    return np.stack(rows)


def _others(listened: Listened, mine: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many of a speaker's windows share no sound with each of them, shape (n,)."""
    first, last = _sharing(listened, mine)
    return len(mine) - (last - first)


def _sharing(listened: Listened, mine: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first of a speaker's windows that share sound with each of them, and the one after the last, shape (n,) each.

    Windows are in order of time, so those are neighbours: the work grows with the windows and not with their square.
    """
    starts = np.array([listened.segments[i].start_s for i in mine])
    ends = np.array([listened.segments[i].end_s for i in mine])
    return np.searchsorted(ends, starts, side="right"), np.searchsorted(starts, ends, side="left")


def _merged(profiles: Sequence[SpeakerProfile]) -> SpeakerProfile | None:
    merged = None
    for profile in profiles:
        merged = profile if merged is None else merged.merge(profile)
    return merged
