"""The command ``moodcue``: every command, its sentences and its status, and the package that brings it."""

from __future__ import annotations

import http.client
import importlib.metadata
import inspect
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from pathlib import Path
from typing import NoReturn, get_args

import pytest
import typer

import emotion
from emotion.timeline import Clip, Timeline
from moodcue import commands
from moodcue.__main__ import main
from moodcue.call import PATHS
from recommender.__main__ import main as recommender
from recommender.cues import make_sheet, to_dict
from recommender.mix import command as scoring
from tests.conftest import ROOT, SAMPLES

NEWS = SAMPLES / "good-news.mp4"
NOTE = SAMPLES / "voice-note.mp3"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

Output = pytest.CaptureFixture[str]


def test_every_command_has_help_and_a_file(capsys: Output) -> None:
    names = [name for name, _ in commands.every()]
    assert {"analyse", "voice", "face", "songs", "convert", "app"} <= set(names)
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for name, command in commands.every():
        assert name in listed
        assert command.__doc__, name
        assert main([name, "--help"]) == 0
        assert (command.__doc__ or "").splitlines()[0].split(".")[0][:40] in " ".join(capsys.readouterr().out.split())


def test_the_help_is_quick_because_it_loads_no_reader() -> None:
    code = "import sys; from moodcue.__main__ import main; main(['--help']); print([m for m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    for heavy in ("onnxruntime", "librosa", "cv2", "streamlit", "sqlalchemy", "pandas"):
        assert f"'{heavy}'" not in done.stdout, heavy


def test_the_version_stands_in_one_place(capsys: Output) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"moodcue {emotion.__version__}\n"
    assert "version" not in PROJECT["project"]
    assert f"## {emotion.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    try:
        assert importlib.metadata.version("moodcue")
    except importlib.metadata.PackageNotFoundError:
        assert PROJECT["tool"]["hatch"]["version"]["path"] == "emotion/__init__.py"


def test_it_prints_what_the_libraries_print(capsys: Output) -> None:
    for form in ("table", "json", "csv"):
        assert recommender(["--emotion", "sad", "--count", "4", "--format", form]) == 0
        theirs = capsys.readouterr().out
        assert main(["songs", "--emotion", "sad", "--count", "4", "--format", form]) == 0
        assert capsys.readouterr().out == theirs


def test_what_is_scored_may_be_longer_than_an_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_MAX_SECONDS", "5")
    assert scoring.analysed(NEWS).clip.duration_s == pytest.approx(8.37, abs=0.1)


def test_a_clip_goes_in_and_songs_come_out(tmp_path: Path, capsys: Output) -> None:
    assert main(["analyse", str(NEWS), "--format", "json", "--output", str(tmp_path / "out")]) == 0
    assert main(["songs", str(tmp_path / "out" / "good-news.json"), "--intent", "match", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 10
    assert main(["voice", str(NOTE), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["label"] in emotion.EMOTIONS


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        ([], 2, "Usage"),
        (["sing"], 2, "sing"),
        (["songs"], 2, "timeline"),
        (["songs", "--emotion", "sad", "x.json"], 2, "timeline"),
        (["songs", "--emotion", "saad"], 2, "saad"),
        (["songs", "--emotion", "sad", "--count", "0"], 2, "count"),
        (["songs", "nothing.json"], 1, "nothing.json"),
        (["analyse", "nothing.mp4"], 1, "nothing.mp4"),
        (["analyse", "--format", "xml", "x.mp4"], 2, "xml"),
        (["convert", "nothing.csv"], 1, "nothing.csv"),
        (["app", "--port", "99999"], 2, "65535"),
        (["app", "--music", "/no/such/folder"], 1, "There is no file /no/such/folder"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_a_status(
    argv: list[str], status: int, said: str, capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(argv) == status
    printed = capsys.readouterr()
    assert said in printed.out + printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("name", ["analyse", "voice", "face", "cues", "describe", "index"])
def test_a_folder_with_nothing_in_it_and_an_empty_name_are_said(
    name: str, capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table of no rows would look like an answer, and an unset variable of a script's is not all of this folder."""
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main([name, str(tmp_path / "here")]) == 1
    assert "There is no " in capsys.readouterr().err
    (tmp_path / "here" / "a.wav").write_bytes(b"")
    assert main([name, ""]) == 2
    told = capsys.readouterr()
    assert "No file or folder was named" in told.err and "a.wav" not in told.out + told.err


def test_every_path_of_every_command_may_not_be_empty_and_is_called_by_a_word(
    capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    seen = 0
    for name, command in commands.every():
        for param in inspect.signature(command, eval_str=True).parameters.values():
            kind, info = get_args(param.annotation)[:2]
            argument = isinstance(info, typer.models.ArgumentInfo)
            if argument or Path in (kind, *get_args(kind)) or info.metavar in PATHS:
                call = [""] if argument else ["x", f"--{param.name.replace('_', '-')}", ""]
                assert main([name, *call]) == 2, (name, param.name)
                assert "No file or folder was named" in capsys.readouterr().err, (name, param.name)
                seen += 1
        assert main([name, "--help"]) == 0
        told = capsys.readouterr().out
        wrong = re.findall(r"<(?:list|path|str|int|float|Path)[^>]*>", told)
        assert not wrong, (name, wrong)
        assert "Options:" in told and (name == "app" or "Arguments:" in told)
    assert seen > 15
    assert not list(tmp_path.iterdir()), "nothing was read, and nothing was written"


def test_a_wrong_call_of_score_is_said_before_the_clip_is_read_and_leaves_no_folder(
    capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, text, empty = tmp_path / "talk.mp4", tmp_path / "notes.txt", tmp_path / "empty"
    shutil.copy(NEWS, clip)
    text.write_text("no sheet")
    empty.mkdir()
    assert main(["score", str(tmp_path / "no.mp4")]) == 1

    def never(path: Path) -> NoReturn:
        raise AssertionError(f"{path} was read")

    with monkeypatch.context() as patch:
        patch.setattr(scoring, "analysed", never)
        for argv, said in (
            (["--start-timecode", "25:99:00:00"], "25:99:00:00"),
            (["--start-timecode", "noon"], "noon"),
            (["--sheet", str(tmp_path / "no.json")], "no.json"),
            (["--sheet", str(text)], "notes.txt is not a cue sheet"),
            (["--music", str(empty)], "empty"),
            (["--target", "loud"], "loud"),
        ):
            assert main(["score", str(clip), *argv]) in (1, 2)
            assert said in capsys.readouterr().err
    short = Timeline(Clip("talk.mp4", 8.37, sr=16_000), ())
    monkeypatch.setattr(scoring, "analysed", lambda path: short)
    sheet = tmp_path / "other.cues.json"
    long = Timeline(Clip("other.mp4", 40.0, sr=16_000), ())
    sheet.write_text(json.dumps(to_dict(make_sheet(long))))
    assert main(["score", str(clip), "--sheet", str(sheet)]) == 1
    assert "other.cues.json belongs to a clip of 40.0 s" in capsys.readouterr().err
    assert main(["score", str(clip), "--start-timecode", "01:00:00:99"]) == 2, "no frame of this clip's rate"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "notes.txt", "other.cues.json", "talk.mp4"]


@pytest.mark.parametrize("name", ["analyse", "cues", "score"])
def test_where_nothing_can_be_written_is_a_sentence(name: str, capsys: Output, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    assert main([name, str(NOTE), "--output", str(tmp_path / "taken")]) == 1
    assert "taken could not be written: " in capsys.readouterr().err


# The package -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as ``pip wheel .`` does and unpacked where nothing else of the project is."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", str(ROOT), "-w"]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob(f"moodcue-{emotion.__version__}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def command_of(site: Path, *argv: str) -> list[str]:
    code = f"import sys; sys.path.insert(0, {str(site)!r}); from moodcue.__main__ import main; sys.exit(main())"
    return [sys.executable, "-P", "-c", code, *argv]


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("MOODCUE_")}


def run_installed(site: Path, cwd: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command_of(site, *argv), cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_what_runs_and_nothing_else(installed: Path) -> None:
    top = {p.name for p in installed.iterdir()}
    info = f"moodcue-{emotion.__version__}.dist-info"
    assert top == {".streamlit", "app.py", "assets", "deploy", "emotion", "moodcue", "pages", "recommender", info}
    assert "moodcue = moodcue.__main__:main" in (installed / info / "entry_points.txt").read_text("utf-8")
    assert not list(installed.rglob("__pycache__"))


def test_an_installed_moodcue_works_from_another_folder(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "__init__.py").write_text("raise ImportError('a folder of the user')")
    assert run_installed(installed, tmp_path, "--version").stdout.split()[1] == emotion.__version__
    done = run_installed(installed, tmp_path, "analyse", str(NOTE), "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["voice"]["label"] in emotion.EMOTIONS
    assert run_installed(installed, tmp_path, "songs", "--emotion", "calm", "--count", "2").returncode == 0


def test_an_installed_app_starts_from_another_folder_with_its_own_manners(installed: Path, tmp_path: Path) -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = {**environment(), "MOODCUE_HOME": str(tmp_path / "home"), "MOODCUE_CACHE_DIR": str(tmp_path / "cache")}
    with (tmp_path / "log").open("w") as log:
        command = command_of(installed, "app", "--port", str(port))
        server = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=log, stderr=log)
    try:
        page = wait_for(f"http://127.0.0.1:{port}/", server)
        assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    finally:
        server.kill()
        server.wait()
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")


def wait_for(url: str, server: subprocess.Popen[bytes]) -> http.client.HTTPResponse:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        assert server.poll() is None, "the server ended"
        try:
            return opener.open(url, timeout=20)
        except OSError:
            time.sleep(0.2)
