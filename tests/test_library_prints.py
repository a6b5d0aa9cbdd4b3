"""One recording in several codings counts once; other recordings, of the same maker and length too, stay apart.

Correlations when the threshold (0.97) was set: the same recording 0.99 or more (MP3 at 64 and 128 kbit/s, Opus, AAC,
Vorbis, FLAC), two pieces of one maker 0.78 at most.
"""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import sqlalchemy as sa

from emotion.media import fence
from recommender.library import front_end, index, prints
from recommender.songs import installed
from recommender.store import database

CODINGS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "128k"),
    "opus": ("-c:a", "libopus", "-b:a", "64k"),
    "flac": ("-c:a", "flac"),
    "m4a": ("-c:a", "aac", "-b:a", "96k"),
}
PIECES = [e for e in installed.tracks() if e.artist == "MoodCue"][:6]


def coded(source: Path, target: Path, *more: str) -> Path:
    command = ["ffmpeg", "-loglevel", "error", "-y", "-i", str(source), *CODINGS[target.suffix[1:]], *more, str(target)]
    subprocess.run(command, check=True)
    return target


def print_of(path: Path) -> bytes:
    return prints.of_mel(front_end.log_mel(fence.read_sound(path, front_end.MEL_SR)))


@pytest.fixture(scope="module")
def originals() -> list[bytes]:
    return [print_of(piece.path) for piece in PIECES]


@pytest.mark.parametrize("coding", CODINGS)
def test_every_coding_of_a_recording_has_its_print(coding: str, originals: list[bytes], tmp_path: Path) -> None:
    for k in (0, 3):
        quieter = print_of(coded(PIECES[k].path, tmp_path / f"{k}.{coding}", "-af", "volume=-3dB"))
        alike = prints.alike(quieter, originals)
        assert alike[k] >= prints.ALIKE + 0.01
        assert np.delete(alike, k).max(initial=-1) < 0.9


def test_pieces_of_one_maker_are_told_apart(originals: list[bytes]) -> None:
    for a, b in itertools.combinations(originals, 2):
        n = min(len(a), len(b))
        assert prints.alike(a[:n], [b[:n]])[0] < 0.9


def test_of_silence_and_of_a_moment_nothing_is_said() -> None:
    silence = prints.of_mel(np.zeros((2000, front_end.MEL_BANDS), np.float32))
    assert prints.alike(silence, [silence, b""]).tolist() == [0.0, 0.0]
    moment = prints.of_mel(np.random.default_rng(0).random((100, front_end.MEL_BANDS)).astype(np.float32))
    assert prints.alike(moment, [moment]).tolist() == [0.0]
    assert prints.of_mel(np.zeros((3, front_end.MEL_BANDS), np.float32)) == b""


def test_a_recording_in_two_codings_counts_once_in_the_index(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    y = fence.read_sound(PIECES[0].path, 48_000)[: 48_000 * 12]
    other = fence.read_sound(PIECES[1].path, 48_000)[: 48_000 * 12]
    for name, sound in (("a", y), ("other", other)):
        soundfile.write(tmp_path / f"{name}.wav", sound, 48_000)
        coded(tmp_path / f"{name}.wav", music / f"{name}.flac")
    coded(tmp_path / "a.wav", music / "b.mp3")
    engine = database.open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    first = index.update(engine, [music], workers=1)
    assert (first.heard, first.copies) == (2, 1)
    states = {t.path.name: t.state for t in index.tracks(engine)}
    assert states == {"a.flac": "heard", "b.mp3": "copy", "other.flac": "heard"}
    again = index.update(engine, [music], workers=1)
    assert (again.unchanged, again.heard) == (3, 0), "a copy that is told by its sound is not heard again"
    (music / "a.flac").unlink()
    after = index.update(engine, [music], workers=1)
    assert (after.heard, after.removed) == (1, 1), "a copy whose original is gone counts itself"
    with engine.connect() as connection:
        held = connection.execute(sa.select(database.own_tracks.c.same_as, database.own_tracks.c.seconds)).all()
    assert all(same is None and seconds == pytest.approx(12, abs=0.1) for same, seconds in held)
