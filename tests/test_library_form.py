"""Where music starts and ends, its sections, its loop and its voices, on sound put together here."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from emotion import media
from recommender.library.describe import Describer
from recommender.library.track_sound import TrackSound

ROOT = Path(__file__).parents[1]
BEDS = ROOT / "assets" / "music" / "beds"
SR = 44_100
BEAT_S = 0.5


def tones(pitches: tuple[int, ...], seconds: float, *, harmonics: int) -> npt.NDArray[np.float64]:
    """A plucked chord."""
    t = np.arange(int(seconds * SR)) / SR
    y = np.zeros(len(t))
    for pitch in pitches:
        for k in range(1, harmonics + 1):
            y += np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * k * t) / k
    return 0.05 * y * np.exp(-3 * t)


def bars(chords: tuple[tuple[int, ...], ...], *, harmonics: int = 3, drums: bool = True) -> npt.NDArray[np.float64]:
    """Four beats of each chord, with a tick on every beat and a thump on the bar."""
    rng = np.random.default_rng(5)
    beats = []
    for chord in chords:
        for k in range(4):
            y = tones(chord, BEAT_S, harmonics=harmonics)
            if drums:
                y[:900] += (0.5 if k == 0 else 0.2) * rng.normal(size=900) * np.exp(-np.arange(900) / 150)
            beats.append(y)
    return np.concatenate(beats)


C, F, G, A = (48, 60, 64, 67), (53, 60, 65, 69), (55, 62, 67, 71), (57, 60, 64, 69)


@pytest.fixture(scope="module")
def describer() -> Describer:
    return Describer()


def described(describer: Describer, folder: Path, y: npt.NDArray[np.float64]) -> TrackSound:
    soundfile.write(folder / "music.wav", y, SR)
    return describer.describe(folder / "music.wav")


def test_silence_at_both_ends_is_left_out(describer: Describer, tmp_path: Path) -> None:
    y = np.concatenate([np.zeros(3 * SR), bars((C, F, G, C) * 2), np.zeros(4 * SR)])
    sound = described(describer, tmp_path, y)
    assert sound.start_s == pytest.approx(3.0, abs=0.15)
    assert sound.end_s == pytest.approx(3.0 + 16.0, abs=0.6)
    assert all(3.0 - 0.2 <= b <= 19.5 for b in sound.beats_s)


def test_four_bars_that_come_again_are_a_loop_of_whole_bars(describer: Describer, tmp_path: Path) -> None:
    sound = described(describer, tmp_path, bars((C, F, G, A) * 5))
    assert sound.loop is not None
    start, end = sound.loop
    four_bars = 4 * 4 * BEAT_S
    assert (end - start) / four_bars == pytest.approx(round((end - start) / four_bars), abs=0.02)
    assert start in sound.bars_s and end in sound.bars_s


def test_what_is_shorter_than_four_bars_has_no_loop(describer: Describer, tmp_path: Path) -> None:
    assert described(describer, tmp_path, bars((C, F, G))).loop is None


@pytest.mark.parametrize(("first", "then"), [("still-water", "tightening"), ("plain-talk", "countermarch")])
def test_where_quiet_music_gives_way_to_driving_music_a_section_of_more_energy_begins(
    describer: Describer, tmp_path: Path, first: str, then: str
) -> None:
    quiet, loud = (media.read_sound(BEDS / f"{name}.opus", SR)[: 24 * SR] for name in (first, then))
    sound = described(describer, tmp_path, np.concatenate([quiet, loud]).astype(np.float64))
    sections = list(sound.sections)
    assert 2 <= len(sections) <= 5
    assert min(abs(s.start_s - 24.0) for s in sections[1:]) < 3.5
    assert sections[-1].energy > sections[0].energy + 0.3
    assert all(before.end_s == after.start_s for before, after in pairwise(sections))


def test_somebody_who_speaks_is_heard_and_plucked_strings_are_nobody(describer: Describer, tmp_path: Path) -> None:
    voice = media.read_sound(ROOT / "assets" / "samples" / "voice-note.mp3", SR)
    music = bars((C, F, G, C) * 2)[: len(voice)]
    under = voice[: len(music)] + 0.1 * music
    spoken = described(describer, tmp_path, under.astype(np.float64))
    assert spoken.vocals == "speech" and spoken.vocal_share > 0.3
    alone = described(describer, tmp_path, music)
    assert alone.vocals == "none" and alone.vocal_share < 0.1
