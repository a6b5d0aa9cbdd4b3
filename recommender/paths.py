"""Where the music keeps its files: the user's data folder, and what ships with the project."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from emotion import settings

ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
STARTER: Final = ASSETS / "music" / "starter.csv"


def home() -> Path:
    """The user's data folder, made if need be; ``MOODCUE_HOME`` overrides the platform's own.

    Raises:
        OSError: it cannot be made.
    """
    path = settings.home_dir()
    path.mkdir(parents=True, exist_ok=True)
    return path


def built_catalogue() -> Path:
    """Where ``python -m recommender.building`` writes and the app looks first."""
    return settings.home_dir() / "catalogue.parquet"
