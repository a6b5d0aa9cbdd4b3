"""A recording comes in parts, and leaves with its length in the header."""

from __future__ import annotations

import base64
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest

from emotion import errors, media
from emotion.media.remux import seekable
from pages.analyse import recorder
from pages.analyse.recorder.parts import Part, Recording
from tests.conftest import ROOT, SAMPLES

RECORDER = ROOT / "pages" / "analyse" / "recorder"


def message(index: int = 0, parts: int = 2, content: bytes = b"ab", **other: Any) -> dict[str, Any]:
    text = base64.b64encode(content).decode()
    return {"id": "r1", "index": index, "parts": parts, "type": "video/webm", "content": text} | other


def part(*args: Any, **other: Any) -> Part:
    parsed = Part.parse(message(*args, **other))
    assert parsed is not None
    return parsed


def test_parts_become_the_recording_again_whatever_is_sent_twice_or_too_early():
    recording = Recording("r1")
    assert not recording.take(part(1, 3, b"too early"), "r", 100)
    assert not recording.take(part(0, 3, b"ab"), "r", 100)
    assert not recording.take(part(0, 3, b"ab"), "r", 100), "sent again, since the answer was lost"
    assert not recording.take(part(1, 3, b"cd"), "r", 100)
    assert not recording.take(part(2, 3, b"xx", id="another"), "r", 100)
    assert recording.take(part(2, 3, b"ef"), "r", 100)
    recording.file.seek(0)
    assert recording.file.read() == b"abcdef"
    assert recording.next == 3


def test_a_recording_that_grows_over_the_limit_is_refused():
    recording = Recording("r1")
    recording.take(part(0, 9, b"x" * 60), "clip", 100)
    with pytest.raises(errors.TooLarge):
        recording.take(part(1, 9, b"x" * 60), "clip", 100)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "text",
        {},
        message(index=2),
        message(index=-1),
        message(content=b"") | {"content": "%%%"},
        message() | {"parts": "x"},
        message() | {"parts": float("inf")},
        message() | {"index": float("nan")},
    ],
)
def test_what_the_recorder_would_not_send_is_passed_over(wrong: Any):
    assert Part.parse(wrong) is None


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("video/webm;codecs=vp8,opus", ".webm"), ("video/mp4; codecs=avc1", ".mp4"), ("../../x", ".webm"), ("", ".webm")],
)
def test_the_name_of_the_file_is_ours_whatever_the_browser_says(kind: str, suffix: str):
    assert part(type=kind).suffix == suffix


def recorded(tmp_path: Path, suffix: str) -> Path:
    """A sample the way MediaRecorder writes it: to a stream, without length and index."""
    path = tmp_path / f"raw{suffix}"
    how: dict[str, Any] = (
        {"format": "webm", "options": {"live": "1", "cluster_time_limit": "1000"}}
        if suffix == ".webm"
        else {"format": "mp4", "options": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}}
    )
    video, sound = ("libvpx", "libopus") if suffix == ".webm" else ("libx264", "aac")
    with av.open(str(SAMPLES / "good-news.mp4")) as source, av.open(str(path), "w", **how) as out:
        picture: Any = out.add_stream(video, rate=25, options={"deadline": "realtime", "cpu-used": "8"})
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        voice: Any = out.add_stream(sound, rate=48_000)
        resampler = av.AudioResampler(format=voice.codec_context.format or "fltp", layout="mono", rate=48_000)
        voice.layout = "mono"
        for packet in source.demux(video=0, audio=0):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    out.mux(picture.encode(frame.reformat(320, 180, "yuv420p")))
                elif isinstance(frame, av.AudioFrame):
                    for chunk in resampler.resample(frame):
                        out.mux(voice.encode(chunk))
        out.mux(picture.encode(None))
        out.mux(voice.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".webm", ".mp4"])
def test_a_recording_without_a_length_gets_one_and_loses_nothing(tmp_path: Path, suffix: str):
    raw, length_s = recorded(tmp_path, suffix), media.probe(SAMPLES / "good-news.mp4").duration_s
    with av.open(str(raw)) as container:
        claimed = container.duration
    assert suffix == ".mp4" or not claimed, "the file claims a length: it is not what a recorder writes"
    assert media.probe(raw).duration_s == pytest.approx(length_s, abs=0.2), "measured, where the header is silent"

    path = tmp_path / f"whole{suffix}"
    path.write_bytes(seekable(BytesIO(raw.read_bytes()), suffix).read())
    with av.open(str(path)) as container:
        assert (container.duration or 0) / av.time_base == pytest.approx(length_s, abs=0.2)
    before, after = media.read_sound(raw), media.read_sound(path)
    assert len(after) == pytest.approx(len(before), abs=0.05 * media.SAMPLE_RATE)
    assert len(list(media.read_frames(path))) == len(list(media.read_frames(raw)))


def test_what_cannot_be_read_stays_as_it_came():
    assert seekable(BytesIO(b"no recording at all"), ".webm").read() == b"no recording at all"


def test_every_word_on_the_recorder_is_passed_to_it_in_both_languages():
    html = (RECORDER / "recorder.html").read_text(encoding="utf-8")
    js = (RECORDER / "recorder.js").read_text(encoding="utf-8")
    said = set(re.findall(r'data-(?:text|label)="(\w+)"', html))
    said |= set(re.findall(r"(?:give|announce|fail)\('(\w+)'", js)) | set(re.findall(r"this\.to\('\w+', '(\w+)'", js))
    said |= set(re.findall(r"return (?:framed|has\('\w+'\)) \? '(\w+)' : '(\w+)'", js)[0])
    assert said <= set(recorder.STRINGS)
    for language in ("en", "zh_TW"):
        path = ROOT / "assets" / "locale" / f"recorder.{language}.json"
        sentences = json.loads(path.read_text(encoding="utf-8"))
        assert {f"recorder.{key}" for key in recorder.STRINGS} <= set(sentences)


def test_the_time_limit_is_settable_and_never_over_that_of_a_clip(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MOODCUE_RECORD_SECONDS", raising=False)
    assert recorder.limit_s() == 60
    monkeypatch.setenv("MOODCUE_RECORD_SECONDS", "20")
    assert recorder.limit_s() == 20
    monkeypatch.setenv("MOODCUE_MAX_SECONDS", "10")
    assert recorder.limit_s() < 10
