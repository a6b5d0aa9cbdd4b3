"""Music that may be used: which track for which cue, which part of it, and what its licence allows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline
from recommender import paths
from recommender.cues.sheet import CueSheet
from recommender.mix.command import installed_music
from recommender.ranking.parts import STEP_S, Curves, nearest
from recommender.ranking.shelf import CLEARLY, SIDED, Shelf, Wish, rank
from recommender.songs import installed
from recommender.songs.usable import COLUMNS, LICENCES, USES, Usable, read_parquet, write_parquet

OPEN = paths.ASSETS / "music" / "open.parquet"


def scores(emotion: str, sure: float = 0.9) -> EmotionScores:
    rest = (1 - sure) / 7
    return EmotionScores(tuple(sure if e == emotion else rest for e in EMOTIONS))


def sheet(*stretches: tuple[str, int], sure: float = 0.9) -> CueSheet:
    moments, at = [], 0
    for emotion, seconds in stretches:
        for _ in range(seconds):
            s = scores(emotion, sure)
            moments.append(Moment(Segment(at, at + 1), voice=s, fused=s))
            at += 1
    return CueSheet.from_timeline(Timeline(Clip("c.mp4", float(at)), tuple(moments), speech=(Segment(0, at),)))


def test_the_best_part_is_the_nearest_of_all_parts(rng: np.random.Generator) -> None:
    curves = []
    for k in rng.integers(3, 40, 60):
        walk = np.clip(np.cumsum(rng.standard_normal((2, k)) * 0.15, axis=1), -1, 1)
        curves.append((walk[0].tolist(), walk[1].tolist()))
    wanted = np.clip(np.cumsum(rng.standard_normal((4, 2)) * 0.2, axis=0), -1, 1)
    distance, first = nearest(Curves.of(curves), wanted, np.ones(60, bool))
    for i, (v, e) in enumerate(curves):
        own = np.stack([np.resize(v, 100), np.resize(e, 100)], axis=1)
        each = [np.sqrt(((own[s : s + 4] - wanted) ** 2).sum(axis=1).mean()) for s in range(len(v))]
        assert distance[i] == pytest.approx(min(each), abs=1e-3)
        assert each[first[i]] == pytest.approx(min(each), abs=1e-3)
    kept, _ = nearest(Curves.of(curves), wanted, np.arange(60) == 7)
    assert np.isfinite(kept).sum() == 1


def test_each_cue_gets_music_of_its_own_mood_and_no_track_twice() -> None:
    made = sheet(("sad", 30), ("angry", 30), ("happy", 30))
    assert len(made) == 3
    shelf = Shelf.of([t.usable() for t in installed.tracks()])
    ranked = rank(made, shelf)
    firsts = [ranked[c.id][0].track for c in made.cues]
    assert len({t.id for t in firsts}) == 3
    emotions = {f"installed:{t.path.stem}": t.emotion for t in installed.tracks()}
    assert [emotions[t.id] for t in firsts] == ["sad", "angry", "happy"]
    for cue in made.cues:
        assert len(ranked[cue.id]) == 3
        for part in ranked[cue.id]:
            assert 0 <= part.start_s < part.end_s <= (part.track.duration_s or 1e9)


@pytest.mark.parametrize("sure", [0.45, 0.6, 0.9])
@pytest.mark.parametrize("emotion", [e for e in EMOTIONS if e != "neutral"])
def test_in_doubt_too_music_lies_on_the_side_of_the_mood_and_is_called_nothing_else(emotion: str, sure: float) -> None:
    made = sheet((emotion, 20), sure=sure)
    found, sounds = installed_music()
    (cue,) = made.cues
    assert cue.direction.valence is not None and cue.direction.energy is not None
    first = rank(made, Shelf.of(found, sounds), count=1)[cue.id][0].track
    for goal, lies in ((cue.direction.valence, first.valence), (cue.direction.energy, first.energy)):
        assert abs(goal) < SIDED or (lies is not None and lies * np.sign(goal) > -CLEARLY), first
    if cue.direction.advice == "music" and sure >= 0.6:
        assert {e for e in EMOTIONS if e in first.said} <= {emotion}, first


def test_the_part_follows_the_clip_and_not_only_its_mean() -> None:
    up = Usable("up", "own", "Up", "A", "CC0", "", path="up.wav", duration_s=60, measured=True)
    n = round(60 / STEP_S)
    from dataclasses import replace

    from recommender.library.track_sound import TrackSound

    def sound(energy: list[float]) -> TrackSound:
        even = (0.25, 0.25, 0.25, 0.25)
        return TrackSound(60, 0, 0, "Q1", even, (0.0,) * n, tuple(energy), (), (0.0,) * 9, None, (), (), None,
                          None, None, None, "none", 0, (), 0, 60, None)  # fmt: skip

    rising = [-0.8 + 1.6 * i / n for i in range(n)]
    shelf = Shelf.of([up, replace(up, id="down", title="Down")], {"up": sound(rising), "down": sound(rising[::-1])})
    moments = []
    for i in range(24):
        angry = i / 23
        p = EmotionScores.from_array([0.02] * 8)
        probs = np.array(p.probs)
        probs[EMOTIONS.index("sad")] = 1 - angry + 0.05
        probs[EMOTIONS.index("angry")] = angry + 0.05
        s = EmotionScores.from_array(probs)
        moments.append(Moment(Segment(i, i + 1), voice=s, fused=s))
    line = Timeline(Clip("c.mp4", 24.0), tuple(moments), speech=(Segment(0, 24),))
    made = CueSheet.from_timeline(line)
    if len(made) > 1:
        from recommender.cues import edits

        made = edits.merge(made, made.cues[0].id)
    assert rank(made, shelf)[made.cues[0].id][0].track.title == "Up"


def test_a_licence_allows_what_it_allows_and_unknown_allows_nothing() -> None:
    track = Usable("a", "own", "A", "A", "unknown", "")
    assert not track.uses
    assert Usable("a", "own", "A", "A", "CC BY 4.0", "").uses == frozenset(USES)
    assert not Usable("a", "own", "A", "A", "CC BY-NC", "").uses
    made = sheet(("sad", 20))
    mixed = [
        *[t.usable() for t in installed.tracks()][:5],
        Usable("u", "own", "U", "U", "unknown", "", valence=-0.6, energy=-0.3),
    ]
    ranked = rank(made, Shelf.of(mixed), wish=Wish(use="broadcast"))
    assert "u" not in {p.track.id for p in ranked[made.cues[0].id]}
    assert all(x.credit == x.name.startswith("CC BY") for x in LICENCES.values())


def test_the_open_catalogue_names_what_each_track_asks_for() -> None:
    tracks = list(read_parquet(OPEN))
    assert len(tracks) > 1400 and len({t.id for t in tracks}) == len(tracks)
    assert {t.source for t in tracks} == {"open"}
    for t in tracks:
        assert t.licence == "CC BY 4.0" and t.title in t.credit and "creativecommons.org" in t.credit
        assert t.url and t.url.startswith("https://incompetech.com/") and not t.measured
        assert t.tempo_bpm is None or 20 <= t.tempo_bpm <= 300
    quadrants = {(t.valence > 0, t.energy > 0) for t in tracks if t.valence is not None and t.energy is not None}
    assert len(quadrants) == 4


def test_a_catalogue_of_usable_music_reads_back_whole(tmp_path: Path) -> None:
    tracks = [t.usable() for t in installed.tracks()]
    write_parquet(tracks, tmp_path / "x.parquet")
    assert list(read_parquet(tmp_path / "x.parquet")) == tracks
    assert {"licence", "credit", "isrc"} <= set(COLUMNS)
