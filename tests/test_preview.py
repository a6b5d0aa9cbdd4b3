"""What the browser is given to play."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from emotion import errors, media
from emotion.media.preview import playable
from tests import clips


@pytest.mark.parametrize(("suffix", "video", "audio"), [("mp4", "libx264", "aac"), ("webm", "libvpx", "libopus")])
def test_what_browsers_play_is_left_alone(tmp_path: Path, suffix: str, video: str, audio: str) -> None:
    path = clips.write(
        tmp_path / f"a.{suffix}", y=clips.tone(1.0, 48_000), sr=48_000, frames=[clips.picture()] * 10,
        video_codec=video, audio_codec=audio,
    )  # fmt: skip
    assert playable(path, tmp_path) == path


@pytest.mark.parametrize(
    ("suffix", "video", "audio"),
    [("avi", "mpeg4", "libmp3lame"), ("mpg", "mpeg1video", "mp2"), ("mkv", "libx264", "flac")],
)
def test_the_rest_becomes_h264_and_aac_of_the_same_length(tmp_path: Path, suffix: str, video: str, audio: str) -> None:
    path = clips.write(
        tmp_path / f"a.{suffix}", y=clips.tone(2.0, 48_000), sr=48_000, frames=[clips.picture(1280, 720)] * 50, fps=25,
        video_codec=video, audio_codec=audio,
    )  # fmt: skip
    made = playable(path, tmp_path)
    with av.open(str(made)) as container:
        assert [s.codec_context.name for s in container.streams] == ["h264", "aac"]
        assert container.streams.video[0].height == 480
    assert media.probe(made).duration_s == pytest.approx(2.0, abs=0.15)
    assert len(media.read_sound(made)) == pytest.approx(32_000, abs=2500)
    assert playable(path, tmp_path) == made


def test_what_cannot_be_decoded_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    path.write_bytes(b"nothing" * 100)
    with pytest.raises(errors.MediaError):
        playable(path, tmp_path)
