"""The whole path on real input: what is found, what is said where something is missing, and when to stop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emotion import errors, media
from emotion.pipeline import Progress, Readers, analyse, load_readers
from emotion.timeline import Timeline
from tests import clips
from tests.conftest import ROOT, SAMPLES

CATALOGUE = {s["id"]: s for s in json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))}


def keys(timeline: Timeline) -> set[str]:
    return {n.key for n in timeline.notices}


@pytest.mark.parametrize("sample", sorted(CATALOGUE))
def test_every_sample_gives_a_full_result(readers: Readers, sample: str) -> None:
    path = SAMPLES / CATALOGUE[sample]["file"]
    timeline = analyse(path, readers)
    assert timeline.voice is not None
    assert timeline.fused is not None
    assert len(timeline.tracks) == CATALOGUE[sample]["faces"]
    assert (timeline.face is None) == (CATALOGUE[sample]["faces"] == 0)
    ends = [m.segment.end_s for m in timeline.moments]
    assert ends[-1] == pytest.approx(timeline.clip.duration_s, abs=0.1)
    assert sum(m.voice is not None for m in timeline.moments) >= 0.5 * len(ends)
    for moment in timeline.moments:
        for scores in (moment.voice, moment.face, moment.fused):
            assert scores is None or sum(scores.probs) == pytest.approx(1, abs=1e-6)


def test_the_voice_is_known_before_the_picture_is_looked_at(readers: Readers) -> None:
    said: list[Progress] = []
    analyse(SAMPLES / CATALOGUE["good_news"]["file"], readers, on_progress=said.append)
    stages = [p.stage for p in said]
    assert list(dict.fromkeys(stages)) == ["reading", "hearing", "looking", "matching"]
    first = next(p for p in said if p.partial is not None)
    assert first.partial is not None
    assert first.partial.voice is not None
    assert first.partial.face is None
    assert stages.index("looking") == said.index(first)
    fractions = [p.fraction for p in said if p.stage == "looking"]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.9


@pytest.mark.parametrize("stage", ["hearing", "looking"])
def test_cancel_stops_soon(readers: Readers, stage: str) -> None:
    reached: list[str] = []
    with pytest.raises(errors.Cancelled):
        analyse(
            SAMPLES / CATALOGUE["good_news"]["file"],
            readers,
            on_progress=lambda p: reached.append(p.stage),
            cancelled=lambda: stage in reached,
        )
    assert "matching" not in reached


def test_picture_without_sound_and_sound_without_picture(readers: Readers, tmp_path: Path) -> None:
    source = SAMPLES / CATALOGUE["good_news"]["file"]
    frames = [f.rgb for f in media.read_frames(source)][:15]
    mute = analyse(clips.write(tmp_path / "mute.mp4", frames=frames, fps=5), readers)
    assert "notice.no_sound" in keys(mute)
    assert mute.voice is None
    assert mute.face is not None
    assert mute.fused is not None
    assert mute.fused.scores == mute.face.scores
    heard = analyse(SAMPLES / CATALOGUE["voice_note"]["file"], readers)
    assert "notice.no_picture" in keys(heard)
    assert heard.face is None
    assert heard.disagreement is None


def test_silence_noise_and_empty_rooms_get_no_opinion(readers: Readers, tmp_path: Path) -> None:
    grey = [clips.picture()] * 15
    silent = analyse(clips.write(tmp_path / "s.mp4", y=np.zeros(3 * 44_100, np.float32), frames=grey, fps=5), readers)
    assert {"notice.silent", "notice.no_face", "notice.nothing_found"} <= keys(silent)
    assert silent.best is None
    hum = analyse(clips.write(tmp_path / "h.mp4", y=clips.tone(3.0, hz=100), frames=grey, fps=5), readers)
    assert {"notice.no_speech", "notice.no_face"} <= keys(hum)
    assert all(m.fused is None for m in hum.moments)


def test_limits_hold(readers: Readers) -> None:
    with pytest.raises(errors.TooLong):
        analyse(SAMPLES / CATALOGUE["good_news"]["file"], readers, limits=media.Limits(max_duration_s=3))


@pytest.mark.data
def test_real_clips_give_full_results(readers: Readers, data: Path) -> None:
    found = {p.name: analyse(p, readers) for p in sorted((data / "video").iterdir())}
    assert len(found) == 5
    for name, timeline in found.items():
        assert timeline.voice is not None, name
        assert timeline.face is not None, name
    stage = found.pop("short_hamilton_clip.mp4")
    assert len(stage.tracks) >= 3
    for timeline in found.values():
        assert len(timeline.tracks) == 1
        assert timeline.tracks[0].share > 0.8
        assert timeline.face is not None
        assert timeline.face.scores["neutral"] > 0.3  # all four speak in a neutral tone


def test_what_cannot_be_had_is_replaced_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_DETECTOR", "deepface-retinaface")  # it would load TensorFlow
    readers = load_readers()
    timeline = analyse(SAMPLES / CATALOGUE["good_news"]["file"], readers)
    assert timeline.face is not None
    assert {"error.detector_missing", "notice.default_face"} <= keys(timeline)
    assert "detector-centerface" in {m.name for m in timeline.models}


def test_serving_never_imports_tensorflow_or_the_browser() -> None:
    code = (
        "import sys; from emotion import analyse, load_readers; "
        f"t = analyse({str(SAMPLES / CATALOGUE['good_news']['file'])!r}, load_readers()); assert t.voice and t.face; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'tensorflow', 'keras', 'tf_keras', 'torch', 'streamlit'}), "
        "[m for m in sys.modules if m.startswith('emotion.training')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
