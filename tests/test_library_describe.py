"""What a track says by its sound, on music made here whose truth is known; licences are found and never guessed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from recommender.library import beats, hear, mood, rows, scan
from recommender.library.describe import Describer
from recommender.library.tempo import Choice

SR = 44_100
BPM = 120.0


def band(seconds: float = 24.0) -> npt.NDArray[np.float32]:
    """Plucked chords of C, F, G and C, one a beat, with a tick on each."""
    rng = np.random.default_rng(7)
    y = np.zeros(int(seconds * SR), np.float32)
    chords = ((48, 60, 64, 67), (53, 60, 65, 69), (55, 62, 67, 71), (48, 60, 64, 67))
    beat = int(SR * 60 / BPM)
    t = np.arange(beat) / SR
    for k in range(len(y) // beat):
        pitches = np.array(chords[k // 4 % 4])[:, None, None]
        harmonics = np.array([1, 2, 3])[None, :, None]
        tones = np.sin(2 * np.pi * 440 * 2 ** ((pitches - 69) / 12) * harmonics * t) / harmonics
        part = 0.05 * tones.sum(axis=(0, 1)) * np.exp(-4 * t)
        part[:800] += 0.2 * rng.normal(size=800) * np.exp(-np.arange(800) / 150) * (1.5 if k % 4 == 0 else 1)
        y[k * beat : (k + 1) * beat] += part.astype(np.float32)
    return y


@pytest.fixture(scope="module")
def describer() -> Describer:
    return Describer()


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("music") / "band.wav"
    soundfile.write(path, np.stack([band(), band()], axis=1), SR)
    return path


def test_tempo_beats_key_and_form_of_a_known_piece(describer: Describer, track: Path) -> None:
    sound = describer.describe(track)
    assert sound.duration_s == pytest.approx(24.0, abs=0.05)
    assert sound.tempo_bpm == pytest.approx(BPM, rel=0.03)
    assert sound.key == "C" and sound.mode == "major"
    off = [abs(b / 0.5 - round(b / 0.5)) * 0.5 for b in sound.beats_s]
    assert np.mean(np.array(off) < 0.07) > 0.95
    assert sound.vocals == "none"
    assert len(sound.valence_curve) == len(sound.energy_curve) == 8
    assert sound.sections[0].start_s == 0 and sound.sections[-1].end_s == pytest.approx(sound.duration_s, abs=0.01)
    if sound.loop is not None:
        assert 0 <= sound.loop[0] < sound.loop[1] <= sound.duration_s


def test_twice_the_amplitude_is_six_decibels(describer: Describer, tmp_path: Path) -> None:
    for name, gain in (("one", 0.25), ("two", 0.5)):
        soundfile.write(tmp_path / f"{name}.wav", band(8) * gain, SR)
    quiet, loud = (describer.describe(tmp_path / f"{n}.wav").loudness_lufs for n in ("one", "two"))
    assert quiet is not None and loud is not None
    assert loud - quiet == pytest.approx(6.02, abs=0.1)


def test_silence_says_nothing_of_tempo_key_and_loudness(describer: Describer, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(SR * 6), SR)
    sound = describer.describe(tmp_path / "silence.wav")
    assert (sound.tempo_bpm, sound.key, sound.mode, sound.loudness_lufs) == (None, None, None, None)
    assert sound.beats_s == () and sound.vocals == "none"


def test_parts_join_without_a_seam(track: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = hear.Networks()
    whole = hear.hear(track, networks)
    monkeypatch.setattr(hear, "PART_S", 5 * hear.PATCH_S)
    parts = hear.hear(track, networks)
    assert parts.duration_s == pytest.approx(whole.duration_s, abs=1e-6)
    assert abs(len(parts.frames.bands) - len(whole.frames.bands)) <= 2
    choice = Choice.load(networks.weights)

    def bpm(h: hear.Heard) -> float | None:
        pitch = h.frames.pitch.astype(np.float32)
        return beats.track(h.frames.beats, h.frames.bands.astype(np.float32), pitch, choice, networks.pulse).tempo_bpm

    one, two = bpm(whole), bpm(parts)
    assert two == pytest.approx(one, rel=0.02)


def test_rows_have_the_columns_and_a_broken_file_is_passed_over(
    track: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"this is no music" * 50)
    assert rows.describe_files([str(broken), str(track)], form="csv") == 1
    out, err = capsys.readouterr()
    assert "broken.mp3" in err
    (row,) = csv.DictReader(io.StringIO(out))
    assert tuple(row) == rows.COLUMNS
    assert row["file"] == str(track) and row["licence"] == "unknown"
    assert rows.describe_files([str(track)], form="json") == 0
    (same,) = json.loads(capsys.readouterr().out)
    assert isinstance(same["moods"], list) and same["quadrant"] == row["quadrant"]


def test_a_library_read_in_its_own_light_is_not_all_in_one_corner(describer: Describer, track: Path) -> None:
    sound = describer.describe(track)
    from dataclasses import replace

    same = [replace(sound, quadrant_probs=(0.1 + 0.004 * k, 0.1, 0.7 - 0.004 * k, 0.1)) for k in range(60)]
    moved = mood.among(same)
    assert moved[-1].quadrant == "Q1" and moved[0].quadrant != "Q1"
    assert mood.among([]) == []


@pytest.mark.parametrize(
    ("name", "text", "licence"),
    [
        ("song.mp3.license", "CC BY 4.0\nmore", "CC BY 4.0"),
        ("song.json", '{"title": "x", "license": "CC0-1.0"}', "CC0-1.0"),
        ("LICENSE.txt", "MIT License\n\ntext", "MIT License"),
        ("song.txt", "recorded on a Tuesday", scan.UNKNOWN),
        ("song.txt", "Notes\nLicensed under CC BY 3.0", "Licensed under CC BY 3.0"),
        ("song.json", "{not json", scan.UNKNOWN),
        ("README.md", "free music, public domain", scan.UNKNOWN),
    ],
)
def test_licences_beside_a_track(tmp_path: Path, name: str, text: str, licence: str) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(b"\0" * 10)
    (tmp_path / name).write_text(text)
    assert scan.read_tags(song).licence == licence


def test_the_licence_in_a_tag_comes_first(tmp_path: Path) -> None:
    def frame(name: bytes, body: bytes) -> bytes:
        return name + len(body).to_bytes(4, "big") + b"\0\0" + body

    frames = frame(b"WCOP", b"https://creativecommons.org/licenses/by/4.0/") + frame(b"TIT2", b"\x03Sea")
    size = len(frames)
    header = b"ID3\x03\0\0" + bytes([(size >> s) & 0x7F for s in (21, 14, 7, 0)])
    (tmp_path / "song.mp3").write_bytes(header + frames + b"\0" * 100)
    (tmp_path / "LICENSE").write_text("something else")
    tags = scan.read_tags(tmp_path / "song.mp3")
    assert tags.licence == "https://creativecommons.org/licenses/by/4.0/" and tags.title == "Sea"
