"""Which Python `make` takes, and what it says where none fits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def make(folder: Path, pythons: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the step that makes an environment, on a machine with these Pythons: a version each, or how it fails."""
    tools = folder / "bin"
    tools.mkdir()
    for name, said in pythons.items():
        version, _, rest = said.partition(" ")
        claims = f"import sys; sys.version_info = ({version.replace('.', ', ')}, 0, 'final', 0)"
        if rest == "without venv":
            claims += "; sys.modules['ensurepip'] = None"
        runs = f"""exec '{sys.executable}' -c "{claims}; exec(sys.argv[1])" "$2" """
        (tools / name).write_text(f"#!/bin/sh\n{'exit 127' if rest == 'a shim' else runs}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    venv = folder / "venv"
    return subprocess.run(
        [shutil.which("make") or "make", *options, f"VENV={venv}", f"{venv}/.uv"],
        cwd=ROOT,
        env={"PATH": str(tools), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ({"python3": "3.14", "python3.13": "3.13", "python3.11": "3.11"}, "python3.13"),
        ({"python3": "3.11", "python3.12": "3.12"}, "python3.12"),
        ({"python3": "3.14", "python3.14": "3.14", "python3.11": "3.11"}, "python3.11"),
        ({"python3": "3.12"}, "python3"),
        ({"python3": "3.10", "python": "3.13"}, "python"),
        ({"python3.13": "3.13 without venv", "python3.12": "3.12"}, "python3.12"),
        ({"python3.13": "3.13 a shim", "python3": "3.11"}, "python3"),
    ],
)
def test_make_takes_the_newest_python_for_which_there_are_wheels(
    tmp_path: Path, pythons: dict[str, str], chosen: str
) -> None:
    told = make(tmp_path, pythons, "-n")
    assert f"\n{chosen} -m venv " in told.stdout, told


@pytest.mark.parametrize(
    ("pythons", "command"),
    [
        ({}, "sudo apt-get install -y python3 python3-venv"),
        ({"python3": "3.9"}, "sudo apt-get install -y python3 python3-venv"),
        ({"python3": "3.12 without venv"}, "sudo apt-get install -y python3 python3-venv"),
        ({"python3": "3.14"}, "uv python install 3.13"),
    ],
)
def test_where_no_python_fits_make_names_the_versions_and_one_command(
    tmp_path: Path, pythons: dict[str, str], command: str
) -> None:
    told = make(tmp_path, pythons)
    assert told.returncode
    said = told.stderr.splitlines()[0]
    assert "3.11, 3.12 or 3.13" in said
    assert said.endswith(command), told
    assert not (tmp_path / "venv").exists()
