"""Whether somebody sings or speaks: no voice is heard in instruments, a speaker over music is one."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.library.hear import VOICE_SR
from recommender.library.vocals import LEAST_S, LEAST_SHARE, vocals
from recommender.training import evaluate_vocals
from recommender.training.evaluate_vocals import Voiced


@pytest.mark.parametrize(
    ("singing_s", "speech_s", "duration_s", "said"),
    [
        (60, 3, 100, "singing"),
        (3, 60, 100, "speech"),
        (10, 0, 100, "none"),  # a choir of a synthesiser that passes for a voice now and then
        (0, 1, 3, "none"),
        (0, 0, 0, "none"),
        (30, 0, 30, "singing"),
    ],
)
def test_a_voice_counts_that_is_there_for_a_part_of_the_track(
    singing_s: float, speech_s: float, duration_s: float, said: str
) -> None:
    kind, share = vocals(singing_s, speech_s, duration_s)
    assert kind == said and 0 <= share <= 1
    assert LEAST_S < LEAST_SHARE * 30  # half a minute, as the research sets have them


@pytest.mark.parametrize("level_db", [12, 0, -12])
def test_speech_is_laid_over_music_at_its_level(level_db: int) -> None:
    rng = np.random.default_rng(0)
    music, speech = (rng.normal(0, 0.01 * k, VOICE_SR * k).astype(np.float32) for k in (3, 2))
    mixed = evaluate_vocals.over(speech, music, level_db)
    assert mixed.shape == music.shape
    spoken = mixed - music
    assert 10 * np.log10(np.mean(spoken**2) / np.mean(music**2)) == pytest.approx(level_db, abs=0.2)


def test_the_share_is_picked_that_tells_most_apart() -> None:
    none = [Voiced(3.5, 0, 30), Voiced(2.5, 0, 30)]
    sung, spoken = [Voiced(12, 0, 30)], [Voiced(0, 9, 30)]
    assert 3.5 / 30 < evaluate_vocals.picked(none, sung, spoken) < 0.3
