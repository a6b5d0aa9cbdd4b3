"""The live core on real frames and real sound, with the clock in the test's hand."""

import asyncio
import contextlib
import json
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import streamlit as st
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from streamlit.testing.v1 import AppTest

from emotion import media
from emotion.errors import Cancelled
from emotion.face.frame_tracker import WHOLE_EVERY_S, Follower
from emotion.live import SPAN_S, WINDOW_S, Live
from emotion.messages import catalogue
from emotion.pipeline import Readers
from emotion.timeline import Box, EmotionScores, Sighting
from pages.live import drawing, stream
from pages.live.live_recording import Keeping
from pages.shared.services import models, visitors

SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"


class AtOnce(Executor):
    """Runs what it is given while the caller waits."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Later(Executor):
    """Only counts what it is given: all hands are busy."""

    def __init__(self) -> None:
        self.waiting = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.waiting += 1
        return Future()


class Held(Executor):
    """Keeps what it is given until it is told to run it."""

    def __init__(self) -> None:
        self.work: list[Any] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.work.append(lambda: fn(*args, **kwargs))
        return Future()


@pytest.fixture
def live(readers: Readers) -> Live:
    return Live(lambda: readers, AtOnce())


@pytest.fixture(scope="module")
def frames() -> list[media.VideoFrame]:
    return list(media.read_frames(SAMPLES / "good-news.mp4", fps=5))


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return media.read_sound(SAMPLES / "good-news.mp4", 48_000)


def play(live: Live, sound: np.ndarray, begin_s: float = 0.0) -> float:
    """Hand the sound over as a microphone does, 20 ms at a time; gives the second at which it ended."""
    step = 960
    for i in range(0, len(sound), step):
        live.hear(sound[i : i + step], 48_000, begin_s + (i + step) / 48_000)
    return begin_s + len(sound) / 48_000


def test_a_smiling_face_is_seen_smiling(live: Live, frames: list[media.VideoFrame]) -> None:
    seen = [live.see(frame.rgb, 100 + frame.time_s) for frame in frames[:10]]
    assert [s.scores.label for s in seen[-1]] == ["happy"]
    view = live.view(100 + frames[9].time_s)
    assert view.frames == 10
    assert all(s.crop is None for s in live._faces), "half a minute of pictures would be 70 MB"
    assert view.face is not None
    assert view.face.label == "happy"
    assert view.voice is None
    last = [m for m in view.timeline.moments if m.face]
    assert last[-1].segment.end_s == pytest.approx(SPAN_S)
    assert all(m.segment.start_s >= SPAN_S - 4 for m in last)


def test_a_face_is_followed_where_it_goes_and_a_new_one_is_found(
    readers: Readers, frames: list[media.VideoFrame]
) -> None:
    assert readers.face is not None
    detector, follower = readers.face.detector, Follower()
    for frame in frames[:10]:
        (whole,), (followed,) = detector.detect(frame.rgb), follower.find(detector, frame.rgb, frame.time_s)
        assert followed.box.iou(whole.box) > 0.7
    end_s, rgb = frames[9].time_s, frames[9].rgb
    two = np.concatenate([rgb, rgb[:, ::-1]], axis=1)
    found = [len(follower.find(detector, two, end_s + step)) for step in (0.1, WHOLE_EVERY_S + 0.1)]
    assert found[-1] == 2, "a whole look twice a second"
    assert follower.find(detector, np.zeros_like(two), end_s + WHOLE_EVERY_S + 0.2) == []


def test_speech_is_heard_second_by_second(live: Live, sound: np.ndarray) -> None:
    now_s = play(live, sound)
    view = live.view(now_s)
    heard = [m for m in view.timeline.moments if m.voice]
    assert len(heard) >= 6
    assert view.voice is not None
    assert view.fused is not None
    assert view.fused.scores == view.voice.scores


def test_silence_has_no_opinion(live: Live) -> None:
    now_s = play(live, np.zeros(48_000 * 4, np.float32))
    noise = np.random.default_rng(0).normal(0, 1e-3, 48_000 * 4).astype(np.float32)
    view = live.view(play(live, noise, now_s))
    assert view.voice is None
    assert not any(m.voice for m in view.timeline.moments)


def test_what_is_older_than_the_span_is_forgotten(
    live: Live, frames: list[media.VideoFrame], sound: np.ndarray
) -> None:
    live.see(frames[0].rgb, 0.0)
    play(live, sound)
    view = live.view(SPAN_S + 60)
    assert view.face is None
    assert view.voice is None
    assert not any(m.fused for m in view.timeline.moments)


def test_ten_minutes_hold_no_more_than_one(readers: Readers) -> None:
    live = Live(lambda: readers, Later())
    second = np.full(48_000, 0.1, np.float32)
    for now_s in range(600):
        live.hear(second, 48_000, float(now_s))
        live._faces.extend([_sighting(now_s + i / 40) for i in range(40)])
    assert sum(map(len, live._sound)) <= (WINDOW_S + 1) * 48_000
    assert len(live._faces) <= SPAN_S * 40


def test_sound_never_waits_for_the_model(readers: Readers) -> None:
    busy = Later()
    live = Live(lambda: readers, busy)
    play(live, np.full(48_000 * 6, 0.1, np.float32))
    assert busy.waiting == 1, "one at a time: what cannot be read now is left out, not queued"


def test_while_the_models_load_the_picture_passes(frames: list[media.VideoFrame]) -> None:
    live = Live(lambda: None, AtOnce())
    assert live.see(frames[0].rgb, 0.0) == []
    play(live, np.full(48_000, 0.1, np.float32))
    assert live.view(1.0).fused is None


def test_a_new_start_forgets_the_last_visit(live: Live, frames: list[media.VideoFrame]) -> None:
    live.see(frames[0].rgb, 1.0)
    live.clear()
    assert live.view(1.0).frames == 0
    assert live.view(1.0).face is None


def test_sound_of_before_a_new_start_is_not_heard_after_it(readers: Readers, sound: np.ndarray) -> None:
    """Stop and Start while a stretch is read: neither its emotion nor its voice belongs to who comes next."""
    said = sound[48_000 : 4 * 48_000]
    held = Held()
    live = Live(lambda: readers, held)
    live.hear(said, 48_000, 3.0)
    live.clear()
    live.hear(said, 48_000, 6.0)
    assert len(held.work) == 2, "the new start does not wait for the old stretch"
    old, new = held.work
    old()
    assert live.view(6.0).voice is None
    assert not any(m.voice for m in live.view(6.0).timeline.moments)
    live.hear(said, 48_000, 9.0)
    assert len(held.work) == 2, "the end of the old stretch does not free the new one's place"
    new()
    assert live.view(6.0).voice is not None


def _sighting(time_s: float = 0.0, box: Box | None = None) -> Sighting:
    scores = EmotionScores.from_array([1, 1, 5, 1, 1, 1, 1, 1])
    return Sighting(time_s, box or Box(40, 40, 60, 80), 0.9, scores)


def test_a_face_is_marked_and_the_rest_left_alone() -> None:
    picture = np.full((240, 320, 3), 90, np.uint8)
    drawn = drawing.draw(picture, [_sighting()], stream.named("zh_TW"))
    changed = (drawn != picture).any(axis=2)
    assert changed[40:120, 40].mean() > 0.9
    assert not changed[:, :30].any()
    assert not changed[140:].any()
    assert (picture == 90).all()


@pytest.mark.parametrize("box", [Box(-50, -50, 40, 40), Box(300, 220, 90, 90), Box(0, 0, 320, 240)])
def test_a_face_at_the_edge_is_drawn_without_failing(box: Box) -> None:
    drawn = drawing.draw(np.zeros((240, 320, 3), np.uint8), [_sighting(box=box)], stream.named("en"))
    assert drawn.shape == (240, 320, 3)


def test_frames_go_through_the_callback_drawn(live: Live, frames: list[media.VideoFrame]) -> None:
    given = av.VideoFrame.from_ndarray(frames[0].rgb, format="rgb24")
    got = stream.on_video(live, stream.named("en"), Keeping())(given)
    assert (got.width, got.height) == (given.width, given.height)
    assert np.abs(got.to_ndarray(format="rgb24").astype(int) - frames[0].rgb).max() > 50
    assert live.frames == 1


def threads() -> int:
    return sum(t.name == "tape" for t in threading.enumerate())


def test_nothing_is_kept_unless_asked_and_stop_keeps_what_was(
    live: Live, frames: list[media.VideoFrame], tmp_path: Path
) -> None:
    keeping, folder = Keeping(), tmp_path / "live"
    callback = stream.on_video(live, stream.named("en"), keeping)

    def play() -> None:
        for frame in frames[:5]:
            callback(av.VideoFrame.from_ndarray(frame.rgb, format="rgb24"))
            time.sleep(0.07)

    keeping.follow(folder, wanted=False, start_s=1.0)
    play()
    assert keeping.tape is None and not folder.exists()
    keeping.follow(folder, wanted=True, start_s=1.0)
    play()
    keeping.follow(folder, wanted=True, start_s=None)
    assert keeping.tape is not None and keeping.tape.wait(10)
    assert keeping.tape.path is not None
    kept = list(media.read_frames(keeping.tape.path, fps=30))
    assert len(kept) == 5
    assert np.abs(kept[0].rgb.astype(int) - frames[0].rgb).mean() < 8, "what came in, without boxes"
    keeping.follow(folder, wanted=True, start_s=None)
    assert keeping.tape.path.is_file(), "it stays until something is done with it"
    keeping.follow(folder, wanted=True, start_s=2.0)
    assert keeping.tape.state == "recording", "a new start takes its place"
    assert not any(folder.glob("*.mp4"))
    keeping.follow(folder, wanted=False, start_s=2.0)
    assert keeping.tape is None and not folder.exists() and threads() == 0


def test_who_leaves_frees_the_recording_and_its_thread(tmp_path: Path) -> None:
    visitor, keeping = visitors.arrive(tmp_path), Keeping()
    visitor.on_leave.append(keeping.throw_away)
    keeping.follow(visitor.folder / "live", wanted=True, start_s=1.0)
    grey = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 90, np.uint8), format="rgb24")
    for i in range(10):
        keeping.picture(grey, i / 10)
    assert threads() == 1
    visitor.free()
    assert threads() == 0 and keeping.tape is None
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("button", ["live_analyse", "live_throw_away"])
def test_a_kept_stretch_is_analysed_like_an_upload_or_thrown_away(
    frames: list[media.VideoFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, button: str
) -> None:
    no_models: Future[Any] = Future()
    no_models.set_exception(Cancelled())
    monkeypatch.setattr(models, "readers", lambda: no_models)
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path))
    went: list[str] = []
    monkeypatch.setattr(st, "switch_page", went.append)

    def script() -> None:
        from pages.live import live_recording

        live_recording.show(live_recording.of_session())

    keeping = Keeping()
    keeping.follow(tmp_path / "live", wanted=True, start_s=1.0)
    assert keeping.tape is not None
    for i, frame in enumerate(frames[:8]):
        keeping.picture(av.VideoFrame.from_ndarray(frame.rgb, format="rgb24"), i / 5)
    keeping.tape.stop()
    assert keeping.tape.wait(20)
    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["_live_keeping"] = keeping
    app.run()
    app.button(key=button).click().run()
    assert not app.exception
    assert keeping.tape is None and not (tmp_path / "live").exists()
    assert went == (["pages/analyse/page.py"] if button == "live_analyse" else [])
    if button == "live_analyse":
        path, name = app.session_state["_handed_over"]
        assert name == "live stretch.mp4"
        assert media.probe(path).duration_s == pytest.approx(1.45, abs=0.2)


def test_several_visitors_share_the_models_and_are_told_apart(readers: Readers, frames: list[media.VideoFrame]) -> None:
    """Three at once on the same readers: each is told what their own picture shows."""
    pictures = [frames[0].rgb, np.ascontiguousarray(frames[0].rgb[:, ::-1]), np.zeros_like(frames[0].rgb)]
    lives = [Live(lambda: readers, AtOnce()) for _ in pictures]
    with ThreadPoolExecutor(3) as pool:
        seen = list(pool.map(lambda i: [lives[i].see(pictures[i], 1 + n / 10) for n in range(8)], range(3)))
    middle = [s[-1][0].box.x + s[-1][0].box.width / 2 for s in seen[:2]]
    assert middle[0] + middle[1] == pytest.approx(frames[0].rgb.shape[1], abs=12)
    assert seen[2] == [[]] * 8
    assert [live.frames for live in lives] == [8, 8, 8]


def test_stereo_as_browsers_send_it_is_heard(live: Live) -> None:
    callback = stream.on_audio(live, Keeping())
    both = np.stack([np.full(960, 8192), np.full(960, 0)], axis=1).reshape(1, -1).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
    frame.sample_rate = 48_000
    callback(frame)
    assert live._sound[0].shape == (960,)
    assert live._sound[0] == pytest.approx(0.125, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (json.dumps([{"urls": "stun:stun.example.org"}]), [{"urls": "stun:stun.example.org"}]),
        ("not json", []),
        ('{"urls": "stun:x"}', []),
        ('["stun:x"]', []),
    ],
)
def test_ice_servers_come_from_the_settings_alone(text: str, expected: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_ICE_SERVERS", text)
    assert stream.ice_servers() == expected


def test_both_languages_have_the_same_sentences() -> None:
    own = [{k for k in catalogue(lang) if k.startswith("live.")} for lang in ("en", "zh_TW")]
    assert own[0] == own[1]


# Between connections and the page -------------------------------------------------------------------


class Camera(MediaStreamTrack):
    """A hundred pictures a second, each twice."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.count, self.frame = 0, av.VideoFrame(16, 16)

    async def recv(self) -> av.VideoFrame:
        if self.count == 100:
            raise MediaStreamError
        await asyncio.sleep(0.005)
        if self.count % 2 == 0:
            self.frame = av.VideoFrame(16, 16)
            self.frame.pts = self.count
        self.count += 1
        return self.frame


def test_whoever_is_slow_gets_the_newest_picture_once_and_nothing_queues_up() -> None:
    async def seen(pause_s: float) -> list[tuple[int, int]]:
        camera, got = Camera(), []
        track = stream.NewestOnly().subscribe(camera)
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                got.append((frame.pts, camera.count))
                await asyncio.sleep(pause_s)
        assert track.readyState == "ended"
        return got

    slow, quick = (asyncio.run(seen(pause_s)) for pause_s in (0.06, 0.0))
    assert 3 <= len(slow) <= 30
    assert all(count - pts <= 4 for pts, count in slow), "it is the newest, not the oldest that waits"
    assert [pts for pts, _ in quick] == list(range(0, 100, 2)), "each once"


def test_sound_is_never_left_out() -> None:
    class Microphone(MediaStreamTrack):
        kind = "audio"
        count = 0

        async def recv(self) -> av.AudioFrame:
            await asyncio.sleep(0.001)
            self.count += 1
            if self.count > 50:
                raise MediaStreamError
            frame = av.AudioFrame("s16", "mono", 20)
            frame.pts = self.count
            return frame

    async def heard() -> list[int]:
        track, got = stream.NewestOnly().subscribe(Microphone()), []
        with contextlib.suppress(MediaStreamError):
            while True:
                got.append((await track.recv()).pts)
                await asyncio.sleep(0.003)
        return got

    assert asyncio.run(heard()) == list(range(1, 51))
