"""Overlapping windows share their work: the sound under them is cut into chunks that are heard once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion.timeline import Segment

CHUNK_S: Final = 8.0


def chunks_over(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    """The sound under the segments, each second once, in equal parts of at most ``CHUNK_S``."""
    stretches: list[list[float]] = []
    for segment in sorted(segments):
        if stretches and segment.start_s <= stretches[-1][1]:
            stretches[-1][1] = max(stretches[-1][1], segment.end_s)
        else:
            stretches.append([segment.start_s, segment.end_s])
    chunks = []
    for start_s, end_s in stretches:
        parts = max(1, int(np.ceil((end_s - start_s) / CHUNK_S)))
        edges = np.linspace(start_s, end_s, parts + 1)
        chunks.extend((float(a), float(b)) for a, b in itertools.pairwise(edges))
    return chunks


def batches_of(chunks: Sequence[tuple[float, float]], most_s: float) -> list[list[int]]:
    """Chunks of like length together, at most ``most_s`` of (padded) sound at once."""
    order = sorted(range(len(chunks)), key=lambda i: chunks[i][1] - chunks[i][0])
    batches: list[list[int]] = []
    for i in order:
        duration_s = chunks[i][1] - chunks[i][0]
        if batches and duration_s * (len(batches[-1]) + 1) <= most_s:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def covered(
    segment: Segment,
    chunks: Sequence[tuple[float, float]],
    encoded: Sequence[npt.NDArray[np.float32]],
    frames_per_second: int,
) -> npt.NDArray[np.float32]:
    """The hidden frames within a segment, at least one."""
    parts = []
    for (start_s, end_s), frames in zip(chunks, encoded, strict=True):
        if end_s <= segment.start_s or start_s >= segment.end_s:
            continue
        first = min(round(max(0.0, segment.start_s - start_s) * frames_per_second), len(frames) - 1)
        last = max(first + 1, round((segment.end_s - start_s) * frames_per_second))
        parts.append(frames[first:last])
    return np.concatenate(parts)
