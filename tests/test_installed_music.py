"""The music that ships: it is there, it sounds as long and as loud as its list says, and every emotion has some."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from emotion import media
from emotion.labels import EMOTIONS
from recommender.building.beds.patterns import play
from recommender.building.beds.pieces import PIECES
from recommender.building.beds.score import BEATS_A_BAR
from recommender.songs import installed

SR = 48_000
TRACKS = installed.tracks()
OWN = [t for t in TRACKS if t.artist == "MoodCue"]


def test_fifty_tracks_and_every_emotion_without_a_network() -> None:
    assert len(TRACKS) >= 50
    assert {t.emotion for t in TRACKS} == set(EMOTIONS)
    assert all(t.path.is_file() and t.licence == "MIT" and t.tempo_bpm and t.key and t.mode for t in TRACKS)
    assert len({t.title for t in OWN}) == len(OWN) == len(PIECES)


@pytest.mark.parametrize("track", OWN, ids=lambda t: t.path.stem)
def test_a_bed_is_as_long_and_as_loud_as_its_list_says(track: installed.Entry) -> None:
    y = media.read_sound(track.path, SR)
    assert track.duration_s is not None and track.loop_start_s is not None and track.loop_end_s is not None
    assert len(y) / SR == pytest.approx(track.duration_s, abs=0.05)
    # -18 LUFS in stereo is -21 as one channel of what both share, and little less: it survives a phone's one speaker.
    assert pyloudnorm.Meter(SR).integrated_loudness(y.astype(np.float64)) == pytest.approx(-22, abs=1.5)
    assert np.abs(y).max() < 0.95
    bar_s = track.beats_per_bar * 60 / (track.tempo_bpm or 0)
    for edge_s in (track.loop_start_s, track.loop_end_s):
        assert edge_s / bar_s == pytest.approx(round(edge_s / bar_s), abs=1e-3), "a loop begins and ends on a bar"
    assert 0 < track.loop_start_s < track.loop_end_s < track.duration_s
    inside = y[round(track.loop_start_s * SR) : round(track.loop_end_s * SR)]
    quiet = np.sqrt(np.mean(inside[: len(inside) // SR * SR].reshape(-1, SR) ** 2, axis=1)) < 1e-3
    assert not quiet.any(), "nothing drops out inside the loop"


def test_what_is_played_follows_its_seed_and_stays_inside_the_piece() -> None:
    for piece in PIECES:
        notes = play(piece)
        assert notes == play(piece)
        for layer, played in zip(piece.layers, notes, strict=True):
            assert played, f"{piece.name}: a layer of {layer.pattern} is silent"
            assert all(0 <= n.start < piece.bars * BEATS_A_BAR and 0 < n.pitch < 128 for n in played)


def test_effects_have_their_moment_inside() -> None:
    made = installed.effects()
    assert {e.name for e in made} == {"hit", "riser", "whoosh", "room-tone", "applause"}
    for e in made:
        y = media.read_sound(e.path, SR)
        assert len(y) / SR == pytest.approx(e.duration_s, abs=0.05)
        assert 0 <= e.at_s <= e.duration_s and np.abs(y).max() > 0.1
