"""``python -m tests.benchmarks cues``: does the cue sheet cut where the mood turns, and only there?

Clips are joined from recordings of one speaker whose mood is known (``../shared/data/voice``): planted
turns at known times, and takes of one mood in which nothing turns. They are read as any clip is,
then cut by the sheet and by two simple ways. The constants of ``recommender/cues/cut.py`` were
chosen on the tuning speakers (``--tune``); the figures are those of the others.
"""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from emotion import media, pipeline, result
from emotion.labels import EMOTIONS, INDEX, VALENCE_AROUSAL
from emotion.timeline import Timeline
from emotion.voice.infer import build_reader
from emotion.voice.speech import SpeechDetector
from recommender.cues import cut, evidence, make_sheet
from recommender.cues.frames import edit_rate, length_of
from recommender.cues.mood import Doubt, doubt, level, pleasantness

VOICES: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "voice"
CACHE: Final = Path(tempfile.gettempdir()) / "moodcue-cue-readings"
SR: Final = 16000
DIFFERENT: Final = 0.5
"""Two moods so far apart on the plane are a turn that music should follow."""
WITHIN_S: Final = 2.0
TAKE_S: Final = 60.0

Cut = Callable[[Timeline, int], list[float]]


@dataclass(frozen=True)
class Planted:
    """One joined clip: where its mood turns (empty: nowhere), and the mood of each part."""

    name: str
    speaker: str
    files: tuple[str, ...]
    parts: tuple[int, ...]
    """How many of the files each part has."""
    moods: tuple[str, ...]

    @property
    def tuning(self) -> bool:
        return int(hashlib.sha256(self.speaker.encode()).hexdigest(), 16) % 2 == 0


@dataclass(frozen=True)
class Read:
    clip: Planted
    turns: tuple[float, ...]
    timeline: Timeline


def plan(seed: int = 0) -> Iterator[Planted]:
    """For each speaker two clips with turns, and takes of one mood where there are recordings enough."""
    rng = np.random.default_rng(seed)
    with (VOICES / "manifest.tsv").open(encoding="utf-8", newline="") as f:
        rows = [r for r in csv.DictReader(f, delimiter="\t") if r["emotion"] in INDEX]
    for speaker in sorted({r["speaker"] for r in rows}):
        own = [r for r in rows if r["speaker"] == speaker]
        by_mood = {m: [r for r in own if r["emotion"] == m] for m in EMOTIONS}
        length = {m: sum(float(r["seconds"]) for r in by_mood[m]) for m in EMOTIONS}
        usable = [m for m in EMOTIONS if length[m] >= 12]
        for take in range(2):
            if (clip := _turns(f"{speaker}-{take}", speaker, by_mood, usable, rng)) is not None:
                yield clip
        for mood in [m for m in EMOTIONS if length[m] >= TAKE_S][:4]:
            files = _some(by_mood[mood], TAKE_S, rng)
            yield Planted(f"{speaker}-{mood}", speaker, files, (len(files),), (mood,))


def _turns(
    name: str, speaker: str, by_mood: dict[str, list[dict[str, str]]], usable: list[str], rng: np.random.Generator
) -> Planted | None:
    moods: list[str] = []
    for mood in rng.permutation(usable):
        if not moods or np.linalg.norm(VALENCE_AROUSAL[INDEX[mood]] - VALENCE_AROUSAL[INDEX[moods[-1]]]) >= DIFFERENT:
            moods.append(str(mood))
    moods = moods[: int(rng.integers(3, 6))]
    if len(moods) < 2:
        return None
    parts = [_some(by_mood[m], float(rng.uniform(11, 24)), rng) for m in moods]
    return Planted(name, speaker, tuple(f for p in parts for f in p), tuple(len(p) for p in parts), tuple(moods))


def _some(rows: list[dict[str, str]], seconds: float, rng: np.random.Generator) -> tuple[str, ...]:
    files: list[str] = []
    total = 0.0
    for k in rng.permutation(len(rows)):
        files.append(rows[k]["file"])
        total += float(rows[k]["seconds"])
        if total >= seconds:
            break
    return tuple(files)


def read_all(plans: Sequence[Planted], adapt: bool = True) -> list[Read]:
    """Each clip joined and read by the served models; readings are kept for the next run."""
    CACHE.mkdir(exist_ok=True)
    readers = pipeline.Readers(build_reader(), SpeechDetector.build())
    assert readers.voice is not None
    out = []
    for p in plans:
        sounds = [soundfile.read(VOICES / f, dtype="float32") for f in p.files]
        parts = [_resampled(y, sr) for y, sr in sounds]
        ends = np.cumsum([len(y) for y in parts]) / SR
        turns = tuple(float(ends[k - 1]) for k in np.cumsum(p.parts)[:-1])
        key = hashlib.sha256(f"{p}{adapt}{readers.voice.used.sha256}".encode()).hexdigest()[:24]
        kept = CACHE / f"{key}.json"
        if not kept.is_file():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "clip.wav"
                soundfile.write(path, np.concatenate(parts), SR)
                timeline = pipeline.analyse(path, readers, adapt=adapt, limits=media.Limits(max_duration_s=3600))
            kept.write_text(json.dumps(result.to_dict(timeline)), encoding="utf-8")
        out.append(Read(p, turns, result.from_dict(json.loads(kept.read_text(encoding="utf-8")))))
    return out


def _resampled(y: np.ndarray, sr: int) -> np.ndarray:
    from emotion.signals import mono, resample

    return resample(mono(y.T), sr, SR)


def by_sheet(timeline: Timeline, turns: int) -> list[float]:
    del turns
    return [float(c.start) for c in make_sheet(timeline).cues[1:]]


def by_equal_parts(timeline: Timeline, turns: int) -> list[float]:
    """As many parts as there are moods, which no program knows beforehand; one each 20 s in a take of one mood."""
    n = turns + 1 if turns else max(1, round(timeline.clip.duration_s / 20))
    return [timeline.clip.duration_s * k / n for k in range(1, n)]


def by_label(timeline: Timeline, turns: int) -> list[float]:
    del turns
    heard = [(m.segment.start_s, s.label) for m in timeline.moments if (s := evidence.leading(m)) is not None]
    return [b[0] for a, b in pairwise(heard) if a[1] != b[1]]


WAYS: Final[dict[str, Cut]] = {"the sheet": by_sheet, "equal parts": by_equal_parts, "change of label": by_label}


@dataclass(frozen=True)
class Score:
    found: float
    """Part of the planted turns with a boundary within two seconds, each boundary counting once."""
    extra: float
    """Boundaries a minute, in clips with turns, that are none of them."""
    false: float
    """Boundaries a minute in takes of one mood."""


def score(reads: Sequence[Read], way: Cut) -> Score:
    hits = planted = extra = false = 0
    with_turns_s = without_s = 0.0
    for r in reads:
        cuts = way(r.timeline, len(r.turns))
        if r.turns:
            n = _matched(r.turns, cuts)
            hits, planted, extra = hits + n, planted + len(r.turns), extra + len(cuts) - n
            with_turns_s += r.timeline.clip.duration_s
        else:
            false += len(cuts)
            without_s += r.timeline.clip.duration_s
    return Score(hits / max(planted, 1), 60 * extra / max(with_turns_s, 1e-9), 60 * false / max(without_s, 1e-9))


def _matched(turns: Sequence[float], cuts: Sequence[float]) -> int:
    left, n = list(cuts), 0
    for t in turns:
        near = min(left, key=lambda c: abs(c - t), default=None)
        if near is not None and abs(near - t) <= WITHIN_S:
            left.remove(near)
            n += 1
    return n


@dataclass
class Right:
    """Parts between planted turns: energy's level and pleasantness right, and the emotion right, of how many."""

    energy: int = 0
    pleasant: int = 0
    emotion: int = 0
    total: int = 0
    called: dict[Doubt, list[bool]] = field(default_factory=lambda: {"sure": [], "probably": [], "perhaps": []})
    """Whether the emotion is right, by how it is named."""


def words_right(reads: Sequence[Read]) -> Right:
    out = Right()
    for r in reads:
        ends = [0.0, *r.turns, r.timeline.clip.duration_s]
        for mood, (a, b) in zip(r.clip.moods, pairwise(ends), strict=True):
            here = evidence.evidence(r.timeline.moments, a, b, 0.0)  # the mood alone is asked
            if here.scores is None:
                continue
            read = evidence.Reading.of(here.scores)
            v, e = VALENCE_AROUSAL[INDEX[mood]]
            truth = evidence.Reading(float(v), float(e), 0.0)
            out.total += 1
            out.energy += level(read.energy) == level(truth.energy)
            out.pleasant += pleasantness(read) == pleasantness(truth)
            out.emotion += here.scores.label == mood
            out.called[doubt(here.scores)].append(here.scores.label == mood)
    return out


def measure() -> list[str]:
    """The table of the held-out speakers."""
    reads = [r for r in read_all(list(plan())) if not r.clip.tuning]
    turns, takes = [r for r in reads if r.turns], [r for r in reads if not r.turns]
    lines = [
        f"{len(turns)} clips with {sum(len(r.turns) for r in turns)} planted turns, {len(takes)} takes of one mood,"
        f" {len({r.clip.speaker for r in reads})} speakers on whom nothing was tuned",
        f"{'':<18}{'turns within 2 s':>18}{'others a minute':>18}{'false a minute in one mood':>28}",
    ]
    for name, way in WAYS.items():
        s = score(reads, way)
        lines.append(f"{name:<18}{s.found:>17.0%} {s.extra:>17.2f} {s.false:>27.2f}")
    right = words_right(reads)
    lines.append(
        f"of {right.total} parts: energy's level right {right.energy / right.total:.0%},"
        f" pleasantness {right.pleasant / right.total:.0%}, the emotion of eight {right.emotion / right.total:.0%}"
    )
    lines.append(
        "the emotion right by how it is named: "
        + ", ".join(f"{name} {np.mean(hits):.0%} of {len(hits)}" for name, hits in right.called.items() if hits)
    )
    return lines


def tune() -> Iterator[str]:
    """Choices of the constants on the tuning speakers, best first: a tenth off for each other boundary a minute."""
    reads = [r for r in read_all(list(plan())) if r.clip.tuning]
    rows: list[tuple[float, str]] = []
    for choice in product((0.25, 0.35, 0.45, 0.55), (1.0, 2.0, 3.0, 4.0), (1.0, 3.0, 5.0), (0.0, 0.5, 1.0, 1.5)):
        for name, value in zip(("LEAST_CHANGE", "NOISE", "SMOOTH_S", "SHAPE"), choice, strict=True):
            setattr(cut, name, value)
        s = score(reads, _edges)
        told = "  least {} noise {} smooth {} shape {}".format(*choice)
        rows.append((s.found - 0.1 * (s.extra + s.false), f"{told}: {s.found:.0%} {s.extra:.2f} {s.false:.2f}"))
    yield from (f"{worth:.3f}{told}" for worth, told in sorted(rows, reverse=True)[:20])


def _edges(timeline: Timeline, turns: int) -> list[float]:
    """The sheet's boundaries alone."""
    del turns
    rate, length = edit_rate(timeline.clip.frame_rate), length_of(timeline.clip.duration_s)
    return [float(e) for e in cut.edges(timeline.moments, evidence.speech_of(timeline), length, rate)[1:-1]]
