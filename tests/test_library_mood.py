"""From sound to the quadrants: what Whisper hears lies beside what musicnn hears, and the heads keep to their parts."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.library import front_end, hear, mood
from recommender.library.quadrant_head import QuadrantHead

SR = front_end.MEL_SR


@pytest.mark.parametrize("seconds", [0.02, 1.0, 2.992, 3.5, 7.1, 31.0])
def test_whisper_hears_the_patches_that_musicnn_hears(seconds: float) -> None:
    y = np.random.default_rng(1).normal(size=int(seconds * SR)).astype(np.float32) * 0.1
    assert len(front_end.stretches(y)) == len(front_end.patches(front_end.log_mel(y)))


def test_a_stretch_is_the_sound_under_its_patch() -> None:
    y = np.zeros(9 * SR, np.float32)
    y[4 * SR : 4 * SR + 200] = 0.5  # a knock in the second patch
    mel, sound = front_end.patches(front_end.log_mel(y)), front_end.stretches(y)
    assert mel.max(axis=(1, 2)).argmax() == np.abs(sound).max(axis=1).argmax() == 1
    at = np.abs(sound[1]).argmax() / SR
    assert at == pytest.approx(mel[1].max(axis=1).argmax() * front_end.MEL_HOP / SR, abs=0.04)


@pytest.mark.parametrize("gain", [0.01, 0.1, 1.0])
def test_how_loud_a_track_is_does_not_reach_whisper_and_silence_stays_finite(gain: float) -> None:
    y = np.random.default_rng(2).normal(size=6 * SR).astype(np.float32) * 0.3
    np.testing.assert_allclose(front_end.stretches(y * gain), front_end.stretches(y), rtol=1e-3, atol=1e-4)
    assert np.isfinite(front_end.stretches(y * 0)).all()


def test_no_sound_gives_no_stretch() -> None:
    assert len(front_end.stretches(np.zeros(0, np.float32))) == 0
    assert hear.Networks().whisper(np.zeros(0, np.float32)).shape == (0, hear.WHISPER_VALUES)


def test_a_head_answers_with_probabilities_however_far_the_sound_lies_from_all_it_knows() -> None:
    head = mood.MoodHead(hear.Networks().weights)
    assert isinstance(head._quadrants, QuadrantHead)
    d = len(head._quadrants.mean)
    probs = head.quadrants(np.stack([head._quadrants.mean, np.full(d, 1e6), np.full(d, -1e6)]))
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    assert (probs >= 0).all()


def test_mood_words_follow_from_music_and_not_from_whisper() -> None:
    head = mood.MoodHead(hear.Networks().weights)
    row = head._quadrants.mean.copy()
    other = row.copy()
    other[-hear.WHISPER_VALUES :] += 5 * head._quadrants.scale[-hear.WHISPER_VALUES :]
    np.testing.assert_array_equal(head.moods(row[None]), head.moods(other[None]))
    assert np.abs(head.quadrants(row[None]) - head.quadrants(other[None])).max() > 0.01
