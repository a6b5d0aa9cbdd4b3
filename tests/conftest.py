"""What all tests share: seeded numbers, the real recordings where they are present, samples."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from emotion.pipeline import Readers, load_readers

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("MOODCUE_DATA", ROOT.parent / "shared" / "data"))
SAMPLES = ROOT / "assets" / "samples"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last (Playwright keeps an event loop) and may try twice, which the report shows."""
    items.sort(key=_in_browser)
    for item in filter(_in_browser, items):
        item.add_marker(pytest.mark.flaky(reruns=1))


def _in_browser(item: pytest.Item) -> bool:
    return "browser" in item.path.parts


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261123)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of recordings that are never committed."""
    if not DATA.is_dir():
        pytest.skip(f"the recordings are not here: {DATA} (set MOODCUE_DATA)")
    return DATA


@pytest.fixture(scope="session")
def readers() -> Readers:
    """The served models, loaded once."""
    return load_readers()
