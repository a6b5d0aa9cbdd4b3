"""Who speaks when: the windows of one clip told apart by their embeddings. One speaker is the safe default.

A voice's embedding moves with its mood as far as from one speaker to another of the same sex. So embeddings
are first brought into a space in which moods count little (:class:`VoiceSpace`). Then the clip is cut in
two as well as it can be (2-means on the sphere) and stays cut where the two means are too far from each
other for one voice and each part has enough speech; so on with the parts. Windows in which two speak go to
whom they are nearest.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.timeline import Segment
from emotion.voice.speech import covered_s
from emotion.weights import Weights, load

Embeddings = npt.NDArray[np.float32]
Groups = list[npt.NDArray[np.int64]]

DEFAULT: Final = "speakers-v1"
SAME_VOICE: Final = 0.25
"""Parts of a clip whose means are at least so alike (cosine) are one speaker."""
KNOWN_VOICE: Final = 0.55
"""From this cosine on further footage is of a speaker of the clip."""
LEAST_S: Final = 5.0
"""Who speaks less than this is not told apart."""
STARTS: Final = 8
ROUNDS: Final = 20


@dataclass(frozen=True, eq=False)
class VoiceSpace:
    """Embeddings without the mean of all voices, and without most of what moods do to one.

    Attributes:
        mean: shape (d,).
        whitening: shape (d, d): the inverse root of how voices differ from themselves (within-class
            covariance normalisation: Hatch, Kajarekar & Stolcke, 2006, Interspeech).
    """

    mean: Embeddings
    whitening: Embeddings

    @classmethod
    def of(cls, weights: Weights) -> VoiceSpace:
        with np.load(weights.path("space.npz")) as arrays:
            return cls(arrays["mean"].astype(np.float32), arrays["whitening"].astype(np.float32))

    def __call__(self, embeddings: Embeddings) -> Embeddings:
        """Rows (n, d) of length 1; the cosine of two of them tells how alike two voices are."""
        return unit((embeddings - self.mean) @ self.whitening)


@functools.cache
def voice_space() -> VoiceSpace:
    """The space that is served."""
    return VoiceSpace.of(load(DEFAULT))


def tell_apart(
    voices: Embeddings,
    segments: Sequence[Segment],
    *,
    count: int | None = None,
    same: float = SAME_VOICE,
    least_s: float = LEAST_S,
) -> tuple[int, ...]:
    """The speaker of each window, from 0 in the order in which they are first heard.

    Args:
        voices: shape (windows, d), rows of length 1, one for each segment.
        segments: the windows; they may overlap.
        count: how many speak, where that is known; never more than there are windows.
        same: cosine from which two parts are one speaker.
        least_s: seconds of speech that make a speaker.
    """
    if not len(segments):
        return ()
    groups: Groups = [np.arange(len(segments))]
    cuts = [_worth(voices, groups[0], segments, count, least_s)]
    while count is None or len(groups) < count:
        alike, i = min((alike, i) for i, (alike, _) in enumerate(cuts))
        parts = cuts[i][1]
        if not parts or (count is None and alike >= same):
            break
        groups[i : i + 1] = parts
        cuts[i : i + 1] = [_worth(voices, part, segments, count, least_s) for part in parts]
    return _numbered(voices, groups)


def voiceprints(voices: Embeddings, who: Sequence[int]) -> Embeddings:
    """The mean voice of each speaker, shape (speakers, d), length 1."""
    numbers = np.array(who)
    return unit(np.stack([voices[numbers == n].mean(axis=0) for n in range(max(who) + 1)]))


def nearest(voice: Embeddings, voices: Embeddings, least: float = KNOWN_VOICE) -> int | None:
    """Which of ``voices`` (speakers, d) this one (d,) is; None where none is near enough."""
    likeness = voices @ voice
    best = int(likeness.argmax())
    return best if likeness[best] >= least else None


def unit(rows: npt.NDArray[np.floating]) -> Embeddings:
    """Rows of length 1; a row of zeros stays one."""
    return (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)).astype(np.float32)


def _worth(
    voices: Embeddings, group: npt.NDArray[np.int64], segments: Sequence[Segment], count: int | None, least_s: float
) -> tuple[float, Groups]:
    """As :func:`_cut`; infinitely alike and without parts where one of them would be no speaker."""
    alike, parts = _cut(voices, group)
    return (alike, parts) if parts and (count or _two(parts, segments, least_s)) else (np.inf, [])


def _two(parts: Groups, segments: Sequence[Segment], least_s: float) -> bool:
    return all(covered_s([segments[i] for i in part]) >= least_s for part in parts)


def _cut(voices: Embeddings, group: npt.NDArray[np.int64]) -> tuple[float, Groups]:
    """The best cut in two, from several starts: how alike the two means are, and the parts; none of one window."""
    rows = voices[group]
    best: tuple[float, float, Groups] = (-np.inf, 1.0, [])
    for a in np.unique(np.linspace(0, len(group) - 1, STARTS).astype(int)).tolist():
        means = rows[[a, int((rows @ rows[a]).argmin())]]
        nearer = np.zeros(len(rows), np.int64)
        for _ in range(ROUNDS):
            nearer = (rows @ means.T).argmax(axis=1)
            if not 0 < nearer.sum() < len(rows):
                break
            means = unit(np.stack([rows[nearer == k].mean(axis=0) for k in (0, 1)]))
        fit = float((rows * means[nearer]).sum())
        if 0 < nearer.sum() < len(rows) and fit > best[0]:
            best = fit, float(means[0] @ means[1]), [group[nearer == k] for k in (0, 1)]
    return best[1:]


def _numbered(voices: Embeddings, groups: Groups) -> tuple[int, ...]:
    """Every window to the nearest group's mean, numbered as they are first heard."""
    means = unit(np.stack([voices[group].mean(axis=0) for group in groups]))
    nearest_group = (voices @ means.T).argmax(axis=1).tolist()
    order = list(dict.fromkeys(nearest_group))
    return tuple(order.index(n) for n in nearest_group)
