"""What the README promises stands in the repository."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import typer.main

from emotion.training import readme
from moodcue import commands
from moodcue.__main__ import application
from tests.conftest import ROOT

TEXT = readme.README.read_text(encoding="utf-8")


def test_every_figure_comes_from_the_metrics() -> None:
    assert readme.written() == TEXT, "run python -m emotion.training.readme"


def test_every_file_it_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_no_weights_or_licence_goes_unnamed() -> None:
    for words in ("non-commercial", "RAVDESS", "nEMO", "FER2013", "MIT"):
        assert words in TEXT


def test_the_json_table_is_the_schema() -> None:
    schema = json.loads((ROOT / "assets" / "schema" / "result.json").read_text("utf-8"))
    table = TEXT[TEXT.index("### JSON") : TEXT.index("## How it works")]
    rows = {
        name: set(re.findall(r"`(\w+)`", holds))
        for fields, holds in re.findall(r"^\| (`.+?) \| (.+) \|$", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", fields)
    }
    assert list(rows) == list(schema["properties"])
    assert set(schema["properties"]) == set(schema["required"])
    for name in ("clip", "timeline", "speech", "faces", "models"):
        held = schema["properties"][name]
        assert set(held.get("items", held)["properties"]) <= rows[name] | {"voice_with"}, name
    told = schema["properties"]["adaptation"]["anyOf"][0]["properties"]
    assert set(told) | set(told["speakers"]["items"]["properties"]) <= rows["adaptation"]


CALLS = re.findall(r"^(moodcue .+?)(?:  +#.*)?$", TEXT, re.MULTILINE)


def test_every_command_is_shown() -> None:
    assert {call.split()[1] for call in CALLS} == {name for name, _ in commands.every()}


@pytest.mark.parametrize("call", CALLS)
def test_a_command_that_is_shown_is_understood(call: str) -> None:
    """Parsed as the command line does it, and not run."""
    name, *words = shlex.split(call)[1:]
    group = typer.main.get_command(application())
    command = group.get_command(group.make_context("moodcue", ["--help"], resilient_parsing=True), name)  # type: ignore
    assert command is not None
    command.make_context(name, words)
