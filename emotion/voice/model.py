"""From sound to features to probabilities: the parts that a model folder puts together.

``config.json`` names the extractor; the head is what its folder holds. Both
models of the voice, the seed's and the product's, come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from emotion import errors, signals
from emotion.labels import VALENCE_AROUSAL
from emotion.timeline import Segment
from emotion.voice import features, seed_features
from emotion.voice.chunks import batches_of, chunks_over, covered
from emotion.voice.profile import SpeakerProfile
from emotion.voice.reading import Reading
from emotion.voice.sessions import abreast, session
from emotion.voice.speaker_encoder import SpeakerEncoder
from emotion.weights import Weights

Features = npt.NDArray[np.float32]

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


class Encoder(Protocol):
    """A frozen network: hidden frames (frames, d) of each sound, ``rate`` of them a second.

    ``together_s`` is how much sound it is given at once.
    """

    rate: int
    together_s: float

    def hidden(self, sounds: Sequence[signals.Signal]) -> list[Features]: ...


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


class WhisperEncoder:
    """Hidden frames of Whisper's first blocks, 50 a second."""

    rate = 50
    together_s = 12.0

    def __init__(self, weights: Weights) -> None:
        self._session = session(str(weights.path("encoder.onnx")))

    def hidden(self, sounds: Sequence[signals.Signal]) -> list[Features]:
        """Of each sound at 16 kHz and ``features.LEVEL_DB``.

        One by one: a chunk's frames stay in the cache, which saves a tenth against a batch of three.
        """
        return [self.encode([features.log_mel(y)])[0] for y in sounds]

    def encode(self, mels: Sequence[Features]) -> list[Features]:
        """Hidden frames (frames, d) of each log-mel (2 * frames, 80), in one batch; padding changes nothing."""
        longest = max(len(m) for m in mels)
        mel = np.zeros((len(mels), longest, features.N_MELS), np.float32)
        heard = np.zeros((len(mels), longest, 1), np.float32)
        for i, m in enumerate(mels):
            mel[i, : len(m)], heard[i, : len(m)] = m, 1.0
        (hidden,) = self._session.run(None, {"mel": mel, "heard": heard})
        return [h[: len(m) // 2] for h, m in zip(hidden, mels, strict=True)]


class HiddenExtractor:
    """Mean and deviation over time of the hidden frames of one or several encoders, side by side.

    Overlapping windows share one pass: the sound under them is encoded once, in chunks, and each
    window is pooled from the frames it covers. ``threads`` batches are encoded at a time.
    """

    sr = features.SR

    def __init__(self, encoders: Sequence[Encoder], threads: int | None = None) -> None:
        self.encoders, self._threads = encoders, threads

    def extract(
        self,
        y: signals.Signal,
        segments: Sequence[Segment],
        on_progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Features:
        y = features.level(y, segments)
        chunks = chunks_over(segments)
        encoded: list[list[Features]] = [[np.zeros((0, 0), np.float32)] * len(chunks) for _ in self.encoders]
        tasks = [(k, batch) for k, e in enumerate(self.encoders) for batch in batches_of(chunks, e.together_s)]

        def hidden(task: tuple[int, list[int]]) -> list[Features]:
            k, batch = task
            return self.encoders[k].hidden(
                [y[int(a * self.sr) : int(b * self.sr)] for a, b in map(chunks.__getitem__, batch)]
            )

        if cancelled():
            raise errors.Cancelled()
        for done, ((k, batch), found) in enumerate(zip(tasks, abreast(hidden, tasks, self._threads), strict=True), 1):
            for i, frames in zip(batch, found, strict=True):
                encoded[k][i] = frames
            on_progress(done / len(tasks))
            if cancelled():
                raise errors.Cancelled()
        columns = []
        for frames, encoder in zip(encoded, self.encoders, strict=True):
            columns.append(np.stack([features.pool(covered(s, chunks, frames, encoder.rate)) for s in segments]))
        return np.concatenate(columns, axis=1)


class Head(Protocol):
    """The last step: what an extractor found is placed as rows, and rows are judged.

    ``adapts`` says whether a profile changes anything.
    """

    adapts: bool

    def place(self, found: Features) -> Features: ...

    def probs(self, rows: Features, profile: SpeakerProfile | None = None) -> npt.NDArray[np.float64]: ...

    def affect(self, probs: npt.NDArray[np.float64]) -> npt.NDArray[np.floating]: ...


class NetworkHead:
    """The seed's: features are normed and judged by an ONNX network that knows nothing of the speaker."""

    adapts = False

    def __init__(self, weights: Weights) -> None:
        self._session = session(str(weights.path("head.onnx")))
        with np.load(weights.path("norm.npz")) as arrays:
            self._norm = {name: arrays[name].astype(np.float32) for name in arrays.files}

    def place(self, found: Features) -> Features:
        return found

    def probs(self, rows: Features, profile: SpeakerProfile | None = None) -> npt.NDArray[np.float64]:
        del profile
        normed = (rows - self._norm["mean"]) / self._norm["scale"]
        (probs,) = self._session.run(None, {"features": normed.astype(np.float32)})
        return np.asarray(probs, np.float64)

    def affect(self, probs: npt.NDArray[np.float64]) -> npt.NDArray[np.floating]:
        """Expectations; the bounds are one deviation away, which nobody has checked for this model."""
        mean = probs @ VALENCE_AROUSAL
        deviation = np.sqrt(np.maximum(probs @ VALENCE_AROUSAL**2 - mean**2, 0.0))
        return np.clip(np.stack([mean, mean - deviation, mean + deviation], axis=2), -1.0, 1.0)


class ReadingHead:
    """The product's: see :mod:`emotion.voice.reading`."""

    adapts = True

    def __init__(self, weights: Weights) -> None:
        self._reading = Reading.load(weights.path("reading.npz"))

    def place(self, found: Features) -> Features:
        return self._reading.place(found)

    def probs(self, rows: Features, profile: SpeakerProfile | None = None) -> npt.NDArray[np.float64]:
        return self._reading.probs(rows, profile)

    def affect(self, probs: npt.NDArray[np.float64]) -> npt.NDArray[np.floating]:
        return self._reading.affect(probs)


def build_head(weights: Weights) -> Head:
    return ReadingHead(weights) if "reading.npz" in weights.config["files"] else NetworkHead(weights)


def _whisper(weights: Weights, threads: int | None) -> Extractor:
    return HiddenExtractor([WhisperEncoder(weights)], threads)


def _speaker(weights: Weights, threads: int | None) -> Extractor:
    return HiddenExtractor([SpeakerEncoder(weights.path("speaker.onnx"))], threads)


def _both(weights: Weights, threads: int | None) -> Extractor:
    return HiddenExtractor([WhisperEncoder(weights), SpeakerEncoder(weights.path("speaker.onnx"))], threads)


EXTRACTORS: Final[dict[str, Callable[[Weights, int | None], Extractor]]] = {
    "seed": SeedExtractor,
    "whisper": _whisper,
    "speaker": _speaker,
    "whisper+speaker": _both,
}
