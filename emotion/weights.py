"""The registry of weights: a name and version lead to a verified folder under ``assets/models``.

Every folder holds ``config.json`` (files with their sha256, labels, preprocessing, licence),
``metrics.json`` and ``MODEL_CARD.md``. A file whose hash differs is refused.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion import settings
from emotion.errors import WeightsError, wrong
from emotion.messages import Words
from emotion.timeline import ModelUsed

MODELS_DIR = Path(__file__).resolve().parent.parent / "assets" / "models"
FOLDER_NAME = re.compile(r"(?P<name>[a-z0-9-]+)-v(?P<version>\d+)")


@dataclass(frozen=True)
class Weights:
    """A verified model folder. ``config`` is the parsed config.json."""

    name: str
    version: str
    folder: Path
    config: dict[str, Any]

    def path(self, file: str) -> Path:
        """The path of one of the files that config.json lists, its sha256 checked.

        Raises:
            WeightsError: the file is missing, unlisted or differs from its hash.
        """
        expected = self.config["files"].get(file)
        path = self.folder / file
        if expected is None or not path.is_file():
            raise WeightsError(name=f"{self.folder.name}/{file}", detail=Words.of("fault.gone"))
        if _known_sha256(path, path.stat().st_mtime_ns) != expected:
            raise WeightsError(name=f"{self.folder.name}/{file}", detail=Words.of("fault.checksum"))
        return path

    @property
    def used(self) -> ModelUsed:
        """What the result reports: the sha256 is that of the first file listed."""
        return ModelUsed(self.name, self.version, next(iter(self.config["files"].values())))


def sha256_of(path: Path) -> str:
    """Of a file's content, in hexadecimal digits."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@functools.lru_cache(maxsize=64)
def _known_sha256(path: Path, mtime_ns: int) -> str:
    del mtime_ns  # part of the key: a changed file is hashed anew
    return sha256_of(path)


def models_dir() -> Path:
    return settings.MODELS_DIR.read() or MODELS_DIR


def available() -> list[Weights]:
    """Every model folder, sorted by name."""
    return [load(p.name) for p in sorted(models_dir().glob("*-v*")) if (p / "config.json").is_file()]


def load(folder_name: str) -> Weights:
    """The weights of ``assets/models/<folder_name>``, for example ``face-v8``.

    Raises:
        WeightsError: no such folder, or its config.json cannot be read.
    """
    match = FOLDER_NAME.fullmatch(folder_name)
    folder = models_dir() / folder_name
    try:
        if match is None:
            raise ValueError("the name does not read <name>-v<N>")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if not config["files"]:
            raise ValueError("config.json lists no files")
    except (OSError, ValueError, KeyError) as e:
        raise WeightsError(name=folder_name, **wrong(e)) from e
    return Weights(match["name"], match["version"], folder, config)
