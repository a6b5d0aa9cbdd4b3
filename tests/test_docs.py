"""What the texts name exists: files, targets of make, modules, commands and their options."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from moodcue.__main__ import application
from tests.conftest import ROOT

TEXTS = ("CONTRIBUTING.md", "docs/architecture.md")
PATH = re.compile(
    r"\b((?:app|assets|deploy|docs|emotion|moodcue|pages|recommender|tests)(?:/[\w./-]*\w)?/?)(?=[\"`<\s)])"
)


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    named = {path for path in PATH.findall(text) if "/" in path}
    assert len(named) >= 8
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_target_of_make_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", (ROOT / name).read_text("utf-8"))) <= targets


EVERY_TEXT = sorted(
    str(p.relative_to(ROOT))
    for p in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "assets" / "models").glob("*/*.md"))
)
OURS = re.compile(r"python -m ((?:deploy|emotion|moodcue|recommender|tests)[\w.]*\w|emotion|recommender)")
COMMAND = re.compile(r"\bmoodcue ([a-z]+)([^`#|\n]*)")


def is_there(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize("name", EVERY_TEXT)
def test_every_module_that_is_run_exists(name: str) -> None:
    named = set(OURS.findall((ROOT / name).read_text("utf-8")))
    assert [module for module in sorted(named) if not is_there(module)] == []


def test_every_command_and_option_that_is_named_exists() -> None:
    group = get_command(application())
    assert isinstance(group, TyperGroup)
    commands = group.commands
    seen = 0
    for name in EVERY_TEXT:
        for command, rest in COMMAND.findall((ROOT / name).read_text("utf-8")):
            assert command in commands, f"{name}: moodcue {command}"
            known = {o for p in commands[command].params for o in (*p.opts, *p.secondary_opts)}
            asked = set(re.findall(r"--[a-z][a-z-]+", rest))
            assert asked <= known, f"{name}: moodcue {command} {rest}"
            seen += 1
    assert seen >= 12


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_one_file_is_tested_without_a_browser() -> None:
    """As CONTRIBUTING.md says: what needs a browser that is not there is passed over, and the rest runs."""

    def would_run(*args: str) -> str:
        return subprocess.run(
            ["make", "-n", "test", *args], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout

    assert "need_chromium" not in would_run("ARGS=tests/test_rank.py")
    assert "need_chromium" in would_run()
