"""What of a :class:`emotion.voice.reading.Reading` is chosen on corpora that were left out of its training: how far the
rest of a speaker's footage is trusted, how far to doubt, and the slopes of valence and arousal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from emotion.labels import EMOTIONS, VALENCE_AROUSAL
from emotion.training import voice_head
from emotion.training.voice_head import CLASSES, Examples
from emotion.voice.profile import SpeakerProfile
from emotion.voice.reading import Reading, softmax

Floats = npt.NDArray[np.floating]

CALIBRATED = ("guard", "doubt", "affect")
ENOUGH = 240
"""So many clips of a left-out corpus are looked at to calibrate."""
SETTINGS = ((0, False), (1, False), (3, False), (12, False), (3, True), (12, True))
"""How many other clips of the speaker are known, and whether all are of the judged one's mood."""


@dataclass(frozen=True)
class Left:
    """A corpus that the reading never met: its rows, which of them are judged, and others of each one's speaker."""

    reading: Reading
    rows: npt.NDArray[np.float32]
    label: voice_head.Labels
    speaker: npt.NDArray[Any]
    at: npt.NDArray[np.int64]

    @property
    def judged(self) -> npt.NDArray[np.float32]:
        return self.rows[self.at]

    @property
    def truth(self) -> voice_head.Labels:
        return self.label[self.at]

    def some(self, most: int = ENOUGH) -> Left:
        """The same with fewer clips judged: enough to choose a few constants by."""
        chosen = np.random.default_rng(20).permutation(len(self.at))[:most]
        return replace(self, at=self.at[np.sort(chosen)])

    def by(self, reading: Reading) -> Left:
        """The same with guard, doubt and affect of another reading."""
        return replace(self, reading=Reading({**self.reading.a, **{k: reading.a[k] for k in CALIBRATED}}))

    @classmethod
    def of(cls, reading: Reading, data: Examples, corpus: str) -> Left:
        clean = data.where((data.corpus == corpus) & (data.variant == 0))
        return cls(reading, reading.place(clean.x), clean.label, clean.speaker, np.arange(len(clean)))

    def others(self, n: int, one_mood: bool, seed: int = 20) -> list[npt.NDArray[np.int64]]:
        """For each clip n others of its speaker, of any mood or all of its own."""
        rng = np.random.default_rng([seed, n, one_mood])
        found = []
        for i in self.at.tolist():
            pool = self.speaker == self.speaker[i]
            pool = np.flatnonzero(pool & (self.label == self.label[i]) if one_mood else pool)
            pool = pool[pool != i]
            found.append(rng.choice(pool, min(n, len(pool)), replace=False))
        return found

    def profiles(self, n: int, one_mood: bool) -> list[SpeakerProfile | None]:
        own = self.rows[:, self.reading.spans["own"]].astype(np.float64)
        return [SpeakerProfile.learn(self.rows[o], own[o]) if len(o) else None for o in self.others(n, one_mood)]


def guarded(lefts: Sequence[Left]) -> npt.NDArray[np.float64]:
    """What tells varied footage from footage of one mood: (7, 3) for ``Reading.trust``."""
    from sklearn.linear_model import LogisticRegression

    spreads, varied = [], []
    for left in lefts:
        for n in (2, 4, 12):
            for one_mood in (False, True):
                found = [left.reading.spread(p) for p in left.profiles(n, one_mood) if p and p.count > 1]
                spreads += found
                varied += [not one_mood] * len(found)
    x = np.stack(spreads)
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-6
    model = LogisticRegression().fit((x - mean) / deviation, varied)
    body = np.stack([mean, deviation, model.coef_[0]], axis=1)
    return np.vstack([body, [0.0, 1.0, model.intercept_[0]]])


def calibrated(reading: Reading, lefts: Sequence[Left]) -> Reading:
    """The reading with guard, doubt and the slopes of valence and arousal as corpora left out have them."""
    lefts = [left.some() for left in lefts]
    guard = guarded(lefts)
    lefts = [replace(left, reading=Reading({**left.reading.a, "guard": guard})) for left in lefts]
    logits, circumstances, label, weight = [], [], [], []
    for left in lefts:
        for n, one_mood in SETTINGS:
            z, told = judged(left, n, one_mood)
            logits.append(z)
            circumstances.append(told)
            label.append(left.truth)
            weight.append(np.full(len(z), 1 / len(z)))
    z, told, truth, w = (np.concatenate(part) for part in (logits, circumstances, label, weight))
    doubt = doubt_of(z, told, truth, w)
    probs = softmax(z / np.exp(np.clip(told @ doubt, -3, 3))[:, None])
    return Reading({**reading.a, "guard": guard, "doubt": doubt, "affect": _affect(probs, truth, w)})


def judged(left: Left, n: int, one_mood: bool) -> tuple[Floats, Floats]:
    """Logits and circumstances of every clip of a left-out corpus with n others known."""
    if n == 0:
        return left.reading.logits(left.judged, None)
    rows = left.judged
    each = [left.reading.logits(rows[i : i + 1], profile) for i, profile in enumerate(left.profiles(n, one_mood))]
    return np.concatenate([z for z, _ in each]), np.concatenate([c for _, c in each])


def doubt_of(logits: Floats, told: Floats, label: voice_head.Labels, weight: Floats) -> Floats:
    """The logarithm of the temperature as a sum over the circumstances: the least cross-entropy."""
    possible = label != EMOTIONS.index("calm")
    logits, told, label, weight = logits[possible], told[possible], label[possible], weight[possible] / weight.sum()
    rows = np.arange(len(label))

    def loss(theta: Floats) -> float:
        z = logits / np.exp(np.clip(told @ theta, -3, 3))[:, None]
        top = z.max(axis=1)
        return float((weight * (top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[rows, label])).sum())

    return minimize(loss, np.zeros(told.shape[1]), method="L-BFGS-B").x


def _affect(probs: Floats, label: voice_head.Labels, weight: Floats, coverage: float = 0.8) -> Floats:
    """Zero, slope and reach of valence and arousal, (2, 3).

    The expectation is drawn to the middle; the line from the true value to it, moods alike, is turned round. The
    reach makes the interval hold the true value in ``coverage`` of the cases.
    """
    mean = probs @ VALENCE_AROUSAL
    deviation = np.sqrt(np.maximum(probs @ VALENCE_AROUSAL**2 - mean**2, 0) + 0.05**2)
    share = np.bincount(label, weight, CLASSES)[label]
    even = weight / share
    found = []
    for k in (0, 1):
        true = VALENCE_AROUSAL[label, k]
        slope, zero = np.polyfit(true, mean[:, k], 1, w=np.sqrt(even))
        value = np.clip((mean[:, k] - zero) / slope, -1, 1)
        off = np.abs(value - true) / (deviation[:, k] / slope)
        order = np.argsort(off)
        reach = off[order][np.searchsorted(np.cumsum(weight[order]) / weight.sum(), coverage)]
        found.append([zero, slope, reach])
    return np.array(found)
