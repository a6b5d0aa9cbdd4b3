"""Pieces whose beats, tempo and key are known, because code wrote them: MIDI files played by FluidSynth.

What they are like is drawn at random from a seed: tempo 60 to 180, bars of three or four beats, all 24
keys, straight or swung, one instrument alone or a band, with or without drums, dense or sparse, played
with the small errors of hands. What a seed gives is taught or judges, never both.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np

from recommender.library.track_sound import PITCH_CLASSES, Mode
from recommender.training import patterns
from recommender.training.patterns import DRUMS, Note

SOUNDFONT: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TICKS: Final = 480
SR: Final = 44_100
SLOWEST_BPM: Final = 60.0
FASTEST_BPM: Final = 180.0

Ensembles = Mapping[str, tuple[int, int, int]]
"""Names of ensembles to the General MIDI programs of chords, bass and melody."""

ENSEMBLES: Final[tuple[Ensembles, ...]] = (
    {
        "piano": (0, 0, 0),
        "electric piano": (4, 33, 4),
        "strings": (48, 42, 40),
        "organ": (19, 19, 19),
        "band": (27, 33, 29),
        "woodwind": (71, 70, 73),
        "pad and flute": (89, 32, 73),
        "choir": (52, 43, 52),
        "music box": (10, 46, 10),
    },
    {
        "bright piano": (1, 1, 1),
        "guitar": (25, 25, 25),
        "string quartet": (45, 42, 41),
        "synth": (81, 38, 80),
        "brass": (61, 58, 56),
        "vibraphone": (11, 32, 11),
        "harp and oboe": (46, 43, 68),
        "accordion": (21, 32, 21),
        "rock": (30, 34, 65),
    },
)
"""In two halves."""
ALONE: Final = frozenset({"piano", "bright piano", "organ", "string quartet", "music box", "harp and oboe"})
"""Never with drums."""
SWUNG: Final = 0.15
"""So many of the pieces; the second half of a beat begins after two thirds of it."""

MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
PROGRESSIONS: Final[dict[Mode, tuple[tuple[int, ...], ...]]] = {
    "major": ((0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 5, 3), (0, 1, 4, 0), (0, 2, 3, 4), (0, 3, 0, 4)),
    "minor": ((0, 3, 4, 0), (0, 5, 2, 6), (0, 6, 5, 4), (0, 3, 6, 2), (0, 5, 3, 4), (0, 3, 0, 4)),
}

Harmony = Literal["a bar", "two bars", "half a bar", "free"]
HARMONIES: Final[tuple[Harmony, ...]] = get_args(Harmony)
FREE_BARS: Final = 24


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


def available() -> bool:
    """Whether FluidSynth and its sounds are installed (Debian: ``fluidsynth``, ``fluid-soundfont-gm``)."""
    return shutil.which("fluidsynth") is not None and SOUNDFONT.is_file()


def compose(
    seed: int,
    *,
    half: int,
    duration_s: float = 32.0,
    harmony: Harmony = "a bar",
    ensembles: Ensembles | None = None,
) -> tuple[Piece, bytes]:
    """A piece and its MIDI file; ``half`` says which ensembles play unless ``ensembles`` are given, ``harmony`` how
    long a chord lasts."""
    rng = np.random.default_rng([2027, half, seed])
    ensembles = ENSEMBLES[half] if ensembles is None else ensembles
    ensemble = list(ensembles)[seed % len(ensembles)]
    bpm = float(np.round(np.exp(rng.uniform(np.log(SLOWEST_BPM), np.log(FASTEST_BPM))), 1))
    metre = int(rng.choice([3, 4, 4, 4]))
    mode: Mode = "major" if rng.random() < 0.5 else "minor"
    tonic = int(rng.integers(12))
    drums = ensemble not in ALONE and bool(rng.random() < 0.6)
    swung = rng.random() < SWUNG
    bars = max(4, round(duration_s * bpm / 60 / metre))
    progression = PROGRESSIONS[mode][int(rng.integers(len(PROGRESSIONS[mode])))]
    tune = patterns.Tune(
        metre, bars, bpm, tonic, MAJOR if mode == "major" else MINOR, mode == "minor",
        _lasting(progression, harmony, seed), halves=harmony == "half a bar" and metre == 4,
    )  # fmt: skip
    notes = patterns.score(rng, tune, drums=drums)
    if swung:
        notes = [_swung(n) for n in notes]
    beats = tuple(round(k * 60 / bpm, 4) for k in range(bars * metre))
    name = f"{seed:03d}-{ensemble.replace(' ', '-')}-{bpm:.0f}-{metre}-{PITCH_CLASSES[tonic]}-{mode}"
    piece = Piece(name, ensemble, drums, beats, beats[::metre], bpm, PITCH_CLASSES[tonic], mode)
    return piece, midi([_by_hand(n, rng, bpm) for n in notes], bpm, ensembles[ensemble])


def unusual(number: int) -> Harmony:
    """Any harmony but a chord a bar, one after the other."""
    return HARMONIES[1 + number % (len(HARMONIES) - 1)]


def _lasting(progression: tuple[int, ...], harmony: Harmony, seed: int) -> tuple[int, ...]:
    """One degree a change of harmony; ``free`` is a longer progression that hardly comes again."""
    if harmony == "two bars":
        return tuple(degree for degree in progression for _ in range(2))
    if harmony == "free":
        return (0, *(int(d) for d in np.random.default_rng([2028, seed]).integers(0, 6, FREE_BARS - 1)))
    return progression


def _swung(n: Note) -> Note:
    within = n.start % 1
    late = within * 4 / 3 if within <= 0.5 else 2 / 3 + (within - 0.5) * 2 / 3
    return Note(n.start - within + late, n.length, n.pitch, n.velocity, n.channel)


def _by_hand(n: Note, rng: np.random.Generator, bpm: float) -> Note:
    start = max(0.0, n.start + float(rng.normal(0, 0.006)) * bpm / 60)
    return Note(start, n.length, n.pitch, int(np.clip(n.velocity + rng.integers(-6, 7), 20, 127)), n.channel)


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


def render(content: bytes, wav: Path, sr: int = SR) -> None:
    """Play a MIDI file into a WAV file."""
    with tempfile.NamedTemporaryFile(suffix=".mid") as file:
        file.write(content)
        file.flush()
        settings = ["-g", "0.5", "-r", str(sr), "-o", "synth.dynamic-sample-loading=1"]
        command = ["fluidsynth", "-ni", "-q", *settings, "-F", str(wav), str(SOUNDFONT), file.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


__all__ = ["DRUMS", "ENSEMBLES", "Note", "Piece", "available", "compose", "midi", "render", "unusual"]
