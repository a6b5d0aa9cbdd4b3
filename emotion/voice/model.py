"""From sound to features to probabilities: the parts that a model folder puts together.

``config.json`` names the extractor; the head is an ONNX file that takes normed features. Both
models of the voice, the seed's and the product's, come through here.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from emotion import errors, signals
from emotion.timeline import Segment
from emotion.voice import features, seed_features
from emotion.voice.profile import SpeakerProfile
from emotion.weights import Weights

Features = npt.NDArray[np.float32]

FRAMES_PER_SECOND: Final = 50
CHUNK_S: Final = 8.0
BATCH_S: Final = 24.0
SHORTEST_S: Final = 0.1


class Extractor(Protocol):
    """Gives one row of features for each segment of one sound."""

    sr: int

    def extract(
        self,
        y: signals.Signal,
        segments: Sequence[Segment],
        on_progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Features: ...


def session(path: str, threads: int | None = None) -> Any:
    """An onnxruntime session on the processor; ``threads`` is all cores where None."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the memory of the largest batch ever seen
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class SeedExtractor:
    """Mean MFCC of each segment, for the seed's network."""

    sr = seed_features.SR

    def __init__(self, weights: Weights, threads: int | None) -> None:
        del weights, threads

    def extract(
        self,
        y: signals.Signal,
        segments: Sequence[Segment],
        on_progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Features:
        rows = []
        for i, segment in enumerate(segments):
            if cancelled():
                raise errors.Cancelled()
            part = y[int(segment.start_s * self.sr) : int(segment.end_s * self.sr)]
            rows.append(seed_features.features(part))
            on_progress((i + 1) / len(segments))
        return np.stack(rows)


class WhisperExtractor:
    """Mean and deviation over time of the hidden frames of Whisper's first blocks.

    Overlapping windows share one pass: the sound under them is encoded once, in chunks of at most
    ``CHUNK_S``, and each window is pooled from the frames it covers.
    """

    sr = features.SR

    def __init__(self, weights: Weights, threads: int | None) -> None:
        self._session = session(str(weights.path("encoder.onnx")), threads)

    def extract(
        self,
        y: signals.Signal,
        segments: Sequence[Segment],
        on_progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Features:
        y = features.level(y, segments)
        chunks = _chunks(segments)
        encoded: list[npt.NDArray[np.float32]] = [np.zeros((0, 0), np.float32)] * len(chunks)
        for done, batch in enumerate(batches := _batches(chunks)):
            if cancelled():
                raise errors.Cancelled()
            mels = [features.log_mel(y[int(a * self.sr) : int(b * self.sr)]) for a, b in (chunks[i] for i in batch)]
            for i, frames in zip(batch, self.encode(mels), strict=True):
                encoded[i] = frames
            on_progress((done + 1) / len(batches))
        return np.stack([features.pool(_covered(segment, chunks, encoded)) for segment in segments])

    def encode(self, mels: Sequence[npt.NDArray[np.float32]]) -> list[npt.NDArray[np.float32]]:
        """Hidden frames (frames, d) of each log-mel (2 * frames, 80), in one batch; padding changes nothing."""
        longest = max(len(m) for m in mels)
        mel = np.zeros((len(mels), longest, features.N_MELS), np.float32)
        heard = np.zeros((len(mels), longest, 1), np.float32)
        for i, m in enumerate(mels):
            mel[i, : len(m)], heard[i, : len(m)] = m, 1.0
        (hidden,) = self._session.run(None, {"mel": mel, "heard": heard})
        return [h[: len(m) // 2] for h, m in zip(hidden, mels, strict=True)]


def _chunks(segments: Sequence[Segment]) -> list[tuple[float, float]]:
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


def _batches(chunks: Sequence[tuple[float, float]]) -> list[list[int]]:
    """Chunks of like length together, at most ``BATCH_S`` of (padded) sound at once."""
    order = sorted(range(len(chunks)), key=lambda i: chunks[i][1] - chunks[i][0])
    batches: list[list[int]] = []
    for i in order:
        duration_s = chunks[i][1] - chunks[i][0]
        if batches and duration_s * (len(batches[-1]) + 1) <= BATCH_S:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _covered(
    segment: Segment, chunks: Sequence[tuple[float, float]], encoded: Sequence[npt.NDArray[np.float32]]
) -> npt.NDArray[np.float32]:
    """The hidden frames within a segment, at least one."""
    parts = []
    for (start_s, end_s), frames in zip(chunks, encoded, strict=True):
        if end_s <= segment.start_s or start_s >= segment.end_s:
            continue
        first = min(round(max(0.0, segment.start_s - start_s) * FRAMES_PER_SECOND), len(frames) - 1)
        last = max(first + 1, round((segment.end_s - start_s) * FRAMES_PER_SECOND))
        parts.append(frames[first:last])
    return np.concatenate(parts)


class Head:
    """The last step: features are normed and judged, by two layers of the same kind.

    ``head.onnx`` knows nothing of the speaker; ``adapted.onnx``, where the folder has one, was
    trained on features from which each speaker's own mean was removed.
    """

    def __init__(self, weights: Weights, threads: int | None) -> None:
        self._general = session(str(weights.path("head.onnx")), threads)
        self.adapts = "adapted.onnx" in weights.config["files"]
        self._adapted = session(str(weights.path("adapted.onnx")), threads) if self.adapts else None
        with np.load(weights.path("norm.npz")) as arrays:
            self._norm = {name: arrays[name].astype(np.float32) for name in arrays.files}

    def probs(self, rows: Features, profile: SpeakerProfile | None = None) -> npt.NDArray[np.float64]:
        """Features (n, d) to probabilities (n, 8)."""
        norm = self._norm
        if profile is None or self._adapted is None:
            return _judged(self._general, (rows - norm["mean"]) / norm["scale"])
        centre = profile.centre(norm["mean"], norm["class_offsets"])
        return _judged(self._adapted, (rows - centre) / norm["within_scale"])


def _judged(head: Any, normed: Features) -> npt.NDArray[np.float64]:
    (found,) = head.run(None, {"features": normed.astype(np.float32)})
    return np.asarray(found, np.float64)


EXTRACTORS: Final[dict[str, Callable[[Weights, int | None], Extractor]]] = {
    "seed": SeedExtractor,
    "whisper": WhisperExtractor,
}
