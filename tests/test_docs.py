"""What the texts for contributors name exists."""

from __future__ import annotations

import re

import pytest

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
