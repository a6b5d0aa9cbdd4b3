"""Decoding: true lengths, levels and times on real containers, and a sentence for whatever is broken."""

from __future__ import annotations

import ast
import os
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from emotion import errors, media
from emotion.media import container as containers
from emotion.media import fence, geometry
from emotion.media.decode import Sparing
from emotion.media.write import writing
from tests import clips
from tests.conftest import ROOT, SAMPLES

BEDS = ROOT / "assets" / "music" / "beds"

SOUND_KINDS = [
    ("wav", "pcm_s16le"),
    ("mp3", "libmp3lame"),
    ("flac", "flac"),
    ("ogg", "libopus"),
    ("opus", "libopus"),
    ("m4a", "aac"),
    ("aac", "aac"),
]
VIDEO_KINDS = [
    ("mp4", "libx264", "aac"),
    ("mov", "libx264", "aac"),
    ("mkv", "libx264", "libopus"),
    ("webm", "libvpx", "libopus"),
    ("avi", "mpeg4", "libmp3lame"),
    ("mpg", "mpeg1video", "mp2"),
]


def peak_hz(y: np.ndarray, sr: int) -> float:
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    return float(np.argmax(spectrum) * sr / len(y))


@pytest.mark.parametrize(("suffix", "codec"), SOUND_KINDS)
def test_every_sound_type_gives_the_same_tone(tmp_path: Path, suffix: str, codec: str) -> None:
    path = clips.write(
        tmp_path / f"tone.{suffix}", y=clips.tone(2.0, sr=48_000), sr=48_000, audio_codec=codec, channels=2
    )
    y = media.read_sound(path, 16_000)
    assert y.dtype == np.float32
    assert y.ndim == 1
    assert len(y) == pytest.approx(32_000, abs=0.08 * 16_000)  # encoders pad their last frame
    middle = y[8_000:24_000]
    assert peak_hz(middle, 16_000) == pytest.approx(440, abs=2)
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize(("suffix", "video", "audio"), VIDEO_KINDS)
def test_every_video_type_gives_sound_and_frames_in_one_pass(
    tmp_path: Path, suffix: str, video: str, audio: str
) -> None:
    path = clips.write(
        tmp_path / f"clip.{suffix}",
        y=clips.tone(2.0, sr=48_000),
        sr=48_000,
        frames=[clips.picture()] * 50,
        fps=25,
        video_codec=video,
        audio_codec=audio,
    )
    clip = media.probe(path, limits=media.Limits())
    assert (clip.width, clip.height) == (320, 180)
    assert clip.duration_s == pytest.approx(2.0, abs=0.12)
    items = list(media.decode(path))
    frames = [i for i in items if isinstance(i, media.VideoFrame)]
    n = sum(len(i.y) for i in items if isinstance(i, media.SoundChunk))
    assert n / media.SAMPLE_RATE == pytest.approx(2.0, abs=0.12)
    assert len(frames) in (10, 11)
    assert frames[0].rgb.shape == (180, 320, 3)
    assert frames[0].rgb[5, 5].min() > 230
    assert len(y := media.read_sound(path)) == n
    assert peak_hz(y[8_000:24_000], 16_000) == pytest.approx(440, abs=2)


def test_variable_frame_rate_keeps_true_times(tmp_path: Path) -> None:
    times = [0.0, 0.05, 0.1, 1.0, 1.02, 2.5, 2.9]
    path = clips.write(tmp_path / "vfr.mp4", frames=[clips.picture(shade=10 * i) for i in range(7)], times_s=times)
    assert [f.time_s for f in media.read_frames(path)] == pytest.approx([0.0, 1.0, 2.5, 2.9], abs=0.002)


def test_a_turned_phone_clip_stands_upright(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "turned.mp4", frames=[clips.picture()] * 5)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # version 0: the 3 x 3 matrix stands 40 bytes in
    a = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 180 << 16, 0, 0x40000000)  # a quarter turn clockwise
    data[at : at + 36] = a
    path.write_bytes(data)
    clip = media.probe(path)
    assert (clip.width, clip.height) == (180, 320)
    frame = next(media.read_frames(path))
    assert frame.rgb.shape == (320, 180, 3)
    assert frame.rgb[5, -5].min() > 200  # the white corner went from top left to top right


def test_large_pictures_are_scaled_down_and_small_ones_left(tmp_path: Path) -> None:
    large = clips.write(tmp_path / "large.mp4", frames=[clips.picture(1280, 720)] * 3)
    assert next(media.read_frames(large)).rgb.shape == (360, 640, 3)
    assert media.frame_at(large, 0.1).rgb.shape == (540, 960, 3)


@pytest.mark.parametrize("suffix", ["mp4", "mpg", "webm"])
def test_frame_at_gives_what_is_on_screen(tmp_path: Path, suffix: str) -> None:
    codec = {"mp4": "libx264", "mpg": "mpeg1video", "webm": "libvpx"}[suffix]
    frames = [clips.picture(shade=3 * i) for i in range(50)]
    path = clips.write(tmp_path / f"steps.{suffix}", frames=frames, fps=25, video_codec=codec)
    for time_s, expected_s in ((0.0, 0.0), (1.03, 1.0), (99.0, 49 / 25)):
        assert media.frame_at(path, time_s).time_s == pytest.approx(expected_s, abs=0.005)


def test_sound_that_starts_late_keeps_its_place(tmp_path: Path) -> None:
    frames = [clips.picture()] * 30
    path = clips.write(tmp_path / "late.mkv", y=clips.tone(1.0), frames=frames, sound_start_s=1.5, audio_codec="flac")
    y = media.read_sound(path)
    assert np.abs(y[: int(1.4 * 16_000)]).max() < 1e-3
    assert np.abs(y[int(1.6 * 16_000) : int(2.4 * 16_000)]).max() > 0.25


def test_of_several_sound_tracks_one_is_read(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "two.mkv", y=clips.tone(1.0), second_y=clips.tone(1.0, hz=880), audio_codec="flac")
    y = media.read_sound(path)
    assert len(y) == pytest.approx(16_000, abs=200)


@pytest.mark.parametrize("lead_s", [0.0, 20.0], ids=["at once", "after a while"])
@pytest.mark.parametrize("beside", ["louder music", "noise", "hum"])
def test_of_several_sound_tracks_the_one_with_the_speech_is_read(
    tmp_path: Path, rng: np.random.Generator, beside: str, lead_s: float
) -> None:
    sr = 44_100
    words = np.concatenate([np.zeros(int(lead_s * sr), np.float32), media.read_sound(SAMPLES / "voice-note.mp3", sr)])
    other = {
        "louder music": lambda: np.resize(media.read_sound(BEDS / "plain-talk.opus", sr), len(words)),
        "noise": lambda: (0.1 * rng.standard_normal(len(words))).astype(np.float32),
        "hum": lambda: clips.tone(len(words) / sr + 1, sr, hz=100)[: len(words)],
    }[beside]()
    spoken = media.read_sound(clips.write(tmp_path / "a.wav", y=words, audio_codec="pcm_s16le"))
    second = clips.write(tmp_path / "second.mkv", y=other, second_y=words, audio_codec="flac")
    first = clips.write(tmp_path / "first.mkv", y=words, second_y=other, audio_codec="flac")
    for path, keys in ((second, ["notice.other_track"]), (first, [])):
        assert [n.key for n in media.probe(path).notices] == keys
        y = media.read_sound(path)
        n = min(len(y), len(spoken))
        assert np.corrcoef(y[:n], spoken[:n])[0, 1] > 0.99
        assert np.corrcoef(fence.read_sound(path)[:n], spoken[:n])[0, 1] > 0.99, "in a process of its own too"


def test_a_cover_picture_is_not_a_moving_picture(tmp_path: Path) -> None:
    path = tmp_path / "cover.mp3"
    with av.open(str(path), "w") as out:
        sound = out.add_stream("libmp3lame", rate=44_100)
        cover = out.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "rgb24"
        cover.disposition = Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(clips.picture(64, 64), format="rgb24")
        out.mux(cover.encode(frame))
        out.mux(cover.encode(None))
        clips._write_sound(out, sound, clips.tone(1.0), 44_100, 1, 0.0)
    clip = media.probe(path)
    assert clip.width is None
    assert clip.sr == 44_100
    assert len(media.read_sound(path)) > 15_000


def test_streamed_recordings_without_a_length_are_measured(tmp_path: Path) -> None:
    whole = clips.write(tmp_path / "whole.webm", frames=[clips.picture()] * 30, video_codec="libvpx")
    data = whole.read_bytes()
    at = data.index(b"\x44\x89")  # the Duration element, which a browser's recorder leaves out
    path = tmp_path / "recorded.webm"
    path.write_bytes(data[:at] + b"\xec\x81" + data[at + 2 :].replace(b"\x88", b"\x00", 1))
    assert media.probe(path).duration_s == pytest.approx(3.0, abs=0.2)


# What cannot be read ---------------------------------------------------------------------------


def sound_file(folder: Path) -> Path:
    return clips.write(folder / "ok.wav", y=clips.tone(1.0), audio_codec="pcm_s16le")


def bad_files(folder: Path) -> dict[str, tuple[bytes, type[errors.MediaError]]]:
    wav = sound_file(folder).read_bytes()
    mp4 = clips.write(folder / "ok.mp4", frames=[clips.picture()] * 10).read_bytes()
    return {
        "empty.mp4": (b"", errors.EmptyFile),
        "text.mp4": (b"this is not a film, " * 100, errors.NotMedia),
        "noise.wav": (np.random.default_rng(1).bytes(20_000), errors.NotMedia),
        "picture.png": (png(64, 64), errors.NotMedia),
        "playlist.mp4": (
            b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/etc/passwd\n#EXT-X-ENDLIST\n",
            errors.NotMedia,
        ),
        "concat.mp4": (b"ffconcat version 1.0\nfile /etc/hostname\n", errors.NotMedia),
        "header-only.wav": (wav[:30], errors.MediaError),
        "cut.mp4": (mp4[: len(mp4) // 3], errors.MediaError),
    }


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(65 * 64)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("name", [
    "empty.mp4", "text.mp4", "noise.wav", "picture.png", "playlist.mp4", "concat.mp4", "header-only.wav", "cut.mp4",
])  # fmt: skip
def test_bad_files_get_their_own_sentence(tmp_path: Path, name: str) -> None:
    content, expected = bad_files(tmp_path)[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(expected) as caught:
        media.probe(path, limits=media.Limits())
        media.read_sound(path)
    assert name in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path, kind in ((tmp_path / "none.mp4", errors.FileMissing), (tmp_path, errors.NotAFile)):
        with pytest.raises(kind):
            media.probe(path)


def test_limits(tmp_path: Path) -> None:
    path = sound_file(tmp_path)
    with pytest.raises(errors.TooLarge):
        media.probe(path, limits=media.Limits(max_bytes=1000))
    with pytest.raises(errors.TooLong, match=r"0:01 long; the limit is 0:0"):
        media.probe(path, limits=media.Limits(max_duration_s=0.5))
    long = clips.write(tmp_path / "long.wav", y=clips.tone(5.0), audio_codec="pcm_s16le")
    with pytest.raises(errors.TooLong):  # a header that promised less is not believed while decoding
        media.read_sound(long, max_duration_s=2.0)


def test_a_header_that_claims_an_enormous_picture(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "bomb.avi", frames=[clips.picture(64, 64)] * 3, video_codec="ffv1")
    data = bytearray(path.read_bytes())
    at = data.index(b"strf") + 8  # BITMAPINFOHEADER: size, width, height
    struct.pack_into("<ii", data, at + 4, 60_000, 60_000)
    path.write_bytes(data)
    with pytest.raises(errors.MediaError) as caught:
        media.probe(path)
        list(media.read_frames(path))
    assert "bomb.avi" in str(caught.value)


@pytest.mark.parametrize("name", ["😀 été 影片.wav", "a;rm -rf $(x) `y`.wav", "concat:a|b.wav", "-i.wav", "100%.wav"])
def test_any_file_name_is_a_plain_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(sound_file(tmp_path).read_bytes())
    assert media.probe(path).name == name
    assert len(media.read_sound(path)) == pytest.approx(16_000, abs=200)


def test_a_clip_damaged_in_the_middle_still_gives_the_rest(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (60, 90, 160, 3), dtype=np.uint8)
    path = clips.write(tmp_path / "scratch.mp4", y=clips.tone(6.0), frames=list(noise), fps=10)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    assert len(list(media.read_frames(path))) > 15
    assert len(media.read_sound(path)) > 5 * 16_000


@pytest.mark.data
def test_real_clips(data: Path) -> None:
    expected = {
        "01-01-01-01-01-01-01.mp4": (3.30, 1280, 720, 17),
        "bbaf2n.mpg": (3.0, 360, 288, 15),
        "lrwp9a.mpg": (3.0, 360, 288, 15),
        "swiz3n.mpg": (3.0, 360, 288, 15),
        "short_hamilton_clip.mp4": (10.02, 640, 360, 46),
    }
    for name, (duration_s, width, height, frames) in expected.items():
        clip = media.probe(data / "video" / name, limits=media.Limits())
        assert clip.duration_s == pytest.approx(duration_s, abs=0.01)
        assert (clip.width, clip.height) == (width, height)
        assert len(list(media.read_frames(data / "video" / name))) == pytest.approx(frames, abs=1)
        assert len(media.read_sound(data / "video" / name)) / 16_000 == pytest.approx(duration_s, abs=0.03)


# One reader, one writer -------------------------------------------------------------------------------------------

OPENERS = {("av", "open"), ("Image", "open")}
"""Nothing else opens media, whether users bring it, training reads it, or it is made here."""


def openings(path: Path) -> list[tuple[str, int]]:
    """Where a container or a picture is opened: by which library, on which line."""
    calls = (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call))
    return [
        (call.func.value.id, call.lineno)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and (call.func.value.id, call.func.attr) in OPENERS
    ]


def test_media_is_opened_in_one_room_alone() -> None:
    files = (p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] not in ("tests", ".venv"))
    found = {p.relative_to(ROOT).as_posix(): lines for p in files if (lines := openings(p))}
    sound = {name: len(lines) for name, lines in found.items() if any(kind == "av" for kind, _ in lines)}
    assert sound == {"emotion/media/container.py": 1, "emotion/media/write.py": 1}
    pictures = {name for name, lines in found.items() if any(kind == "Image" for kind, _ in lines)}
    assert {p for p in pictures if not {"training", "assets"} & set(Path(p).parts)} == {"emotion/media/picture.py"}


def test_a_pipe_is_said_to_be_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for ask in (media.probe, media.read_sound, fence.probe, fence.read_sound):
        with pytest.raises(errors.NotAFile, match="Save it as a file"):
            ask(pipe)
        with pytest.raises(errors.NotAFile):
            ask(tmp_path)


def test_the_camera_s_time_code_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "camera.mov"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(30_000, 1001))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.metadata["timecode"] = "01:02:03;04"
        for _ in range(30):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    clip = media.probe(path)
    assert (clip.start_timecode, clip.frame_rate) == ("01:02:03;04", Fraction(30_000, 1001))


@pytest.mark.parametrize("most", [0, 3, 16])
def test_pictures_that_no_other_needs_are_spared_and_no_second_goes_without(tmp_path: Path, most: int) -> None:
    path = tmp_path / "b-frames.mp4"
    with av.open(str(path), "w") as out:
        how = {"bf": str(most), "b_strategy": "0", "x264-params": "b-pyramid=0", "preset": "veryfast"}
        stream = out.add_stream("libx264", rate=30, options=how)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(300):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), i % 200, np.uint8), format="rgb24")
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    times = [f.time_s for f in media.read_frames(path)]
    assert len(times) >= 50 - 4
    assert np.diff(times[8:]).max() < 0.3, "after the first second every step has its picture"


def test_pictures_are_spared_to_the_end_where_every_step_has_one_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "b-frames.mp4"
    with av.open(str(path), "w") as out:
        how = {"bf": "1", "b_strategy": "0", "preset": "veryfast"}
        stream = out.add_stream("libx264", rate=30, options=how)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(300):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), i % 200, np.uint8), format="rgb24")
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    with av.open(str(path)) as container:
        video, came = container.streams.video[0], 0
        sparing = Sparing(video, fps=5.0)
        for packet in containers.packets(container, [video]):
            sparing.sent(packet)
            for frame in containers.frames_of(packet):
                assert isinstance(frame, av.VideoFrame)
                sparing.came(frame)
                came += 1
    assert sparing.on
    assert came < 200, "about every second picture is needed by another"


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "made.mp4"
    target.write_bytes(b"an older one")
    with pytest.raises(RuntimeError), writing(target) as out:
        out.sound(layout="mono").write(np.zeros((4800, 1), np.float32))
        raise RuntimeError("the disk is full")
    assert [p.name for p in tmp_path.iterdir()] == ["made.mp4"]
    assert target.read_bytes() == b"an older one"


@pytest.mark.parametrize("samples", [40, 400, 2000])
def test_nothing_of_a_click_stays_behind_it(tmp_path: Path, samples: int) -> None:
    """A slate or a bumped microphone in a quiet recording: what follows is what it would be without."""
    sr = 44_100
    quiet = 0.003 * clips.tone(3.0, sr=sr)
    clicked = quiet.copy()
    clicked[sr : sr + samples] = 1.0
    plain, heard = (
        media.read_sound(clips.write(tmp_path / f"{name}.wav", y=y, sr=sr, audio_codec="pcm_f32le"))
        for name, y in (("plain", quiet), ("clicked", clicked))
    )
    after = round((1 + samples / sr + 0.005) * 16_000)
    assert np.abs(heard[after:] - plain[after:]).max() < 0.1 * np.abs(plain).max()
    assert np.abs(heard[:after]).max() > 0.5, "the click itself is not the reader's to mend"


def test_an_offset_that_begins_later_is_taken_out_within_a_second(tmp_path: Path) -> None:
    sr = 44_100
    y = np.concatenate([np.zeros(sr, np.float32), 0.1 * clips.tone(3.0, sr=sr) + np.float32(0.3)])
    heard = media.read_sound(clips.write(tmp_path / "later.wav", y=y, sr=sr, audio_codec="pcm_f32le"))
    assert abs(float(heard[2 * 16_000 :].mean())) < 0.003


@pytest.mark.parametrize(
    ("size", "largest"), [((1280, 720), 640), ((1920, 1080), 640), ((854, 480), 640), ((90, 50), 45)]
)
@pytest.mark.parametrize("layout", ["yuv420p", "yuvj420p", "yuv422p", "gray"])
@pytest.mark.parametrize("colorspace", [1, 2, 9])
def test_colours_are_those_of_the_film_however_it_is_made_smaller(
    size: tuple[int, int], largest: int, layout: str, colorspace: int
) -> None:
    """Against the decoder's own library, whatever way a picture takes: by planes, or all at once."""
    width, height = size
    rgb = cv2.resize(clips.picture(64, 36, shade=40), size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    rgb[..., 2] = 255 - rgb[..., 0]
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=layout)
    frame.colorspace = colorspace
    found = geometry.Upright(Fraction(1), largest)(frame)
    scale = min(1.0, largest / width)
    expected = frame.reformat(round(width * scale), round(height * scale), "rgb24", interpolation="AREA").to_ndarray()
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 3
    assert np.abs(found.astype(int).mean(axis=(0, 1)) - expected.mean(axis=(0, 1))).max() < 3
