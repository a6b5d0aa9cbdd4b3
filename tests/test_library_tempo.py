"""Half and double the tempo: the same pulses are counted by where the harmony changes and the drums fall."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotion.weights import load
from recommender.library import beats, quadrant_head, repeats, tempo
from recommender.library.describe import Describer
from recommender.library.front_end import BEAT_FPS
from recommender.library.hear import MODEL
from recommender.library.repeats import LAGS
from recommender.library.tempo import GROUPS, NAMES, OUTLIER, Choice
from recommender.training import rendered
from recommender.training.rendered import Note

needs_player = pytest.mark.skipif(not rendered.available(), reason="FluidSynth and its sounds are not installed")
CHORDS = ((48, 64, 67, 72), (45, 64, 69, 72), (53, 65, 69, 72), (55, 62, 67, 71))


def song(bpm: float) -> list[Note]:
    """Four beats of each chord, kick and snare in turn, hats between them: nobody would count it otherwise."""
    notes = []
    for bar in range(round(30 * bpm / 60 / 4)):
        at = 4.0 * bar
        for k in range(4):
            notes += [Note(at + k, 0.9, p, 74 if k == 0 else 62, 0) for p in CHORDS[bar % 4]]
            notes += [Note(at + k, 0.1, 38 if k % 2 else 36, 100, 9), Note(at + k, 0.1, 42, 80, 9)]
            notes.append(Note(at + k + 0.5, 0.1, 42, 60, 9))
        notes.append(Note(at, 3.9, CHORDS[bar % 4][0] - 12, 95, 1))
    return notes


@pytest.fixture(scope="module")
def describer() -> Describer:
    return Describer()


@needs_player
@pytest.mark.parametrize("bpm", [76.0, 98.0, 124.0, 146.0])
def test_a_song_with_drums_has_the_tempo_and_the_beats_that_it_was_written_in(
    describer: Describer, tmp_path: Path, bpm: float
) -> None:
    rendered.render(rendered.midi(song(bpm), bpm, (4, 33, 4)), tmp_path / "song.wav")
    sound = describer.describe(tmp_path / "song.wav")
    assert sound.tempo_bpm == pytest.approx(bpm, rel=0.04)
    assert sound.beats_a_bar == 4
    written = np.arange(0, 29, 60 / bpm)
    found = np.array(sound.beats_s)
    assert np.mean([np.abs(found - w).min() < 0.07 for w in written]) > 0.95
    bars = np.array(sound.bars_s)
    assert np.mean([np.abs(bars - w).min() < 0.07 for w in written[::4]]) > 0.9
    assert len(bars) <= len(written) / 4 + 2


def test_the_choice_knows_every_measure_and_takes_the_likeliest() -> None:
    choice = Choice.load(load(MODEL))
    rows = [np.zeros(len(NAMES)), np.ones(len(NAMES))]
    assert choice.best(rows[:1]) == 0
    plain = Choice(np.zeros(len(NAMES)), np.ones(len(NAMES)), np.eye(len(NAMES))[3])
    assert plain.best(rows) == 1 and plain.best(rows[::-1]) == 0


def test_what_the_hidden_units_say_is_added() -> None:
    d = len(NAMES)
    hidden = np.zeros((d, 2))
    hidden[5] = (3.0, -3.0)
    choice = Choice(np.zeros(d), np.ones(d), np.zeros(d), hidden, np.zeros(2), np.array([1.0, 0.0]))
    rows = np.zeros((3, d))
    rows[:, 5] = (-1, 0, 1e9)
    assert np.allclose(choice.scores(rows), np.tanh([-3, 0, 3 * OUTLIER]))


@pytest.mark.parametrize("bars", [1, 2, 4])
def test_harmony_comes_again_after_as_many_beats_as_its_progression_has(bars: int) -> None:
    beats = np.arange(0, 60 * BEAT_FPS, BEAT_FPS // 2)
    tenths = np.arange(600)
    chord = (tenths / 10 * 2 / 4).astype(int) % (2 * bars)  # a chord of four beats each at 120 a minute
    colours = np.zeros((600, 12), np.float32)
    colours[tenths, chord * 5 % 12] = 1
    each = repeats.a_beat(colours, beats)
    assert each.shape == (len(beats), 12)
    turns = repeats.turns(each)
    assert np.all(turns[4:-4:4] > 0.7) and np.all(turns[6:-4:4] < 0.2)
    alike: dict[int, float] = dict(zip(LAGS, repeats.again(each).tolist(), strict=True))
    assert alike[8 * bars] > 0.3 and all(alike[8 * bars] > 2 * alike[n] for n in LAGS if n >= 4 and n % (8 * bars))
    assert not repeats.again(each[:4]).any()


def test_what_nobody_counts_as_beats_is_no_candidate() -> None:
    pulse = np.zeros(30 * BEAT_FPS, np.float32)
    pulse[:: BEAT_FPS * 60 // 100] = 1  # 100 a minute
    found = candidates_of(pulse)
    assert any(abs(b / 100 - 1) < 0.03 for b in found) and all(b < beats.FASTEST_BPM for b in found)


def candidates_of(pulse: np.ndarray) -> list[float]:
    flat = np.zeros_like(pulse)
    none = np.zeros((300, 12), np.float32)
    heard = tempo.Heard(flat, flat, pulse, flat, flat, none, none, none, flat, flat, np.full(60, 1 / 60, np.float32))
    bands = np.ones((len(pulse), 136), np.float32)
    return [beats.tempo(f / BEAT_FPS) for f in beats.candidates(heard, bands)]


@needs_player
@pytest.mark.parametrize("bpm", [66.0, 84.0, 168.0])
@pytest.mark.parametrize("program", [0, 48], ids=["piano", "strings"])
def test_without_drums_the_chords_tell_half_from_double(
    describer: Describer, tmp_path: Path, program: int, bpm: float
) -> None:
    notes = [n for n in song(bpm) if n.channel != rendered.DRUMS]
    rendered.render(rendered.midi(notes, bpm, (program, 32, 73)), tmp_path / "song.wav")
    assert describer.describe(tmp_path / "song.wav").tempo_bpm == pytest.approx(bpm, rel=0.04)


def test_what_changes_every_fourth_beat_stands_out_by_fours_and_not_by_threes() -> None:
    values = np.tile([1.0, 0.1, 0.1, 0.1], 12)
    by = {n: repeats.stands_out(values, n) for n in GROUPS}
    assert by[4] > 2 * by[3] and by[8] > by[3]
    assert repeats.stands_out(values[:6], 4) == 0.0


def test_the_quadrants_are_probabilities_whatever_is_heard() -> None:
    with np.load(load(MODEL).path("head.npz")) as arrays:
        head = quadrant_head.QuadrantHead.read(arrays)
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(5, len(head.mean))) * 1e6, np.zeros((1, len(head.mean)))])
    probs = head.probs(rows)
    assert probs.shape == (6, 4) and np.allclose(probs.sum(axis=1), 1) and (probs > 0).all()
