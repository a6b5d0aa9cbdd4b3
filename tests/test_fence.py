"""Workers that die, hang or swell in the middle: a sentence, the next clip goes on, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import psutil
import pytest
import soundfile

from emotion import errors, media
from emotion.media import fence, processes, worker
from tests import clips
from tests.conftest import ROOT, SAMPLES

GOOD_NEWS = SAMPLES / "good-news.mp4"


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More pictures than wait between two processes, in a format that browsers do not play."""
    frames = [clips.picture(640, 360, shade) for shade in range(80)]
    path = tmp_path_factory.mktemp("fence") / "long.mpg"
    sound = clips.tone(16.0)
    return clips.write(path, y=sound, frames=frames, fps=25, video_codec="mpeg1video", audio_codec="mp2")


def running(pid: int) -> bool:
    return psutil.pid_exists(pid)


def test_it_reads_what_media_reads() -> None:
    with fence.opened(GOOD_NEWS) as reading:
        sound, frames = reading.sound(), list(reading.frames())
        pids = reading.pids
    assert reading.clip == media.probe(GOOD_NEWS)
    np.testing.assert_array_equal(sound, media.read_sound(GOOD_NEWS))
    own = list(media.read_frames(GOOD_NEWS))
    assert [f.time_s for f in frames] == [f.time_s for f in own]
    for here, there in zip(own, frames, strict=True):
        np.testing.assert_array_equal(here.rgb, there.rgb)
    assert not any(map(running, pids))
    np.testing.assert_array_equal(fence.frame_at(GOOD_NEWS, 1.0).rgb, media.frame_at(GOOD_NEWS, 1.0).rgb)


def test_refusals_are_the_same_sentences(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no clip at all")
    for path in (tmp_path / "missing.mp4", tmp_path / "text.mp4"):
        with pytest.raises(errors.MediaError) as plain:
            media.probe(path)
        with pytest.raises(errors.MediaError) as fenced:
            fence.probe(path)
        assert (type(fenced.value), str(fenced.value)) == (type(plain.value), str(plain.value))
    with pytest.raises(errors.TooLong):
        fence.read_sound(GOOD_NEWS, limits=media.Limits(max_duration_s=0.5))


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_worker_that_dies_in_the_middle(long_clip: Path, number: signal.Signals) -> None:
    with (
        pytest.raises(errors.DecoderDied, match="holiday") as caught,
        fence.opened(long_clip, name="holiday") as reading,
    ):
        frames = reading.frames()
        next(frames)
        picture, _ = reading.pids
        os.kill(picture, number)
        for _ in frames:
            pass
    assert caught.value.values == {"name": "holiday"}
    assert not any(map(running, reading.pids))
    with fence.opened(long_clip) as again:  # the next clip is read as ever
        assert len(list(again.frames())) == 16
        assert len(again.sound()) == pytest.approx(16 * 16_000, abs=1600)


def test_the_sound_outlives_the_picture_and_the_other_way_round(long_clip: Path) -> None:
    with fence.opened(long_clip) as reading:
        os.kill(reading.pids[1], signal.SIGSEGV)
        assert len(list(reading.frames())) == 16
        with pytest.raises(errors.DecoderDied):
            reading.sound()


def test_a_worker_that_hangs_is_stopped(long_clip: Path) -> None:
    with (
        pytest.raises(errors.DecoderStuck, match="too long"),
        fence.opened(long_clip, bounds=fence.Bounds(stalled_s=0.5)) as reading,
    ):
        frames = reading.frames()
        os.kill(reading.pids[0], signal.SIGSTOP)
        for _ in frames:
            pass
    assert not any(map(running, reading.pids))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded where the system can")
def test_a_worker_that_swells_is_stopped(long_clip: Path) -> None:
    fence.probe(long_clip)  # whatever stays for the next clip is there
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(errors.MediaError):
        list_of(long_clip, fence.Bounds(memory_bytes=8 * 1024**2))
    assert set(psutil.Process().children(recursive=True)) <= before
    assert len(list_of(long_clip, fence.READING)) == 16


def list_of(path: Path, bounds: fence.Bounds) -> list[media.VideoFrame]:
    with fence.opened(path, bounds=bounds) as reading:
        return list(reading.frames())


def test_cancel_ends_the_workers_soon(long_clip: Path) -> None:
    stop = threading.Event()
    with pytest.raises(errors.Cancelled), fence.opened(long_clip, cancelled=stop.is_set) as reading:
        next(frames := reading.frames())
        for pid in reading.pids:
            os.kill(pid, signal.SIGSTOP)  # even one that does nothing any more
        stop.set()
        for _ in frames:
            pass
    assert not any(map(running, reading.pids))


def test_who_stops_reading_leaves_no_process(long_clip: Path) -> None:
    with fence.opened(long_clip) as reading:
        next(reading.frames())
    assert not any(map(running, reading.pids))


def test_a_copy_that_is_broken_off_leaves_no_file(long_clip: Path, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    killed = threading.Event()

    def kill_when_it_writes() -> bool:
        if not killed.is_set() and any(tmp_path.glob(".making-*/*")):
            child = next(p for p in psutil.Process().children(recursive=True) if in_folder(p, tmp_path))
            child.kill()
            killed.set()
        return False

    with pytest.raises(errors.DecoderDied):
        fence.playable(long_clip, tmp_path, cancelled=kill_when_it_writes)
    assert killed.is_set()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(errors.Cancelled):
        fence.playable(long_clip, tmp_path, cancelled=lambda: any(tmp_path.glob(".making-*/*")))
    assert list(tmp_path.iterdir()) == []
    made = fence.playable(long_clip, tmp_path)
    assert list(tmp_path.iterdir()) == [made]
    assert media.probe(made).duration_s == pytest.approx(16.0, abs=0.2)
    assert set(threading.enumerate()) <= before | {threading.current_thread()}


def in_folder(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder)
    except (psutil.Error, OSError):
        return False


def test_what_browsers_play_is_played_as_it_is(tmp_path: Path) -> None:
    assert fence.playable(GOOD_NEWS, tmp_path) == GOOD_NEWS
    assert list(tmp_path.iterdir()) == []


def test_a_recording_comes_back_seekable_or_as_it_was(tmp_path: Path) -> None:
    with GOOD_NEWS.open("rb") as f:
        made = fence.seekable(f, ".mp4")
        (tmp_path / "made.mp4").write_bytes(made.read())
    assert media.probe(tmp_path / "made.mp4").duration_s == pytest.approx(media.probe(GOOD_NEWS).duration_s, abs=0.1)
    (tmp_path / "text.webm").write_text("no recording")
    with (tmp_path / "text.webm").open("rb") as f:
        assert fence.seekable(f, ".webm").read() == b"no recording"


def test_many_at_a_time(long_clip: Path) -> None:
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(len(list_of(long_clip, fence.READING)))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert counts == [16] * 4


def inside(task: Callable[[], str]) -> str:
    """What a function of this module says in a process as a worker sees it."""
    code = f"from tests import test_fence; print(test_fence.{task.__name__}())"
    environment = {**processes._environment(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def confined() -> str:
    worker.confine(cast("worker.Order", {"memory_bytes": 10**9, "cpu_s": 60, "written_bytes": 0}))
    try:
        Path("moodcue-was-here").write_text("x" * 10_000)
    except OSError:
        return "cannot write"
    return "wrote"


def test_a_worker_writes_no_files_and_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inside(confined) == "cannot write"
    monkeypatch.setenv("MOODCUE_DATABASE_URL", "postgresql://user:secret@host/db")
    monkeypatch.setenv("HTTPS_PROXY", "http://secret")
    assert "secret" not in str(processes._environment())


def test_without_fork_each_task_has_a_python_of_its_own(monkeypatch: pytest.MonkeyPatch, long_clip: Path) -> None:
    monkeypatch.setattr(processes, "FORKS", False)
    assert len(list_of(long_clip, fence.READING)) == 16
    with pytest.raises(errors.DecoderDied), fence.opened(long_clip) as reading:
        next(frames := reading.frames())
        os.kill(reading.pids[0], signal.SIGKILL)
        for _ in frames:
            pass


@pytest.mark.skipif(not processes.FORKS, reason="no template here")
def test_a_template_that_is_gone_is_started_anew(long_clip: Path) -> None:
    fence.probe(long_clip)
    template = processes._template._process
    assert template is not None
    with pytest.raises(errors.DecoderDied), fence.opened(long_clip) as reading:
        next(frames := reading.frames())
        template.kill()
        for _ in frames:
            pass
    until = time.monotonic() + 5
    while any(map(running, reading.pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(running, reading.pids))
    assert len(list_of(long_clip, fence.READING)) == 16


def test_counting_the_packets_of_hours_is_no_hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a worker may be silent, and it is not: it says that it is alive."""
    from emotion.media import probing

    path = clips.write(tmp_path / "talk.mp4", y=clips.tone(60.0, 48_000), sr=48_000, frames=[clips.picture()] * 600)
    told: list[int] = []
    monkeypatch.setattr(probing, "ALIVE_EVERY", 100)
    media.probe(path, alive=lambda: told.append(1))
    assert len(told) > 20


# Music ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2])
def test_music_comes_with_its_channels_as_it_is(channels: int, tmp_path: Path) -> None:
    tone = clips.tone(2.5, 16_000)
    y = tone if channels == 1 else np.stack([tone, 0.5 * tone], axis=1)
    soundfile.write(tmp_path / "a.wav", y, 16_000, subtype="FLOAT")
    with fence.music(tmp_path / "a.wav", 16_000) as (clip, blocks):
        heard = np.concatenate(list(blocks))
    assert clip.duration_s == pytest.approx(2.5, abs=0.01)
    np.testing.assert_allclose(heard, y.reshape(-1, channels), atol=1e-6)


def test_what_holds_no_music_is_refused_with_the_same_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"no music" * 99)
    with pytest.raises(errors.NotMedia), fence.music(tmp_path / "a.mp3", 16_000) as (_, blocks):
        list(blocks)
