"""Where somebody speaks: no speech, no opinion.

The network is Silero VAD (MIT, github.com/snakers4/silero-vad). It carries a state from one chunk of
32 ms to the next; to be fast, long sound is cut into stretches that run side by side, each with a
run-up whose answers are thrown away.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from emotion import errors, signals
from emotion.timeline import Segment
from emotion.weights import Weights, load

SR: Final = 16_000
CHUNK: Final = 512
CONTEXT: Final = 64
RUN_UP: Final = 12
STRETCH: Final = 32
DEFAULT: Final = "vad-silero-v1"

LEAD_S: Final = 8.0
"""Of long sound each part is heard from so much earlier on; 8 s are a whole number of chunks."""
WINDOW_S: Final = 3.0
HOP_S: Final = 1.0
PEAK: Final = 0.5
NEAR_CLICK_S: Final = 0.5
"""So far from a click what it hides still tells."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How probabilities become stretches of speech."""

    enter: float = 0.5
    leave: float = 0.35
    shortest_speech_s: float = 0.3
    longest_pause_s: float = 0.6
    margin_s: float = 0.1
    click_hides_s: float = 0.1
    """A word beside a click may seem to end or begin by so much too early or too late; a pause by as much longer."""


class SpeechDetector:
    """Voice activity on 16 kHz sound."""

    def __init__(self, weights: Weights) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        path = str(weights.path("silero_vad.onnx"))
        self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.used = weights.used

    @classmethod
    def build(cls, name: str = DEFAULT) -> SpeechDetector:
        return cls(load(name))

    def probs(self, y: signals.Signal) -> npt.NDArray[np.float32]:
        """Probability of speech for each 32 ms of 16 kHz sound without clicks, shape (ceil(n / 512),)."""
        chunks = -(-y.size // CHUNK)
        if chunks == 0:
            return np.zeros(0, np.float32)
        if (peak := float(np.abs(y).max())) < signals.SILENCE_PEAK:
            return np.zeros(chunks, np.float32)
        stretches = -(-chunks // STRETCH)
        lead = CONTEXT + RUN_UP * CHUNK
        scaled = y * (PEAK / peak)
        padded = np.pad(scaled, (lead, stretches * STRETCH * CHUNK - y.size))
        rows = np.lib.stride_tricks.sliding_window_view(padded, lead + STRETCH * CHUNK)[:: STRETCH * CHUNK]
        state = np.zeros((2, stretches, 128), np.float32)
        rate = np.array(SR, np.int64)
        answers = []
        for step in range(RUN_UP + min(STRETCH, chunks)):
            at = step * CHUNK
            rows_now = np.ascontiguousarray(rows[:, at : at + CONTEXT + CHUNK])
            answer, state = self._session.run(None, {"input": rows_now, "state": state, "sr": rate})
            answers.append(np.asarray(answer)[:, 0])
        return np.stack(answers[RUN_UP:], axis=1).reshape(-1)[:chunks].astype(np.float32)


@functools.cache
def shared_detector() -> SpeechDetector:
    """The detector for whoever brings none of their own: it holds no state between calls."""
    return SpeechDetector.build()


def never() -> bool:
    return False


def speech_segments(
    y: signals.Sound,
    sr: int,
    *,
    detector: SpeechDetector | None = None,
    rules: Rules | None = None,
    cancelled: Callable[[], bool] = never,
) -> list[Segment]:
    """Stretches with speech, in order, not touching; empty where nobody speaks.

    Args:
        y: mono in [-1, 1]; what is long is heard part by part.
        sr: samples a second.
        detector: :func:`shared_detector` where None.
        cancelled: asked before each part.

    Raises:
        Cancelled: when asked to stop.
    """
    rules = rules or Rules()
    probs, clicks_s = _heard(y, sr, detector or shared_detector(), cancelled)
    duration_s = len(y) / sr
    found: list[tuple[float, float]] = []
    for start_s, end_s in _runs(probs, rules):
        if found and start_s - found[-1][1] < _longest_pause_s(found[-1][1], start_s, clicks_s, rules):
            found[-1] = (found[-1][0], end_s)
        else:
            found.append((start_s, end_s))
    return [
        Segment(max(0.0, start_s - rules.margin_s), min(duration_s, end_s + rules.margin_s))
        for start_s, end_s in found
        if end_s - start_s >= rules.shortest_speech_s
    ]


def _longest_pause_s(end_s: float, start_s: float, clicks_s: Sequence[float], rules: Rules) -> float:
    """How long a pause from ``end_s`` to ``start_s`` may be within one stretch."""
    beside = any(end_s - NEAR_CLICK_S < at_s < start_s + NEAR_CLICK_S for at_s in clicks_s)
    return rules.longest_pause_s + (rules.click_hides_s if beside else 0.0)


def _heard(
    y: signals.Sound, sr: int, detector: SpeechDetector, cancelled: Callable[[], bool]
) -> tuple[npt.NDArray[np.float32], list[float]]:
    """Probability of speech for each chunk of all of it, and where clicks are in it, in seconds."""
    heard, clicks_s = [np.zeros(0, np.float32)], []
    for first, last in signals.parts(y, sr):
        if cancelled():
            raise errors.Cancelled()
        lead = min(first, round(LEAD_S * sr))
        sound = signals.resample(y[first - lead : last], sr, SR)
        clicks = signals.clicks(sound, SR)
        probs = detector.probs(signals.mended(sound, clicks))
        heard.append(probs[round(lead / sr * SR / CHUNK) :])
        clicks_s += [(first - lead) / sr + at / SR for at, _ in clicks]
    return np.concatenate(heard), clicks_s


def _runs(probs: npt.NDArray[np.float32], rules: Rules) -> list[tuple[float, float]]:
    """Stretches entered above one threshold and left below a lower one, in seconds."""
    runs: list[tuple[float, float]] = []
    begun: int | None = None
    for i, p in enumerate([*probs.tolist(), 0.0]):
        if begun is None and p >= rules.enter:
            begun = i
        elif begun is not None and p < rules.leave:
            runs.append((begun * CHUNK / SR, i * CHUNK / SR))
            begun = None
    return runs


def voice_segments(
    y: signals.Signal,
    sr: int,
    *,
    detector: SpeechDetector | None = None,
    window_s: float = WINDOW_S,
    hop_s: float = HOP_S,
) -> list[Segment]:
    """Windows of about ``window_s`` every ``hop_s`` over the stretches with speech.

    Speech shorter than a window gets one window of its own length.
    """
    return windows_over(speech_segments(y, sr, detector=detector), window_s, hop_s)


def windows_over(speech: Sequence[Segment], window_s: float = WINDOW_S, hop_s: float = HOP_S) -> list[Segment]:
    """Overlapping windows over each stretch, in order of time."""
    return [
        Segment(stretch.start_s + start_s, stretch.start_s + end_s)
        for stretch in speech
        for start_s, end_s in signals.windows(stretch.duration_s, window_s, hop_s)
    ]


def covered_s(segments: Sequence[Segment]) -> float:
    """Seconds that lie under at least one segment."""
    total, reached = 0.0, -np.inf
    for segment in sorted(segments):
        total += max(0.0, segment.end_s - max(segment.start_s, reached))
        reached = max(reached, segment.end_s)
    return total
