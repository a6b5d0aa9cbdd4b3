"""What the browser is given to play."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import av
import pytest
from av.stream import Disposition

from emotion import errors, media
from emotion.media.preview import playable
from tests import clips
from tests.conftest import ROOT


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


@pytest.mark.parametrize(("suffix", "audio"), [("mp3", "libmp3lame"), ("mp4", "aac")])
def test_music_with_a_cover_is_left_alone(tmp_path: Path, suffix: str, audio: str) -> None:
    """Every browser plays it: the cover is no picture that moves."""
    path = tmp_path / f"song.{suffix}"
    sound = clips.write(tmp_path / f"plain.{suffix}", y=clips.tone(2.0), audio_codec=audio)
    with av.open(str(sound)) as plain, av.open(str(path), "w") as out:
        track = out.add_stream_from_template(plain.streams.audio[0])
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 160, 120, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        out.mux(cover.encode(av.VideoFrame.from_ndarray(clips.picture(160, 120), format="rgb24")))
        out.mux(cover.encode(None))
        for packet in plain.demux(plain.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
    assert playable(path, tmp_path) == path


def test_a_copy_that_broke_off_is_never_played(tmp_path: Path) -> None:
    """The server is killed in the middle: the next one makes the copy anew, and nothing half is taken for whole."""
    path = clips.write(
        tmp_path / "a.avi", y=clips.tone(20.0, 48_000), sr=48_000, frames=[clips.picture(640, 360)] * 500, fps=25,
        video_codec="mpeg4", audio_codec="libmp3lame",
    )  # fmt: skip
    folder = tmp_path / "copies"
    folder.mkdir()
    code = "from pathlib import Path; from emotion.media.preview import playable; playable(*map(Path, sys.argv[1:]))"
    server = subprocess.Popen([sys.executable, "-c", f"import sys; {code}", str(path), str(folder)], cwd=ROOT)
    while server.poll() is None and not any(p.stat().st_size for p in folder.iterdir()):
        time.sleep(0.01)
    server.kill()
    server.wait()
    assert media.probe(playable(path, folder)).duration_s == pytest.approx(20.0, abs=0.15)
