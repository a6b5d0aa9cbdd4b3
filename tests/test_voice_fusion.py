"""Voice and face measured together: pairs are what they claim to be, and every place shows the same figures."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion.fusion import Reliability
from emotion.labels import EMOTIONS, INDEX
from emotion.timeline import EmotionScores
from emotion.training import evaluate_fusion as ef
from emotion.training import evaluate_nested, voice_augment
from emotion.training import voice_features as vf
from emotion.weights import models_dir
from tests.conftest import ROOT

REPORT = models_dir() / vf.NAME / "fusion.json"


def certain(emotion: str, share: float = 0.9) -> EmotionScores:
    probs = np.full(len(EMOTIONS), (1 - share) / (len(EMOTIONS) - 1))
    probs[INDEX[emotion]] = share
    return EmotionScores.from_array(probs)


@pytest.fixture
def shown() -> ef.Shown:
    names = ["happy", "sad", "angry"] * 20
    return ef.Shown([certain(n) for n in names], np.array([INDEX[n] for n in names]))


def test_partners_show_the_same_or_something_else(shown: ef.Shown, rng: np.random.Generator) -> None:
    label = np.array([INDEX[n] for n in ("happy", "sad", "disgust", "angry") * 10])
    alike = ef.partners(label, shown.label, rng, alike=True)
    other = ef.partners(label, shown.label, rng, alike=False)
    nobody = label == INDEX["disgust"]
    assert (alike[nobody] == -1).all(), "no face shows disgust: no pair"
    assert (shown.label[alike[~nobody]] == label[~nobody]).all()
    assert (shown.label[other[~nobody]] != label[~nobody]).all()


def test_two_that_agree_are_sure_and_two_that_do_not_are_not(shown: ef.Shown, rng: np.random.Generator) -> None:
    label = np.array([INDEX[n] for n in ("happy", "sad", "angry") * 30])
    voice = [certain(EMOTIONS[e], 0.8) for e in label]
    found = ef.together(ef.Sides(voice, label, Reliability(0.6, 0.8), (0.6, 0.6)), shown, rng)
    assert found["both"]["accuracy"] == found["both"]["sure"] == found["both"]["right_when_sure"] == 1
    assert found["both"]["n"] == 90
    apart = found["of_different_moods"]
    assert apart["sure"] == 0
    assert apart["says_the_voices"] + apart["says_the_faces"] + apart["says_a_third"] == pytest.approx(1, abs=1e-3)


def test_voices_that_guess_are_told_from_voices_that_know(shown: ef.Shown, rng: np.random.Generator) -> None:
    label = np.array([INDEX[n] for n in ("happy", "sad", "angry") * 30])
    guessed = [certain(EMOTIONS[int(e)], 0.5) for e in rng.permutation(label)]
    found = ef.together(ef.Sides(guessed, label, Reliability(0.6, 0.8), (0.6, 0.6)), shown, rng)
    assert found["voice"]["accuracy"] < 0.6
    assert found["voice"]["sure"] == 0
    assert found["voice"]["right_when_sure"] is None
    assert found["face"]["accuracy"] == 1


@pytest.mark.skipif(not REPORT.is_file(), reason="not measured")
def test_the_page_and_the_document_say_what_was_measured() -> None:
    report = json.loads(REPORT.read_text(encoding="utf-8"))
    text = ef.DOCS.read_text(encoding="utf-8")
    assert ef.written(report, text) == text, f"run {ef.COMMAND}"
    page = AppTest.from_file(str(ROOT / "pages" / "evidence" / "page.py"), default_timeout=60).run()
    assert not page.exception
    shown = [frame.value for frame in page.dataframe]
    (posed, web) = [t for t in shown if "Both right" in t.columns]
    for table, kind in ((posed, "posed"), (web, "web")):
        alone = report["pairs"][kind]["alone"]
        mean, row = alone["mean"], table.iloc[list(alone).index("mean")]
        assert row["Both right"] == f"{mean['both']['accuracy']:.0%}"
        assert row["Samples"] == f"{mean['both']['n']:,}"
    clips = [t for t in shown if "Clip" in t.columns]
    assert [len(t) for t in clips] == [len(report["clips"])]


@pytest.mark.parametrize("kind", sorted(voice_augment.SIMULATED))
def test_imitated_voices_differ_as_they_should(kind: str, rng: np.random.Generator) -> None:
    """A vowel of 120 Hz: five semitones up, or without any pitch; as long and about as loud."""
    t = np.arange(2 * voice_augment.SR) / voice_augment.SR
    y = np.zeros(t.size, np.float32)
    for k in range(1, 20):
        y += np.float32(0.05) * np.sin(2 * np.pi * 120 * k * t).astype(np.float32) / np.float32(k)
    z = voice_augment.SIMULATED[kind](y, rng, voice_augment.Noises((), ()))
    assert abs(len(z) - len(y)) < 100
    middle = slice(8_000, 24_000)
    assert np.sqrt(np.mean(z[middle] ** 2)) == pytest.approx(np.sqrt(np.mean(y[middle] ** 2)), rel=0.4)

    def strength(hz: float) -> float:
        """How far a tone stands out of what lies around it."""
        spectrum = np.abs(np.fft.rfft(z[middle] * np.hanning(16_000)))
        at = round(hz)
        return float(spectrum[at - 3 : at + 4].max() / np.median(spectrum[at - 60 : at + 60]))

    if kind == "child_like":
        assert strength(120 * 2 ** (5 / 12)) > 20
    else:
        assert strength(120) < 10


def test_the_lowest_target_that_keeps_the_promise_everywhere_is_chosen() -> None:
    by_target = {0.75: [0.7, 0.7, 0.78], 0.82: [0.6, 0.9, 0.9], 0.86: [0.7, 0.85, 0.8], 0.9: [0.9, 0.9, 0.9]}
    assert evaluate_nested.target_of(by_target) == 0.86
    assert evaluate_nested.target_of({0.75: [0.5], 0.9: [0.6]}) == 0.9
    assert evaluate_nested.target_of({0.75: [0.8, float("nan")], 0.9: [0.9]}) == 0.75, "nothing sure, nothing wrong"
