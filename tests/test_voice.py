"""The voice: front end and encoder against independent numbers, reading, doubt, speech and silence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emotion import errors, media
from emotion.labels import EMOTIONS
from emotion.timeline import EmotionScores, Segment
from emotion.voice import features, model, together
from emotion.voice.infer import VoiceReader, build_reader
from emotion.voice.profile import SpeakerProfile
from emotion.voice.reading import Reading
from emotion.voice.speech import covered_s, speech_segments, voice_segments, windows_over
from tests.data.make_voice_golden import FRAMES, reference_mel, sound

SR = 16_000
ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).parent / "data" / "voice_golden.npz"
SPEAKER_GOLDEN = Path(__file__).parent / "data" / "speaker_golden.npz"


@pytest.fixture(scope="module")
def reader() -> VoiceReader:
    return build_reader("voice-v3")


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    """Synthetic speech of a bundled sample, 16 kHz."""
    return media.read_sound(ROOT / "assets" / "samples" / "voice-note.mp3", SR)


def whisper(reader: VoiceReader) -> model.WhisperEncoder:
    extractor = reader._extractor
    assert isinstance(extractor, model.HiddenExtractor)
    encoder = extractor.encoders[0]
    assert isinstance(encoder, model.WhisperEncoder)
    return encoder


# Front end and encoder ----------------------------------------------------------------------


def test_log_mel_agrees_with_librosa() -> None:
    np.testing.assert_allclose(features.log_mel(sound()), reference_mel(sound()), atol=1e-3)


def test_encoder_agrees_with_plain_numpy(reader: VoiceReader) -> None:
    """The golden file holds a forward pass in numpy; eight-bit storage moves such a sound by up to 6 %."""
    with np.load(GOLDEN) as golden:
        expected, deviation = golden["hidden"], golden["deviation"]
    encoder = whisper(reader)
    (found,) = encoder.encode([features.log_mel(sound())])
    off = (found[FRAMES] - expected) / (deviation + 1e-3)
    assert np.sqrt(np.mean(off**2)) < 0.06


def test_speaker_encoder_agrees_with_resemblyzer(reader: VoiceReader) -> None:
    """The golden file holds what Resemblyzer's own code says; half precision moves it by less than 0.002."""
    y = features.level(sound(), [Segment(0.0, 3.0)])
    with np.load(SPEAKER_GOLDEN) as golden:
        np.testing.assert_allclose(features.speaker_mel(y)[FRAMES], golden["mel"], atol=1e-3 * golden["mel"].max())
        encoder = reader._speakers
        assert encoder is not None
        long, short = encoder.hidden([y, y[:20_000]])
        np.testing.assert_allclose(long[FRAMES], golden["hidden"], atol=2e-3)
        np.testing.assert_allclose(short[:120], long[:120], atol=1e-5)
        found = encoder.embeddings([y, y[:SR]])
        np.testing.assert_allclose(found, [golden["embedding"], golden["short_embedding"]], atol=1e-3)


def test_a_checkpoint_that_runs_code_is_refused() -> None:
    import pickle

    from emotion.training.speaker_encoder import read_checkpoint

    with pytest.raises(pickle.UnpicklingError, match="no place"):
        read_checkpoint(pickle.dumps(subprocess.run))
    with pytest.raises(ValueError, match="layout"):
        read_checkpoint(pickle.dumps(7))


def test_one_voice_is_like_itself_and_unlike_another(reader: VoiceReader, spoken: np.ndarray) -> None:
    segments = [Segment(0.0, 2.0), Segment(2.0, 4.0)]
    slow = np.interp(np.arange(0, spoken.size, 0.75), np.arange(spoken.size), spoken).astype(np.float32)
    one, two = reader.embeddings(spoken, SR, segments)
    other, _ = reader.embeddings(slow, SR, segments)
    np.testing.assert_allclose(np.linalg.norm([one, two, other], axis=1), 1, rtol=1e-5)
    assert one @ two > one @ other + 0.05
    assert reader.embeddings(spoken, SR, []).shape == (0, 256)


def test_padding_in_a_batch_changes_nothing(reader: VoiceReader) -> None:
    encoder = whisper(reader)
    short, long = features.log_mel(sound()[:20_000]), features.log_mel(sound())
    (alone,) = encoder.encode([short])
    batched, _ = encoder.encode([short, long])
    np.testing.assert_allclose(batched, alone, atol=2e-3 * np.abs(alone).max())


def test_level_does_not_matter(reader: VoiceReader, spoken: np.ndarray) -> None:
    loud = reader.read(np.float32(0.9) * spoken, SR)
    quiet = reader.read(np.float32(0.05) * spoken, SR)
    np.testing.assert_allclose(loud.probs, quiet.probs, atol=0.03)


# Speech and silence -------------------------------------------------------------------------


def test_speech_is_found_and_noise_is_not(spoken: np.ndarray, rng: np.random.Generator) -> None:
    pause = np.zeros(3 * SR, np.float32)
    found = speech_segments(np.concatenate([pause, spoken, pause]), SR)
    assert found
    assert found[0].start_s > 2.5
    assert found[-1].end_s < len(spoken) / SR + 3.5
    assert sum(s.duration_s for s in found) > 0.5 * len(spoken) / SR
    hiss = (0.05 * rng.standard_normal(5 * SR)).astype(np.float32)
    hum = (0.2 * np.sin(2 * np.pi * 220 * np.arange(5 * SR) / SR)).astype(np.float32)
    for nobody in (hiss, hum, pause, pause[:0]):
        assert voice_segments(nobody, SR) == []


@pytest.mark.parametrize("sample", ["good-news.mp4", "long-evening.mp4", "two-at-the-table.mp4", "voice-note.mp3"])
@pytest.mark.parametrize("length_ms", [2.5, 45, 125])
@pytest.mark.parametrize("at_s", [(1.0,), (1.3,), (0.5, 2.7, 3.5)])
def test_clicks_hide_nothing_of_a_quiet_voice(sample: str, length_ms: float, at_s: tuple[float, ...]) -> None:
    """However long up to an eighth of a second, wherever, and however many: a slate, a bumped microphone."""
    y = media.read_sound(ROOT / "assets" / "samples" / sample, SR)[: 8 * SR]
    quiet = (y / np.abs(y).max() * 10 ** (-40 / 20)).astype(np.float32)
    clicked = quiet.copy()
    for at in at_s:
        clicked[int(at * SR) : int(at * SR) + int(length_ms / 1000 * SR)] = 1.0
    heard = speech_segments(clicked, SR)
    plain = speech_segments(quiet, SR)
    assert plain
    lost_s = covered_s(plain) - sum(a.overlap_s(b) for a in plain for b in heard)
    added_s = covered_s(heard) - sum(a.overlap_s(b) for a in plain for b in heard)
    assert lost_s < 0.15
    assert added_s < 0.5


def test_windows_lie_in_speech_and_short_speech_gets_one() -> None:
    assert windows_over([Segment(1.0, 2.2)]) == [Segment(1.0, 2.2)]
    found = windows_over([Segment(0.5, 6.5), Segment(9.0, 10.0)])
    assert found[0] == Segment(0.5, 3.5)
    assert [w.start_s for w in found] == pytest.approx([0.5, 1.5, 2.5, 3.5, 9.0])
    assert covered_s(found) == pytest.approx(7.0)


@pytest.mark.parametrize("samples", [0, 100, SR])
def test_nothing_to_hear_is_said(reader: VoiceReader, samples: int) -> None:
    with pytest.raises(errors.NoVoice):
        reader.read(np.zeros(samples, np.float32), SR)


def test_odd_input_still_gives_a_distribution(reader: VoiceReader, spoken: np.ndarray) -> None:
    broken = spoken[: 2 * SR].copy()
    broken[::50] = np.nan
    for y, sr in ((broken, SR), (spoken[: SR // 3], SR), (np.repeat(spoken, 2)[: 3 * SR], 2 * SR)):
        scores = reader.read(y, sr)
        assert sum(scores.probs) == pytest.approx(1)


# Reading ------------------------------------------------------------------------------------


def test_windows_are_read_in_order_with_progress(reader: VoiceReader, spoken: np.ndarray) -> None:
    segments = voice_segments(spoken, SR)
    done: list[float] = []
    scores = reader.read_windows(spoken, SR, segments, on_progress=done.append)
    assert len(scores) == len(segments)
    assert done[-1] == pytest.approx(1)
    assert done == sorted(done)
    assert reader.read_windows(spoken, SR, []) == []
    backwards = reader.read_windows(spoken, SR, segments[::-1])
    np.testing.assert_allclose([s.probs for s in backwards[::-1]], [s.probs for s in scores], atol=1e-3)


def test_reading_can_be_cancelled(reader: VoiceReader, spoken: np.ndarray) -> None:
    with pytest.raises(errors.Cancelled):
        reader.read_windows(spoken, SR, voice_segments(spoken, SR), cancelled=lambda: True)


def test_a_window_of_a_long_clip_reads_much_as_alone(reader: VoiceReader, spoken: np.ndarray) -> None:
    """Windows share one pass over the sound under them; what is around them must not decide."""
    y = np.concatenate([spoken, spoken[::-1]])
    window = Segment(1.0, 4.0)
    inside = reader.read_windows(y, SR, [window, Segment(2.0, min(8.0, len(y) / SR))])[0]
    alone = reader.read_windows(y[SR : 4 * SR], SR, [Segment(0.0, 3.0)])[0]
    assert np.abs(inside.as_array() - alone.as_array()).sum() < 0.5


def test_serving_needs_neither_tensorflow_nor_librosa() -> None:
    code = (
        "import sys, numpy as np; from emotion.voice.infer import build_reader; from emotion.timeline import Segment;"
        "r = build_reader('voice-v3'); r.read_windows(np.ones(16000, 'f4') * .1, 16000, [Segment(0, 1)]);"
        "bad = {'tensorflow', 'keras', 'librosa', 'numba', 'emotion.training'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# The speaker --------------------------------------------------------------------------------


def test_profiles_of_two_footages_merge(rng: np.random.Generator) -> None:
    x = rng.standard_normal((9, 5)).astype(np.float32)
    p = rng.dirichlet(np.ones(8), 9)
    whole, merged = (
        SpeakerProfile.learn(x, p),
        SpeakerProfile.learn(x[:4], p[:4]).merge(SpeakerProfile.learn(x[4:], p[4:])),
    )
    assert merged.count == 9
    for name in ("mean", "deviation", "mixture"):
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), atol=1e-5)


def test_footage_of_one_mood_does_not_become_the_norm() -> None:
    """A speaker like all others, heard angry only: the anger must not be taken for the voice."""
    offsets = np.zeros((8, 3), np.float32)
    offsets[4] = [2.0, 0.0, 0.0]
    general = np.zeros(3, np.float32)
    angry = np.tile(offsets[4], (12, 1))
    sure = np.tile(np.eye(8)[4], (12, 1))
    assert np.abs(SpeakerProfile.learn(angry, sure).centre(general, offsets)).max() < 0.01
    mixed = SpeakerProfile.learn(np.ones((12, 3), np.float32), np.full((12, 8), 1 / 8))
    np.testing.assert_allclose(mixed.centre(general, offsets), np.full(3, 12 / 15), rtol=1e-5)


def test_more_footage_is_trusted_more(reader: VoiceReader, spoken: np.ndarray) -> None:
    segments = voice_segments(spoken, SR)
    profile = reader.profile(spoken, SR, segments)
    assert profile is not None
    assert profile.count == pytest.approx(min(covered_s(segments) / 3, len(segments)))
    assert reader.profile(spoken, SR, []) is None
    plain = reader.read_windows(spoken, SR, segments)
    known = reader.read_windows(spoken, SR, segments, profile=profile)
    assert any(a.probs != b.probs for a, b in zip(plain, known, strict=True))


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reading.load(ROOT / "assets" / "models" / "voice-v3" / "reading.npz")


def clips_of(reading: Reading, moods: list[int], rng: np.random.Generator) -> SpeakerProfile:
    """Made-up clips of an average voice in these moods, as the model of two covariances has them."""
    z, y = reading.widths
    rows = np.zeros((len(moods), z), np.float32)
    rows[:, :y] = (
        reading.a["origin"] + (reading.a["offsets"][moods] + rng.standard_normal((len(moods), y))) @ (reading.a["back"])
    )
    x = np.zeros((len(moods), 4608), np.float32)
    x[:, reading.a["columns"]] = rows @ reading.a["projection"].T * reading.a["scale"] + reading.a["mean"]
    placed = reading.place(x)
    return SpeakerProfile.learn(placed, reading.probs(placed))


def test_varied_footage_is_trusted_and_footage_of_one_mood_is_not(reading: Reading, rng: np.random.Generator) -> None:
    moods = [0, 2, 3, 4, 5, 6, 7]
    varied = [reading.trust(clips_of(reading, [*moods, *moods], rng)) for _ in range(5)]
    same = [reading.trust(clips_of(reading, [mood] * 14, rng)) for mood in moods]
    assert np.mean(varied) > 0.6
    assert np.mean(same) < 0.3
    assert reading.trust(clips_of(reading, [4], rng)) == 0


def test_a_sound_from_far_away_is_read_with_more_doubt(
    reading: Reading, spoken: np.ndarray, reader: VoiceReader
) -> None:
    rows = reader.features(spoken, SR, reader.whole(spoken, SR))
    _, near = reading.logits(rows, None)
    far_rows = rows.copy()
    far_rows[:, reading.spans["z"]] *= 4
    _, far = reading.logits(far_rows, None)
    assert (far[:, 3] > near[:, 3]).all()
    assert reading.a["doubt"][3] > 0


def test_valence_and_arousal_come_with_intervals(reader: VoiceReader) -> None:
    for emotion, valence, arousal in (("happy", 1, 1), ("angry", -1, 1), ("sad", -1, -1)):
        certain = reader.affect(EmotionScores.from_array(np.eye(8)[EMOTIONS.index(emotion)]))
        assert np.sign((certain.valence, certain.arousal)).tolist() == [valence, arousal]
        assert -1 <= certain.valence_low <= certain.valence <= certain.valence_high <= 1
        undecided = reader.affect(EmotionScores.from_array(np.ones(8) / 8))
        widths = [a.valence_high - a.valence_low for a in (certain, undecided)]
        assert widths[0] < widths[1]


def test_files_of_one_speaker_are_read_in_the_light_of_each_other(reader: VoiceReader, spoken: np.ndarray) -> None:
    parts = [spoken[i * SR : (i + 2) * SR] for i in range(0, 6, 2)]
    rows = [reader.features(y, SR, reader.whole(y, SR)) for y in parts]
    alone = [EmotionScores.from_array(reader.judge(r).mean(axis=0)) for r in rows]
    assert together.read(reader, []) == []
    assert together.read(reader, rows[:1]) == alone[:1]
    others = SpeakerProfile.learn(np.concatenate(rows[1:]), reader.judge(np.concatenate(rows[1:])))
    expected = reader.judge(rows[0], others)[0]
    np.testing.assert_allclose(together.read(reader, rows)[0].probs, expected, atol=1e-4)


# How it was judged --------------------------------------------------------------------------


def test_the_voices_of_the_judged_babble_are_in_no_training() -> None:
    from emotion.training import voice_data, voice_head, voice_protocols

    names = ["ravdess_speech_01", "ravdess_speech_02", "ravdess_speech_03", "nemo_IC0", *sorted(voice_data.ASIDE)]
    items = [voice_data.Recording(name.rsplit("_", 1)[0], Path("x"), name, "F", 0, "", "01") for name in names]
    study = voice_protocols.Study.of(voice_head.Examples.of(items, np.zeros((len(items), 2), np.float32)))
    heard = [study.without(0).speaker, voice_head.trainable(study.data).speaker]
    assert [sorted(set(h)) for h in heard] == [["nemo_IC0", "ravdess_speech_03"], sorted(names[:4])]


def test_the_card_says_what_the_metrics_say(tmp_path: Path) -> None:
    from emotion.training import voice_card

    folder = ROOT / "assets" / "models" / "voice-v3"
    for name in ("MODEL_CARD.md", "metrics.json", voice_card.ADAPTATION):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    voice_card.write(tmp_path)
    assert (tmp_path / "MODEL_CARD.md").read_text("utf-8") == (folder / "MODEL_CARD.md").read_text("utf-8")


# Real recordings ----------------------------------------------------------------------------


@pytest.mark.data
def test_training_and_serving_see_the_same_features(reader: VoiceReader, data: Path) -> None:
    from emotion.training import voice_features

    for path in sorted((data / "voice" / "ravdess_speech").glob("*.flac"))[::300]:
        y = media.read_sound(path)
        prepared, heard = voice_features._prepared(y, voice_features.CLEAN, 0, None)
        trained = voice_features.extractor().extract(prepared, [heard], lambda f: None, lambda: False)
        served = reader.features(y, SR, reader.whole(y, SR))
        placed = reader._head.place(trained)
        np.testing.assert_allclose(served, placed, rtol=1e-4, atol=1e-4 * np.abs(placed).max())


@pytest.mark.data
def test_known_recordings_are_read_right(reader: VoiceReader, data: Path) -> None:
    """Recordings the model was trained on: a broken front end or label order shows at once."""
    from emotion.labels import TABLE

    by_code = {e.code: e.name for e in TABLE}

    files = sorted((data / "voice" / "ravdess_speech").glob("*.flac"))[::48]
    right = [reader.read(media.read_sound(f), SR).label == by_code[int(f.stem.split("-")[2])] for f in files]
    assert np.mean(right) > 0.85


@pytest.mark.data
def test_the_seeds_model_serves_too(data: Path) -> None:
    seed = build_reader("voice-seed-v1")
    y = media.read_sound(next((data / "voice" / "ravdess_speech").glob("*.flac")), seed.sr)
    assert sum(seed.read(y, seed.sr).probs) == pytest.approx(1)
    assert not seed.adapts
