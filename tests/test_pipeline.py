"""The whole path on real input: what is found, what is said where something is missing, and when to stop."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from emotion import errors, media
from emotion.aside import Aside
from emotion.assembly import Heard, Seen, _notices
from emotion.media import fence
from emotion.messages import english
from emotion.pipeline import Progress, Readers, analyse, load_readers, reread, study
from emotion.timeline import Notice, Timeline
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
    assert keys(silent) == {"notice.nothing_found"}  # one sentence that is true, not three that contradict each other
    assert silent.best is None
    hum = analyse(clips.write(tmp_path / "h.mp4", y=clips.tone(3.0, hz=100), frames=grey, fps=5), readers)
    assert keys(hum) == {"notice.nothing_found"}
    assert all(m.fused is None for m in hum.moments)


SOUND = ("no_sound", "silent", "no_speech", "sound_broken", None)
PICTURE = ("no_picture", "no_face", "picture_broken", "several_faces", None)


@pytest.mark.parametrize("sound", SOUND)
@pytest.mark.parametrize("picture", PICTURE)
def test_no_two_sentences_contradict_each_other(sound: str | None, picture: str | None) -> None:
    heard = Heard(notices=(Notice(f"notice.{sound}"),) if sound else ())
    values = (("count", 2),) if picture == "several_faces" else ()
    seen = Seen(notices=(Notice(f"notice.{picture}", values),) if picture else ())
    nothing = sound is not None and picture not in {None, "several_faces"}
    said = [english(n.key, **dict(n.values)) for n in _notices(heard, seen, None, nothing=nothing)]
    assert not (any("only the face" in s for s in said) and any("only the voice" in s for s in said))
    assert len(said) == 1 if nothing else len(said) == (sound is not None) + (picture is not None)
    assert ("could be decoded" in said[0]) == ("broken" in f"{sound} {picture}") if nothing else True


@pytest.mark.parametrize("sample", ["voice_note", "good_news"])
@pytest.mark.parametrize("level_db", [-40, -50])
def test_a_loud_click_takes_nothing_from_a_quiet_voice(
    readers: Readers, tmp_path: Path, level_db: int, sample: str
) -> None:
    """40 samples of full scale in speech that is quiet by itself: a slate, a bumped microphone."""
    sr = 44_100
    y = media.read_sound(SAMPLES / CATALOGUE[sample]["file"], sr)
    quiet = (y / np.abs(y).max() * 10 ** (level_db / 20)).astype(np.float32)
    clicked = quiet.copy()
    clicked[sr : sr + 40] = 1.0
    plain, heard = (
        analyse(clips.write(tmp_path / f"{name}.wav", y=sound, sr=sr, audio_codec="pcm_f32le"), readers)
        for name, sound in (("plain", quiet), ("clicked", clicked))
    )
    assert heard.voice is not None
    assert plain.voice is not None
    assert heard.voice.label == plain.voice.label
    assert [m.voice is not None for m in heard.moments] == [m.voice is not None for m in plain.moments]
    assert sum(m.voice is not None for m in heard.moments) >= 6


def test_a_broken_sound_track_and_a_picture_without_a_rate_still_give_the_face(
    readers: Readers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip whose rate nobody states has a picture all the same."""
    face = media.frame_at(SAMPLES / CATALOGUE["good_news"]["file"], 1.0).rgb
    path = clips.write(tmp_path / "odd.mkv", y=clips.tone(3.0), frames=[face] * 15, fps=5)

    plain = fence.opened

    @contextmanager
    def opened(*args: Any, **values: Any) -> Iterator[fence.Reading]:
        with plain(*args, **values) as reading:
            reading.clip = replace(reading.clip, frame_rate=None)
            monkeypatch.setattr(reading, "sound", broken)
            yield reading

    def broken() -> None:
        raise errors.MediaError(name=path.name)

    monkeypatch.setattr(fence, "opened", opened)
    timeline = analyse(path, readers)
    assert timeline.face is not None
    assert timeline.clip.fps is None
    assert keys(timeline) == {"notice.sound_broken"}


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


@pytest.mark.parametrize("sample", sorted(CATALOGUE))
def test_speech_is_told_in_regions(readers: Readers, sample: str) -> None:
    timeline = analyse(SAMPLES / CATALOGUE[sample]["file"], readers)
    assert timeline.speech
    ends = [0.0]
    for region in timeline.speech:
        assert region.start_s >= ends[-1]
        ends.append(region.end_s)
    assert ends[-1] <= timeline.clip.duration_s + 0.05
    heard = [m for m in timeline.moments if m.voice is not None]
    assert all(any(m.segment.overlap_s(region) > 0 for region in timeline.speech) for m in heard)


def test_the_switch_shows_what_reading_anew_would(readers: Readers) -> None:
    studied = study(SAMPLES / CATALOGUE["good_news"]["file"], readers)
    adaptation = studied.timeline.adaptation
    assert adaptation is not None
    assert studied.switched is not None
    assert studied.switched.adaptation == replace(adaptation, on=False)
    plain = analyse(SAMPLES / CATALOGUE["good_news"]["file"], readers, adapt=False)
    assert studied.switched.moments == plain.moments
    assert studied.switched.voice == plain.voice
    assert reread(studied.switched, readers, adaptation) == studied.timeline


def test_the_waveform_comes_from_the_sound_that_was_heard(readers: Readers) -> None:
    studied = study(SAMPLES / CATALOGUE["good_news"]["file"], readers)
    assert studied.heard.envelope is not None
    times, low, high = studied.heard.envelope
    assert times[-1] == pytest.approx(studied.timeline.clip.duration_s, abs=0.1)
    assert (low <= high).all()
    assert high.max() > 0.05


def test_a_picture_that_stands_still_lasts_to_the_end(readers: Readers, tmp_path: Path) -> None:
    """One picture of a face with six seconds of sound."""
    face = media.frame_at(SAMPLES / CATALOGUE["good_news"]["file"], 1.0).rgb
    path = clips.write(tmp_path / "still.mkv", y=clips.tone(6.0, hz=100), frames=[face], times_s=[0.0])
    timeline = analyse(path, readers)
    assert [m.face is not None for m in timeline.moments] == [True] * 6
    assert timeline.face_seen == pytest.approx(1.0, abs=0.05)


def test_how_long_a_face_was_seen_is_said(readers: Readers, tmp_path: Path) -> None:
    face = media.frame_at(SAMPLES / CATALOGUE["good_news"]["file"], 1.0).rgb
    nobody = np.zeros_like(face)
    timeline = analyse(clips.write(tmp_path / "part.mp4", frames=[face] * 10 + [nobody] * 30, fps=5), readers)
    assert timeline.face_seen == pytest.approx(0.25, abs=0.05)
    assert dict(next(n for n in timeline.notices if n.key == "notice.face_seen").values)["share"] == timeline.face_seen


def test_a_reader_that_dies_in_the_middle_costs_a_sentence_and_nothing_else(readers: Readers) -> None:
    path = SAMPLES / CATALOGUE["good_news"]["file"]
    before = {p.pid for p in psutil.Process().children(recursive=True)}

    def kill(progress: Progress) -> None:
        if progress.stage == "hearing":
            for child in psutil.Process().children(recursive=True):
                if child.pid not in before and child.children() == [] and child.ppid() != os.getpid():
                    child.kill()

    fence.probe(path)  # the template stands
    with pytest.raises(errors.DecoderDied, match="visit"):
        analyse(path, readers, name="visit", on_progress=kill)
    assert analyse(path, readers).best is not None


@pytest.mark.parametrize("cores", [2, 8])
def test_with_few_cores_the_picture_waits_for_the_voice(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    go, noted, seen = threading.Event(), queue.Queue[float](), Seen()

    def look(eye: Aside) -> Seen:
        go.wait()
        eye.note(0.5)
        noted.put(0.5)
        return seen

    with Aside(look, threading.Event()) as eye:
        with pytest.raises(errors.NoSpeech), eye.held():
            go.set()
            if cores == 2:
                with pytest.raises(queue.Empty):
                    noted.get(timeout=0.2)
            else:
                noted.get(timeout=60)
            raise errors.NoSpeech(name="a")  # whatever ends the hearing lets the picture go on
        assert eye.result(lambda fraction: None, lambda: False) is seen
