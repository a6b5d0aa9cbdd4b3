"""A few sound effects, made of noise and sines by code: hit, riser, whoosh, room tone, applause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.building.beds.render import SR

Sound = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """``at_s`` is the moment that belongs on the mark in the clip: a riser's end, a hit's start."""

    name: str
    title: str
    make: Callable[[np.random.Generator], Sound]
    at_s: float


def _t(seconds: float) -> Sound:
    return np.arange(round(seconds * SR)) / SR


def _noise(rng: np.random.Generator, seconds: float, *, low: float, high: float, slope: float = 0.0) -> Sound:
    """Noise between two frequencies in hertz, shape (2, n); ``slope`` in decibels an octave."""
    n = round(seconds * SR)
    hz = np.fft.rfftfreq(n, 1 / SR)
    gate = 1 / (1 + (low / np.maximum(hz, 1)) ** 6) / (1 + (hz / high) ** 6)
    tilt = np.maximum(hz, 20) ** (slope / 6.02)
    spectrum = rng.standard_normal((2, len(hz))) + 1j * rng.standard_normal((2, len(hz)))
    y = np.fft.irfft(spectrum * gate * tilt, n=n, axis=1)
    return y / np.abs(y).max()


def _swept(rng: np.random.Generator, seconds: float, centre_hz: Sound, width: float) -> Sound:
    """Noise around a frequency that moves, by overlapping windows; ``centre_hz`` has one value a window."""
    size, hop = 2048, 512
    n = round(seconds * SR)
    y, window = np.zeros((2, n + size)), np.hanning(size)
    hz = np.fft.rfftfreq(size, 1 / SR)
    steps = range(0, n, hop)
    for start, c in zip(
        steps, np.interp(np.linspace(0, 1, len(steps)), np.linspace(0, 1, len(centre_hz)), centre_hz), strict=True
    ):
        gate = np.exp(-0.5 * (np.log2(np.maximum(hz, 1) / c) / width) ** 2)
        spectrum = rng.standard_normal((2, len(hz))) + 1j * rng.standard_normal((2, len(hz)))
        y[:, start : start + size] += np.fft.irfft(spectrum * gate, n=size, axis=1) * window
    return y[:, :n] / np.abs(y).max()


def _room(y: Sound, rng: np.random.Generator, seconds: float, share: float) -> Sound:
    """The sound in a room: a tail of decaying noise, convolved."""
    tail = _noise(rng, seconds, low=80, high=6000, slope=-3) * 10 ** (-3 * np.linspace(0, 1, round(seconds * SR)))
    n = y.shape[1] + tail.shape[1] - 1
    wet = np.fft.irfft(np.fft.rfft(y, n, axis=1) * np.fft.rfft(tail, n, axis=1), n=n, axis=1)
    out = share * wet / np.abs(wet).max()
    out[:, : y.shape[1]] += y
    return out


def hit(rng: np.random.Generator) -> Sound:
    """A deep drum that falls in pitch, a click before it, a hall behind it."""
    t = _t(1.2)
    pitch = 46 + 70 * np.exp(-t * 22)
    body = np.sin(2 * np.pi * np.cumsum(pitch) / SR) * np.exp(-t * 4.2)
    click = _noise(rng, 0.05, low=300, high=7000, slope=-2) * np.exp(-_t(0.05) * 90)
    y = np.tile(body, (2, 1))
    y[:, : click.shape[1]] += 0.5 * click
    return _room(y, rng, 2.2, 0.35)


def riser(rng: np.random.Generator) -> Sound:
    """Air and a tone that climb for four seconds and stop."""
    seconds = 4.0
    x = np.linspace(0, 1, round(seconds * SR))
    air = _swept(rng, seconds, 200 * 2 ** np.linspace(0, 5, 64), 0.5)
    tone = np.sin(2 * np.pi * np.cumsum(110 * 2 ** (2 * x)) / SR) + 0.5 * np.sin(
        2 * np.pi * np.cumsum(165.3 * 2 ** (2 * x)) / SR
    )
    y = (0.8 * air + 0.18 * tone) * x**2.2
    y[:, -240:] *= np.linspace(1, 0, 240)
    return _room(y, rng, 1.2, 0.2)


def whoosh(rng: np.random.Generator) -> Sound:
    """Something passes from left to right."""
    seconds = 1.1
    x = np.linspace(-1, 1, round(seconds * SR))
    shape = np.exp(-0.5 * (x / 0.33) ** 2)
    air = _swept(rng, seconds, np.concatenate([np.geomspace(300, 2400, 32), np.geomspace(2400, 500, 32)]), 0.7)
    angle = (x + 1) * np.pi / 4
    return air * shape * np.stack([np.cos(angle), np.sin(angle)]) * np.hanning(len(x)) ** 0.3


def room_tone(rng: np.random.Generator) -> Sound:
    """A quiet room: soft low noise that does not move; it loops."""
    seconds, cross = 10.0, 2.0
    y = _noise(rng, seconds + cross, low=40, high=2500, slope=-5)
    n = round(cross * SR)
    ramp = np.sin(np.linspace(0, np.pi / 2, n))
    y[:, :n] = y[:, :n] * ramp + y[:, -n:] * ramp[::-1]  # the end runs into the beginning
    return y[:, :-n]


def applause(rng: np.random.Generator) -> Sound:
    """Some eighty people clap: each at a rate, a place and with hands of their own."""
    seconds = 6.0
    n = round(seconds * SR)
    y = np.zeros((2, n + SR))
    for _ in range(80):
        centre, side = rng.uniform(900, 2600), rng.uniform(0.15, 0.85)
        clap = _noise(rng, 0.03, low=centre * 0.6, high=centre * 1.7)[0] * np.exp(-_t(0.03) * rng.uniform(120, 260))
        start, until = abs(rng.normal(0, 0.5)), seconds - abs(rng.normal(0, 1.2))
        rate, loud = rng.uniform(3.0, 5.0), rng.uniform(0.3, 1.0)
        for at in np.arange(start, max(start, until), 1 / rate):
            i = round(max(0.0, at + rng.normal(0, 0.02)) * SR)
            if i < n:
                fade = min(1.0, at / 0.4) * min(1.0, (seconds - at) / 1.5)
                y[0, i : i + len(clap)] += clap * loud * fade * np.cos(side * np.pi / 2)
                y[1, i : i + len(clap)] += clap * loud * fade * np.sin(side * np.pi / 2)
    return _room(y[:, :n], rng, 1.0, 0.4)


EFFECTS: Final = (
    Effect("hit", "Hit", hit, 0.0),
    Effect("riser", "Riser", riser, 4.0),
    Effect("whoosh", "Whoosh", whoosh, 0.55),
    Effect("room-tone", "Room tone", room_tone, 0.0),
    Effect("applause", "Applause", applause, 0.0),
)
