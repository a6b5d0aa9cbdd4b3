"""Every setting once: its variable, its default, what it accepts. Nothing else reads the environment.

A setting is read when it is asked for, so that a test or a host may change it; an empty value means the default.

    >>> from emotion import settings
    >>> settings.MAX_MB.read()
    200.0

Raises (all): :class:`emotion.errors.SettingError`, a sentence that names the variable, the value and what is accepted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

import platformdirs

from emotion import errors

T = TypeVar("T")
MEGABYTE: Final = 1024**2


class AnySetting(Protocol):
    """What every setting has, whatever its type."""

    @property
    def name(self) -> str: ...

    def read(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A variable of the environment and its value where it is not set, or empty."""

    name: str
    default: T

    def read(self) -> T:
        """The value in use.

        Raises:
            SettingError: the variable holds something that is not accepted.
        """
        text = os.environ.get(self.name, "").strip()
        return self._parse(text) if text else self.default

    def _parse(self, text: str) -> T:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Number(Setting[float]):
    """A finite number within bounds, both included."""

    low: float
    high: float

    def _parse(self, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:  # nan neither
            raise errors.SettingNotNumber(
                setting=self.name, value=text, low=self.low, high=self.high, default=self.default
            )
        return value


@dataclass(frozen=True, slots=True)
class Whole(Setting[int]):
    """A whole number within bounds, both included."""

    low: int
    high: int

    def _parse(self, text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,9}", text) or not self.low <= int(text) <= self.high:
            raise errors.SettingNotWhole(
                setting=self.name, value=text, low=self.low, high=self.high, default=self.default
            )
        return int(text)


@dataclass(frozen=True, slots=True)
class Text(Setting[str]):
    """Free text, or one of ``choices`` where there are any."""

    choices: tuple[str, ...] = ()

    def _parse(self, text: str) -> str:
        if self.choices and text not in self.choices:
            raise errors.SettingNotChoice(setting=self.name, value=text, known=", ".join(self.choices))
        return text


@dataclass(frozen=True, slots=True)
class Folder(Setting[Path | None]):
    """A path, ``~`` for the user's own folder; whether it can be used shows when it is used."""

    def _parse(self, text: str) -> Path:
        return Path(text).expanduser()


@dataclass(frozen=True, slots=True)
class Folders(Setting[tuple[Path, ...]]):
    """Several paths, apart as in ``PATH``: by a colon, on Windows by a semicolon."""

    def _parse(self, text: str) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(Path(part.strip()).expanduser() for part in text.split(os.pathsep) if part.strip()))


@dataclass(frozen=True, slots=True)
class Servers(Setting[tuple[dict[str, Any], ...]]):
    """STUN and TURN servers as WebRTC has them. They carry passwords, so a wrong value is not quoted."""

    def _parse(self, text: str) -> tuple[dict[str, Any], ...]:
        try:
            servers = json.loads(text)
        except ValueError:
            servers = None
        if not isinstance(servers, list) or not all(isinstance(s, dict) and "urls" in s for s in servers):
            raise errors.SettingNotServers(setting=self.name)
        return tuple(servers)


@dataclass(frozen=True, slots=True)
class Sources(Setting[str]):
    """Sources of a Content-Security-Policy; a separator in it would add a rule of its own."""

    def _parse(self, text: str) -> str:
        if re.search(r"[;,\x00-\x1f\x7f]", text) or not text.isascii():
            raise errors.SettingNotSources(setting=self.name, value=text, default=self.default)
        return text


# What a host may set: docs/hosting.md has the same table, held to this by tests/test_settings.py.
PORT: Final = Whole("PORT", 8501, 1, 65_535)
MAX_MB: Final = Number("MOODCUE_MAX_MB", 200.0, 0.001, 100_000.0)
MAX_SECONDS: Final = Number("MOODCUE_MAX_SECONDS", 600.0, 1.0, 86_400.0)
RECORD_SECONDS: Final = Number("MOODCUE_RECORD_SECONDS", 60.0, 1.0, 86_400.0)
CACHE_DIR: Final = Folder("MOODCUE_CACHE_DIR", None)
HOME: Final = Folder("MOODCUE_HOME", None)
FOLDERS: Final = Folders("MOODCUE_FOLDERS", ())
DATABASE_URL: Final = Text("MOODCUE_DATABASE_URL", "")
SHARE_DAYS: Final = Whole("MOODCUE_SHARE_DAYS", 30, 0, 3650)
SHARE_MB: Final = Number("MOODCUE_SHARE_MB", 2000.0, 0.0, 10_000_000.0)
ICE_SERVERS: Final = Servers("MOODCUE_ICE_SERVERS", ())
GRACE_SECONDS: Final = Number("MOODCUE_GRACE_SECONDS", 150.0, 0.0, 86_400.0)
FRAME_ANCESTORS: Final = Sources("MOODCUE_FRAME_ANCESTORS", "'self'")
VOICE: Final = Text("MOODCUE_VOICE", "voice-v3")
FACE_ENGINE: Final = Text("MOODCUE_FACE_ENGINE", "batch", ("batch", "deepface", "deepface-original"))
DETECTOR: Final = Text("MOODCUE_DETECTOR", "centerface")
MODELS_DIR: Final = Folder("MOODCUE_MODELS_DIR", None)
MIRROR: Final = Folder("MOODCUE_MIRROR", None)
MUSIC: Final = Folders("MOODCUE_MUSIC", ())
HOSTED: Final[tuple[AnySetting, ...]] = (
    PORT,
    MAX_MB,
    MAX_SECONDS,
    RECORD_SECONDS,
    CACHE_DIR,
    HOME,
    FOLDERS,
    DATABASE_URL,
    SHARE_DAYS,
    SHARE_MB,
    ICE_SERVERS,
    GRACE_SECONDS,
    FRAME_ANCESTORS,
    VOICE,
    FACE_ENGINE,
    DETECTOR,
    MODELS_DIR,
    MIRROR,
    MUSIC,
)

# What only training and tests have a use for.
DATA: Final = Folder("MOODCUE_DATA", None)
TRAINING_CACHE: Final = Folder("MOODCUE_CACHE", None)
TEST_ALLOWED_ADDRESS: Final = Text("MOODCUE_TEST_ALLOWED_ADDRESS", "")
DEVELOPMENT: Final[tuple[AnySetting, ...]] = (DATA, TRAINING_CACHE, TEST_ALLOWED_ADDRESS)


def faults(settings: Sequence[AnySetting] = HOSTED) -> list[errors.SettingError]:
    """What is set wrongly, so that a server can refuse to start instead of failing at the first visitor."""
    found: list[errors.SettingError] = []
    for setting in settings:
        try:
            setting.read()
        except errors.SettingError as e:
            found.append(e)
    return found


def cache_dir() -> Path:
    """``MOODCUE_CACHE_DIR``, or the user's cache folder: visitors' folders, and what can be made again."""
    return CACHE_DIR.read() or Path(platformdirs.user_cache_dir("moodcue"))


def home_dir() -> Path:
    """``MOODCUE_HOME``, or the user's data folder: what is kept. It need not exist."""
    return HOME.read() or Path(platformdirs.user_data_path("moodcue", appauthor=False))


# Between this process and others --------------------------------------------------------------------


def tell_library(name: str, value: str, *, replace: bool = True) -> bool:
    """Set a variable that a library reads; whether that changed it. ``replace`` False leaves what the user set."""
    before = os.environ.get(name)
    if before == value or (before is not None and not replace):
        return False
    os.environ[name] = value
    return True


def inherited(*, without: Iterable[str] = ()) -> dict[str, str]:
    """The environment for a process of ours, less the variables whose lower-case name ends with one of ``without``."""
    endings = tuple(without)
    return {k: v for k, v in os.environ.items() if not (endings and k.lower().endswith(endings))}
