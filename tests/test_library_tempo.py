"""Half and double the tempo: the same pulses are counted by where the harmony changes and the drums fall."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotion.weights import load
from recommender.library import beats, quadrant_head, repeats
from recommender.library.describe import Describer
from recommender.library.front_end import BEAT_FPS
from recommender.library.hear import MODEL
from recommender.library.repeats import LAGS
from recommender.library.tempo import CURVES, PLACES, WIDTH, Choice, Heard, laid_out, together
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


def heard(seconds: float, curve: np.ndarray | None = None, colours: np.ndarray | None = None) -> Heard:
    """Everything is heard in one curve; nothing at all where none is given."""
    of = np.zeros(round(seconds * BEAT_FPS), np.float32) if curve is None else curve.astype(np.float32)
    tones = np.zeros((round(seconds * 10), 12), np.float32) if colours is None else colours.astype(np.float32)
    return Heard(of, of, of, of, of, tones, tones, tones, of, of)


def test_the_choice_takes_the_likeliest_and_is_not_led_by_what_stands_beside_it() -> None:
    choice = Choice(lambda laid, there: (laid * there).sum(axis=(1, 2)))
    rows = [np.full((n, WIDTH), value, np.float32) for n, value in ((9, 0.1), (4, 1.0), (30, 0.01))]
    assert choice.best(rows) == 1 and choice.best(rows[::-1]) == 1 and choice.best(rows[2:]) == 0
    laid, there = together(rows)
    assert laid.shape == (3, 30, WIDTH) and there.sum(axis=(1, 2)).tolist() == [9, 4, 30]


def test_the_networks_score_of_a_candidate_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(0)
    rows = [np.abs(rng.normal(size=(n, WIDTH))).astype(np.float32) for n in (12, 40, 77)]
    run = Choice.load(load(MODEL)).run
    alone = [float(run(*together([r]))[0]) for r in rows]
    assert np.allclose(run(*together(rows)), alone, atol=1e-3) and len(set(alone)) == 3


@pytest.mark.parametrize("within", [0, 3, 4, 6, 8])
def test_what_falls_between_the_beats_stands_at_its_place(within: int) -> None:
    """A note a beat, a quarter, a third, a half or two thirds after it."""
    frames = np.arange(10, 30 * BEAT_FPS - 60, 48)
    curve = np.zeros(30 * BEAT_FPS)
    curve[frames + 48 * within // PLACES] = 1
    rows = laid_out(heard(30, curve), frames)
    assert rows.shape == (len(frames), WIDTH) and np.isfinite(rows).all()
    for places in rows[:, : CURVES * PLACES].reshape(len(frames), CURVES, PLACES).transpose(1, 0, 2):
        assert np.all(places.argmax(axis=1) == within) and np.all(places.sum(axis=1) == 1)


@pytest.mark.parametrize("bars", [1, 2])
def test_harmony_comes_again_after_as_many_beats_as_its_progression_has(bars: int) -> None:
    beats_at = np.arange(0, 60 * BEAT_FPS, BEAT_FPS // 2)
    tenths = np.arange(600)
    chord = (tenths / 10 * 2 / 4).astype(int) % (2 * bars)  # a chord of four beats each at 120 a minute
    colours = np.zeros((600, 12), np.float32)
    colours[tenths, chord * 5 % 12] = 1
    each = repeats.a_beat(colours, beats_at)
    assert each.shape == (len(beats_at), 12)
    alike = repeats.alike(each)
    assert alike.shape == (len(each), LAGS) and not alike[0].any()
    means = {lag: float(alike[lag:, lag - 1].mean()) for lag in range(1, LAGS + 1)}
    assert means[8 * bars] > 0.9
    assert all(means[8 * bars] > 2 * means[n] for n in range(4, LAGS + 1, 4) if n % (8 * bars))
    assert not repeats.alike(each[:1]).any()


def test_silence_and_two_beats_can_be_laid_out() -> None:
    rows = laid_out(heard(2), np.array([10, 60]))
    assert rows.shape == (2, WIDTH) and np.isfinite(rows).all()


def test_what_nobody_counts_as_beats_is_no_candidate() -> None:
    pulse = np.zeros(30 * BEAT_FPS, np.float32)
    pulse[:: BEAT_FPS * 60 // 100] = 1  # 100 a minute
    found = candidates_of(pulse)
    assert any(abs(b / 100 - 1) < 0.03 for b in found) and all(b < beats.FASTEST_BPM for b in found)


def candidates_of(pulse: np.ndarray) -> list[float]:
    of = heard(len(pulse) / BEAT_FPS, pulse)
    bands = np.ones((len(pulse), 136), np.float32)
    return [beats.tempo(f / BEAT_FPS) for f in beats.candidates(of, bands)]


@needs_player
@pytest.mark.parametrize("bpm", [66.0, 84.0, 168.0])
@pytest.mark.parametrize("program", [0, 48], ids=["piano", "strings"])
def test_without_drums_the_chords_tell_half_from_double(
    describer: Describer, tmp_path: Path, program: int, bpm: float
) -> None:
    notes = [n for n in song(bpm) if n.channel != rendered.DRUMS]
    rendered.render(rendered.midi(notes, bpm, (program, 32, 73)), tmp_path / "song.wav")
    assert describer.describe(tmp_path / "song.wav").tempo_bpm == pytest.approx(bpm, rel=0.04)


def test_the_quadrants_are_probabilities_whatever_is_heard() -> None:
    with np.load(load(MODEL).path("head.npz")) as arrays:
        head = quadrant_head.QuadrantHead.read(arrays)
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(5, len(head.mean))) * 1e6, np.zeros((1, len(head.mean)))])
    probs = head.probs(rows)
    assert probs.shape == (6, 4) and np.allclose(probs.sum(axis=1), 1) and (probs > 0).all()
