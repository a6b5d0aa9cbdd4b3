"""Batches: pictures of every depth read alike, hidden files passed over, and no file ends the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emotion import errors, many, media
from emotion.pipeline import Readers
from tests.conftest import SAMPLES


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    """A face in 8-bit grey."""
    frame = media.frame_at(SAMPLES / "good-news.mp4", 1.0)
    return np.asarray(Image.fromarray(frame.rgb).convert("L"))


def test_deep_pictures_are_read_as_their_8_bit_twins(tmp_path: Path, grey: np.ndarray) -> None:
    Image.fromarray(grey).save(tmp_path / "8.png")
    Image.fromarray(grey.astype("<u2") * 257).save(tmp_path / "16.png")
    Image.fromarray(grey.astype(np.float32) / 255).save(tmp_path / "unit.tif")
    Image.fromarray(grey.astype(np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(grey.astype(np.int32) * 257).save(tmp_path / "32.tif")
    plain = many.read_picture(tmp_path / "8.png")
    for file in ("16.png", "unit.tif", "float.tif", "32.tif"):
        np.testing.assert_allclose(many.read_picture(tmp_path / file).astype(int), plain.astype(int), atol=1)


def test_deep_pictures_get_the_same_answer(readers: Readers, tmp_path: Path, grey: np.ndarray) -> None:
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.fromarray(grey.astype("<u2") * 257).save(tmp_path / "b.png")
    assert readers.face is not None
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for cropped in (False, True):
        one, other = many.look_at_files(paths, readers.face, cropped=cropped)
        assert one.scores is not None
        assert other.scores is not None
        assert other.scores.probs == pytest.approx(one.scores.probs, abs=0.02)


def test_hidden_files_are_passed_over_in_folders_only(tmp_path: Path) -> None:
    (tmp_path / ".trash").mkdir()
    for name in ("A.MOV", "._A.MOV", ".trash/b.mov", "c.txt"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7")
    assert many.expand([str(tmp_path)], media.SUFFIXES) == [tmp_path / "A.MOV"]
    assert many.expand([str(tmp_path / "._A.MOV")], media.SUFFIXES) == [tmp_path / "._A.MOV"]


def test_an_empty_name_is_not_all_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a script gives it whose variable is not set."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mov").write_bytes(b"\0")
    for paths in ([""], [".", ""]):
        with pytest.raises(errors.FileMissing):
            many.expand(paths, media.SUFFIXES)
    assert many.expand(["."], media.SUFFIXES) == [Path("a.mov")]


def test_no_file_ends_the_others(readers: Readers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = readers.voice
    assert voice is not None
    sound = SAMPLES / "good-news.mp4"
    odd = tmp_path / b"caf\xe9.mp4".decode("utf-8", "surrogateescape")
    shutil.copy(sound, odd)
    (tmp_path / "broken.wav").write_bytes(b"RIFF" + bytes(100))
    plain, strange, broken, again = many.hear_files([sound, odd, tmp_path / "broken.wav", sound], voice)
    assert plain.scores is not None
    assert plain == again
    assert strange.scores == plain.scores
    assert isinstance(broken.error, errors.MediaError)

    def fail(*args: object, **kwargs: object) -> object:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(voice, "read", fail, raising=True)
    rows = list(many.hear_files([sound, sound], voice))
    assert [type(row.error) for row in rows] == [errors.MediaError] * 2
