"""Where the music keeps its files: the user's data folder, and what ships with the project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
STARTER: Final = ASSETS / "music" / "starter.csv"


def home() -> Path:
    """The user's data folder, made if need be; ``MOODCUE_HOME`` overrides the platform's own.

    Raises:
        OSError: it cannot be made.
    """
    path = _home()
    path.mkdir(parents=True, exist_ok=True)
    return path


def _home() -> Path:
    return Path(os.environ.get("MOODCUE_HOME") or platformdirs.user_data_path("moodcue", appauthor=False))


def built_catalogue() -> Path:
    """Where ``python -m recommender.building`` writes and the app looks first."""
    return _home() / "catalogue.parquet"
