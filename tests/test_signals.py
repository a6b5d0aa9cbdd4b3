"""Sound as numbers: agreement with librosa, and every degenerate input defined."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emotion import signals
from tests.conftest import ROOT

SR = 22_050


@pytest.fixture
def voice_like() -> np.ndarray:
    """Two seconds of a gliding harmonic tone between half-seconds of near silence."""
    rng = np.random.default_rng(7)
    t = np.arange(2 * SR) / SR
    tone = sum(np.sin(2 * np.pi * k * (150 + 20 * t) * t) / k for k in range(1, 6))
    y = np.concatenate([np.zeros(SR // 2), 0.2 * tone, np.zeros(SR // 2)])
    return (y + 1e-5 * rng.standard_normal(y.size)).astype(np.float32)


def test_trim_cuts_the_quiet_ends(voice_like: np.ndarray) -> None:
    kept, (start, end) = signals.trim(voice_like)
    assert abs(start - SR // 2) <= 1024
    assert abs(end - SR * 5 // 2) <= 1024
    np.testing.assert_array_equal(kept, voice_like[start:end])


def test_mfcc_and_log_mel_shapes_and_ranges(voice_like: np.ndarray) -> None:
    frames = 1 + voice_like.size // 512
    assert signals.mfcc(voice_like, SR).shape == (100, frames)
    mel = signals.log_mel(voice_like, SR, n_mels=64)
    assert mel.shape == (64, frames)
    assert mel.max() == pytest.approx(0, abs=1e-4)
    assert mel.min() >= -80
    with pytest.raises(ValueError, match="200"):
        signals.mfcc(voice_like, SR, n_mfcc=200)


@pytest.mark.parametrize("samples", [0, 1, 300])
def test_short_and_silent_input_is_defined(samples: int) -> None:
    y = np.zeros(samples, np.float32)
    assert signals.is_silent(y)
    assert signals.trim(y)[1] == (0, 0)
    assert np.isfinite(signals.mfcc(y, SR)).all()
    assert np.isfinite(signals.log_mel(y, SR)).all()
    assert signals.resample(y, SR, 16_000).size <= samples
    assert len(signals.envelope(y, SR)[0]) == min(samples, 1000)


def test_mono_averages_channels_and_drops_what_is_not_finite() -> None:
    y = signals.mono(np.array([[0.5, np.nan], [-0.5, 1.0]]))
    np.testing.assert_allclose(y, [0.0, 0.5])
    assert signals.mono(np.array([32767], np.int16))[0] == pytest.approx(1)


def test_resample_keeps_duration_and_pitch() -> None:
    t = np.arange(SR) / SR
    y = signals.resample(np.sin(2 * np.pi * 440 * t).astype(np.float32), SR, 16_000)
    assert y.size == pytest.approx(16_000, abs=2)
    assert np.argmax(np.abs(np.fft.rfft(y))) == pytest.approx(440, abs=1)


def test_envelope_holds_every_peak_in_few_points(voice_like: np.ndarray) -> None:
    spike = voice_like.copy()
    spike[12_345] = 0.99
    times, low, high = signals.envelope(spike, SR)
    assert low.size + high.size <= 2000
    assert high.max() == pytest.approx(0.99)
    assert times[int(np.argmax(high))] == pytest.approx(12_345 / SR, abs=0.01)
    assert (low <= high).all()


@pytest.mark.parametrize(("duration_s", "count"), [(0, 0), (0.4, 1), (3.0, 1), (3.2, 2), (10.0, 8)])
def test_windows_cover_all_of_the_sound(duration_s: float, count: int) -> None:
    found = signals.windows(duration_s, 3.0, 1.0)
    assert len(found) == count
    if found:
        assert found[0][0] == 0
        assert found[-1][1] == pytest.approx(duration_s)
        assert all(end - start == pytest.approx(min(3.0, duration_s)) for start, end in found)


def test_a_click_does_not_set_the_level() -> None:
    sr = 16_000
    quiet = (0.01 * np.sin(np.arange(3 * sr) * 0.2)).astype(np.float32)
    clicked = quiet.copy()
    clicked[sr : sr + 40] = 1.0
    mended = signals.without_clicks(clicked, sr)
    assert np.abs(mended).max() <= np.abs(quiet).max()
    beside = np.abs(mended[sr - 100 : sr + 140]).max()
    assert beside > 0.5 * np.abs(quiet).max(), "a hole would tear the word apart"
    for at in (0, quiet.size - 40):
        edge = quiet.copy()
        edge[at : at + 40] = -1.0
        assert np.abs(signals.without_clicks(edge, sr)).max() <= np.abs(quiet).max()
    assert (mended != quiet).sum() < 0.01 * sr
    assert np.array_equal(signals.without_clicks(quiet, sr), quiet)
    swelling = quiet * np.linspace(0.01, 50, quiet.size, dtype=np.float32)
    assert np.array_equal(signals.without_clicks(swelling, sr), swelling)


def test_some_clicks_are_clicks_and_what_lasts_or_comes_often_is_not(rng: np.random.Generator) -> None:
    sr = 16_000
    quiet = (0.01 * np.sin(np.arange(10 * sr) * 0.2)).astype(np.float32)
    some, lasting, often = quiet.copy(), quiet.copy(), quiet.copy()
    for at in rng.integers(0, 10 * sr - 2000, 3):
        some[at : at + 2000] = 0.9  # an eighth of a second each
    assert np.abs(signals.without_clicks(some, sr)).max() <= np.abs(quiet).max()
    lasting[sr : sr + 3500] = 0.9
    assert np.array_equal(signals.without_clicks(lasting, sr), lasting)
    for k in range(20):
        often[k * sr // 2 : k * sr // 2 + 1000] = 0.9  # a drum, not a bump
    assert np.array_equal(signals.without_clicks(often, sr), often)


USED = """
import sys
import numpy as np
{how}
y = np.load(sys.argv[1])
mel = librosa.feature.melspectrogram(y=y, sr=22_050, n_mels=64)
np.savez(
    sys.argv[2],
    trimmed=librosa.effects.trim(y, top_db=30)[1],
    mfcc=librosa.feature.mfcc(y=y, sr=22_050, n_mfcc=40),
    decibels=librosa.power_to_db(mel, ref=np.max),
    chroma=librosa.feature.chroma_stft(y=y, sr=22_050, tuning=0.0),
    compiled="llvmlite" in sys.modules,
)
import numba
assert numba.njit(lambda x: x + 1)(1) == 2, "whoever needs numba has it"
"""


def test_librosa_says_the_same_without_its_compiler(voice_like: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", voice_like)
    said = []
    for how in ("import librosa", "from emotion.plain_librosa import librosa"):
        to = tmp_path / f"{len(said)}.npz"
        subprocess.run([sys.executable, "-c", USED.format(how=how), tmp_path / "y.npy", to], check=True, cwd=ROOT)
        said.append(np.load(to))
    compiled, plain = said
    assert compiled["compiled"] and not plain["compiled"]
    for name in ("trimmed", "mfcc", "decibels", "chroma"):
        np.testing.assert_array_equal(compiled[name], plain[name])


def test_what_librosa_cannot_do_without_its_compiler_says_so() -> None:
    code = (
        "import numpy as np; from emotion.plain_librosa import librosa\n"
        "try: librosa.pyin(np.ones(8000), fmin=60, fmax=400)\n"
        "except RuntimeError as e: assert 'numba' in str(e)\n"
        "else: raise SystemExit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
