"""What the README promises stands in the repository."""

from __future__ import annotations

import re

from emotion.training import readme
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
