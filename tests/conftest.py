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
    """Browser tests come last: they take longest, and Playwright keeps an event loop until the end."""
    items.sort(key=lambda item: "browser" in item.path.parts)


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
