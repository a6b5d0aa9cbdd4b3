"""The type of a track's sound: the same after a trip through JSON, and quadrants where the issue puts them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from recommender.library import Section, TrackSound, quadrant_of

SOUND = TrackSound(
    duration_s=61.5, valence=0.4, energy=-0.2, quadrant="Q4", quadrant_probs=(0.2, 0.1, 0.2, 0.5),
    valence_curve=(0.3, 0.5), energy_curve=(-0.1, -0.3), moods=("tenderness", "calmness"),
    mood_scores=(0.1,) * 9, tempo_bpm=92.0, beats_s=(0.5, 1.15), bars_s=(0.5,), beats_a_bar=4, key="F#",
    mode="minor", loudness_lufs=-17.5, vocals="none", vocal_share=0.0,
    sections=(Section(0.0, 30.0, 0.3, -0.1), Section(30.0, 61.5, 0.5, -0.3)),
    start_s=0.1, end_s=60.0, loop=(0.5, 30.0),
)  # fmt: skip


def test_a_sound_is_the_same_after_json() -> None:
    assert TrackSound.from_dict(json.loads(json.dumps(SOUND.to_dict()))) == SOUND
    bare = replace(SOUND, tempo_bpm=None, beats_s=(), bars_s=(), beats_a_bar=None, key=None, mode=None, loop=None)
    assert TrackSound.from_dict(json.loads(json.dumps(bare.to_dict()))) == bare


def test_a_missing_field_is_named() -> None:
    data = SOUND.to_dict()
    del data["tempo_bpm"]
    with pytest.raises(KeyError, match="tempo_bpm"):
        TrackSound.from_dict(data)


@pytest.mark.parametrize(
    ("valence", "energy", "quadrant"),
    [(0.5, 0.5, "Q1"), (-0.5, 0.5, "Q2"), (-0.5, -0.5, "Q3"), (0.5, -0.5, "Q4"), (0.0, 0.0, "Q1")],
)
def test_quadrants(valence: float, energy: float, quadrant: str) -> None:
    assert quadrant_of(valence, energy) == quadrant
