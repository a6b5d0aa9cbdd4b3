"""Some three hundred odd files: the truth where there is one, and never anything but a sentence."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.codec.codec import UnknownCodecError

from emotion import errors, media
from emotion.media import preview
from tests import odd_files
from tests.odd_files import Odd

SR = 16_000
ODD = odd_files.everything()


def made(odd: Odd, folder: Path) -> Path:
    path = folder / odd.name
    try:
        odd.make(path)
    except UnknownCodecError as e:
        pytest.skip(f"this build of FFmpeg cannot make one: {e}")
    return path


def onset_s(y: np.ndarray) -> float:
    return int(np.argmax(np.abs(y) > 0.3 * np.abs(y).max())) / SR


def middle(rgb: npt.NDArray[np.uint8]) -> float:
    height, width = rgb.shape[:2]
    return float(rgb[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3].mean())


def test_there_are_many_and_each_has_its_own_name() -> None:
    assert len({odd.name for odd in ODD}) == len(ODD) >= 150


@pytest.mark.parametrize("odd", [o for o in ODD if o.length_s is not None], ids=lambda o: o.name)
def test_length_and_onset_are_true(tmp_path: Path, odd: Odd) -> None:
    path = made(odd, tmp_path)
    clip = media.probe(path, limits=media.Limits())
    assert clip.duration_s == pytest.approx(odd.length_s, abs=0.1)
    y = media.read_sound(path, SR)
    assert onset_s(y) == pytest.approx(odd.onset_s, abs=0.05)
    if odd.size:
        assert (clip.width, clip.height) == pytest.approx(odd.size, abs=1)
    if odd.rate:
        assert clip.frame_rate == odd.rate
    if odd.bright_s is not None:
        frames = list(media.read_frames(path, fps=60))
        bright = [f for f in frames if middle(f.rgb) > 120]
        assert bright[0].time_s == pytest.approx(odd.bright_s, abs=0.05)
        assert frames[-1].end_s == pytest.approx(clip.duration_s, abs=0.1)
        assert all(a.end_s == b.time_s for a, b in itertools.pairwise(frames)), "no second without a picture"
        assert frames[0].rgb.shape[1::-1] == (clip.width, clip.height)
    assert {n.key for n in clip.notices} == ({odd.notice} if odd.notice else set())


PLAYED = [
    o for o in ODD
    if o.length_s is not None and o.name.split(".")[-1] not in ("flac", "wav")
    and not o.name.startswith(("pixels-", "16_", "noise", "text", "zeros-both", "pcm_"))
][::2]  # fmt: skip


@pytest.mark.parametrize("odd", PLAYED, ids=lambda o: o.name)
def test_the_player_shows_the_same_at_the_same_time(tmp_path: Path, odd: Odd) -> None:
    path = made(odd, tmp_path)
    copy = preview.playable(path, tmp_path)
    before, after = media.probe(path), media.probe(copy)
    assert after.duration_s == pytest.approx(before.duration_s, abs=0.1)
    assert onset_s(media.read_sound(copy, SR)) == pytest.approx(onset_s(media.read_sound(path, SR)), abs=0.05)
    if before.width and before.height:
        assert after.width and after.height, "the picture is there"
        assert after.width / after.height == pytest.approx(before.width / before.height, rel=0.05)
    with av.open(str(copy)) as container:
        starts = [
            float(s.start_time * s.time_base) for s in container.streams if s.start_time is not None and s.time_base
        ]
        assert min(starts, default=0.0) == pytest.approx(0.0, abs=0.1), "a player counts from the file's own zero"


@pytest.mark.parametrize("odd", [o for o in ODD if o.length_s is None], ids=lambda o: o.name)
def test_nothing_ends_in_anything_but_a_sentence(tmp_path: Path, odd: Odd) -> None:
    path = made(odd, tmp_path)
    tried = [
        lambda: media.probe(path, limits=media.Limits()),
        lambda: media.read_sound(path, SR, max_duration_s=600),
        lambda: [f.time_s for f in media.read_frames(path)],
        lambda: media.frame_at(path, 1.0),
        lambda: preview.playable(path, tmp_path),
    ]
    for attempt in tried:
        try:
            result = attempt()
        except errors.MoodCueError as e:
            assert odd.name in str(e)
            if odd.error:
                assert isinstance(e, odd.error)
        else:
            assert odd.error is None
            if odd.notice and attempt is tried[0]:
                assert odd.notice in {n.key for n in result.notices}
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".part"] == []
