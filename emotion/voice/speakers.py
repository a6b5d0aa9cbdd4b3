"""Who speaks when: the windows of one clip told apart by their embeddings. Pure; one speaker is the safe default.

Windows are joined from the most alike on, by the cosine between the means of their groups (agglomerative
clustering), for as long as two groups are alike enough to be one voice. A voice differs from itself
by mood more than two windows of it suggest, so that only groups with enough speech count as somebody;
what is left over (a shout, a window in which two speak) goes to whom it is nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.timeline import Segment
from emotion.voice.speech import covered_s

Embeddings = npt.NDArray[np.float32]

SAME_VOICE: Final = 0.72
"""Groups whose means are at least so alike (cosine) are one speaker; chosen on speakers that it is not reported on."""
KNOWN_VOICE: Final = 0.68
"""From this cosine on further footage is of a speaker of the clip; footage comes from another room and day."""
LEAST_S: Final = 5.0
"""Who speaks less than this is not told apart."""


def tell_apart(
    embeddings: Embeddings, segments: Sequence[Segment], *, same: float = SAME_VOICE, least_s: float = LEAST_S
) -> tuple[int, ...]:
    """The speaker of each window, from 0 in the order in which they are first heard.

    Args:
        embeddings: shape (windows, d), one row of length 1 for each segment.
        segments: the windows; they may overlap.
        same: cosine from which two groups are one speaker.
        least_s: seconds of speech that make a speaker.
    """
    if not len(segments):
        return ()
    groups = [g for g in _joined(embeddings, same) if covered_s([segments[i] for i in g]) >= least_s]
    if len(groups) < 2:
        return (0,) * len(segments)
    means = unit(np.stack([embeddings[g].mean(axis=0) for g in groups]))
    nearest = (embeddings @ means.T).argmax(axis=1)
    order = list(dict.fromkeys(nearest.tolist()))
    return tuple(order.index(n) for n in nearest.tolist())


def voiceprints(embeddings: Embeddings, who: Sequence[int]) -> Embeddings:
    """The mean voice of each speaker, shape (speakers, d), length 1."""
    numbers = np.array(who)
    return unit(np.stack([embeddings[numbers == n].mean(axis=0) for n in range(max(who) + 1)]))


def nearest(voice: npt.NDArray[np.float32], voices: Embeddings, least: float = KNOWN_VOICE) -> int | None:
    """Which of ``voices`` (speakers, d) this one (d,) is; None where none is near enough."""
    likeness = voices @ voice
    best = int(likeness.argmax())
    return best if likeness[best] >= least else None


def unit(rows: Embeddings) -> Embeddings:
    """Rows of length 1; a row of zeros stays one."""
    return (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)).astype(np.float32)


def _joined(embeddings: Embeddings, same: float) -> list[list[int]]:
    """Groups of windows; no two of them are ``same`` alike."""
    n = len(embeddings)
    groups = [[i] for i in range(n)]
    sums = embeddings.astype(np.float64).copy()
    lengths = np.maximum(np.linalg.norm(sums, axis=1), 1e-9)
    alike = sums @ sums.T / np.outer(lengths, lengths)
    np.fill_diagonal(alike, -np.inf)
    for _ in range(n - 1):
        a, b = divmod(int(alike.argmax()), n)
        if alike[a, b] < same:
            break
        groups[a] += groups[b]
        groups[b] = []
        sums[a] += sums[b]
        row = sums @ sums[a] / np.maximum(lengths * np.linalg.norm(sums[a]), 1e-9)
        lengths[a] = max(np.linalg.norm(sums[a]), 1e-9)
        gone = np.array([not g for g in groups])
        row[gone] = row[a] = -np.inf
        alike[a], alike[:, a] = row, row
        alike[b], alike[:, b] = -np.inf, -np.inf
    return [sorted(g) for g in groups if g]
