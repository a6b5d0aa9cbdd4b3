"""The mix: loudness as the standard measures it, music under speech by what is wanted, tracks cut to length on bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from emotion import errors, media
from emotion.timeline import Segment
from recommender.mix import arrange, duck, fit, levels, material, own_music, plan, planner, render, score, sources
from recommender.mix.limiter import Limiter
from recommender.mix.music_sound import Cut, MusicSound
from recommender.mix.stored import Readable, Stored
from recommender.mix.stretch import stretched
from recommender.songs import installed
from tests.conftest import SAMPLES

SR = plan.SR
TRACKS = {t.title: t for t in installed.tracks()}


def noise(rng: np.random.Generator, seconds: float, level: float = 0.1) -> np.ndarray:
    return (rng.standard_normal((2, round(seconds * SR))) * level).astype(np.float32)


def talk(rng: np.random.Generator, speech: list[Segment], seconds: float) -> np.ndarray:
    """Noise shaped like words in the speech, near silence elsewhere; its level wanders by some decibels."""
    t = np.arange(round(seconds * SR)) / SR
    level = 10 ** ((3 * np.sin(t / 2.1)) / 20) * (0.6 + 0.4 * np.abs(np.sin(2 * np.pi * 2.3 * t)))
    inside = np.zeros(len(t))
    for s in speech:
        inside[round(s.start_s * SR) : round(s.end_s * SR)] = 1
    return (rng.standard_normal((2, len(t))) * 0.08 * level * inside + 1e-5).astype(np.float32)


def stereo(path: Path) -> np.ndarray:
    if path.suffix == ".wav":
        return soundfile.read(path, dtype="float32", always_2d=True)[0].T
    return np.tile(media.read_sound(path, SR), (2, 1))


def load(path: Path, rate: float = 1.0) -> Readable:
    return Stored([stretched(stereo(path), rate, SR)])


def music(title: str) -> plan.Music:
    t = TRACKS[title]
    return plan.Music(t.path.stem, t.path, t.title, t.artist, t.licence, t.credit)


@cache
def sounding(m: plan.Music) -> planner.Sounding:
    entry = TRACKS[m.title]
    y = media.read_sound(m.path, material.SR)
    beat_s = 60 / (entry.tempo_bpm or 100)
    beats = np.arange(0, len(y) / material.SR - 2.5, beat_s)
    level = levels.of(np.tile(media.read_sound(m.path, SR), (2, 1)), SR).integrated_lufs
    return planner.Sounding(material.study(y, beats.tolist(), beats[::4].tolist()), y, level)


# Loudness -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [997, 48_000, 10**9])
def test_loudness_in_pieces_is_the_standards(rng: np.random.Generator, block: int) -> None:
    y = noise(rng, 8.0)
    y[:, 3 * SR : 5 * SR] *= 0.01  # gated out
    meter = levels.Meter(SR)
    for i in range(0, y.shape[1], block):
        meter.add(y[:, i : i + block])
    reference = pyloudnorm.Meter(SR, filter_class="DeMan").integrated_loudness(y.T.astype(np.float64))
    assert meter.integrated_lufs == pytest.approx(reference, abs=0.05)


def test_a_peak_between_samples_is_found_and_limited() -> None:
    t = np.arange(SR) / SR
    y = np.tile(np.sin(2 * np.pi * 12_000 * t + np.pi / 4), (2, 1)).astype(np.float32)  # samples reach 0.707
    assert levels.of(y, SR).true_peak_dbtp == pytest.approx(0, abs=0.3)
    limiter = Limiter(-1.5, SR)
    out = np.concatenate([*(limiter.add(y[:, i : i + 5000]) for i in range(0, SR, 5000)), limiter.rest()], axis=1)
    assert out.shape == y.shape
    assert levels.of(out, SR).true_peak_dbtp <= -1.4
    quiet = (0.1 * y).astype(np.float32)
    limiter = Limiter(-1.5, SR)
    np.testing.assert_array_equal(np.concatenate([limiter.add(quiet), limiter.rest()], axis=1), quiet)


def test_silence_has_no_loudness() -> None:
    assert levels.of(np.zeros((2, SR), np.float32), SR).integrated_lufs == float("-inf")
    assert levels.Meter(SR).integrated_lufs == float("-inf")


# Ducking ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("under_lu", [10.0, 14.0, 20.0])
@pytest.mark.parametrize("title", ["Tightening", "Rain Window", "Plain Talk"])
def test_speech_stands_as_far_above_the_music_as_is_wanted(
    rng: np.random.Generator, title: str, under_lu: float
) -> None:
    speech = [Segment(1.0, 6.5), Segment(6.9, 12.0), Segment(16.0, 29.0)]
    own = levels.of(talk(rng, speech, 31.0), SR).powers
    y = stereo(TRACKS[title].path)[:, : 31 * SR]
    flat = levels.of(y, SR).powers
    inside = duck.speaking(speech, len(own))
    gain = duck.solve(own, flat, inside, under_lu)
    steps = np.arange(len(flat)) * levels.STEP_S + 0.05
    heard = flat * 10 ** (gain.at(steps) / 10)
    under = np.array([s.under_lu for s in duck.measure(own, heard, inside)])
    assert np.median(under) == pytest.approx(under_lu, abs=1.0)
    assert (under < under_lu - 3).mean() <= 0.02
    db = np.array(gain.db)
    assert np.abs(np.diff(db)).max() / levels.STEP_S < 40, "no step that one would hear as a switch"
    pause, word = (np.abs(steps - 14.0)).argmin(), (np.abs(steps - 4.0)).argmin()
    assert levels.lufs(heard[pause - 5 : pause + 5].mean()) > levels.lufs(heard[word - 5 : word + 5].mean()) - 3
    first = (np.abs(steps - 16.0)).argmin()
    assert gain.at(15.95) <= gain.at(14.0) + 0.5, "the music is down when the first word comes"
    assert np.isfinite(db[first])


def test_a_short_pause_does_not_let_the_music_up() -> None:
    inside = np.zeros(100, bool)
    inside[10:30] = inside[35:60] = inside[75:90] = True
    out = duck.bridged(inside)
    assert out[30:35].all() and not out[60:75].any()


# Fitting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length_s", [6.0, 13.7, 30.0, 47.0, 61.3, 150.0])
@pytest.mark.parametrize("title", ["Tightening", "Figures", "Small Hours"])
def test_a_track_fills_the_length_exactly_on_its_bars(title: str, length_s: float) -> None:
    known = sounding(music(title))
    fitted = fit.fit(known.material, length_s, y=known.y)
    assert fitted.length_s == pytest.approx(length_s, abs=1e-6)
    assert all(s.roughness <= fit.ROUGHEST for s in fitted.seams)
    bars = known.material.bars_s / fitted.rate
    for before, after in zip(fitted.pieces[:-1], fitted.pieces[1:], strict=True):
        assert np.abs(bars - before.end_s).min() < 1e-6 and np.abs(bars - after.start_s).min() < 1e-6
    if fitted.kind != "faded":
        assert fitted.pieces[-1].end_s == pytest.approx(known.material.end_s / fitted.rate), "its real ending"
    assert abs(fitted.rate - 1) <= 0.03 + 1e-9
    cut = Cut(load(TRACKS[title].path, fitted.rate), fitted, SR)
    assert cut.frames == round(length_s * SR)
    assert cut.part(0, cut.frames).shape == (2, cut.frames)


def test_what_is_sung_or_has_no_beat_is_faded_and_not_cut() -> None:
    known = sounding(music("Tightening"))
    sung = material.Material(
        **{**{f: getattr(known.material, f) for f in known.material.__dataclass_fields__}, "sung": True}
    )
    free = material.study(known.y, [], [])
    for known_ in (sung, free):
        fitted = fit.fit(known_, 20.0, y=known.y)
        assert fitted.kind == "faded" and not fitted.seams and fitted.fade_out_s > 0
        assert fitted.length_s == pytest.approx(20.0)


def test_the_strongest_moment_comes_where_it_is_wanted_if_it_can() -> None:
    known = sounding(music("Countermarch"))
    for peak_s in (10.0, 20.0, 30.0, 37.0):
        away = []
        for wish in (peak_s, None):
            fitted = fit.fit(known.material, 45.0, y=known.y, peak_s=wish)
            strong = [s / fitted.rate for s in known.material.strong_s]
            away.append(arrange.distance(fitted.pieces, strong, peak_s))
            assert fitted.kind != "faded" and fitted.length_s == pytest.approx(45.0)
            assert fitted.pieces[-1].end_s * fitted.rate == pytest.approx(known.material.end_s), "its real ending"
        assert away[0] <= min(0.1, away[1]), "on the mark to a tenth of a second"


def test_what_is_sung_is_faded_from_where_its_strongest_moment_comes_right() -> None:
    known = sounding(music("Countermarch"))
    sung = replace(known.material, sung=True)
    fitted = fit.fit(sung, 30.0, y=known.y, peak_s=12.0)
    assert (fitted.kind, fitted.why, fitted.rate, len(fitted.pieces)) == ("faded", "sung", 1.0, 1)
    assert arrange.distance(fitted.pieces, sung.strong_s, 12.0) < 0.05


@pytest.mark.parametrize("rate", [0.97, 1.011, 1.03])
def test_stretched_music_keeps_its_pitch_and_its_moments(rate: float) -> None:
    t = np.arange(6 * SR) / SR
    y = (0.3 * np.sin(2 * np.pi * 440 * t) * (np.abs(t - 4) < 0.1) + 0.01 * np.sin(2 * np.pi * 440 * t)).astype("f4")
    out = stretched(np.stack([y, y]), rate, SR)
    assert out.shape == (2, round(len(t) / rate))
    loud = np.abs(out[0]).reshape(-1)[: len(out[0]) // 480 * 480].reshape(-1, 480).max(axis=1)
    assert np.flatnonzero(loud > 0.15).mean() * 0.01 + 0.005 == pytest.approx(4 / rate, abs=0.02)
    spectrum = np.abs(np.fft.rfft(out[0] * np.hanning(out.shape[1])))
    assert np.argmax(spectrum) * SR / out.shape[1] == pytest.approx(440, abs=2)
    with pytest.raises(ValueError, match="3%"):
        stretched(out, 1.05, SR)


@pytest.mark.parametrize("length_s", [13.7, 47.0, 150.0])
def test_a_cut_track_is_the_same_in_whatever_parts_it_is_read(length_s: float) -> None:
    known = sounding(music("Figures"))
    fitted = fit.fit(known.material, length_s, y=known.y, peak_s=length_s / 2)
    y = stretched(stereo(TRACKS["Figures"].path), fitted.rate, SR)
    stored = Cut(Stored(y[:, i : i + 70_001] for i in range(0, y.shape[1], 70_001)), fitted, SR)
    whole = Cut(Stored([y]), fitted, SR).part(0, stored.frames)
    parts = [stored.part(i, min(i + 99_991, stored.frames)) for i in range(0, stored.frames, 99_991)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    assert whole.shape[1] == round(length_s * SR) and np.abs(np.diff(whole)).max() < 0.7


# Music that is there already ------------------------------------------------------------------------


def heard(y: np.ndarray) -> own_music.Listener:
    listener = own_music.Listener(y.shape[1] / SR)
    for i in range(0, y.shape[1], SR):
        listener.add(y[:, i : i + SR])
    return listener


def test_music_under_the_words_is_noticed_and_noise_is_not(rng: np.random.Generator) -> None:
    words = stereo(SAMPLES / "voice-note.mp3")
    level = levels.of(words, SR).integrated_lufs
    assert not heard(words).there
    hiss = noise(rng, words.shape[1] / SR, 1.0)[:, : words.shape[1]]
    for under_lu, y, there in ((10, hiss, False), (8, None, True), (18, None, True)):
        if y is None:
            y = np.resize(stereo(TRACKS["Plain Talk"].path), words.shape)
        y = y * 10 ** ((level - under_lu - levels.of(y.astype(np.float32), SR).integrated_lufs) / 20)
        assert heard((words + y).astype(np.float32)).there == there, f"{under_lu} LU under the words"
    silence = heard(np.zeros((2, 3 * SR), np.float32))
    assert silence.share == 0.0 and own_music.Listener(0.0).share == 0.0


def test_of_a_long_clip_parts_are_heard() -> None:
    long = own_music.Listener(1800.0)
    for _ in range(1800):
        long.add(np.zeros((2, SR), np.float32))
    assert sum(len(y) for y in long._kept) / own_music.LISTENED_SR <= own_music.WINDOWS * (own_music.WINDOW_S + 2)


# The whole way ------------------------------------------------------------------------------------


def source(own: np.ndarray) -> render.Source:
    def dialogue() -> Iterator[np.ndarray]:
        for i in range(0, own.shape[1], 77_777):
            yield own[:, i : i + 77_777]

    return render.Source(dialogue, lambda path: iter([stereo(path)]), load)


def planned(own: np.ndarray, speech: list[Segment], wanted: list[plan.Wanted], under_lu: float = 14.0) -> plan.MixPlan:
    seconds = own.shape[1] / SR
    clip = planner.ClipSound(seconds, levels.of(own, SR).powers, tuple(speech))
    return planner.make_plan(clip, wanted, sounding, load, under_lu=under_lu, target=plan.TARGETS["podcast"])


def test_a_clip_becomes_a_mix_and_stems_that_say_what_they_are(tmp_path: Path, rng: np.random.Generator) -> None:
    speech = [Segment(0.5, 8.0), Segment(12.0, 19.5)]
    own = talk(rng, speech, 20.0 + 1 / 3)
    wanted = [plan.Wanted(1, 0, 10, music("Plain Talk")), plan.Wanted(2, 10, 20 + 1 / 3, music("Small Hours"))]
    made = planned(own, speech, wanted)
    told: list[float] = []
    report = render.render(made, source(own), tmp_path, speech, on_fraction=told.append)
    assert set(report.files) == {"mix.wav", *(f"stems/{s}.wav" for s in render.STEMS)}
    sounds = {f: stereo(tmp_path / f) for f in report.files}
    assert {y.shape for y in sounds.values()} == {own.shape}, "all of one length, to the sample"
    difference = sounds["stems/dialogue.wav"] - own
    assert not difference.any(), "not a sample is rounded"
    mix = pyloudnorm.Meter(SR, filter_class="DeMan").integrated_loudness(sounds["mix.wav"].T.astype(np.float64))
    assert mix == pytest.approx(-16, abs=0.5)
    assert report.integrated_lufs == pytest.approx(mix, abs=0.1)
    assert report.true_peak_dbtp <= -1.0
    data = report.to_dict()
    assert data["under_lu"]["median"] == pytest.approx(14, abs=1)
    assert data["under_lu"]["missed_share"] <= 0.1
    assert [t["title"] for t in data["tracks"]] == ["Plain Talk", "Small Hours"]
    assert told == sorted(told) and told[-1] == 1.0
    assert not list(tmp_path.glob(".mix-*"))


def test_a_click_on_a_critical_passage_brings_the_music_down_there_and_nowhere_else(rng: np.random.Generator) -> None:
    speech = [Segment(0.5, 19.5)]
    own = talk(rng, speech, 20.0)
    clip = planner.ClipSound(20.0, levels.of(own, SR).powers, tuple(speech))
    wanted = [plan.Wanted(1, 0, 20, music("Plain Talk"))]
    studio = score.Studio(sources.installed_sounds(), lambda path: pytest.fail("its sound is known"))

    def heard(nudges: dict[int, float]) -> dict[float, float]:
        made = planner.make_plan(
            clip, wanted, sounding, load, under_lu=14.0, target=plan.TARGETS["podcast"], nudges=nudges
        )
        return {s.start_s: s.under_lu for s in studio.meter(made, clip)}

    before, after = heard({}), heard({7: 5.0, 12: 2.0})
    for second, under in after.items():
        lower = {7.0: 5.0, 12.0: 2.0}.get(second, 0.0)
        assert under - before[second] == pytest.approx(lower, abs=0.7 if lower else 1.5), second
        if lower == 0 and second not in (6.0, 8.0, 11.0, 13.0):
            assert under == before[second]


def test_another_level_needs_no_reading_of_the_music(monkeypatch: pytest.MonkeyPatch) -> None:
    path = SAMPLES / "voice-note.mp3"
    seconds = media.probe(path).duration_s
    clip = score.Clip(path, path.name, seconds, (Segment(0.2, seconds - 0.2),))
    studio = score.Studio(sources.installed_sounds(), lambda path: pytest.fail("its sound is known"))
    own, wanted = studio.hear(clip), [plan.Wanted(1, 0, seconds, score.music_of(TRACKS["Plain Talk"].usable()))]
    studio.prepare(w.music for w in wanted)
    target = plan.TARGETS["youtube"]
    first = studio.plan(clip, wanted, under_lu=10.0, target=target, heard=own)
    told = studio.meter(first, own)
    monkeypatch.setattr(studio, "load", lambda path, rate=1.0: pytest.fail("the music is read again"))
    assert studio.meter(first, own) == told
    second = studio.plan(clip, wanted, under_lu=20.0, target=target, heard=own)
    for made, level in ((first, 10), (second, 20)):
        assert np.median([s.under_lu for s in studio.meter(made, own)]) == pytest.approx(level, abs=1)


def test_no_music_no_speech_and_no_sound_still_give_files(tmp_path: Path, rng: np.random.Generator) -> None:
    silent = np.zeros((2, 3 * SR), np.float32)
    report = render.render(planned(silent, [], []), source(silent), tmp_path / "a", [])
    assert report.integrated_lufs is None and not report.seconds
    report = render.render(
        planned(silent, [], [plan.Wanted(1, 0, 3, music("Reveal"))]), source(silent), tmp_path / "b", [], stems=False
    )
    assert report.files == ("mix.wav",)
    assert report.integrated_lufs == pytest.approx(-16, abs=0.5)


def test_who_cancels_leaves_nothing_behind(tmp_path: Path, rng: np.random.Generator) -> None:
    own = talk(rng, [Segment(0, 5)], 5.0)
    made = planned(own, [Segment(0, 5)], [plan.Wanted(1, 0, 5, music("Reveal"))])
    with pytest.raises(errors.Cancelled):
        render.render(made, source(own), tmp_path, [Segment(0, 5)], cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_neighbours_with_one_track_play_on_and_what_fades_reaches_into_the_next() -> None:
    a, b = music("Plain Talk"), music("Reveal")
    joined = plan.merged([plan.Wanted(1, 0, 10, a), plan.Wanted(2, 10, 20, a, 15.0), plan.Wanted(3, 20, 30, b)])
    assert [(w.start_s, w.end_s, w.peak_s) for w in joined] == [(0, 20, 15.0), (20, 30, None)]
    placed = planner.placements([plan.Wanted(1, 0, 10, a), plan.Wanted(2, 10, 20, b)], sounding)
    assert [p.start_s for p in placed] == [0, 10]
    y = MusicSound(placed, load, SR)
    whole = y.block(0, 20 * SR)
    parts = np.concatenate([y.block(i, 30_000) for i in range(0, 20 * SR, 30_000)], axis=1)
    np.testing.assert_array_equal(whole, parts)
