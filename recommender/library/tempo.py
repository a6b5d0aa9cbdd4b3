"""Which of several possible tempi is the beat: half and double the tempo are weighed against each other.

What a beat is among the pulses of a piece is a matter of habit, so it is learnt: each candidate's beats
are measured (:func:`evidence`), and a small network scores each candidate of a piece (:class:`Choice`). Of
all that is measured, after how many beats the harmony changes and comes again (:mod:`repeats`) tells most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.weights import Weights
from recommender.library import repeats
from recommender.library.beat_net import TEMPI
from recommender.library.front_end import BEAT_FPS
from recommender.library.repeats import LAGS, stands_out
from recommender.library.tonal import FRAMES_A_SECOND

FILE: Final = "tempo.npz"
USUAL_BPM: Final = 110.0
NEAR: Final = 3
"""Frames around a beat in which its answers are looked up."""
ONSET: Final = 0.15
SOFTENED: Final = 0.05

GROUPS: Final = (2, 3, 4, 6, 8)
"""Every so many beats the harmony may change, and the bass enter: a bar, or two."""
CHORD_GROUPS: Final = (2, 3, 4, 6, 8, 12, 16)
HIGH_GROUPS: Final = (2, 3, 4, 8)
NAMES: Final = (
    "pulse", "pulse_between", "octaves", "octaves_squared", "new", "new_between", "bar_opens", "net", "net_between",
    "pulse_at_thirds", "new_at_quarters", "low", "low_between", "high", "high_between", "onsets_a_beat",
    "onsets_a_beat_squared", "unsteady", "harmony_moves",
    *(f"harmony_by_{n}" for n in GROUPS), *(f"low_by_{n}" for n in GROUPS),
    "ours", "ours_between", "ours_at_thirds", "tempo_by_ours",
    *(
        f"{register}_{what}"
        for register in ("basses", "chords")
        for what in (*(f"by_{n}" for n in CHORD_GROUPS), "move", *(f"again_{n}" for n in LAGS))
    ),
    *(f"rhythm_again_{n}" for n in LAGS), *(f"high_by_{n}" for n in HIGH_GROUPS),
    "new_at_thirds", "net_at_thirds", "low_at_thirds", "high_at_thirds",
    "notes_a_second", "net_loud", "tempo_mean", "tempo_unsure", "low_mean", "high_mean",
)  # fmt: skip
"""The last six say what the piece is like, and are the same for each of its candidates."""
OUTLIER: Final = 4.0
"""Deviations; what lies farther out counts as so much."""

Curve = npt.NDArray[np.float32]
Beats = npt.NDArray[np.int_]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What beats are looked for in, 50 frames a second, each in [0, 1].

    ``colours`` is the chroma, ``basses`` and ``chords`` that of the low and of the middle register, ten a second.

    ``net`` is BeatNet's answer for any beat, ``new`` where notes begin, ``pulse`` both together; ``low`` and
    ``high`` are where notes begin in the lowest and in the highest bands. ``ours`` is the beat network's answer
    for any beat, ``opens`` for a bar's first, ``tempi`` how likely each of :data:`beat_net.TEMPI` is.
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
    tempi: Curve


class Choice:
    """The learnt weights of a model folder's ``tempo.npz``, for the measures :data:`NAMES`.

    A candidate's score is linear in its normed measures plus what a layer of ``hidden`` units (tanh) adds.

    Args:
        mean, scale, weights: of each measure, shape (d,).
        hidden, bias, out: shapes (d, h), (h,) and (h,); of no units where they are left out.
    """

    def __init__(
        self,
        mean: npt.ArrayLike,
        scale: npt.ArrayLike,
        weights: npt.ArrayLike,
        hidden: npt.ArrayLike | None = None,
        bias: npt.ArrayLike = (),
        out: npt.ArrayLike = (),
    ) -> None:
        self._mean, self._scale, self._weights = (np.asarray(a, np.float64) for a in (mean, scale, weights))
        self._hidden = np.zeros((len(self._weights), 0)) if hidden is None else np.asarray(hidden, np.float64)
        self._bias, self._out = np.asarray(bias, np.float64), np.asarray(out, np.float64)

    @classmethod
    def load(cls, weights: Weights) -> Choice:
        with np.load(weights.path(FILE)) as arrays:
            return cls(*(arrays[name] for name in ("mean", "scale", "weights", "hidden", "bias", "out")))

    def scores(self, rows: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """One score a candidate (n,), from their evidence (n, d)."""
        z = normed(rows, self._mean, self._scale)
        return z @ self._weights + np.tanh(z @ self._hidden + self._bias) @ self._out

    def best(self, rows: list[npt.NDArray[np.float64]]) -> int:
        """Which row of evidence is the beat's; there is at least one."""
        return int(np.argmax(self.scores(np.stack(rows))))


def normed(
    rows: npt.ArrayLike, mean: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.clip((np.asarray(rows, np.float64) - mean) / scale, -OUTLIER, OUTLIER)


def evidence(heard: Heard, frames: Beats, bpm: float, opens_share: float) -> npt.NDArray[np.float64]:
    """What speaks for these beats, by :data:`NAMES`.

    Args:
        frames: at least two beats.
        bpm: their tempo.
        opens_share: how much more BeatNet takes the bars' first beats for such than the others, in [-1, 1].
    """
    steps = np.diff(frames)
    middle = (frames[:-1] + frames[1:]) // 2
    thirds = np.concatenate([frames[:-1] + steps // 3, frames[:-1] + 2 * steps // 3])
    quarters = np.concatenate([frames[:-1] + steps // 4, frames[:-1] + 3 * steps // 4])
    octaves = float(np.log2(bpm / USUAL_BPM))
    rate = float(np.log2(_onsets(heard.new, frames) / len(steps) + 0.1))

    def level(curve: Curve, at: Beats) -> float:
        return float(np.log(around(curve, at).mean() + SOFTENED))

    pulse, new, net, ours = (level(c, frames) for c in (heard.pulse, heard.new, heard.net, heard.ours))
    low, high = level(heard.low, frames), level(heard.high, frames)
    changes, bass = moves(heard.colours, frames), around(heard.low, frames)
    return np.array(
        [
            pulse, level(heard.pulse, middle) - pulse, octaves, octaves**2, new, level(heard.new, middle) - new,
            opens_share, net, level(heard.net, middle) - net, level(heard.pulse, thirds) - pulse,
            level(heard.new, quarters) - new, low, level(heard.low, middle) - low, high,
            level(heard.high, middle) - high, rate, rate**2, float(steps.std() / steps.mean()),
            float(np.log(changes.mean() + 0.02)),
            *(stands_out(changes, n) for n in GROUPS), *(stands_out(bass, n) for n in GROUPS),
            ours, level(heard.ours, middle) - ours, level(heard.ours, thirds) - ours, _likely(heard.tempi, bpm),
            *_again(heard, frames), level(heard.new, thirds) - new, level(heard.net, thirds) - net,
            level(heard.low, thirds) - low, level(heard.high, thirds) - high, *_whole(heard),
        ]
    )  # fmt: skip


def _again(heard: Heard, frames: Beats) -> list[float]:
    """After how many beats basses and chords change, and harmony and rhythm come again."""
    steps = np.diff(frames)
    quarters = [frames[:-1] + steps * k // 4 for k in range(4)]
    rhythm = np.stack([around(curve, at) for curve in (heard.low, heard.new, heard.high) for at in quarters], axis=1)
    high = around(heard.high, frames)
    return [
        *_harmony(heard.basses, frames), *_harmony(heard.chords, frames),
        *repeats.again(rhythm), *(stands_out(high, n) for n in HIGH_GROUPS),
    ]  # fmt: skip


def _harmony(colours: npt.NDArray[np.float32], frames: Beats) -> list[float]:
    each = repeats.a_beat(colours, frames)
    turns = repeats.turns(each)
    return [*(stands_out(turns, n) for n in CHORD_GROUPS), float(np.log(turns.mean() + 0.02)), *repeats.again(each)]


def _whole(heard: Heard) -> list[float]:
    """What the piece is like, whatever its tempo is: dense or not, drums or not, and what the network thinks."""
    tempi = heard.tempi.astype(np.float64)
    return [
        float(np.log2(len(_peaks(heard.new)) / len(heard.new) * BEAT_FPS + 0.2)),
        float(np.log(np.percentile(heard.net, 95) + 0.05)),
        float(np.log2((tempi * TEMPI).sum() / USUAL_BPM)),
        -float((tempi * np.log(tempi + 1e-9)).sum()),
        float(np.log(heard.low.mean() + 0.02)),
        float(np.log(heard.high.mean() + 0.02)),
    ]


def _likely(tempi: Curve, bpm: float) -> float:
    """The logarithm of what the network says of the tempi within a twentieth of this one."""
    near = np.abs(np.log(TEMPI / bpm)) < np.log(1.05)
    return float(np.log(tempi[near].sum() + 1e-3))


def around(values: npt.NDArray[np.float32], frames: Beats) -> npt.NDArray[np.float32]:
    """The largest value within :data:`NEAR` frames of each."""
    padded = np.pad(values, NEAR)
    return np.max([padded[frames + k] for k in range(2 * NEAR + 1)], axis=0)


def _onsets(new: Curve, frames: Beats) -> int:
    """Notes or chords that begin between the first beat and the last."""
    peaks = _peaks(new)
    return int(((peaks >= frames[0]) & (peaks < frames[-1])).sum())


def _peaks(new: Curve) -> Beats:
    return np.flatnonzero((new[1:-1] > new[:-2]) & (new[1:-1] >= new[2:]) & (new[1:-1] > ONSET)) + 1


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
