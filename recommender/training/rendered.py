"""Pieces whose beats, tempo and key are known, because code wrote them: MIDI files played by FluidSynth.

What they are like is drawn at random from a seed: tempo 64 to 152, bars of three or four beats,
all 24 keys, one instrument alone or a band, with or without drums, straight or with runs between the
beats, played with the small errors of hands. Nothing here is heard by any model in training.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from recommender.library.track_sound import PITCH_CLASSES, Mode

SOUNDFONT: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TICKS: Final = 480
SR: Final = 44_100
DRUMS: Final = 9
"""General MIDI's channel of drums, counted from 0."""

ENSEMBLES: Final[dict[str, tuple[int, int, int]]] = {
    "piano": (0, 0, 0),
    "electric piano": (4, 33, 4),
    "guitar": (25, 25, 25),
    "strings": (48, 42, 40),
    "string quartet": (45, 42, 40),
    "organ": (19, 19, 19),
    "band": (27, 33, 29),
    "synth": (81, 38, 80),
    "woodwind": (71, 70, 73),
    "brass": (61, 58, 56),
    "pad and flute": (89, 32, 73),
    "vibraphone": (11, 32, 11),
}
"""Programs of chords, bass and melody."""

MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
PROGRESSIONS: Final[dict[Mode, tuple[tuple[int, ...], ...]]] = {
    "major": ((0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 5, 3), (0, 1, 4, 0), (0, 2, 3, 4), (0, 3, 0, 4)),
    "minor": ((0, 3, 4, 0), (0, 5, 2, 6), (0, 6, 5, 4), (0, 3, 6, 2), (0, 5, 3, 4), (0, 3, 0, 4)),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """The truth of one piece: beats in seconds, those that open a bar, beats a minute, key."""

    name: str
    ensemble: str
    drums: bool
    beats_s: tuple[float, ...]
    bars_s: tuple[float, ...]
    tempo_bpm: float
    key: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Note:
    """Times in beats; ``channel`` from 0."""

    start: float
    length: float
    pitch: int
    velocity: int
    channel: int


def available() -> bool:
    """Whether FluidSynth and its sounds are installed (Debian: ``fluidsynth``, ``fluid-soundfont-gm``)."""
    return shutil.which("fluidsynth") is not None and SOUNDFONT.is_file()


def compose(seed: int, *, duration_s: float = 32.0) -> tuple[Piece, bytes]:
    """A piece and its MIDI file."""
    rng = np.random.default_rng([2026, seed])
    ensemble = list(ENSEMBLES)[seed % len(ENSEMBLES)]
    bpm = float(np.round(np.exp(rng.uniform(np.log(64), np.log(152))), 1))
    metre = int(rng.choice([3, 3, 4, 4, 4]))
    mode: Mode = "major" if rng.random() < 0.5 else "minor"
    tonic = int(rng.integers(12))
    drums = ensemble not in {"piano", "organ", "string quartet"} and bool(rng.random() < 0.5)
    bars = max(4, round(duration_s * bpm / 60 / metre))
    notes = _score(rng, ensemble, metre, mode, tonic, bars, drums=drums, bpm=bpm)
    beat_s = 60 / bpm
    beats = tuple(round(k * beat_s, 4) for k in range(bars * metre))
    name = f"{seed:03d}-{ensemble.replace(' ', '-')}-{bpm:.0f}-{metre}-{PITCH_CLASSES[tonic]}-{mode}"
    piece = Piece(name, ensemble, drums, beats, beats[::metre], bpm, PITCH_CLASSES[tonic], mode)
    return piece, midi(notes, bpm, ENSEMBLES[ensemble])


def _score(
    rng: np.random.Generator, ensemble: str, metre: int, mode: Mode, tonic: int, bars: int, *, drums: bool, bpm: float
) -> list[Note]:
    scale = MAJOR if mode == "major" else MINOR
    progression = PROGRESSIONS[mode][int(rng.integers(len(PROGRESSIONS[mode])))]
    style = str(rng.choice(["blocks", "broken", "beats"]))
    if ensemble in {"strings", "pad and flute", "organ"} and not drums:
        style = "beats" if style == "blocks" else style  # held chords alone have no beats to find
    notes: list[Note] = []
    figure = rng.integers(0, 5, size=metre * 2)
    for bar in range(bars):
        degree = progression[bar % len(progression)]
        if bar == bars - 1:
            degree = 0
        at = float(bar * metre)
        notes += _bass(degree, scale, tonic, at, metre)
        notes += _chords(degree, scale, tonic, at, metre, style, mode)
        notes += _melody(rng, degree, scale, tonic, at, metre, figure, quick=bpm < 130)
        if drums:
            notes += _drums(at, metre)
    beat_s = 60 / bpm
    return [
        Note(
            max(0.0, n.start + float(rng.normal(0, 0.006)) / beat_s), n.length, n.pitch,
            int(np.clip(n.velocity + rng.integers(-6, 7), 20, 127)), n.channel,
        )
        for n in notes
    ]  # fmt: skip


def _pitch(degree: int, scale: tuple[int, ...], tonic: int, octave: int) -> int:
    return 12 * (octave + 1) + tonic + scale[degree % 7] + 12 * (degree // 7)


def _bass(degree: int, scale: tuple[int, ...], tonic: int, at: float, metre: int) -> list[Note]:
    root = _pitch(degree, scale, tonic, 2)
    if metre == 4:
        return [Note(at, 1.9, root, 92, 1), Note(at + 2, 1.9, root + 7 if degree < 6 else root, 78, 1)]
    return [Note(at, metre - 0.1, root, 92, 1)]


def _chords(
    degree: int, scale: tuple[int, ...], tonic: int, at: float, metre: int, style: str, mode: Mode
) -> list[Note]:
    pitches = [_pitch(degree + k, scale, tonic, 3) for k in (0, 2, 4)]
    if mode == "minor" and degree == 4:
        pitches[1] += 1  # the leading note
    if style == "broken":
        order = [pitches[k % 3] + (12 if k % 4 == 3 else 0) for k in range(metre * 2)]
        return [Note(at + k / 2, 0.5, p, 70 - 8 * (k % 2), 0) for k, p in enumerate(order)]
    if style == "beats":
        return [Note(at + k, 0.9, p, 74 if k == 0 else 64, 0) for k in range(metre) for p in pitches]
    held = [Note(at, metre - 0.1, p, 72, 0) for p in pitches]
    return held + [Note(at + k, 0.8, pitches[0] + 12, 60, 0) for k in range(1, metre)]


def _melody(
    rng: np.random.Generator, degree: int, scale: tuple[int, ...], tonic: int, at: float, metre: int,
    figure: np.ndarray, *, quick: bool,
) -> list[Note]:  # fmt: skip
    notes = []
    for k in range(metre):
        step = degree + int((0, 2, 4, 2, 7)[figure[k]]) if rng.random() < 0.7 else degree + int(rng.integers(0, 7))
        halves = quick and figure[metre + k] > 2
        notes.append(Note(at + k, 0.45 if halves else 0.95, _pitch(step, scale, tonic, 5), 88 if k == 0 else 80, 2))
        if halves:
            notes.append(Note(at + k + 0.5, 0.45, _pitch(step + 1, scale, tonic, 5), 72, 2))
    return notes


def _drums(at: float, metre: int) -> list[Note]:
    kick, snare, hat = 36, 38, 42
    strokes = [(k, kick if k == 0 or (metre == 4 and k == 2) else snare) for k in range(metre)]
    notes = [Note(at + k, 0.2, p, 100 if k == 0 else 90, DRUMS) for k, p in strokes]
    return notes + [Note(at + k / 2, 0.1, hat, 70 - 15 * (k % 2), DRUMS) for k in range(metre * 2)]


def midi(notes: list[Note], bpm: float, programs: tuple[int, ...]) -> bytes:
    """A standard MIDI file of one track."""
    events: list[tuple[int, int, bytes]] = [
        (0, 0, b"\xff\x51\x03" + struct.pack(">I", round(60_000_000 / bpm))[1:]),
        *((0, 1, bytes([0xC0 | c, p])) for c, p in enumerate(programs)),
    ]
    for n in notes:
        start = round(n.start * TICKS)
        events.append((start, 3, bytes([0x90 | n.channel, n.pitch, n.velocity])))
        events.append((start + max(1, round(n.length * TICKS)), 2, bytes([0x80 | n.channel, n.pitch, 0])))
    events.sort()
    track = bytearray()
    now = 0
    for tick, _, message in events:
        track += _variable(tick - now) + message
        now = tick
    track += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS) + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


def _variable(value: int) -> bytes:
    """MIDI's numbers of variable length: seven bits a byte, all but the last marked."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | (value & 0x7F))
    return bytes(reversed(out))


def render(content: bytes, wav: Path) -> None:
    """Play a MIDI file into a WAV file."""
    with tempfile.NamedTemporaryFile(suffix=".mid") as file:
        file.write(content)
        file.flush()
        command = ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", str(SR), "-F", str(wav), str(SOUNDFONT), file.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
