"""More of a speaker on the Analyse page: heard once and gone, counted for the right one, and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion import errors, media
from emotion.pipeline import Readers, study
from emotion.voice import saved_speaker
from pages.analyse import clip_reading, speaker, speaker_samples
from pages.analyse.jobs_for_clip import Analysed
from pages.analyse.session import Session
from pages.shared.services.jobs import Pool
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


def test_footage_counts_for_its_speaker_and_can_be_taken_back(
    cache: Path, analysed: Analysed, models: Future[Readers], pool: Pool[Any]
) -> None:
    one, other = results.session(analysed), results.session(analysed)
    plain = clip_reading.reading(one, analysed, models)
    with MORE.open("rb") as f:
        clip_reading.add(one, f, "more.mp4", models, pool)
    more = heard(one)
    assert (more.error, len(more.voices)) == (None, 1)
    assert not [p for p in cache.rglob("*") if p.is_file()], "it is heard and deleted"
    assert pool._jobs == {}, "nothing of it stays with the pool"
    read = clip_reading.reading(one, analysed, models)
    assert read.adaptation is not None
    assert read.adaptation.speakers[0].files == 1
    assert read.voice != plain.voice
    assert clip_reading.reading(other, analysed, models) == plain, (
        "another visitor with the same clip sees nothing of it"
    )
    one.state = one.state.given_to(more.id, speaker_samples.NOBODY)
    without = clip_reading.reading(one, analysed, models)
    assert without.voice == plain.voice
    one.state = one.state.given_to(more.id, 0)
    assert clip_reading.reading(one, analysed, models).voice == read.voice
    one.footage.remove(more)
    assert clip_reading.reading(one, analysed, models) == plain


def test_the_switch_needs_no_new_analysis(analysed: Analysed, models: Future[Readers]) -> None:
    current = results.session(analysed)
    told = analysed.timeline.adaptation
    assert told is not None
    current.adapt = False
    off = clip_reading.reading(current, analysed, models)
    assert off.voice == told.general
    assert [m.voice for m in off.moments] != [m.voice for m in analysed.timeline.moments]
    current.adapt = True
    assert clip_reading.reading(current, analysed, models) == analysed.timeline


def test_who_says_that_two_speak_gets_two(analysed: Analysed, models: Future[Readers]) -> None:
    current = results.session(analysed)
    current.state = current.state.said_speakers(2)
    told = clip_reading.reading(current, analysed, models).adaptation
    assert told is not None
    assert [s.id for s in told.speakers] == [1, 2]
    current.state = current.state.said_speakers(None)
    assert clip_reading.reading(current, analysed, models) == analysed.timeline


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
