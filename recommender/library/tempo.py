"""Which of several possible tempi is the beat: half and double the tempo are weighed against each other.

What a beat is among the pulses of a piece is a matter of habit, so it is learnt: each candidate's beats
are measured (:func:`evidence`), and a conditional logit over the candidates of a piece chooses. Of all
that is measured, how much the harmony changes from beat to beat tells most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.weights import Weights
from recommender.library.beat_net import TEMPI
from recommender.library.front_end import BEAT_FPS
from recommender.library.tonal import FRAMES_A_SECOND

FILE: Final = "tempo.npz"
USUAL_BPM: Final = 110.0
NEAR: Final = 3
"""Frames around a beat in which its answers are looked up."""
ONSET: Final = 0.15
SOFTENED: Final = 0.05

GROUPS: Final = (2, 3, 4, 6, 8)
"""Every so many beats the harmony may change, and the bass enter: a bar, or two."""
NAMES: Final = (
    "pulse", "pulse_between", "octaves", "octaves_squared", "new", "new_between", "bar_opens", "net", "net_between",
    "pulse_at_thirds", "new_at_quarters", "low", "low_between", "high", "high_between", "onsets_a_beat",
    "onsets_a_beat_squared", "unsteady", "harmony_moves",
    *(f"harmony_by_{n}" for n in GROUPS), *(f"low_by_{n}" for n in GROUPS),
    "ours", "ours_between", "ours_at_thirds", "tempo_by_ours",
)  # fmt: skip

Curve = npt.NDArray[np.float32]
Beats = npt.NDArray[np.int_]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What beats are looked for in, 50 frames a second, each in [0, 1]; ``colours`` the chroma, ten a second.

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
    ours: Curve
    opens: Curve
    tempi: Curve


class Choice:
    """The learnt weights of a model folder's ``tempo.npz``: ``mean``, ``scale`` and ``weights`` of :data:`NAMES`."""

    def __init__(self, mean: npt.ArrayLike, scale: npt.ArrayLike, weights: npt.ArrayLike) -> None:
        self._mean, self._scale, self._weights = (np.asarray(a, np.float64) for a in (mean, scale, weights))

    @classmethod
    def load(cls, weights: Weights) -> Choice:
        with np.load(weights.path(FILE)) as arrays:
            return cls(arrays["mean"], arrays["scale"], arrays["weights"])

    def best(self, rows: list[npt.NDArray[np.float64]]) -> int:
        """Which row of evidence is the beat's; there is at least one."""
        return int(np.argmax((np.stack(rows) - self._mean) / self._scale @ self._weights))


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
            *(_stands_out(changes, n) for n in GROUPS), *(_stands_out(bass, n) for n in GROUPS),
            ours, level(heard.ours, middle) - ours, level(heard.ours, thirds) - ours, _likely(heard.tempi, bpm),
        ]
    )  # fmt: skip


def _likely(tempi: Curve, bpm: float) -> float:
    """The logarithm of what the network says of the tempi within a twentieth of this one."""
    near = np.abs(np.log(TEMPI / bpm)) < np.log(1.05)
    return float(np.log(tempi[near].sum() + 1e-3))


def _stands_out(values: npt.NDArray[np.floating], every: int) -> float:
    """How much the beats of one place in groups of ``every`` differ from all others, over the mean; the most of any."""
    if len(values) <= 2 * every:
        return 0.0
    total, count = values.sum(), len(values)
    sums = np.array([values[k::every].sum() for k in range(every)])
    counts = np.array([len(values[k::every]) for k in range(every)])
    return float(np.abs(sums / counts - (total - sums) / (count - counts)).max() / (total / count + 0.02))


def around(values: npt.NDArray[np.float32], frames: Beats) -> npt.NDArray[np.float32]:
    """The largest value within :data:`NEAR` frames of each."""
    padded = np.pad(values, NEAR)
    return np.max([padded[frames + k] for k in range(2 * NEAR + 1)], axis=0)


def _onsets(new: Curve, frames: Beats) -> int:
    """Notes or chords that begin between the first beat and the last."""
    peaks = np.flatnonzero((new[1:-1] > new[:-2]) & (new[1:-1] >= new[2:]) & (new[1:-1] > ONSET)) + 1
    return int(((peaks >= frames[0]) & (peaks < frames[-1])).sum())


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
