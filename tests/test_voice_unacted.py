"""What is said of voices without a label: counted by what was heard, and the songs by the side of the plane."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotion.labels import EMOTIONS, INDEX
from emotion.timeline import Affect, Clip, EmotionScores, Moment, Segment, Timeline, Verdict
from emotion.training import evaluate_unacted as unacted
from emotion.voice.infer import VoiceReader, build_reader


def says(emotion: str, share: float) -> EmotionScores:
    probs = np.full(len(EMOTIONS), (1 - share) / (len(EMOTIONS) - 1))
    probs[INDEX[emotion]] = share
    return EmotionScores.from_array(probs)


def heard(*answers: tuple[str, float]) -> unacted.Said:
    scores = [says(*answer) for answer in answers]
    affect = Affect(0.1, -0.2, -0.5, 0.5, -0.6, 0.4)
    moments = tuple(Moment(Segment(i, i + 1), voice=s, affect=affect) for i, s in enumerate(scores))
    silent = Moment(Segment(len(scores), len(scores) + 1))
    whole = EmotionScores.mean(scores) if scores else None
    return unacted.Said.of(
        Timeline(
            Clip("c", len(scores) + 1.0),
            (*moments, silent),
            voice=whole and Verdict(whole, sure=False),
            speech=(Segment(0, len(scores)),) if scores else (),
        )
    )


def test_silent_seconds_and_files_in_which_nobody_speaks_do_not_count() -> None:
    found = [heard(("sad", 0.9), ("calm", 0.5)), heard(("calm", 0.4), ("calm", 0.9)), heard()]
    report = unacted.spread(found, 0.7)
    assert (report["files"], report["heard"], report["speech_s"]) == (3, 2, 4)
    assert report["sure_seconds"] == 0.5
    assert report["said_of_seconds"] == {"calm": 0.75, "sad": 0.25}
    assert report["said_when_sure"] == {"calm": 0.5, "sad": 0.5}
    assert unacted.spread([heard()], 0.7) == {"files": 1, "heard": 0, "speech_s": 0}


def test_songs_are_drawn_alike_each_time_and_no_more_than_there_are(tmp_path: Path) -> None:
    for quarter in unacted.QUARTERS:
        (tmp_path / quarter).mkdir()
        for i in range(5):
            (tmp_path / quarter / f"{quarter}{i}.mp3").touch()
    first = unacted.drawn(tmp_path, 3)
    assert {quarter: len(files) for quarter, files in first.items()} == dict.fromkeys(unacted.QUARTERS, 3)
    assert first == unacted.drawn(tmp_path, 3)
    assert [len(files) for files in unacted.drawn(tmp_path, 9).values()] == [5] * 4


@pytest.fixture(scope="module")
def reader() -> VoiceReader:
    return build_reader()


def test_a_song_is_right_on_the_side_that_listeners_heard(reader: VoiceReader) -> None:
    happy, sad = heard(("happy", 0.9)), heard(("sad", 0.9))
    right = unacted.sung({"Q1": [happy], "Q3": [sad]}, 0.7, reader)
    wrong = unacted.sung({"Q1": [sad], "Q3": [happy, heard()]}, 0.7, reader)
    assert (right["valence_sign"], right["energy_sign"]) == (1, 1)
    assert (wrong["valence_sign"], wrong["energy_sign"]) == (0, 0)
    assert wrong["heard"] == 2
