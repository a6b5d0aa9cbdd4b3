"""What was seen and heard live, kept as a file: real frames and sound, the clock in the test's hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from emotion import media
from emotion.media import tape, tape_segments
from emotion.media.tape import Tape
from tests.conftest import SAMPLES

CLIP = SAMPLES / "good-news.mp4"
SR = 48_000
STEP = 960
"""20 ms, as browsers send sound."""


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Tape]:
    made = Tape(tmp_path / "live")
    yield made
    made.throw_away()
    assert made.wait(10)


def stereo(y: npt.NDArray[np.float32], sent: int | None) -> av.AudioFrame:
    """Sound as aiortc hands it over: interleaved 16 bits, ``sent`` samples after the sender's own zero."""
    whole = (np.clip(y, -1, 1) * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(whole, 2)[None], format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = SR, sent, Fraction(1, SR)
    return frame


def picture(rgb: npt.NDArray[np.uint8]) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")


def play(recorder: Tape, pictures: list[tuple[float, Any]], y: npt.NDArray[np.float32], late_s: float = 0.0) -> None:
    """Hand everything over in the order of its time, no faster than the tape writes, with jitter on the sound."""
    rng = np.random.default_rng(0)
    sound = [(i / SR, i) for i in range(0, len(y), STEP)]
    for at_s, what in sorted([*pictures, *sound], key=lambda item: item[0]):
        while recorder._waiting.qsize() > 4 and recorder.state == "recording":
            time.sleep(0.001)
        if isinstance(what, int):
            part = y[what : what + STEP]
            arrived_s = at_s + len(part) / SR + (rng.uniform(0, late_s) if what else 0.0)
            recorder.sound(stereo(part, what + 12_345), 1000 + arrived_s)
        else:
            recorder.picture(picture(what), 1000 + at_s)


def finished(recorder: Tape) -> Path:
    recorder.stop()
    assert recorder.wait(30)
    assert recorder.state == "ready"
    assert recorder.path is not None
    return recorder.path


def lag_s(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32], sr: int) -> float:
    """By how much ``b`` comes later than ``a``, from their loudness in steps of 5 ms."""
    hop = sr // 200
    x, y = (np.abs(v[: len(v) // hop * hop]).reshape(-1, hop).mean(1) for v in (a, b))
    n = min(len(x), len(y))
    whole = np.correlate(y[:n] - y[:n].mean(), x[:n] - x[:n].mean(), "full")
    return (int(whole.argmax()) - (n - 1)) * 0.005


def test_a_stretch_is_kept_as_it_was(recorder: Tape) -> None:
    frames = [(f.time_s, f.rgb) for f in media.read_frames(CLIP, fps=15)]
    y = media.read_sound(CLIP, SR)
    play(recorder, frames, y, late_s=0.06)
    path = finished(recorder)
    clip, source = media.probe(path), media.probe(CLIP)
    assert clip.duration_s == pytest.approx(source.duration_s, abs=0.15)
    assert recorder.length_s == pytest.approx(source.duration_s, abs=0.15)
    assert recorder.dropped == 0
    assert (clip.width, clip.height) == (640, 360)
    assert abs(lag_s(y, media.read_sound(path, SR), SR)) <= 0.03
    kept = list(media.read_frames(path, fps=30))
    assert len(kept) == len(frames)
    for (at_s, rgb), frame in list(zip(frames, kept, strict=True))[:: len(frames) // 8]:
        assert frame.time_s == pytest.approx(at_s, abs=0.02)
        assert np.abs(frame.rgb.astype(int) - rgb).mean() < 8
    assert [p.name for p in recorder.folder.iterdir()] == [path.name], "the pieces are gone"


def test_flash_and_beep_stay_together_over_pieces_and_lost_sound(recorder: Tape) -> None:
    """Two pieces and a bit; half a second of the sound never comes, and that does not shift the rest."""
    at_s = np.array([2.0, 9.9, 14.0, 21.0])
    t = np.arange(int(22.5 * SR)) / SR
    beeping = (np.abs(t[:, None] - at_s - 0.1) < 0.1).any(1)
    y = np.where(beeping, 0.5 * np.sin(2 * np.pi * 880 * t), 0).astype(np.float32)
    dark, bright = np.full((2, 120, 160, 3), 20, np.uint8) * np.array([1, 11], np.uint8)[:, None, None, None]
    frames = [(i / 12, bright if (np.abs(i / 12 - at_s - 0.1) < 0.1).any() else dark) for i in range(270)]
    play(recorder, frames, y[: 16 * SR])
    rest = y[int(16.5 * SR) :]
    for i in range(0, len(rest), STEP):
        while recorder._waiting.qsize() > 4:
            time.sleep(0.001)
        begin = int(16.5 * SR) + i
        recorder.sound(stereo(rest[i : i + STEP], begin + 12_345), 1000 + (begin + STEP) / SR)
    path = finished(recorder)
    heard = np.abs(media.read_sound(path, SR))
    flashes = [f.time_s for f in media.read_frames(path, fps=30) if f.rgb.mean() > 120]
    for begin_s in at_s:
        beep_s = begin_s - 0.5 + np.argmax(heard[int((begin_s - 0.5) * SR) :] > 0.2) / SR
        flash_s = min(s for s in flashes if s > begin_s - 0.5)
        assert beep_s == pytest.approx(begin_s, abs=0.05)
        assert abs(flash_s - beep_s) < 0.1, "sound and picture are in step"


def test_only_the_last_pieces_stay_and_nothing_grows(tmp_path: Path) -> None:
    recorder = Tape(tmp_path / "live", span_s=20)
    y = np.random.default_rng(1).normal(0, 0.1, 20 * SR).astype(np.float32)
    grey = picture(np.full((120, 160, 3), 90, np.uint8))
    for second in range(120):
        for i in range(5):
            recorder.picture(grey, second + i / 5)
        recorder.sound(stereo(y[:SR], second * SR), second + 1.0)
        while recorder._waiting.qsize() > 2:
            time.sleep(0.001)
        assert len(list(recorder.folder.iterdir())) <= 2 * 4
    path = finished(recorder)
    assert 20 <= media.probe(path).duration_s <= 31
    assert recorder.length_s == pytest.approx(media.probe(path).duration_s, abs=0.3)
    recorder.throw_away()
    assert not recorder.folder.exists()
    assert recorder.path is None


def test_more_than_can_be_written_is_dropped_and_not_queued(recorder: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tape_segments.Pictures.write

    def write(self: Any, frame: av.VideoFrame, at_s: float) -> float:
        time.sleep(0.05)
        return slow(self, frame, at_s)

    monkeypatch.setattr(tape_segments.Pictures, "write", write)
    grey = picture(np.full((120, 160, 3), 90, np.uint8))
    for i in range(100):
        recorder.picture(grey, i / 10)
        recorder.picture(grey, i / 10 + 0.001)  # sooner than the tape's own rate: passed over
    assert recorder._waiting.qsize() <= tape.MOST_PICTURES
    assert recorder.dropped > 50, "whoever hands pictures over never waits until they are written"


@pytest.mark.parametrize("seen", [True, False])
def test_a_camera_or_a_microphone_alone_is_enough(recorder: Tape, seen: bool) -> None:
    if seen:
        play(recorder, [(i / 10, np.full((90, 160, 3), 200, np.uint8)) for i in range(30)], np.zeros(0, np.float32))
    else:
        play(recorder, [], np.full(3 * SR, 0.2, np.float32))
    clip = media.probe(finished(recorder))
    assert clip.duration_s == pytest.approx(3, abs=0.2)
    assert (clip.width is not None, clip.sr is not None) == (seen, not seen)


def test_a_camera_that_is_turned_keeps_its_shape(recorder: Tape) -> None:
    wide, tall = np.full((240, 320, 3), 200, np.uint8), np.full((320, 240, 3), 200, np.uint8)
    play(recorder, [(i / 10, wide if i < 10 else tall) for i in range(20)], np.zeros(0, np.float32))
    first, *_, last = media.read_frames(finished(recorder))
    assert first.rgb.shape == last.rgb.shape == (480, 640, 3)
    assert first.rgb.mean() == pytest.approx(200, abs=3)
    assert last.rgb[:, :100].mean() < 5 and last.rgb[100:-100, 250:-250].mean() == pytest.approx(200, abs=3)


def test_a_connection_that_breaks_leaves_a_usable_file(tmp_path: Path) -> None:
    """Nobody says stop: the tape ends by itself."""
    recorder = Tape(tmp_path / "live", idle_s=0.4)
    assert not recorder.wait(1.0), "before anything came it waits: somebody chooses a camera"
    play(recorder, [(i / 10, np.full((90, 160, 3), 200, np.uint8)) for i in range(20)], np.zeros(0, np.float32))
    assert recorder.wait(10)
    assert recorder.state == "ready"
    assert recorder.path is not None
    assert len(list(media.read_frames(recorder.path, fps=30))) == 20


@pytest.mark.parametrize("when", ["running", "ready"])
def test_who_throws_it_away_leaves_no_file_and_no_thread(tmp_path: Path, when: str) -> None:
    recorder = Tape(tmp_path / "live")
    play(recorder, [(i / 10, np.full((90, 160, 3), 200, np.uint8)) for i in range(10)], np.zeros(0, np.float32))
    if when == "ready":
        finished(recorder)
    recorder.throw_away()
    assert recorder.wait(10)
    assert (recorder.state, recorder.path) == ("gone", None)
    assert not recorder.folder.exists()


def test_a_disk_that_fails_ends_the_tape_and_not_the_page(tmp_path: Path) -> None:
    recorder = Tape(tmp_path / "live")
    recorder.folder.rmdir()
    play(recorder, [(i / 10, np.full((90, 160, 3), 200, np.uint8)) for i in range(10)], np.zeros(0, np.float32))
    assert recorder.wait(10)
    assert recorder.state == "failed"
    recorder.picture(picture(np.zeros((90, 160, 3), np.uint8)), 2000.0)
    assert not recorder.folder.exists()


def test_nothing_that_came_is_no_stretch(recorder: Tape) -> None:
    recorder.stop()
    assert recorder.wait(10)
    assert recorder.state == "failed"
    assert not recorder.folder.exists()


def test_a_microphone_that_starts_late_does_not_fill_the_disk(tmp_path: Path) -> None:
    """An hour after the camera: only what is kept is written, and the sound is in its place."""
    folder = tmp_path / "sound"
    folder.mkdir()
    sound = tape_segments.Sound(folder)
    y = (0.5 * np.sin(np.arange(SR) * 0.06)).astype(np.float32)
    late = 3600 * SR + 3 * SR
    for i in range(0, len(y), STEP):
        sound.write(stereo(y[i : i + STEP], late + i), (late + i + STEP) / SR)
    sound.close()
    (piece,) = folder.iterdir()
    assert piece == tape_segments.sound_path(folder, 360)
    kept = np.fromfile(piece, np.int16)
    assert len(kept) / SR == pytest.approx(4.0, abs=0.05)
    assert np.argmax(np.abs(kept) > 1000) / SR == pytest.approx(3.0, abs=0.05)
