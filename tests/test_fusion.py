"""Late fusion, the grid of moments, and the result's schema there and back."""

from __future__ import annotations

import csv
import io
import itertools
import json
from fractions import Fraction

import numpy as np
import pytest

from emotion import errors, grid, result
from emotion.fusion import DISAGREE_FROM, Reliability, accord, disagreement, fuse, share_neutral, verdict_of_both
from emotion.labels import EMOTIONS
from emotion.timeline import (
    Box,
    Clip,
    EmotionScores,
    FaceTrack,
    ModelUsed,
    Moment,
    Notice,
    Segment,
    Sighting,
    Timeline,
    Verdict,
)  # fmt: skip

EQUAL = Reliability(0.7, 0.7)


def peaked(emotion: str, p: float = 0.9) -> EmotionScores:
    rest = (1 - p) / (len(EMOTIONS) - 1)
    return EmotionScores.from_array([p if e == emotion else rest for e in EMOTIONS])


UNIFORM = EmotionScores.from_array(np.ones(8))


def test_agreement_makes_surer_and_order_does_not_matter() -> None:
    both = fuse(peaked("happy", 0.6), peaked("happy", 0.6), EQUAL)
    assert both is not None
    assert both.label == "happy"
    assert both.confidence >= 0.55
    a = EmotionScores.from_array([0.1, 0, 0, 0.8, 0.1, 0, 0, 0])  # no calm, which the face takes from the voice
    b = EmotionScores.from_array([0.2, 0, 0.1, 0.2, 0.5, 0, 0, 0])
    np.testing.assert_allclose(fuse(a, b, EQUAL).probs, fuse(b, a, EQUAL).probs, atol=1e-12)  # type: ignore[union-attr]


def test_the_decided_side_and_the_reliable_side_count_more() -> None:
    assert fuse(peaked("angry", 0.9), UNIFORM, EQUAL).label == "angry"  # type: ignore[union-attr]
    voice, face = peaked("angry", 0.8), peaked("happy", 0.8)
    assert fuse(voice, face, Reliability(0.9, 0.5)).label == "angry"  # type: ignore[union-attr]
    assert fuse(voice, face, Reliability(0.5, 0.9)).label == "happy"  # type: ignore[union-attr]


def test_one_modality_alone_is_taken_as_it_is() -> None:
    voice = peaked("sad", 0.7)
    assert fuse(voice, None, EQUAL) is voice
    assert fuse(None, voice, EQUAL) is voice
    assert fuse(None, None, EQUAL) is None
    assert disagreement(voice, None) is None


def test_calm_comes_from_the_voice_and_a_still_face() -> None:
    face, voice = peaked("neutral", 0.95), peaked("calm", 0.8)
    shared = share_neutral(face, voice)
    assert shared["calm"] == pytest.approx(0.8, abs=0.05)
    assert sum(shared.probs) == pytest.approx(1)
    assert fuse(voice, face, EQUAL).label == "calm"  # type: ignore[union-attr]
    assert share_neutral(face, peaked("neutral")).label == "neutral"
    happy = EmotionScores.from_array([0, 0, 1, 0, 0, 0, 0, 0])
    assert share_neutral(face, happy)["calm"] == 0  # a voice that is not calm leaves the face's neutral
    startled = EmotionScores.from_array([0, 0.1, 0.1, 0, 0, 0, 0.1, 0.7])
    assert share_neutral(face, startled).label == "neutral"  # nor does a little calm take all of it


def test_disagreement_runs_from_nothing_to_one_bit() -> None:
    only = np.eye(8)
    happy, sad = EmotionScores.from_array(only[2]), EmotionScores.from_array(only[3])
    assert disagreement(happy, happy) == 0
    assert disagreement(happy, sad) == pytest.approx(1.0)
    assert 0 < (disagreement(peaked("happy", 0.6), peaked("sad", 0.6)) or 0) < 1


def test_sure_needs_confidence_and_agreement() -> None:
    agreed, _ = verdict_of_both(peaked("sad", 0.95), peaked("sad", 0.95), EQUAL, (0.6, 0.6))
    assert agreed is not None
    assert agreed.sure
    doubtful, _ = verdict_of_both(UNIFORM, None, EQUAL, (0.6, 0.6))
    assert doubtful is not None
    assert not doubtful.sure
    voice = EmotionScores.from_array([0, 0, 0.62, 0.38, 0, 0, 0, 0])
    face = EmotionScores.from_array([0, 0, 0.62, 0, 0, 0, 0, 0.38])
    two_doubts, _ = verdict_of_both(voice, face, EQUAL, (0.65, 0.65))
    assert two_doubts is not None
    assert two_doubts.scores.confidence > 0.65
    assert not two_doubts.sure
    torn, differ = verdict_of_both(peaked("sad", 0.99), peaked("happy", 0.97), Reliability(1.0, 0.1), (0.6, 0.6))
    assert torn is not None
    assert differ is not None
    assert differ > DISAGREE_FROM
    assert not torn.sure


def test_an_undecided_side_is_no_objection_and_another_choice_is() -> None:
    """A voice that hardly says anything lets a sure face stand; one that would rather say something else does not."""
    face = peaked("happy", 0.95)
    undecided = EmotionScores.from_array([0.16, 0.02, 0.15, 0.14, 0.14, 0.13, 0.12, 0.14])
    verdict, differ = verdict_of_both(undecided, face, EQUAL, (0.6, 0.6))
    assert verdict is not None
    assert differ is not None
    assert differ >= DISAGREE_FROM
    assert (verdict.label, verdict.sure) == ("happy", True)
    assert accord(differ, sure=verdict.sure) == "differ"
    other = EmotionScores.from_array([0.05, 0.05, 0.15, 0.4, 0.1, 0.1, 0.05, 0.1])
    verdict, differ = verdict_of_both(other, face, EQUAL, (0.6, 0.6))
    assert verdict is not None
    assert differ is not None
    assert not verdict.sure
    assert accord(differ, sure=verdict.sure) == "disagree"


def test_a_calm_voice_does_not_contradict_a_face_at_rest() -> None:
    verdict, _ = verdict_of_both(peaked("calm", 0.9), peaked("neutral", 0.95), EQUAL, (0.6, 0.6))
    assert verdict is not None
    assert (verdict.label, verdict.sure) == ("calm", True)


@pytest.mark.parametrize("duration_s", [0.05, 0.4, 1.0, 1.49, 1.5, 2.3, 59.99, 60.0])
def test_the_grid_covers_the_clip_without_a_gap(duration_s: float) -> None:
    steps = grid.grid(duration_s)
    assert steps[0].start_s == 0
    assert steps[-1].end_s == pytest.approx(duration_s)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(steps))
    assert all(0.5 <= s.duration_s <= 1.5 or len(steps) == 1 for s in steps)


def sighting(time_s: float, emotion: str, weight: float = 1.0) -> Sighting:
    return Sighting(time_s, Box(0, 0, 50, 50), 0.9, peaked(emotion), weight)


def test_moments_take_what_lies_in_them() -> None:
    windows = [(Segment(0, 3), peaked("sad")), (Segment(5, 8), peaked("angry"))]
    track = FaceTrack(1, tuple(sighting(t, "happy" if t < 4 else "neutral") for t in (0.2, 0.6, 3.1, 6.4)), 0.5)
    line = grid.of_clip(Clip("c", 9.0), windows, (track,), EQUAL)
    said = [(m.voice and m.voice.label, m.face and m.face.label) for m in line]
    assert len(line) == 9
    assert said[0] == ("sad", "happy")
    assert said[2][0] == "sad"
    assert said[3] == (None, "happy")
    assert said[4] == (None, None)
    assert said[6] == ("angry", "neutral")
    assert said[8] == (None, None)
    assert line[4].fused is None
    assert line[0].disagreement is not None


def test_a_face_that_can_hardly_be_read_counts_less() -> None:
    track = FaceTrack(1, (sighting(0.1, "happy", 1.0), sighting(0.3, "sad", 0.1)), 1.0)
    assert track.scores.label == "happy"
    (moment,) = grid.of_clip(Clip("c", 1.0), [], (track,), EQUAL)
    assert moment.face is not None
    assert moment.face.label == "happy"


def a_timeline() -> Timeline:
    sad, happy = peaked("sad", 0.8), peaked("happy", 0.6)
    fused = fuse(sad, happy, EQUAL)
    assert fused is not None
    track = FaceTrack(3, (sighting(0.0, "happy"), sighting(1.8, "happy")), 0.9, main=True)
    return Timeline(
        Clip("=影片 😀.mp4", 2.0, 48_000, Fraction(30000, 1001), 640, 360),
        (Moment(Segment(0, 1), sad, happy, fused, 0.3), Moment(Segment(1, 2), None, happy, happy)),
        Verdict(sad, True),
        Verdict(happy, False),
        Verdict(fused, False),
        0.3,
        (track,),
        (ModelUsed("voice", "1", "ab" * 32),),
        (Notice("notice.no_speech"),),
    )


def test_json_has_the_documented_fields_and_reads_back() -> None:
    timeline = a_timeline()
    data = json.loads(json.dumps(result.to_dict(timeline)))
    assert list(data) == [
        "schema_version",
        "clip",
        "voice",
        "face",
        "fused",
        "valence",
        "arousal",
        "disagreement",
        "timeline",
        "speech",
        "adaptation",
        "face_seen",
        "faces",
        "models",
        "notices",
        "warnings",
    ]
    assert data["clip"] == {
        "name": "=影片 😀.mp4", "duration_s": 2.0, "sr": 48_000, "fps": 29.97, "width": 640, "height": 360,
        "frame_rate": "30000/1001", "start_timecode": None, "notices": [],
    }  # fmt: skip
    assert set(data["voice"]) == {"probabilities", "label", "confidence", "sure"}
    assert list(data["voice"]["probabilities"]) == list(EMOTIONS)
    assert sum(data["fused"]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert data["timeline"][1]["voice"] is None
    person = data["faces"][0]
    scores = timeline.tracks[0].scores
    drawn = {"readability": 0, "first_box": 0, "last_box": 0}
    assert person | {"probabilities": 0} | drawn == drawn | {
        "id": 3, "first_s": 0.0, "last_s": 1.8, "share": 0.9, "main": True, "probabilities": 0,
        "valence": pytest.approx(scores.valence, abs=1e-5), "arousal": pytest.approx(scores.arousal, abs=1e-5),
    }  # fmt: skip
    assert data["warnings"] == ["No speech was found in the sound, so the voice has no opinion."]
    again = result.from_dict(data)
    assert again.clip == timeline.clip
    assert again.fused is not None
    np.testing.assert_allclose(again.fused.scores.probs, timeline.fused.scores.probs, atol=1e-5)  # type: ignore[union-attr]
    assert [m.segment for m in again.moments] == [m.segment for m in timeline.moments]


def test_csv_is_one_row_a_moment_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(result.to_csv(a_timeline()))))
    assert len(rows) == 2
    assert float(rows[0]["voice_sad"]) == pytest.approx(0.8, abs=1e-5)
    assert rows[1]["voice_sad"] == ""
    assert not rows[0]["clip"].startswith("=")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: d.pop("clip"), "clip"),
        (lambda d: d["timeline"][0]["voice"].update(sad=7), "sum to 1"),
        (lambda d: d["timeline"][0]["voice"].update(bored=0), "bored"),
        (lambda d: d["timeline"][0].update(start=5), "stretch of time"),
        (lambda d: d.update(timeline=None), "not a MoodCue timeline"),
    ],
)
def test_other_json_is_refused_with_what_is_wrong(damage: object, words: str) -> None:
    data = result.to_dict(a_timeline())
    damage(data)  # type: ignore[operator]
    with pytest.raises(errors.TimelineFileError, match=words):
        result.from_dict(data)


def test_scores_refuse_what_is_no_distribution() -> None:
    for probs in ((0.5,) * 8, (1.0,), (-0.5, 1.5, 0, 0, 0, 0, 0, 0), (float("nan"),) * 8):
        with pytest.raises(ValueError, match=r"not a distribution|probabilities for"):
            EmotionScores(probs)


def test_the_words_for_a_divergence() -> None:
    assert [accord(d) for d in (0.0, 0.19, 0.2, 0.39, 0.4, 1.0)] == ["agree"] * 2 + ["differ"] * 2 + ["disagree"] * 2
