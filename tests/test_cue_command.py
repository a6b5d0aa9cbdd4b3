"""``python -m recommender cues``: every format, a timeline in place of a clip, and broken files that end nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emotion.result import to_dict
from recommender.__main__ import main
from recommender.cues import from_dict
from recommender.cues.export import FORMATS
from tests.conftest import ROOT, SAMPLES
from tests.cue_timelines import NTSC, timeline

CLIP = SAMPLES / "good-news.mp4"
FIELDS = {
    "start", "end", "start_timecode", "end_timecode", "mood", "emotion", "confidence", "valence", "energy", "speech",
    "direction", "peaks", "music", "state",
}  # fmt: skip
Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    yield


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(to_dict(timeline([("angry", 20), ("calm", 25)], rate=NTSC))), encoding="utf-8")
    return path


def test_a_clip_gives_a_sheet_with_every_field(capsys: Output) -> None:
    assert main(["cues", str(CLIP), "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema_version"] == 1
    assert data["clip"]["name"] == "good-news.mp4"
    assert data["cues"][0]["start"] == 0
    assert data["cues"][-1]["end"] == pytest.approx(data["clip"]["duration_s"], abs=0.001)
    for cue in data["cues"]:
        assert cue.keys() >= FIELDS
        assert cue["direction"].keys() >= {"advice", "tempo_bpm", "mode", "energy", "words"}
        assert cue["direction"]["advice"] in ("music", "light", "none")
        assert 2 <= len(cue["music"]) <= 3


@pytest.mark.parametrize("form", FORMATS)
def test_a_timelines_json_is_as_good_as_its_clip(form: str, result: Path, capsys: Output) -> None:
    assert main(["cues", str(result), "--format", form, "--start-timecode", "02:00:00:00"]) == 0
    text = capsys.readouterr().out
    assert len(text) > 30
    if form in ("edl", "csv", "text"):
        assert "02:00:00;00" in text and "01:00:00" not in text


def test_a_saved_sheet_is_turned_into_any_format(result: Path, tmp_path: Path, capsys: Output) -> None:
    assert main(["cues", str(result), "--format", "json", "--intent", "contrast"]) == 0
    saved = tmp_path / "saved.cues.json"
    saved.write_text(capsys.readouterr().out, encoding="utf-8")
    assert {c.intent for c in from_dict(json.loads(saved.read_text(encoding="utf-8"))).cues} == {"contrast"}
    assert main(["cues", str(saved)]) == 0
    assert "contrast with the mood" in capsys.readouterr().out


def test_chapters_that_youtube_would_not_show_are_said_to_be_that(tmp_path: Path, capsys: Output) -> None:
    for parts, said in (
        ([("angry", 20), ("calm", 25)], "this sheet makes 2"),
        ([("angry", 20)], "under 30 s"),
        ([("angry", 20), ("calm", 25), ("happy", 20)], ""),
    ):
        path = tmp_path / "talk.json"
        path.write_text(json.dumps(to_dict(timeline(parts))), encoding="utf-8")
        assert main(["cues", str(path), "--format", "chapters"]) == 0
        printed = capsys.readouterr()
        assert printed.out.startswith("0:00 ")
        assert ("talk.mp4: YouTube will show no chapters" in printed.err) == bool(said) and said in printed.err
        assert main(["cues", str(path), "--format", "vtt"]) == 0
        assert "YouTube" not in capsys.readouterr().err


def test_a_batch_goes_on_past_what_is_broken(result: Path, tmp_path: Path, capsys: Output) -> None:
    broken = tmp_path / "a.mp4"
    broken.write_bytes(b"no film")
    nonsense = tmp_path / "b.json"
    nonsense.write_text('{"clip": 3}')
    twice = tmp_path / "other" / "talk.json"
    twice.parent.mkdir()
    shutil.copy(result, twice)
    files = [str(f) for f in (broken, result, nonsense, tmp_path / "gone.mp4", tmp_path / "gone.json", twice)]
    out = tmp_path / "sheets"
    assert main(["cues", *files, "--format", "edl", "--output", str(out)]) == 1
    assert sorted(p.name for p in out.iterdir()) == ["talk-2.edl", "talk.edl"]
    err = capsys.readouterr().err
    for name in ("a.mp4", "b.json", "gone.mp4", "gone.json"):
        assert name in err
    assert "Traceback" not in err
    assert main(["cues", *files, "--format", "json"]) == 1
    assert [d["clip"]["name"] for d in json.loads(capsys.readouterr().out)] == ["talk.mp4", "talk.mp4"]


def test_a_list_of_results_gives_a_sheet_each(result: Path, tmp_path: Path) -> None:
    data = json.loads(result.read_text(encoding="utf-8"))
    both = tmp_path / "both.json"
    both.write_text(json.dumps([data, data]), encoding="utf-16")  # as PowerShell's > writes it
    assert main(["cues", str(both), "--format", "csv", "--output", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize(
    "wrong", [["--start-timecode", "noon"], ["--format", "aaf"], ["--intent", "destroy"], ["--goal", "home"], []]
)
def test_a_wrong_call_is_said_and_ends_with_2(wrong: list[str], result: Path, capsys: Output) -> None:
    call = ["cues", str(result), *wrong] if wrong else ["cues", str(result), str(result), "--format", "edl"]
    try:
        status = main(call)
    except SystemExit as e:
        status = e.code
    assert status == 2
    assert capsys.readouterr().err.strip()


def test_a_timecode_that_only_this_clip_has_not_costs_only_this_clip(result: Path, capsys: Output) -> None:
    assert main(["cues", str(result), "--start-timecode", "01:00:00:29", "--format", "edl"]) == 0
    assert main(["cues", str(result), "--start-timecode", "01:00:00:30", "--format", "edl"]) == 1
    assert "01:00:00:30" in capsys.readouterr().err


def test_moodcue_has_the_command_too(result: Path) -> None:
    command = [sys.executable, "-m", "moodcue", "cues", str(result)]
    done = subprocess.run([*command, "--format", "edl"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "|C:ResolveColor" in done.stdout
    wrong = subprocess.run(
        [*command, "--start-timecode", "noon"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert wrong.returncode == 2
    told = subprocess.run([*command[:-1], "--help"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert all(form in told for form in FORMATS)
