"""The beat network: what it sees, that long tracks are read in parts, and music without drums."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt
import pytest

from recommender.library import beat_net
from recommender.library.describe import Describer
from recommender.library.front_end import BEAT_FPS
from recommender.library.hear import Networks
from recommender.training import beat_examples, free_pieces, rendered
from recommender.training.evaluate_rendered import f_measure
from recommender.training.rendered import Note

needs_player = pytest.mark.skipif(not rendered.available(), reason="FluidSynth and its sounds are not installed")
Array = npt.NDArray[np.float32]


def clicks(seconds: float, bpm: float) -> tuple[Array, Array, Array]:
    """Bands with a chord on every beat, no answers of BeatNet, and a chroma that turns every fourth beat."""
    rng = np.random.default_rng(0)
    frames = round(seconds * BEAT_FPS)
    bands = rng.random((frames, 136), np.float32) * 0.02
    for k, at in enumerate(np.arange(0, seconds - 0.5, 60 / bpm)):
        fade = np.exp(-np.arange(20) / 6)[:, None].astype(np.float32)
        bands[round(at * BEAT_FPS) : round(at * BEAT_FPS) + 20, 10 + k % 4 :: 12] += fade
    colours = np.zeros((round(seconds * 10), 12), np.float32)
    colours[np.arange(len(colours)), (np.arange(len(colours)) / 10 * bpm / 240).astype(int) * 5 % 12] = 1
    return bands, np.zeros((frames, 2), np.float32), colours


def test_what_is_seen_hardly_depends_on_how_loud_it_is() -> None:
    bands, answers, colours = clicks(20, 96)
    softer = np.log10(1 + (10**bands - 1) * 0.5).astype(np.float32)
    one, two = (beat_net.picture(b, answers, colours) for b in (bands, softer))
    assert one.shape == (1000, beat_net.WIDTH) and np.isfinite(one).all()
    assert np.abs(one - two).mean() < 0.2 * np.abs(one).mean()
    assert np.abs(bands - softer).mean() > 0.4 * bands.mean()
    assert beat_net.picture(bands[:0], answers[:0], colours[:0]).shape == (0, beat_net.WIDTH)


def test_a_long_track_is_read_in_parts_without_a_seam() -> None:
    seen = beat_net.picture(*clicks(150, 96))
    networks = Networks()
    whole, parts = networks.pulse(seen), beat_net.in_parts(networks.pulse, seen)
    assert parts.shape == whole.shape == (len(seen), 2)
    assert np.abs(parts - whole).mean() < 0.05


@pytest.mark.parametrize("bpm", [90, 150])
def test_a_song_lies_on_its_beats_whatever_the_tempo_it_begins_with(bpm: int) -> None:
    """What a file says at its very beginning holds, be it faster or slower than the usual 120."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    for _ in range(4):
        track += [mido.Message("note_on", note=60, velocity=80), mido.Message("note_off", note=60, time=480)]
    (notes,) = beat_examples._voices(mido.MidiFile(tracks=[track])).values()
    assert [start for start, *_ in notes] == pytest.approx([k * 60 / bpm for k in range(4)])


@needs_player
@pytest.mark.parametrize(
    "programs", [(0, 0, 0), (89, 32, 73), (24, 32, 73)], ids=["piano", "pad and flute", "guitar and flute"]
)
@pytest.mark.parametrize("bpm", [84.0, 116.0])
def test_music_without_drums_has_its_beats(tmp_path: Path, programs: tuple[int, int, int], bpm: float) -> None:
    chords = ((48, 64, 67, 72), (45, 64, 69, 72), (53, 65, 69, 72), (55, 62, 67, 71))
    notes = []
    for k in range(round(30 * bpm / 60)):
        chord = chords[k // 4 % 4]
        notes += [Note(k, 0.9, p, 84 if k % 4 == 0 else 66, 0) for p in chord[1:]]
        notes += [Note(k + 0.5, 0.45, chord[1 + k % 3] + 12, 70, 2), Note(k, 0.45, chord[1 + (k + 1) % 3] + 12, 76, 2)]
        notes += [Note(k, 3.9, chord[0] - 12, 90, 1)] if k % 4 == 0 else []
    rendered.render(rendered.midi(notes, bpm, programs), tmp_path / "piece.wav")
    sound = Describer().describe(tmp_path / "piece.wav")
    assert sound.tempo_bpm == pytest.approx(bpm, rel=0.03)
    truth = tuple(np.arange(0, sound.end_s - 0.5, 60 / bpm).tolist())
    assert f_measure(truth, sound.beats_s) > 0.9


@pytest.mark.parametrize("seed", range(12))
def test_drawn_pieces_know_their_beats(seed: int) -> None:
    score = free_pieces.compose(seed)
    starts = np.array([n.start for n in score.notes])
    assert np.mean([np.abs(starts - b).min() < 0.05 for b in score.beats_s]) >= free_pieces.TELLING
    assert set(score.bars_s) <= set(score.beats_s)
    assert free_pieces.SLOWEST_BPM * 0.8 <= score.bpm <= free_pieces.FASTEST_BPM * 1.25
    assert free_pieces.compose(seed).notes == score.notes


def test_oscillators_sound_where_the_notes_are() -> None:
    notes = [Note(1.0, 0.5, 60, 100, 0), Note(3.0, 0.2, 36, 100, 9)]
    y = free_pieces.oscillated(np.random.default_rng(0), notes, 4.0, 22_050)
    level = np.abs(y).reshape(-1, 2205).max(axis=1)
    assert level[:9].max() == 0 and level[10:14].min() > 0.01 and level[30] > 0.05


def test_pieces_come_in_an_order_that_is_always_the_same(tmp_path: Path) -> None:
    (tmp_path / "POP909" / "001").mkdir(parents=True)
    names = list(beat_examples.mixed(tmp_path, 40))
    assert names == list(beat_examples.mixed(tmp_path, 60))[:40]
    assert any(n.startswith(beat_examples.KEPT) for n in beat_examples.mixed(tmp_path, 200))
