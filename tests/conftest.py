"""What all tests share: seeded numbers, the real recordings where they are present, samples."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pylibsrtp  # noqa: F401  (loaded after TensorFlow it crashes; the app never loads TensorFlow, some tests do)
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from emotion.pipeline import Readers, load_readers
from recommender.store import database
from tests import private_postgres

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("MOODCUE_DATA", ROOT.parent / "shared" / "data"))
SAMPLES = ROOT / "assets" / "samples"


# No example fails for being slow on a busy machine, and the same ones are tried everywhere.
SLOW = [HealthCheck.too_slow]
settings.register_profile("moodcue", deadline=None, suppress_health_check=SLOW, derandomize=True, max_examples=60)
settings.load_profile("moodcue")


def pytest_configure(config: pytest.Config) -> None:
    """Each process of the tests has folders of its own: two of them share nothing, and nobody's memory is touched."""
    folder = tempfile.TemporaryDirectory(prefix="moodcue-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    for name in ("MOODCUE_HOME", "MOODCUE_CACHE_DIR"):
        os.environ[name] = str(Path(folder.name, name.lower()))


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


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server of the tests' own."""
    reason = private_postgres.why_not()
    if reason:
        pytest.skip(reason)
    with private_postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """An empty database, once as SQLite and once as PostgreSQL."""
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        monkeypatch.setenv("MOODCUE_DATABASE_URL", url)
    else:
        monkeypatch.delenv("MOODCUE_DATABASE_URL", raising=False)
    engine = database.open_database()
    assert engine.dialect.name == request.param
    yield engine
    with engine.begin() as c:
        for table in reversed(database.metadata.sorted_tables):
            c.execute(sa.delete(table))
    database.close_all()


@pytest.fixture
def footage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A named folder with clips and folders, and secrets beside it."""
    from pages.shared.services import folders

    root = tmp_path / "footage"
    (root / "Day 1" / "Cam A").mkdir(parents=True)
    (root / "Day 2").mkdir()
    for place in ("talk.mp4", "Day 1/Interview one.MOV", "Day 1/Cam A/interview two.wav"):
        (root / place).write_bytes(b"sound and vision")
    for place in ("notes.txt", ".hidden.mp4", "Day 1/poster.jpg"):
        (root / place).write_bytes(b"no clip")
    (tmp_path / "footage-secret").mkdir()
    for place in ("secret.mp4", "footage-secret/secret.mp4"):
        (tmp_path / place).write_bytes(b"nobody's business")
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOODCUE_FOLDERS", str(root))
    folders._of.cache_clear()
    return root
