"""Which of several possible tempi is the beat: half and double the tempo are weighed against each other.

What a beat is among the pulses of a piece is a matter of habit, so it is learnt: a piece is laid out on each
candidate's beats (:func:`laid_out`), and a small network that looks along the beats scores each of them
(:class:`Choice`). Counted too fast, chords turn and drums fall every eighth beat; counted too slowly, within one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.voice.sessions import session
from emotion.weights import Weights
from recommender.library import repeats
from recommender.library.front_end import BEAT_FPS
from recommender.library.repeats import LAGS
from recommender.library.tonal import FRAMES_A_SECOND

FILE: Final = "tempo.onnx"
NEAR: Final = 3
"""Frames around a beat in which its answers are looked up."""
PLACES: Final = 12
"""Within a beat, so that halves, thirds and quarters of it each have one."""
WITHIN: Final = 1
"""Frames around a place that count for it."""
CURVES: Final = 5
RHYTHM: Final = 3
"""So many of the curves are where notes begin."""
REGISTERS: Final = 2
WIDTH: Final = CURVES * PLACES + REGISTERS * (LAGS + 3) + LAGS + 1

Curve = npt.NDArray[np.float32]
Beats = npt.NDArray[np.int_]
Laid = npt.NDArray[np.float32]
"""A piece beat by beat, (beats, :data:`WIDTH`), see :func:`laid_out`."""
Run = Callable[[npt.NDArray[np.float32], npt.NDArray[np.float32]], npt.NDArray[np.float32]]
"""The network: of candidates (n, beats, WIDTH) and which beats there are (n, beats, 1), a score each (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What beats are looked for in, 50 frames a second, each in [0, 1].

    ``colours`` is the chroma, ``basses`` and ``chords`` that of the low and of the middle register, ten a second.

    ``net`` is BeatNet's answer for any beat, ``new`` where notes begin, ``pulse`` both together; ``low`` and
    ``high`` are where notes begin in the lowest and in the highest bands. ``ours`` is the beat network's answer
    for any beat, ``opens`` for a bar's first.
    """

    net: Curve
    new: Curve
    pulse: Curve
    low: Curve
    high: Curve
    colours: npt.NDArray[np.float32]
    basses: npt.NDArray[np.float32]
    chords: npt.NDArray[np.float32]
    ours: Curve
    opens: Curve


class Choice:
    """Scores candidates by a network, that of a model folder's ``tempo.onnx``."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def load(cls, weights: Weights) -> Choice:
        network = session(str(weights.path(FILE)))
        return cls(lambda laid, there: network.run(None, {"laid": laid, "there": there})[0])

    def best(self, candidates: Sequence[Laid]) -> int:
        """Which of the candidates is the beat; there is at least one."""
        return int(np.argmax(self.run(*together(candidates))))


def together(candidates: Sequence[Laid]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Candidates one beside the other, filled up with nothing: (n, beats, :data:`WIDTH`), and which beats there are."""
    longest = max(len(c) for c in candidates)
    laid = np.zeros((len(candidates), longest, WIDTH), np.float32)
    there = np.zeros((len(candidates), longest, 1), np.float32)
    for k, c in enumerate(candidates):
        laid[k, : len(c)], there[k, : len(c)] = c, 1.0
    return laid, there


def laid_out(heard: Heard, frames: Beats) -> Laid:
    """A piece on these beats, one row each.

    A row holds where notes begin (in all, in the lowest and in the highest bands) and what both networks answer, at
    twelve places from the beat to the next; of basses and of chords, how alike this beat and each of the 16 before
    it are, how much the harmony turns within the beat and at its end, and how loud it is; how alike the rhythm is to
    that of each of the 16 beats before it; and whether a bar may open.

    Args:
        frames: at least two beats.
    """
    steps = np.diff(frames, append=2 * frames[-1] - frames[-2])
    at = np.round(frames[:, None] + steps[:, None] * np.arange(PLACES) / PLACES).astype(int)
    curves = [_looked_up(curve, at) for curve in (heard.new, heard.low, heard.high, heard.ours, heard.net)]
    rhythm = np.hstack(curves[:RHYTHM])
    rows = [
        *curves, *_harmony(heard.basses, frames, steps), *_harmony(heard.chords, frames, steps),
        repeats.alike(rhythm), around(heard.opens, frames)[:, None],
    ]  # fmt: skip
    return np.hstack(rows).astype(np.float32)


def _looked_up(curve: Curve, at: Beats) -> npt.NDArray[np.float32]:
    """The largest value within :data:`WITHIN` frames of each; nothing after the end."""
    padded = np.pad(curve, (WITHIN, WITHIN + max(0, int(at.max()) + 1 - len(curve))))
    return np.max([padded[at + k] for k in range(2 * WITHIN + 1)], axis=0)


def _harmony(colours: npt.NDArray[np.float32], frames: Beats, steps: Beats) -> list[npt.NDArray[np.float64]]:
    """Of one register: what each beat shares with those before, how it turns within it and after it, how loud it is."""
    each = repeats.a_beat(colours, frames)
    halves = repeats.unit(repeats.a_beat(colours, np.sort(np.concatenate([frames, frames + steps // 2]))))
    first, second = halves[0::2], halves[1::2]
    after = np.append(1.0, (first[1:] * second[:-1]).sum(axis=1))
    columns = (first * second).sum(axis=1), after, np.log1p(each.sum(axis=1))
    return [repeats.alike(each), np.column_stack(columns)]


def around(values: npt.NDArray[np.float32], frames: Beats) -> npt.NDArray[np.float32]:
    """The largest value within :data:`NEAR` frames of each."""
    padded = np.pad(values, NEAR)
    return np.max([padded[frames + k] for k in range(2 * NEAR + 1)], axis=0)


def moves(colours: npt.NDArray[np.float32], frames: Beats) -> npt.NDArray[np.float64]:
    """How different the chroma of the beat before each beat is from that of the beat after it (1 less the cosine)."""
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(colours, axis=0, dtype=np.float64)])
    last = len(sums) - 1
    at = np.clip(np.round(frames * FRAMES_A_SECOND / BEAT_FPS).astype(int), 0, last)
    half = max(2, round(float(np.diff(frames).mean()) * FRAMES_A_SECOND / BEAT_FPS))
    before = sums[at] - sums[np.maximum(at - half, 0)]
    after = sums[np.minimum(at + half, last)] - sums[at]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return np.where(lengths > 1e-6, 1 - (before * after).sum(axis=1) / np.maximum(lengths, 1e-6), 0.0)
