"""More of a speaker on the Analyse page: heard once and gone, counted for the right one, and nobody else's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion import errors, media
from emotion.pipeline import Readers, study
from emotion.timeline import Timeline
from emotion.voice import saved_speaker
from emotion.voice.infer import VoiceReader
from pages.analyse import clip_reading, speaker, speaker_samples
from pages.analyse.jobs_for_clip import Analysed
from pages.analyse.session import Session
from pages.shared.services.jobs import Busy, Pool
from tests import clips, results
from tests.conftest import SAMPLES

MORE = SAMPLES / "good-news.mp4"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def pool() -> Iterator[Pool[Any]]:
    pool: Pool[Any] = Pool(workers=1)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def models(readers: Readers) -> Future[Readers]:
    future: Future[Readers] = Future()
    future.set_result(readers)
    return future


@pytest.fixture(scope="module")
def analysed(readers: Readers, tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    """Half a minute of one synthetic voice."""
    parts = [media.read_sound(SAMPLES / n, 16_000) for n in ("voice-note.mp3", "good-news.mp4", "long-evening.mp4")]
    path = tmp_path_factory.mktemp("app") / "clip.wav"
    studied = study(clips.write(path, y=np.concatenate(parts), sr=16_000, audio_codec="pcm_s16le"), readers)
    return Analysed(studied.timeline, None, studied.heard)


def heard(current: Session) -> speaker_samples.Footage:
    """The last file added, when the pool is done with it."""
    until = time.monotonic() + 60
    while current.footage[-1].advance():
        assert time.monotonic() < until
        time.sleep(0.01)
    return current.footage[-1]


def read_by(current: Session, analysed: Analysed, models: Future[Readers], pool: Pool[Any]) -> Timeline:
    """The clip as the visitor wants it read, when the pool is done with it."""
    until = time.monotonic() + 60
    timeline = clip_reading.reading(current, analysed, models, pool)
    while clip_reading.at_work(current) is not None:
        assert time.monotonic() < until
        timeline = clip_reading.reading(current, analysed, models, pool)
    assert clip_reading.failure(current) is None
    return timeline


def test_footage_counts_for_its_speaker_and_can_be_taken_back(
    cache: Path, analysed: Analysed, models: Future[Readers], pool: Pool[Any]
) -> None:
    one, other = results.session(analysed), results.session(analysed)
    plain = read_by(one, analysed, models, pool)
    with MORE.open("rb") as f:
        clip_reading.add(one, f, "more.mp4", models, pool)
    more = heard(one)
    assert (more.error, len(more.voices)) == (None, 1)
    assert not [p for p in cache.rglob("*") if p.is_file()], "it is heard and deleted"
    assert pool._jobs == {}, "nothing of it stays with the pool"
    read = read_by(one, analysed, models, pool)
    assert read.adaptation is not None
    assert read.adaptation.speakers[0].files == 1
    assert read.voice != plain.voice
    assert read_by(other, analysed, models, pool) == plain, "another visitor with the same clip sees nothing of it"
    one.state = one.state.given_to(more.id, speaker_samples.NOBODY)
    without = read_by(one, analysed, models, pool)
    assert without.voice == plain.voice
    one.state = one.state.given_to(more.id, 0)
    assert read_by(one, analysed, models, pool).voice == read.voice
    one.footage.remove(more)
    assert read_by(one, analysed, models, pool) == plain


def test_the_switch_needs_no_new_analysis(analysed: Analysed, models: Future[Readers], pool: Pool[Any]) -> None:
    current = results.session(analysed)
    told = analysed.timeline.adaptation
    assert told is not None
    current.adapt = False
    off = read_by(current, analysed, models, pool)
    assert off.voice == told.general
    assert [m.voice for m in off.moments] != [m.voice for m in analysed.timeline.moments]
    current.adapt = True
    assert read_by(current, analysed, models, pool) == analysed.timeline


def test_who_says_that_two_speak_gets_two(analysed: Analysed, models: Future[Readers], pool: Pool[Any]) -> None:
    current = results.session(analysed)
    current.state = current.state.said_speakers(2)
    told = read_by(current, analysed, models, pool).adaptation
    assert told is not None
    assert [s.id for s in told.speakers] == [1, 2]
    current.state = current.state.said_speakers(None)
    assert read_by(current, analysed, models, pool) == analysed.timeline


@pytest.fixture
def halted(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The reading of a voice stops after its first windows, until this is set: as if the clip were long."""
    go_on, of_one = threading.Event(), VoiceReader.judge

    def judge(self: VoiceReader, *args: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            assert go_on.wait(60)
        return of_one(self, *args)

    monkeypatch.setattr(VoiceReader, "judge", judge)
    yield go_on
    go_on.set()


def test_the_page_does_not_wait_for_a_voice_that_is_read_again(
    analysed: Analysed, models: Future[Readers], pool: Pool[Any], halted: threading.Event
) -> None:
    current = results.session(analysed)
    before = clip_reading.reading(current, analysed, models, pool)
    current.state = current.state.said_speakers(2)
    assert clip_reading.reading(current, analysed, models, pool) is before, "what was shown stays meanwhile"
    assert current.rereading is not None
    halted.set()
    read = read_by(current, analysed, models, pool)
    assert read.adaptation is not None
    assert len(read.adaptation.speakers) == 2
    assert current.rereading is None
    assert clip_reading.reading(current, analysed, models, pool) is read, "and is not read once more"
    assert pool._jobs == {}, "nothing of it stays with the pool"


def test_a_reading_that_is_cancelled_leaves_what_was_shown(
    cache: Path, analysed: Analysed, models: Future[Readers], pool: Pool[Any], halted: threading.Event
) -> None:
    halted.set()
    current = results.session(analysed)
    with MORE.open("rb") as f:
        clip_reading.add(current, f, "more.mp4", models, pool)
    first = heard(current)
    current.state = current.state.given_to(first.id, 0)
    shown = read_by(current, analysed, models, pool)
    halted.clear()
    with MORE.open("rb") as f:
        clip_reading.add(current, f, "again.mp4", models, pool)
    halted.set()
    heard(current)
    halted.clear()
    current.state = current.state.said_speakers(2).given_to(first.id, speaker_samples.NOBODY)
    assert clip_reading.reading(current, analysed, models, pool) is shown
    assert clip_reading.at_work(current) is not None
    clip_reading.cancel(current)
    assert current.rereading is None
    assert current.state.speakers is None
    assert current.footage == [first]
    assert clip_reading.reading(current, analysed, models, pool) is shown
    halted.set()
    until = time.monotonic() + 60
    while pool._jobs:
        assert time.monotonic() < until, "the work stops, too"
        time.sleep(0.01)


def speaker_page() -> None:
    import streamlit as st

    from pages.analyse import clip_reading, speaker
    from pages.shared.services import models, pools

    current = st.session_state["analyse"]
    speaker.show(current, clip_reading.reading(current, current.result, models.readers(), pools.pool()))


def test_the_page_shows_how_far_it_is_and_takes_it_back(
    analysed: Analysed, models: Future[Readers], halted: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.shared.services.models.readers", lambda: models)
    app = AppTest.from_function(speaker_page, default_timeout=60)
    app.session_state["analyse"] = current = results.session(analysed)
    app.run()
    assert not app.exception
    assert not app.get("progress")
    app.selectbox(key="speaker_count").select(2).run()
    assert not app.exception
    assert len(app.get("progress")) == 1
    app.button(key="speaker_again_cancel").click().run()
    assert not app.exception
    assert not app.get("progress")
    assert app.selectbox(key="speaker_count").value == 0
    app.selectbox(key="speaker_count").select(2).run()
    halted.set()
    until = time.monotonic() + 60
    while app.get("progress"):
        assert time.monotonic() < until
        app.run()
    assert app.selectbox(key="speaker_count").value == 2
    assert current.shown is not None
    told = current.shown[1].adaptation
    assert told is not None
    assert len(told.speakers) == 2


def test_a_queue_that_is_full_is_said_and_asked_again(
    analysed: Analysed, models: Future[Readers], halted: threading.Event
) -> None:
    full: Pool[Any] = Pool(workers=1, waiting=0)
    current = results.session(analysed)
    current.state = current.state.said_speakers(2)
    assert clip_reading.reading(current, analysed, models, full) is analysed.timeline
    assert isinstance(clip_reading.failure(current), Busy)
    full.close()
    halted.set()
    free: Pool[Any] = Pool(workers=1)
    told = read_by(current, analysed, models, free).adaptation
    assert told is not None
    assert len(told.speakers) == 2
    free.close()


def test_a_saved_speaker_is_taken_back_through_the_same_door(
    cache: Path, analysed: Analysed, models: Future[Readers], pool: Pool[Any]
) -> None:
    current = results.session(analysed)
    listened = clip_reading.listened(current)
    reader = models.result().voice
    assert listened is not None
    assert reader is not None
    saved = clip_reading.to_save(current, listened, 0, reader)
    clip_reading.add(current, BytesIO(saved_speaker.save(saved)), "me.NPZ", models, pool)
    more = heard(current)
    assert more.error is None
    np.testing.assert_array_equal(more.voices[0].profile.mean, saved.profile.mean)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("me.npz", b"no voice", errors.SpeakerFileError),
        ("more.wav", b"no sound", errors.NotMedia),
        ("more.wav", b"", errors.EmptyFile),
        ("tone.wav", None, errors.NoSpeech),
    ],
)
def test_what_is_no_footage_gets_its_sentence(
    cache: Path,
    tmp_path: Path,
    models: Future[Readers],
    pool: Pool[Any],
    name: str,
    content: bytes | None,
    error: type[Exception],
) -> None:
    if content is None:
        made = clips.write(tmp_path / "made.wav", y=clips.tone(2.0, hz=100), audio_codec="pcm_s16le")
        content = made.read_bytes()
        made.unlink()
    current = Session()
    clip_reading.add(current, BytesIO(content), name, models, pool)
    more = heard(current)
    assert type(more.error) is error
    assert name in str(more.error)
    assert not [p for p in cache.rglob("*") if p.is_file()]


def test_there_is_an_end_to_footage(cache: Path, models: Future[Readers], pool: Pool[Any]) -> None:
    current = Session(footage=[speaker_samples.Footage(str(i)) for i in range(speaker_samples.MOST_FILES)])
    clip_reading.add(current, BytesIO(b"x"), "more.wav", models, pool)
    assert isinstance(current.footage[-1].error, speaker_samples.TooManyFiles)


def test_the_panel_says_what_was_used_and_what_it_changed(analysed: Analysed) -> None:
    told = analysed.timeline.adaptation
    assert told is not None
    said = " ".join(speaker.sentences(told, told.speakers[0]))
    assert f"{told.speakers[0].speech_s:.0f} s of speech of this clip" in said
    changed = sum(w.general.label != w.adapted.label for w in told.windows)
    assert f"{changed} of {len(told.windows)}" in said
