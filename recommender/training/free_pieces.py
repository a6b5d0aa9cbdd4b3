"""Pieces that the beat network is taught with: any rhythm, instrument, metre and pace, their beats known.

Drawn at random from a seed: 55 to 200 beats a minute, two to five beats a bar, straight, swung or in
triplets, steady or with the freedom of players, from one instrument to a band, with and without drums,
parts that come and go; played by FluidSynth or by plain oscillators (:func:`oscillated`). How they are
made shares nothing with :mod:`rendered`, whose pieces judge what was learnt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.training import parts
from recommender.training.parts import Bars, Chords
from recommender.training.patterns import DRUMS, Note

SLOWEST_BPM: Final = 55.0
FASTEST_BPM: Final = 200.0
USUALLY: Final = 0.35
"""So many of the pieces are about as fast as most music."""
DURATION_S: Final = 26.0
SCALES: Final = (
    (0, 2, 4, 5, 7, 9, 11), (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 5, 7, 9, 10),
)  # fmt: skip
PLUCKED: Final = (*range(0, 16), *range(24, 32), 45, 46, 47, *range(104, 109), 112, 114)
"""General MIDI's programmes that begin at once."""
BLOWN: Final = (*range(16, 24), *range(40, 45), *range(48, 55), *range(56, 104), 109, 110, 111)
BASSES: Final = (*range(32, 40), 43, 58, 0, 70)
TELLING: Final = 0.4
"""So many of the beats must have a note, or nobody could tell where they are."""
KEPT: Final = 5
"""Every fifth programme is kept for judging, where that is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """A piece in seconds: notes, programmes by channel, its beats and those that open a bar."""

    notes: list[Note]
    programs: dict[int, int]
    beats_s: npt.NDArray[np.float64]
    bars_s: npt.NDArray[np.float64]
    drums: bool

    @property
    def bpm(self) -> float:
        return float(60 / np.median(np.diff(self.beats_s)))


def compose(seed: int, *, kept: bool = False) -> Score:
    """A piece; ``kept`` has it played by the programmes that the others are never played by."""
    rng = np.random.default_rng([90909, int(kept), seed])
    score = _composed(rng, kept=kept)
    while _told(score) < TELLING:
        score = _composed(rng, kept=kept)
    return score


def _told(score: Score) -> float:
    """Share of the beats that a note begins on."""
    if len(score.beats_s) < 8 or not score.notes:
        return 0.0
    starts = np.array([n.start for n in score.notes])
    return float(np.mean([np.abs(starts - b).min() < 0.04 for b in score.beats_s]))


def _composed(rng: np.random.Generator, *, kept: bool) -> Score:
    bpm = float(np.exp(rng.uniform(np.log(SLOWEST_BPM), np.log(FASTEST_BPM))))
    if rng.random() < USUALLY:
        bpm = float(np.clip(rng.normal(108, 25), SLOWEST_BPM, FASTEST_BPM))
    metre = int(rng.choice([4, 3, 2, 6, 5], p=[0.66, 0.24, 0.06, 0.02, 0.02]))
    division = int(rng.choice([2, 4, 3], p=[0.45, 0.35, 0.2]))
    if bpm > 150 and division == 4:
        division = 2
    bars = Bars(metre, division, 60 / bpm, int(np.ceil(DURATION_S * bpm / 60 / metre)) + 1)
    scale = [int(s) for s in SCALES[int(rng.integers(len(SCALES)))]]
    tonic = int(rng.integers(12))
    programs: dict[int, int] = {}
    chords = _harmony(rng, bars, scale, tonic)
    clock = _clock(rng, bars)
    notes = _score(rng, bars, chords, [tonic + s for s in scale], programs, kept=kept)
    notes = [_timed(rng, n, clock) for n in notes]
    places = np.arange(bars.count * metre)
    beats_s = np.interp(places, *clock)
    starts = [n.start for n in notes] or [0.0]
    within = (beats_s <= min(DURATION_S, max(starts))) & (beats_s >= min(starts) - 0.05)
    drums = any(n.channel == DRUMS for n in notes)
    return Score(notes, programs, beats_s[within], beats_s[within & (places % metre == 0)], drums)


def _harmony(rng: np.random.Generator, bars: Bars, scale: list[int], tonic: int) -> Chords:
    """Chords that come again, one or two a bar, or one for two bars; sometimes of four tones."""
    length = int(rng.choice([2, 4, 4, 4, 8]))
    degrees = [0, *(int(d) for d in rng.choice([0, 1, 2, 3, 4, 5, 6, 3, 4, 5], size=2 * length))]
    per_bar = float(rng.choice([1, 1, 1, 2, 0.5, 0.25]))
    tones = (0, 2, 4, 6) if rng.random() < 0.2 else (0, 2, 4)
    middle = bars.metre / 2 if bars.metre % 2 == 0 else bars.metre - 1
    made: Chords = []
    for k in range(bars.count):
        spans = [(0.0, middle), (middle, float(bars.metre))] if per_bar == 2 else [(0.0, float(bars.metre))]
        bar = []
        for i, (start, end) in enumerate(spans):
            at = int(k * per_bar) + i
            degree = degrees[at % (length * (2 if per_bar == 2 else 1))]
            pitches = [48 + tonic % 12 + scale[(degree + t) % 7] + 12 * ((degree + t) // 7) for t in tones]
            bar.append((start, end, [p - 12 if p > 66 else p for p in pitches]))
        made.append(bar)
    return made


def _program(rng: np.random.Generator, of: tuple[int, ...], *, kept: bool) -> int:
    return int(rng.choice([p for p in of if (p % KEPT == KEPT - 1) == kept]))


def _score(
    rng: np.random.Generator, bars: Bars, chords: Chords, scale: list[int], programs: dict[int, int], *, kept: bool
) -> list[Note]:
    """Between one part and six, at least one of which tells where the beats are."""
    with_drums = bool(rng.random() < 0.4)
    leads = ["struck", "broken", "tune"] if not with_drums else ["struck", "broken", "tune", "held", "bass"]
    roles = [str(rng.choice(leads))]
    for role, often in (("bass", 0.5), ("held", 0.35), ("melody", 0.5), ("struck", 0.25), ("broken", 0.25)):
        if rng.random() < often and role not in roles:
            roles.append(role)
    alone = programs_for_all = None
    if rng.random() < 0.3:  # all on one instrument
        alone = programs_for_all = _program(rng, PLUCKED if rng.random() < 0.6 else BLOWN, kept=kept)
    notes: list[Note] = []
    for channel, role in enumerate(roles):
        pool = BASSES if role == "bass" else BLOWN if role == "held" else PLUCKED if rng.random() < 0.6 else BLOWN
        programs[channel] = _program(rng, pool, kept=kept) if alone is None else int(programs_for_all or 0)
        made = _part(rng, role, bars, chords, channel, scale)
        notes += _coming_and_going(rng, made, bars, first=channel == 0)
    if with_drums:
        notes += _coming_and_going(rng, parts.drums(rng, bars), bars, first=True)
    level = {c: float(rng.uniform(0.6, 1.1)) for c in (*programs, DRUMS)}
    return [replace(n, velocity=int(np.clip(n.velocity * level[n.channel], 15, 127))) for n in notes]


def _part(
    rng: np.random.Generator, role: str, bars: Bars, chords: Chords, channel: int, scale: list[int]
) -> list[Note]:
    if role in ("tune", "melody"):
        return parts.melody(rng, bars, chords, channel, scale, dense=role == "tune")
    make = {"struck": parts.struck, "broken": parts.broken, "held": parts.held, "bass": parts.bass}[role]
    return make(rng, bars, chords, channel)


def _coming_and_going(rng: np.random.Generator, notes: list[Note], bars: Bars, *, first: bool) -> list[Note]:
    """Some parts enter later, or rest for some bars."""
    enters = 0 if first or rng.random() < 0.6 else int(rng.choice([1, 2, 4]))
    rests = bars.count if first or rng.random() < 0.75 else int(rng.integers(4, max(5, bars.count)))
    return [
        n
        for n in notes
        if n.start >= enters * bars.metre and not rests * bars.metre <= n.start < (rests + 2) * bars.metre
    ]


def _clock(rng: np.random.Generator, bars: Bars) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Beats and the seconds at which they fall: steady, drifting, or free with slower ends of phrases."""
    count = bars.count * bars.metre + 1
    kind = rng.random()
    pace = np.zeros(count)
    if 0.55 < kind <= 0.85:
        pace = np.cumsum(rng.normal(0, 0.006, count))
    elif kind > 0.85:
        pace = 0.05 * np.sin(np.arange(count) / bars.metre * rng.uniform(0.3, 1.6)) + rng.normal(0, 0.012, count)
        phrase = int(rng.choice([4, 8])) * bars.metre
        pace += 0.1 * np.clip((np.arange(count) % phrase) / phrase * 4 - 3, 0, 1)
    seconds = bars.beat_s * np.exp(np.clip(pace, -0.2, 0.2))
    begins = float(rng.choice([0.0, float(rng.uniform(0, 1.5))]))
    return np.arange(count).astype(float), begins + np.concatenate([[0.0], np.cumsum(seconds)[:-1]])


def _timed(rng: np.random.Generator, n: Note, clock: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]) -> Note:
    """From beats to seconds, with the small errors of hands."""
    start, end = np.interp([n.start, n.start + n.length], *clock)
    start = max(0.0, float(start) + float(rng.normal(0, 0.006)))
    return Note(start, max(0.05, float(end) - start), n.pitch, n.velocity, n.channel)


def oscillated(rng: np.random.Generator, notes: list[Note], duration_s: float, sr: int) -> npt.NDArray[np.float32]:
    """The notes by plain oscillators: sines, saws or squares with an attack and a decay; drums as noise and thuds."""
    y = np.zeros(int((duration_s + 3) * sr), np.float32)
    timbre = [
        (rng.integers(1, 9), rng.uniform(0.6, 2.2), rng.choice([0.003, 0.02, 0.08]), rng.uniform(0.2, 3))
        for _ in range(16)
    ]
    for n in notes:
        if n.start >= duration_s:
            continue
        harmonics, fall, attack, decay = timbre[n.channel]
        t = np.arange(int((min(n.length, 4.0) + 0.1) * sr), dtype=np.float32) / sr
        if n.channel == DRUMS:
            t = t[: int(0.2 * sr)]
            low = n.pitch in (parts.KICK, parts.TOM)
            tone = np.sin(2 * np.pi * 60 * t) if low else rng.standard_normal(len(t)) * (0.4 if n.pitch > 40 else 0.8)
            sound = tone * np.exp(-t * (20 if low else 30 if n.pitch < 42 else 60))
        else:
            hz = 440 * 2 ** ((n.pitch - 69) / 12)
            count = int(min(harmonics, sr / 2.2 // hz))
            sound = sum((np.sin(2 * np.pi * hz * k * t) / k**fall for k in range(1, count + 1)), np.zeros_like(t))
            ends = np.clip((n.length - t) / 0.05 + 1, 0, 1)
            sound = 0.4 * sound * np.minimum(1, t / attack) * np.exp(-t / decay) * ends
        at = int(n.start * sr)
        part = y[at : at + len(sound)]
        part += (sound[: len(part)] * (n.velocity / 100) ** 2).astype(np.float32)
    return y[: int(duration_s * sr)] / max(1e-6, float(np.abs(y).max()))
