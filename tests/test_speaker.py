"""Who speaks: told apart, read in the light of what else they say, switched off, saved, and taken back safely."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotion import errors, media, result
from emotion.__main__ import main
from emotion.footage import know
from emotion.pipeline import Readers, Studied, adapted_to, analyse, reread, study
from emotion.timeline import ModelUsed, Segment
from emotion.voice import adapt, saved_speaker, speakers
from emotion.voice.infer import VoiceReader
from emotion.voice.online_profile import MOST_CLIPS, Growing
from emotion.voice.profile import SpeakerProfile
from tests import clips
from tests.conftest import SAMPLES

SR = 16_000
HOPS = [Segment(float(i), i + 3.0) for i in range(40)]


@pytest.fixture(scope="module")
def voice(readers: Readers) -> VoiceReader:
    assert readers.voice is not None
    return readers.voice


@pytest.fixture(scope="module")
def spoken() -> dict[str, np.ndarray]:
    return {
        name: media.read_sound(SAMPLES / name, SR) for name in ("voice-note.mp3", "good-news.mp4", "long-evening.mp4")
    }


@pytest.fixture(scope="module")
def clip(spoken: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of one synthetic voice."""
    y = np.concatenate([np.concatenate([part, np.zeros(SR, np.float32)]) for part in spoken.values()])
    return clips.write(tmp_path_factory.mktemp("speaker") / "clip.wav", y=y, sr=SR, audio_codec="pcm_s16le")


@pytest.fixture(scope="module")
def studied(clip: Path, readers: Readers) -> Studied:
    return study(clip, readers)


def voices_of(who: list[int], rng: np.random.Generator, spread: float = 0.05) -> speakers.Embeddings:
    """Made-up voices, shape (windows, 32): one direction a speaker, and a little of everything."""
    return speakers.unit(np.eye(32)[who] + spread * rng.standard_normal((len(who), 32)))


# Told apart ---------------------------------------------------------------------------------------


def test_two_speakers_are_kept_apart_and_numbered_as_they_are_heard(rng: np.random.Generator) -> None:
    who = [5] * 10 + [2] * 12 + [5] * 18
    assert speakers.tell_apart(voices_of(who, rng), HOPS) == tuple(0 if w == 5 else 1 for w in who)


def test_three_speakers_too(rng: np.random.Generator) -> None:
    who = [0] * 12 + [1] * 14 + [2] * 14
    assert speakers.tell_apart(voices_of(who, rng), HOPS) == tuple(who)


def test_one_speaker_is_the_safe_default(rng: np.random.Generator) -> None:
    assert speakers.tell_apart(voices_of([3] * 40, rng, spread=0.2), HOPS) == (0,) * 40
    a_word = [1] * 19 + [7] + [1] * 20  # three seconds of somebody else are nobody
    assert speakers.tell_apart(voices_of(a_word, rng), HOPS) == (0,) * 40
    assert speakers.tell_apart(voices_of([1], rng), HOPS[:1]) == (0,)
    assert speakers.tell_apart(voices_of([1], rng)[:0], []) == ()


def test_a_window_in_which_two_speak_makes_nobody_of_its_own(rng: np.random.Generator) -> None:
    voices = voices_of([0] * 20 + [1] * 20, rng)
    voices[19:21] = speakers.unit(voices[:1] + voices[-1:])
    told = speakers.tell_apart(voices, HOPS)
    assert set(told) == {0, 1}
    assert told[:19] == (0,) * 19
    assert told[21:] == (1,) * 19


def test_who_says_how_many_speak_is_believed(rng: np.random.Generator) -> None:
    alike = speakers.unit(np.eye(32)[[0] * 20 + [1] * 20] + 1.0)  # cosine 0.97: one speaker by itself
    assert set(speakers.tell_apart(alike, HOPS)) == {0}
    assert speakers.tell_apart(alike, HOPS, count=2) == (0,) * 20 + (1,) * 20
    assert speakers.tell_apart(voices_of([0] * 20 + [1] * 20, rng), HOPS, count=1) == (0,) * 40


def test_footage_goes_to_whom_it_sounds_like(rng: np.random.Generator) -> None:
    voices = voices_of([0, 1], rng)
    own, other = voices_of([1], rng)[0], voices_of([9], rng)[0]
    assert speakers.nearest(own, voices) == 1
    assert speakers.nearest(other, voices) is None


@pytest.mark.data
def test_two_real_actors_are_told_apart(voice: VoiceReader, data: Path) -> None:
    """A man and a woman in all moods, taking turns; and the man alone in all moods."""
    folder = data / "voice" / "ravdess_speech"

    def said(actor: int) -> list[np.ndarray]:
        return [media.read_sound(folder / f"03-01-0{mood}-01-01-01-{actor:02d}.flac", SR) for mood in range(1, 9)]

    def listened(parts: list[np.ndarray]) -> tuple[adapt.Listened, np.ndarray]:
        y = np.concatenate(parts)
        segments = adapt_segments(y)
        return adapt.listen(voice, y, SR, segments), np.array([s.middle_s for s in segments])

    man, woman = said(3), said(4)
    turns = [part for pair in zip(man, woman, strict=True) for part in pair]
    together, middles = listened(turns)
    ends = np.cumsum([len(part) / SR for part in turns])
    truth = np.searchsorted(ends, middles) % 2
    assert together.count == 2
    assert np.mean(np.array(together.who) == truth) > 0.9
    assert listened(man)[0].count == 1


def adapt_segments(y: np.ndarray) -> list[Segment]:
    from emotion.voice.speech import voice_segments

    return voice_segments(y, SR)


# Read in the light of what else they say ----------------------------------------------------------


def test_both_readings_are_kept_and_the_switch_gives_exactly_the_plain_one(
    clip: Path, studied: Studied, readers: Readers
) -> None:
    told = studied.timeline.adaptation
    assert told is not None
    assert told.used
    assert studied.timeline.voice == told.adapted
    assert any(w.general != w.adapted for w in told.windows)
    plain = analyse(clip, readers, adapt=False)
    assert plain.adaptation is not None
    assert not plain.adaptation.used
    switched = reread(studied.timeline, readers, replace(told, on=False))
    assert switched == plain
    assert reread(switched, readers, told) == studied.timeline
    assert plain.voice == told.general
    assert readers.voice is not None
    listened = studied.heard.listened
    assert listened is not None
    np.testing.assert_allclose([w.general.probs for w in told.windows], listened.general, atol=1e-6)  # float32 inside


def test_too_little_speech_is_read_like_everybodys(
    readers: Readers, spoken: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """No two windows of one short utterance share no sound: there is nothing to learn from."""
    y = spoken["voice-note.mp3"][: 3 * SR]
    timeline = analyse(clips.write(tmp_path / "word.wav", y=y, sr=SR, audio_codec="pcm_s16le"), readers)
    assert timeline.adaptation is not None
    (speaker,) = timeline.adaptation.speakers
    assert speaker.speech_s <= 3
    assert not speaker.adapted
    assert timeline.voice == timeline.adaptation.general == timeline.adaptation.adapted


def test_a_window_teaches_nothing_about_itself(voice: VoiceReader, studied: Studied) -> None:
    """Windows that share no sound: each is read with the profile of the five others."""
    segments = tuple(Segment(4.0 * i, 4.0 * i + 3.0) for i in range(6))
    x = heard(studied)[:6]

    def read(rows: np.ndarray) -> np.ndarray:
        listened = adapt.Listened(segments, rows, voice.judge(rows), np.zeros((6, 0), np.float32), (0,) * 6)
        told = adapt.adapted(voice, listened)
        assert told is not None
        return np.array([w.adapted.probs for w in told.windows])

    without = SpeakerProfile.learn(x[1:], voice.judge(x[1:]))
    np.testing.assert_allclose(read(x)[0], voice.judge(x[:1], without)[0], atol=1e-4)


def heard(studied: Studied) -> np.ndarray:
    """Features of real windows."""
    assert studied.heard.listened is not None
    return studied.heard.listened.features


def test_further_footage_changes_the_reading_of_its_speaker(studied: Studied, readers: Readers) -> None:
    footage = know(SAMPLES / "good-news.mp4", readers)
    assert len(footage) == 1
    told = adapted_to(studied.heard, readers, True, footage)
    before = studied.timeline.adaptation
    assert told is not None
    assert before is not None
    (speaker,) = told.speakers
    assert speaker.files == 1
    assert speaker.added_s == pytest.approx(footage[0].profile.count * 3)
    assert told.general == before.general
    assert told.adapted != before.adapted


def test_footage_of_somebody_else_is_not_counted(studied: Studied, readers: Readers) -> None:
    (footage,) = know(SAMPLES / "good-news.mp4", readers)
    stranger = replace(footage, voiceprint=-footage.voiceprint)
    told = adapted_to(studied.heard, readers, True, [stranger])
    assert told is not None
    assert told.speakers[0].files == 0
    assert told == studied.timeline.adaptation


def test_the_result_says_who_speaks_and_what_was_used(studied: Studied) -> None:
    data = json.loads(json.dumps(result.to_dict(studied.timeline)))
    assert data["adaptation"]["used"] is True
    assert data["adaptation"]["speakers"][0]["speech_s"] > 9
    assert data["adaptation"]["voice_with"] == data["voice"]
    assert {m["speaker"] for m in data["timeline"] if m["voice"]} == {1}
    assert all(m["speaker"] is None for m in data["timeline"] if not m["voice"])
    assert result.to_csv(studied.timeline).splitlines()[0].endswith(",speaker")
    assert result.from_dict(data).voice is not None


def test_the_command_line_switches_it_off_and_takes_footage(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], studied: Studied, readers: Readers
) -> None:
    assert main([str(clip), "--format", "json", "--no-adapt"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["adaptation"]["used"] is False
    assert plain["voice"] == plain["adaptation"]["voice_without"]
    saved = tmp_path / "speaker.npz"
    saved.write_bytes(saved_speaker.save(voice_in(studied, readers)))
    footage = ["--speaker-footage", str(SAMPLES / "good-news.mp4"), str(saved)]
    assert main([str(clip), "--format", "json", *footage]) == 0
    assert json.loads(capsys.readouterr().out)["adaptation"]["speakers"][0]["files"] == 2
    assert main([str(clip), "--speaker-footage", str(tmp_path / "none.wav")]) == 1
    assert "none.wav" in capsys.readouterr().err


# Live ---------------------------------------------------------------------------------------------


def test_live_the_profile_grows_from_what_was_heard_before(voice: VoiceReader, studied: Studied) -> None:
    x = np.resize(heard(studied), (400, 1, heard(studied).shape[1]))
    growing = Growing()
    general = voice.judge(x[:, 0])
    for i in range(3):
        probs = growing.read(voice, x[i], Segment(float(i), i + 3.0))
        np.testing.assert_allclose(probs, general[i], atol=1e-6)
    growing.read(voice, x[3], Segment(3.0, 6.0))
    assert growing.known_s == pytest.approx(3.0)  # the first window ends where the fourth begins
    adapted = [growing.read(voice, x[i], Segment(float(i), i + 3.0)) for i in range(4, 400)]
    assert np.abs(np.array(adapted) - general[4:]).max() > 0.05
    assert growing.profile is not None
    assert growing.profile.count == MOST_CLIPS
    assert len(growing._waiting) <= 4
    off = growing.read(voice, x[0], Segment(500.0, 503.0), adapt=False)
    np.testing.assert_allclose(off, general[0], atol=1e-6)


# Saved and taken back -----------------------------------------------------------------------------


def voice_in(studied: Studied, readers: Readers) -> saved_speaker.KnownVoice:
    assert readers.voice is not None
    assert studied.heard.listened is not None
    return adapt.voice_of(readers.voice, studied.heard.listened, 0)


def test_a_saved_voice_comes_back_the_same_and_holds_no_sound(studied: Studied, readers: Readers) -> None:
    voice = voice_in(studied, readers)
    data = saved_speaker.save(voice)
    assert len(data) < 100_000
    assert readers.voice is not None
    back = adapt.load(readers.voice, data, name="me.npz")
    assert (back.model, back.files, back.profile.count) == (voice.model, voice.files, voice.profile.count)
    for name in ("mean", "deviation", "mixture"):
        np.testing.assert_array_equal(getattr(back.profile, name), getattr(voice.profile, name))
    np.testing.assert_array_equal(back.voiceprint, voice.voiceprint)


def test_a_damaged_or_foreign_file_is_refused_with_a_sentence(studied: Studied, readers: Readers) -> None:
    reader = readers.voice
    assert reader is not None
    voice = voice_in(studied, readers)
    good = saved_speaker.save(voice)
    profile = voice.profile
    nan = np.full_like(profile.mean, np.nan)
    bad = {
        "empty": b"",
        "text": b"not a voice",
        "cut": good[: len(good) // 2],
        "flipped": good[:2000] + bytes([good[2000] ^ 255]) + good[2001:],
        "large": good + bytes(saved_speaker.MAX_BYTES),
        "pickle": npz(mean=np.array([{"run": "me"}], dtype=object)),
        "bomb": npz(mean=np.zeros(10_000_000, np.float32)),
        "claims": claims_too_much(),
        "other names": npz(weights=np.zeros(3)),
        "not numbers": saved_speaker.save(replace(voice, profile=replace(profile, mean=nan))),
        "endless": saved_speaker.save(replace(voice, profile=replace(profile, count=1e30))),
        "no mixture": saved_speaker.save(replace(voice, profile=replace(profile, mixture=profile.mixture * 3))),
    }
    for what, data in bad.items():
        with pytest.raises(errors.SpeakerFileError, match=r"me\.npz") as caught:
            adapt.load(reader, data, name="me.npz")
        assert not isinstance(caught.value, errors.SpeakerOfOtherModel), what
    for other in (
        replace(voice, model=ModelUsed("voice", "0", "0" * 64)),
        replace(voice, profile=replace(profile, mean=profile.mean[:1], deviation=profile.deviation[:1])),
        replace(voice, voiceprint=voice.voiceprint[:3]),
    ):
        with pytest.raises(errors.SpeakerOfOtherModel, match="another voice model"):
            adapt.load(reader, saved_speaker.save(other), name="me.npz")


def npz(**arrays: np.ndarray) -> bytes:
    """A file with the right members but for these."""
    given = {n: np.zeros(2) for n in ("mean", "deviation", "mixture", "voiceprint", "numbers", "model")}
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=True, **{**given, **arrays})
    return out.getvalue()


def claims_too_much() -> bytes:
    """A header that claims four terabytes."""
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f4", "fortran_order": False, "shape": (10**12,)})
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(npz())) as source, zipfile.ZipFile(out, "w") as z:
        for name in source.namelist():
            z.writestr(name, array.getvalue() if name == "mean.npy" else source.read(name))
    return out.getvalue()
