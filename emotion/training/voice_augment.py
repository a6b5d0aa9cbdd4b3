"""Sound as it reaches a product: small rooms, phones, codecs, other people, music.

Each degradation is a pure function of the sound and a seeded generator. Those that judge
(``CONDITIONS``) use their own noise: babble and music on the evaluation side are never heard in
training.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from scipy import signal

from emotion import media, signals
from emotion.media.container import opened
from emotion.media.write import writing

Signal = npt.NDArray[np.float32]
Rng = np.random.Generator
SR: Final = 16_000


@dataclass(frozen=True)
class Noises:
    """What is mixed under the voice: pools of other people's speech and of music, 16 kHz."""

    speech: tuple[Signal, ...]
    music: tuple[Signal, ...]

    @property
    def mark(self) -> str:
        """Tells pools apart."""
        return f"{len(self.speech)}+{len(self.music)}: {sum(s.size for s in (*self.speech, *self.music))}"


def music_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Two halves, for training and for judging, of the tracks in a folder (any depth)."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in {".opus", ".ogg", ".mp3", ".flac"})
    return files[::2], files[1::2]


def noises(speech: list[Path], music: list[Path]) -> Noises:
    return Noises(tuple(media.read_sound(p) for p in speech), tuple(media.read_sound(p) for p in music))


def mix(y: Signal, noise: Signal, snr_db: float) -> Signal:
    """Noise under the voice; the ratio is of mean powers over the whole recording."""
    power, noise_power = float(np.mean(y**2)), float(np.mean(noise**2))
    if noise_power <= 0 or power <= 0:
        return y
    return (y + noise * np.sqrt(power / noise_power / 10 ** (snr_db / 10))).astype(np.float32)


def _stretch_of(sound: Signal, n: int, rng: Rng) -> Signal:
    repeated = np.tile(sound, n // sound.size + 2)
    start = int(rng.integers(0, sound.size))
    return repeated[start : start + n]


def babble(y: Signal, rng: Rng, noise: Noises, snr_db: float = 10.0, voices: int = 5) -> Signal:
    """Several other people at once, each as loud as the next."""
    chosen = (noise.speech[int(i)] for i in rng.integers(0, len(noise.speech), voices))
    parts = [_stretch_of(s / (np.sqrt(np.mean(s**2)) + 1e-9), y.size, rng) for s in chosen]
    return mix(y, np.sum(parts, axis=0).astype(np.float32), snr_db)


def music(y: Signal, rng: Rng, noise: Noises, snr_db: float = 10.0) -> Signal:
    return mix(y, _stretch_of(noise.music[int(rng.integers(0, len(noise.music)))], y.size, rng), snr_db)


def hiss(y: Signal, rng: Rng, snr_db: float) -> Signal:
    """Noise with a spectrum falling by 0 to 6 dB an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(y.size))
    spectrum /= np.maximum(np.arange(spectrum.size), 20) ** rng.uniform(0, 1)
    return mix(y, np.fft.irfft(spectrum, y.size).astype(np.float32), snr_db)


def reverb(y: Signal, rng: Rng, seconds: float = 0.6, direct_db: float = 3.0) -> Signal:
    """Exponentially decaying noise as a room; ``seconds`` to fall by 60 dB, the direct sound above it."""
    n = int(seconds * SR)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail /= np.sqrt(np.sum(tail**2))
    response = np.concatenate([[10 ** (direct_db / 20)], np.zeros(int(0.004 * SR)), tail])
    return signal.fftconvolve(y, response)[: y.size].astype(np.float32)


def band(y: Signal, low_hz: float, high_hz: float) -> Signal:
    """A fourth-order band pass."""
    return np.asarray(signal.sosfilt(_band(low_hz, high_hz), y), np.float32)


@functools.lru_cache(maxsize=4096)
def _band(low_hz: float, high_hz: float) -> npt.NDArray[np.float64]:
    return np.asarray(signal.butter(4, [low_hz, high_hz], "bandpass", fs=SR, output="sos"))


def phone(y: Signal) -> Signal:
    """300 to 3,400 Hz at 8 kHz, in the 8 bits of the telephone's mu-law."""
    narrow = signals.resample(band(y, 300, 3400), SR, 8000)
    peak = float(np.abs(narrow).max()) or 1.0
    pressed = np.sign(narrow) * np.log1p(255 * np.abs(narrow / peak)) / np.log(256)
    steps = np.round(pressed * 127) / 127
    opened = np.sign(steps) * (256 ** np.abs(steps) - 1) / 255 * peak
    return signals.resample(opened.astype(np.float32), 8000, SR)[: y.size]


def codec(y: Signal, name: str = "libopus", suffix: str = ".ogg", bit_rate: int = 24_000) -> Signal:
    """Through an encoder and back (Opus at 24 kb/s unless told)."""
    rate = 48_000 if name == "libopus" else SR
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"coded{suffix}"
        with writing(path) as out:
            sound = out.sound(rate=rate, layout="mono", kbit_s=bit_rate // 1000, codec=name)
            sound.write(signals.resample(y, SR, rate)[:, None])
        resampler = av.AudioResampler("flt", "mono", SR)
        with opened(path, path.name) as source:
            frames = [f for decoded in source.decode(audio=0) for f in resampler.resample(decoded)]
    frames += resampler.resample(None)
    return np.concatenate([f.to_ndarray()[0] for f in frames])[: y.size].astype(np.float32)


def speed(y: Signal, factor: float) -> Signal:
    """Faster and higher, or slower and lower: tape speed."""
    return signals.resample(y, round(SR * factor), SR)


def equaliser(y: Signal, rng: Rng) -> Signal:
    """A random smooth colouring of up to 8 dB, as of a microphone or a loudspeaker."""
    knots = rng.uniform(-8, 8, 8)
    gains = np.interp(np.linspace(0, 7, 257), np.arange(8), knots)
    taps = signal.firwin2(257, np.linspace(0, 1, 257), 10 ** (gains / 20))
    return signal.fftconvolve(y, taps, mode="same").astype(np.float32)


def random_chain(y: Signal, rng: Rng, noise: Noises) -> Signal:
    """One training copy: some of the above, in the order in which the world does it."""
    steps: list[tuple[float, Callable[[Signal], Signal]]] = [
        (0.6, lambda y: speed(y, float(rng.uniform(0.9, 1.1)))),
        (0.5, lambda y: reverb(y, rng, float(rng.uniform(0.15, 1.0)), float(rng.uniform(-3, 9)))),
        (0.35, lambda y: babble(y, rng, noise, float(rng.uniform(5, 20)), int(rng.integers(1, 7)))),
        (0.25, lambda y: music(y, rng, noise, float(rng.uniform(5, 20)))),
        (0.35, lambda y: hiss(y, rng, float(rng.uniform(8, 30)))),
        (0.5, lambda y: equaliser(y, rng)),
        (0.3, lambda y: band(y, float(rng.uniform(60, 350)), float(rng.uniform(3000, 7500)))),
        (0.1, phone),
        (0.25, lambda y: codec(y, bit_rate=int(rng.choice([12_000, 16_000, 24_000, 32_000])))),
    ]
    for chance, step in steps:
        if rng.random() < chance:
            y = step(y)
    return y


def babble_chain(y: Signal, rng: Rng, noise: Noises) -> Signal:
    """Another training copy: always other people's talk, seldom more."""
    if rng.random() < 0.6:
        y = speed(y, float(rng.uniform(0.9, 1.1)))
    y = babble(y, rng, noise, float(rng.uniform(4, 16)), int(rng.integers(3, 8)))
    if rng.random() < 0.5:
        y = equaliser(y, rng)
    return band(y, float(rng.uniform(60, 350)), float(rng.uniform(3000, 7500))) if rng.random() < 0.2 else y


CHAINS: Final[Mapping[str, Callable[[Signal, Rng, Noises], Signal]]] = {
    "copy_1": random_chain,
    "copy_2": babble_chain,
}
"""How each training copy is made."""

CONDITIONS: Final[Mapping[str, Callable[[Signal, Rng, Noises], Signal]]] = {
    "phone_band": lambda y, rng, noise: phone(y),
    "babble_10_db": lambda y, rng, noise: babble(y, rng, noise, 10.0),
    "music_10_db": lambda y, rng, noise: music(y, rng, noise, 10.0),
    "reverb_0.6_s": lambda y, rng, noise: reverb(y, rng, 0.6),
    "opus_24_kbps": lambda y, rng, noise: codec(y, bit_rate=24_000),
}
"""The degraded sound that the model is judged on."""


# What nobody recorded, imitated: it shows a direction, and no more --------------------------------------


def child_like(y: Signal, rng: Rng, noise: Noises) -> Signal:
    """Pitch and resonances up by a third (5 semitones), the tempo kept: an adult with a short throat, not a child."""
    import librosa

    del rng, noise
    return librosa.effects.pitch_shift(y, sr=SR, n_steps=5.0).astype(np.float32)


def whisper_like(y: Signal, rng: Rng, noise: Noises, order: int = 18, frame: int = 512, hop: int = 128) -> Signal:
    """Noise through the filter of the voice (linear prediction, 32 ms): the throat without the cords.

    Real whispering also shifts the resonances and is spoken otherwise.
    """
    from scipy.linalg import solve_toeplitz

    del noise
    window = np.asarray(signal.get_window("hann", frame), np.float64)
    padded = np.pad(y.astype(np.float64), (frame, 2 * frame))
    out, weight = np.zeros(padded.size), np.zeros(padded.size)
    for start in range(0, padded.size - frame, hop):
        part = padded[start : start + frame] * window
        r = np.correlate(part, part, "full")[frame - 1 : frame + order]
        if r[0] < 1e-9:
            continue
        r[0] *= 1.0001
        predictor = solve_toeplitz(r[:-1], r[1:])
        gain = np.sqrt(max(float(r[0] - predictor @ r[1:]), 0.0) / float((window**2).sum()))
        breath = rng.standard_normal(frame + order) * gain
        voiced = signal.lfilter([1.0], np.concatenate([[1.0], -predictor]), breath)[order:]
        out[start : start + frame] += voiced * window
        weight[start : start + frame] += window**2
    return (out / np.sqrt(np.maximum(weight, 1e-3)))[frame : frame + y.size].astype(np.float32)


SIMULATED: Final[Mapping[str, Callable[[Signal, Rng, Noises], Signal]]] = {
    "child_like": child_like,
    "whisper_like": whisper_like,
}
"""Kinds of voices that no corpus at hand holds."""

JUDGED: Final = {**CONDITIONS, **SIMULATED}
