"""The command line: formats, folders, broken files and exit status."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emotion.__main__ import main
from emotion.labels import EMOTIONS
from emotion.pipeline import Readers
from emotion.timeline import EmotionScores
from tests import clips
from tests.conftest import ROOT, SAMPLES

NOTE = SAMPLES / "voice-note.mp3"
NEWS = SAMPLES / "good-news.mp4"

Output = pytest.CaptureFixture[str]


def test_one_clip_prints_one_object(capsys: Output) -> None:
    assert main([str(NEWS), "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["clip"]["name"] == "good-news.mp4"
    assert data["voice"]["label"] in EMOTIONS
    assert data["faces"][0]["main"] is True
    assert {m["name"].split("-")[0] for m in data["models"]} == {"voice", "face", "detector"}


def test_a_folder_with_broken_files_goes_on_and_says_so(tmp_path: Path, capsys: Output) -> None:
    folder = tmp_path / "clips" / "深い 😀"
    folder.mkdir(parents=True)
    shutil.copy(NOTE, folder / "b.mp3")
    (folder / "a.mp4").write_bytes(b"no film")
    (folder / "empty.wav").write_bytes(b"")
    (folder / "notes.txt").write_text("not a clip")
    assert main([str(tmp_path / "clips"), "--format", "json"]) == 1
    printed = capsys.readouterr()
    assert [d["clip"]["name"] for d in json.loads(printed.out)] == ["b.mp3"]
    assert "a.mp4" in printed.err
    assert "empty.wav" in printed.err
    assert "notes.txt" not in printed.err
    assert "Traceback" not in printed.err


def test_output_makes_a_file_a_clip_and_overwrites_none(tmp_path: Path, capsys: Output) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        shutil.copy(NOTE, tmp_path / name / "take.mp3")
    out = tmp_path / "out"
    assert main([str(tmp_path / "x"), str(tmp_path / "y"), "--format", "csv", "--output", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["take-2.csv", "take.csv"]
    rows = list(csv.DictReader(io.StringIO((out / "take.csv").read_text())))
    assert rows[0]["clip"] == "take.mp3"
    assert float(rows[-1]["end"]) > 8
    assert capsys.readouterr().out == ""


def test_table_names_the_verdicts(capsys: Output) -> None:
    assert main([str(NOTE)]) == 0
    text = capsys.readouterr().out
    assert "voice" in text
    assert "valence" in text
    assert "only the voice was read" in text


def test_voice_rung_gives_a_row_a_file_in_order(tmp_path: Path, capsys: Output, readers: Readers) -> None:
    assert readers.voice is not None
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFFnothing")
    assert main(["voice", str(NOTE), str(broken), str(NEWS), "--format", "csv"]) == 1
    printed = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(printed.out)))
    assert list(rows[0]) == ["file", *EMOTIONS, "label", "sure", "valence", "arousal"]
    assert [Path(r["file"]).name for r in rows] == ["voice-note.mp3", "broken.wav", "good-news.mp4"]
    assert not any(rows[1][column] for column in (*EMOTIONS, "label", "sure", "valence", "arousal"))
    for row in (rows[0], rows[2]):
        probs = {e: float(row[e]) for e in EMOTIONS}
        assert sum(probs.values()) == pytest.approx(1, abs=1e-4)
        assert row["label"] == max(probs, key=lambda e: probs[e])
        affect = readers.voice.affect(EmotionScores.from_array([probs[e] for e in EMOTIONS]))
        assert float(row["valence"]) == pytest.approx(affect.valence, abs=2e-3)
        assert float(row["arousal"]) == pytest.approx(affect.arousal, abs=2e-3)
    assert "broken.wav" in printed.err


def test_files_of_one_recording_are_read_together(tmp_path: Path, capsys: Output) -> None:
    silent = clips.write(tmp_path / "silent.wav", y=np.zeros(16_000, np.float32), sr=16_000, audio_codec="pcm_s16le")
    files = [str(NOTE), str(silent), str(NEWS), str(SAMPLES / "long-evening.mp4")]

    def rows(*flags: str) -> list[dict[str, str]]:
        main(["voice", *files, *flags])
        return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    alone, together = rows(), rows("--together")
    assert [r["file"] for r in together] == files
    assert not together[1]["label"]
    assert [r["neutral"] for r in together] != [r["neutral"] for r in alone]
    assert all(sum(float(r[e]) for e in EMOTIONS) == pytest.approx(1, abs=1e-4) for r in together if r["label"])


def test_face_rung_reads_whole_pictures_and_crops(tmp_path: Path, capsys: Output) -> None:
    from skimage import data

    portrait = data.astronaut()
    Image.fromarray(portrait).save(tmp_path / "portrait.png")
    Image.fromarray(portrait[60:200, 160:290]).convert("L").resize((48, 48)).save(tmp_path / "crop.jpg")
    Image.new("RGB", (300, 200), "grey").save(tmp_path / "empty-room.png")
    assert main(["face", str(tmp_path / "portrait.png"), str(tmp_path / "empty-room.png")]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert (rows[0]["label"], rows[0]["sure"]) == ("happy", "true")
    assert float(rows[0]["valence"]) > 0.5
    assert rows[1]["label"] == rows[1]["sure"] == ""
    assert main(["face", "--cropped", str(tmp_path / "crop.jpg"), "--format", "json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["label"] == "happy" and row["sure"] is True and row["valence"] > 0.5


def test_what_passes_no_threshold_is_not_sure(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    from emotion.voice import infer

    reader = infer.build_reader()
    reader.threshold = 1.01
    monkeypatch.setattr(infer, "build_reader", lambda: reader)
    assert main(["voice", str(NOTE), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["sure"] is False


def test_bad_pictures_are_named(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (tmp_path / "b.png").write_bytes(b"")
    assert main(["face", str(tmp_path), str(tmp_path / "none.png")]) == 1
    err = capsys.readouterr().err
    for name in ("a.png", "b.png", "none.png"):
        assert name in err


def test_no_clip_in_a_folder_and_a_missing_file(tmp_path: Path, capsys: Output) -> None:
    assert main([str(tmp_path)]) == 1
    assert main([str(tmp_path / "gone.mp4"), "--format", "json"]) == 1
    printed = capsys.readouterr()
    assert "gone.mp4" in printed.err
    assert "Traceback" not in printed.err


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    command = f"{sys.executable} -m emotion voice {NOTE} {NOTE} {NOTE} --format json | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["label"] in EMOTIONS
    assert "Traceback" not in done.stderr


def test_music_takes_what_emotion_writes(tmp_path: Path, capsys: Output) -> None:
    main([str(NEWS), "--format", "json", "--output", str(tmp_path)])
    capsys.readouterr()
    done = subprocess.run(
        [sys.executable, "-m", "recommender", str(tmp_path / "good-news.json"), "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(json.loads(done.stdout)) >= 10 or "picks" in done.stdout
