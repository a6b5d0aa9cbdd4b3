"""The cue sheet: a gapless row of cues from the clip's first frame to its end, made from a timeline alone.

Everything is frozen: an edit (``edits.py``) gives a new sheet. What a cue shows (mood, direction,
words) is worked out of what it holds, so that it cannot contradict itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, get_args

import numpy as np

from emotion.messages import message
from emotion.timeline import Clip, EmotionScores, Moment, Notice, Segment, Timeline
from recommender.cues import course, cut, evidence, frames
from recommender.cues.direction import NO_MUSIC, Direction, direct
from recommender.cues.evidence import NOTHING_READ, Evidence
from recommender.cues.mood import Mood, certain, mood_of
from recommender.cues.peaks import Peak, peaks
from recommender.ranking.intents import Intent
from recommender.ranking.plane import DEFAULT_GOAL, GOALS

State = Literal["suggested", "kept", "changed", "silenced"]
STATES: Final[tuple[State, ...]] = get_args(State)

DIGITS: Final = 6
"""Decimals of all that a sheet holds of a timeline, so that what is saved and read again is the same sheet."""
SPOKEN: Final = 0.2
"""A cue with speech in at least this part of it is one to speak over."""


@dataclass(frozen=True, slots=True)
class Song:
    """One alternative for a cue: what names it, what it may be used for, and why it was put there."""

    id: str
    artist: str
    title: str
    licence: str
    reason: Notice
    distance: float
    """From the place on the plane that the cue's music should have; smaller is nearer."""
    credit: str = ""
    """The line that its licence asks for; empty for a reference song."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One section of the clip. ``start`` is included, ``end`` is not; both in exact seconds.

    ``id`` stays the same through edits of other cues. ``title`` is the editor's own name,
    ``corrected`` the emotion that a person said it is, ``chosen`` the id of a song of ``music``.
    """

    id: int
    start: Fraction
    end: Fraction
    evidence: Evidence = NOTHING_READ
    peaks: tuple[Peak, ...] = ()
    title: str | None = None
    corrected: str | None = None
    intent: Intent = "match"
    goal: str = DEFAULT_GOAL
    """Where a steered cue leads: one of ``recommender.ranking.plane.GOALS``."""
    along: float = 1.0
    """How far a steered cue goes towards the goal, in (0, 1]."""
    state: State = "suggested"
    music: tuple[Song, ...] = ()
    chosen: str | None = None
    note: str = ""

    @property
    def segment(self) -> Segment:
        return Segment(float(self.start), float(self.end))

    @property
    def length(self) -> Fraction:
        return self.end - self.start

    @property
    def mood(self) -> Mood:
        return mood_of(self.evidence, self.corrected)

    @property
    def scores(self) -> EmotionScores | None:
        """The distribution that counts: the corrected emotion, else what was read."""
        return self.evidence.scores if self.corrected is None else certain(self.corrected)

    @property
    def valence(self) -> float | None:
        return None if self.scores is None else self.scores.valence

    @property
    def energy(self) -> float | None:
        """Arousal, in [-1, 1]."""
        return None if self.scores is None else self.scores.arousal

    @property
    def speech(self) -> bool:
        return self.evidence.speech >= SPOKEN

    @property
    def direction(self) -> Direction:
        if self.state == "silenced":
            return NO_MUSIC
        return direct(self.mood, self.scores, self.intent, self._target())

    @property
    def song(self) -> Song | None:
        """The chosen alternative."""
        return next((s for s in self.music if s.id == self.chosen), None)

    def name(self, language: str = "en") -> str:
        """The editor's own title, else the mood in words."""
        return self.title or self.mood.words(language)

    def advice(self, language: str = "en") -> str:
        """What its music is to do, in a few words, as "match the mood"."""
        return message(f"cue.advice.{self.direction.why}", language, goal=message(f"music.goal.{self.goal}", language))

    def _target(self) -> tuple[float, float] | None:
        if self.scores is None:
            return None
        here, there = (self.scores.valence, self.scores.arousal), GOALS[self.goal]
        return (here[0] + self.along * (there[0] - here[0]), here[1] + self.along * (there[1] - here[1]))


@dataclass(frozen=True, slots=True)
class CueSheet:
    """The cues of one clip, in order, each beginning where the one before ends.

    ``moments`` and ``speech`` are the timeline's own: what an edit reads a moved cue from.
    """

    clip: Clip
    cues: tuple[Cue, ...]
    moments: tuple[Moment, ...] = field(default=(), repr=False)
    speech: tuple[Segment, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.cues or self.cues[0].start != 0:
            raise ValueError("a sheet begins with a cue at 0")
        for a, b in pairwise(self.cues):
            if a.end != b.start:
                raise ValueError(f"cues {a.id} and {b.id} do not meet: {a.end} and {b.start}")
        if any(c.end <= c.start for c in self.cues) or len({c.id for c in self.cues}) != len(self.cues):
            raise ValueError("every cue lasts some time and has an id of its own")

    @classmethod
    def from_timeline(cls, timeline: Timeline, *, intent: Intent = "match", goal: str = DEFAULT_GOAL) -> CueSheet:
        """The sheet of a timeline: one cue for a short clip, a single silent one where nothing is read."""
        rate = frames.edit_rate(timeline.clip.frame_rate)
        clip = replace(timeline.clip, duration_s=round(timeline.clip.duration_s, 3), notices=())
        length = max(frames.length_of(clip.duration_s), 1 / rate)
        moments = tuple(_plain(m) for m in timeline.moments or _whole(timeline, float(length)))
        speech = tuple(_rounded(s) for s in evidence.speech_of(timeline))
        at = cut.edges(moments, speech, length, rate)
        cues = [Cue(i, a, b, intent=intent, goal=goal) for i, (a, b) in enumerate(pairwise(at), 1)]
        return cls(clip, tuple(cues), moments, speech).measured()

    def __len__(self) -> int:
        return len(self.cues)

    @property
    def rate(self) -> Fraction:
        """Frames a second of the grid that the edges lie on, exact."""
        return frames.edit_rate(self.clip.frame_rate)

    @property
    def end(self) -> Fraction:
        return self.cues[-1].end

    def cue(self, cue_id: int) -> Cue:
        """The cue with an id.

        Raises:
            KeyError: there is none.
        """
        for c in self.cues:
            if c.id == cue_id:
                return c
        raise KeyError(cue_id)

    def at(self, time_s: float) -> Cue:
        """The cue that plays at a time; the first before the clip, the last after it."""
        return next((c for c in self.cues if time_s < c.end), self.cues[-1])

    def course(self, language: str = "en") -> str:
        """The course of the moods in one sentence, as "Tense, then calm from 0:08, bright at the end"."""
        return course.sentence([(c.start, c.end, c.mood) for c in self.cues], language)

    def energy_line(self) -> list[tuple[float, float | None]]:
        """The middle of each moment in seconds and its energy, None where nothing is read: a line to draw."""
        out: list[tuple[float, float | None]] = []
        for m in self.moments:
            scores = evidence.leading(m)
            out.append((m.segment.middle_s, None if scores is None else scores.arousal))
        return out

    def measured(self, only: Iterable[int] | None = None) -> CueSheet:
        """The sheet with evidence and peaks read from the moments; of the cues with these ids, or of all."""
        ids = {c.id for c in self.cues} if only is None else set(only)
        wanted = [c for c in self.cues if c.id in ids]
        edges = np.array([(float(c.start), float(c.end)) for c in wanted]).reshape(-1, 2)
        spoken = np.diff(evidence.spoken_until(self.speech, edges))[:, 0]
        read = {
            c.id: evidence.evidence(self.moments, start_s, end_s, spoken_s)
            for c, (start_s, end_s), spoken_s in zip(wanted, edges.tolist(), spoken.tolist(), strict=True)
        }
        cues = [replace(c, evidence=read.get(c.id, c.evidence)) for c in self.cues]
        marks = peaks(self.moments, [(c.segment, c.mood) for c in cues], self.rate)
        return replace(self, cues=tuple(replace(c, peaks=p) for c, p in zip(cues, marks, strict=True)))


def make_sheet(timeline: Timeline, *, intent: Intent = "match", goal: str = DEFAULT_GOAL) -> CueSheet:
    """See :meth:`CueSheet.from_timeline`."""
    return CueSheet.from_timeline(timeline, intent=intent, goal=goal)


def _whole(timeline: Timeline, length_s: float) -> tuple[Moment, ...]:
    """The clip's verdict as one moment, for a timeline that has no moments."""
    if timeline.best is None:
        return ()
    sides = [None if v is None else v.scores for v in (timeline.voice, timeline.face)]
    return (Moment(Segment(0.0, length_s), sides[0], sides[1], timeline.best.scores),)


def _plain(moment: Moment) -> Moment:
    """A moment's readings alone, in as many digits as are saved."""
    voice, face, fused = (
        None if s is None else EmotionScores(tuple(round(p, DIGITS) for p in s.probs))
        for s in (moment.voice, moment.face, moment.fused)
    )
    return Moment(_rounded(moment.segment), voice, face, fused)


def _rounded(segment: Segment) -> Segment:
    return Segment(round(segment.start_s, DIGITS), round(segment.end_s, DIGITS))
