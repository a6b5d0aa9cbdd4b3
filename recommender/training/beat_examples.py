"""What the beat network is taught: pieces played and heard once, kept as pictures with their beats.

Three kinds: pieces that code drew (:mod:`free_pieces`); songs that people arranged for piano (POP909, Wang
et al. 2020, MIT, repository music-x-lab/POP909-Dataset), given to other instruments, drums and tempi; and
clips of real music whose pulse is beyond doubt, so that what BeatNet knows of recordings is not unlearnt.
"""

from __future__ import annotations

import random
import tempfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import mido
import numpy as np
import numpy.typing as npt
import soundfile

from recommender.library import front_end, tonal
from recommender.training import free_pieces, parts, rendered
from recommender.training.free_pieces import DURATION_S, SLOWEST_BPM, Score
from recommender.training.networks import networks
from recommender.training.patterns import DRUMS, Note
from recommender.training.written import tempo_changes

OSCILLATED: Final = 0.15
"""So many of the pieces are played by plain oscillators."""
KEPT: Final = "kept"
KEPT_BACK: Final = 100
DRAWN: Final = 1000
SLOWER, FASTER = 0.85, 1.5
"""Songs are played between so much slower and so much faster; most of POP909's are slow."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One piece: ``bands`` (n, 136), BeatNet's ``beats`` (n, 2), ``pitch`` (n / 5, 320); its beats and bars in s."""

    bands: npt.NDArray[np.float16]
    beats: npt.NDArray[np.float32]
    pitch: npt.NDArray[np.float16]
    beats_s: npt.NDArray[np.float64]
    bars_s: npt.NDArray[np.float64]
    drums: bool


def played(score: Score, seed: int) -> npt.NDArray[np.float32]:
    """The sound of a piece, mono at :data:`front_end.SR`."""
    rng = np.random.default_rng([5, seed])
    if rng.random() < OSCILLATED:
        return free_pieces.oscillated(rng, score.notes, DURATION_S, front_end.SR)
    notes = [Note(2 * n.start, 2 * n.length, n.pitch, n.velocity, n.channel) for n in score.notes]
    channels = max(score.programs, default=0) + 1
    content = rendered.midi(notes, 120.0, tuple(score.programs.get(c, 0) for c in range(channels)))
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "piece.wav"
        rendered.render(content, wav, sr=front_end.SR)
        y, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    return y.mean(axis=1)[: round(DURATION_S * front_end.SR)]


def heard(score: Score, seed: int) -> Heard:
    y = played(score, seed)
    y = y * np.float32(10 ** np.random.default_rng([6, seed]).uniform(-0.6, 0.1))
    bands = front_end.beat_bands(y)
    answers = networks().beats(bands, bands[:0])
    pitch = tonal.pitch_energy(y).astype(np.float16)
    return Heard(bands.astype(np.float16), answers, pitch, score.beats_s, score.bars_s, score.drums)


def _kept(path: Path, make: partial[Score]) -> Path:
    if not path.is_file():
        h = heard(make(), zlib.crc32(path.stem.encode()))
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            part = Path(scratch) / "heard.npz"
            np.savez(
                part, allow_pickle=False, bands=h.bands, beats=h.beats, pitch=h.pitch, beats_s=h.beats_s,
                bars_s=h.bars_s, drums=np.array(h.drums),
            )  # fmt: skip
            part.replace(path)
    return path


def read(path: Path) -> Heard:
    with np.load(path) as a:
        return Heard(a["bands"], a["beats"], a["pitch"], a["beats_s"], a["bars_s"], bool(a["drums"]))


def all_heard(makers: dict[str, partial[Score]], cache: Path, *, workers: int = 2) -> Iterator[Path]:
    """Files in ``cache`` with what was heard of each piece, made where they are missing."""
    cache.mkdir(parents=True, exist_ok=True)
    paths = [cache / f"{name}.npz" for name in makers]
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_kept, paths, makers.values(), chunksize=8)


def mixed(root: Path, count: int) -> dict[str, partial[Score]]:
    """So many of all drawn pieces (those kept back among them) and songs, in an order that is always the same."""
    makers = {**drawn(KEPT_BACK, kept=True), **songs(root, takes=1), **drawn(DRAWN)}
    names = list(makers)
    random.Random(0).shuffle(names)
    return {name: makers[name] for name in names[:count]}


def drawn(count: int, *, kept: bool = False) -> dict[str, partial[Score]]:
    name = KEPT if kept else "drawn"
    return {f"{name}{seed:05d}": partial(free_pieces.compose, seed, kept=kept) for seed in range(count)}


def songs(root: Path, takes: int) -> dict[str, partial[Score]]:
    """POP909's songs, each in so many arrangements."""
    numbers = sorted(p.name for p in (root / "POP909").iterdir() if p.is_dir())
    return {f"song{n}-{take}": partial(arranged, root / "POP909" / n, take) for take in range(takes) for n in numbers}


def arranged(folder: Path, take: int) -> Score:
    """Half a minute of a song, for instruments of its own."""
    rng = np.random.default_rng([909, int(folder.name), take])
    table = np.loadtxt(folder / "beat_midi.txt")
    beats_s, opens = table[:, 0], table[:, 2] > 0
    voices = _voices(mido.MidiFile(folder / f"{folder.name}.mid"))
    usual = 60 / float(np.median(np.diff(beats_s)))
    pace = max(float(np.exp(rng.uniform(np.log(SLOWER), np.log(FASTER)))), SLOWEST_BPM / usual)
    first = int(rng.integers(0, max(1, len(beats_s) - int(DURATION_S / pace / 0.6))))
    lead = float(rng.uniform(0, 1))
    begin, shift = beats_s[first], int(rng.integers(-5, 7))
    channels = {v: i for i, v in enumerate(sorted(voices)) if rng.random() < 0.75 or i == len(voices) - 1}
    one = int(rng.choice(free_pieces.PLUCKED)) if rng.random() < 0.3 else None
    pools = (free_pieces.PLUCKED, free_pieces.BLOWN)
    programs = {
        c: one if one is not None else int(rng.choice(pools[int(rng.random() < 0.4)])) for c in channels.values()
    }

    def at(t: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return (np.asarray(t, float) - begin) / pace + lead

    notes = [
        Note(float(at(start)), length / pace, pitch + shift, velocity, channels[voice])
        for voice, of in voices.items()
        if voice in channels
        for start, length, pitch, velocity in of
        if begin - 0.05 <= start < begin + DURATION_S * pace
    ]
    notes = [n for n in notes if n.start >= 0]
    times, opening = at(beats_s[first:]), opens[first:]
    if with_drums := bool(rng.random() < 0.35):
        notes += _drums_over(rng, times, opening)
    last = max((n.start for n in notes), default=0.0)
    there = (times <= min(DURATION_S, last)) & (times >= min((n.start for n in notes), default=0.0) - 0.05)
    return Score(notes, programs, times[there], times[there & opening], with_drums)


def _drums_over(rng: np.random.Generator, times: npt.NDArray[np.float64], opens: npt.NDArray[np.bool_]) -> list[Note]:
    """A groove on the beats of a song from its first bar on."""
    start = int(np.flatnonzero(opens)[0]) if opens.any() else 0
    times = times[start:]
    if len(times) < 8:
        return []
    metre = int(np.median(np.diff(np.flatnonzero(opens)))) if opens.sum() > 1 else 4
    beat_s = float(np.median(np.diff(times)))
    bars = parts.Bars(metre, int(rng.choice([2, 4])), beat_s, len(times) // metre)
    places = np.arange(len(times))
    return [
        Note(float(np.interp(n.start, places, times)), 0.1, n.pitch, n.velocity, DRUMS)
        for n in parts.drums(rng, bars)
        if n.start < len(times) - 1
    ]


def _voices(midi: mido.MidiFile) -> dict[str, list[tuple[float, float, int, int]]]:
    """Notes by voice (start and length in s, pitch, velocity); the piano's low notes are a voice of their own."""
    tempi = [(0, 500_000), *tempo_changes(midi)]
    ticks = np.array([t for t, _ in tempi], float)
    lengths = np.diff(ticks) * np.array([p for _, p in tempi[:-1]]) / 1e6 / midi.ticks_per_beat
    starts = np.concatenate([[0.0], np.cumsum(lengths)])

    def seconds(tick: int) -> float:
        k = int(np.searchsorted(ticks, tick, side="right")) - 1
        return float(starts[k] + (tick - ticks[k]) * tempi[k][1] / 1e6 / midi.ticks_per_beat)

    voices: dict[str, list[tuple[float, float, int, int]]] = {}
    for track in midi.tracks:
        at, open_notes = 0, dict[int, tuple[int, int]]()
        for message in track:
            at += message.time
            if message.type == "note_on" and message.velocity:
                open_notes[message.note] = (at, message.velocity)
            elif message.type in ("note_off", "note_on") and message.note in open_notes:
                began, velocity = open_notes.pop(message.note)
                start = seconds(began)
                voice = track.name if track.name != "PIANO" else "PIANO" if message.note >= 54 else "LOW"
                voices.setdefault(voice, []).append((start, seconds(at) - start, message.note, velocity))
    return voices
