"""The editor's folders: which files there are, what their tags say, and which licence was found, never guessed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emotion import media
from recommender.songs import wording

UNKNOWN: Final = "unknown"
"""What is said of the licence where none was found."""

LICENCE_TAGS: Final = ("license", "licence", "copyright")
"""Of these, the first that is there: WCOP and LICENSE, then TCOP and COPYRIGHT."""
MOOD_TAGS: Final = ("mood", "tmoo", "moods", "theme", "keywords")
LYRICS_TAGS: Final = ("lyrics", "unsyncedlyrics", "uslt")
SIDECAR_FOLDER: Final = ("license", "licence", "license.txt", "licence.txt", "license.md", "licence.md", "copying")
SIDECAR_SUFFIXES: Final = (".license", ".licence", ".license.txt", ".licence.txt", ".txt", ".json")
SIDECAR_KEYS: Final = ("license", "licence", "license_url", "licence_url", "rights", "copyright")
MAX_SIDECAR: Final = 64 * 1024
MAX_LICENCE: Final = 300
HEAD: Final = 64 * 1024
"""Two files of one length whose first and last 64 kB are the same are one recording."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One sound file: where it is, its bytes and its time of change (nanoseconds)."""

    path: Path
    bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Tags:
    """What the file says of itself; None where it does not. ``licence`` is :data:`UNKNOWN` where none was found."""

    title: str | None
    artist: str | None
    album: str | None
    genre: str | None
    year: str | None
    licence: str
    said: tuple[str, ...] = ()
    """Mood words of its tags and lyrics: see :mod:`recommender.songs.wording`."""


def files_under(folders: Iterable[Path]) -> Iterator[FoundFile]:
    """Every sound file in the folders, in order of path; a file given itself counts too."""
    seen: set[Path] = set()
    for folder in folders:
        for path in _walk(folder):
            if path.suffix.lower().lstrip(".") not in media.SUFFIXES or path.name.startswith("."):
                continue
            path = path.resolve()
            try:
                found = path.stat()
            except OSError:
                continue  # it went away in between
            if path not in seen and path.is_file():
                seen.add(path)
                yield FoundFile(path, found.st_size, found.st_mtime_ns)


def _walk(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            yield Path(top) / name


def fingerprint(file: FoundFile) -> str:
    """Of the file's length and of both its ends: the same for a copy, another for a changed file; quick on any length.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256(str(file.bytes).encode())
    with file.path.open("rb") as f:
        digest.update(f.read(HEAD))
        if file.bytes > 2 * HEAD:
            f.seek(-HEAD, os.SEEK_END)
        digest.update(f.read(HEAD))
    return digest.hexdigest()


def read_tags(path: Path) -> Tags:
    """Tags and licence of one file; a file whose tags cannot be read has none."""
    try:
        from tinytag import TinyTag

        found: Any = TinyTag.get(str(path))
    except Exception:  # a broken tag is no tag, whatever the reader makes of it
        return Tags(None, None, None, None, None, find_licence(path, {}))
    other = {str(k).lower(): [str(v) for v in values] for k, values in (found.other or {}).items()}
    return Tags(
        _text(found.title),
        _text(found.artist),
        _text(found.album),
        _text(found.genre),
        _text(found.year),
        find_licence(path, other),
        said=_said(_text(found.genre), other),
    )


def _said(genre: str | None, other: dict[str, list[str]]) -> tuple[str, ...]:
    """Mood words of the tags, then those that the lyrics repeat."""
    tags = " ".join([genre or "", *(text for key in MOOD_TAGS for text in other.get(key, []))])
    lyrics = " ".join(text for key in LYRICS_TAGS for text in other.get(key, []))
    words = (*wording.mood_words(tags), *wording.mood_words(lyrics, least=wording.LYRICS_LEAST))
    return tuple(dict.fromkeys(words))


def _text(value: object) -> str | None:
    text = "" if value is None else " ".join(str(value).replace("\0", " ").split())
    return text or None


def find_licence(path: Path, tags: dict[str, list[str]]) -> str:
    """The licence in the file's own tags, else in a text beside the file, else of its folder; else "unknown"."""
    for tag in LICENCE_TAGS:
        text = _text("; ".join(tags.get(tag, [])))
        if text:
            return text[:MAX_LICENCE]
    for beside in _sidecars(path):
        text = _sidecar_text(beside)
        if text:
            return text[:MAX_LICENCE]
    return UNKNOWN


def _sidecars(path: Path) -> Iterator[Path]:
    """Texts that belong to this file, then those of its folder."""
    for suffix in SIDECAR_SUFFIXES:
        yield path.with_name(path.name + suffix)
        yield path.with_suffix(suffix)
    try:
        names = {entry.name.lower(): entry for entry in path.parent.iterdir()}
    except OSError:
        return
    for name in SIDECAR_FOLDER:
        if name in names:
            yield names[name]


def _sidecar_text(beside: Path) -> str | None:
    """The licence that a text names: its first line, or in JSON the first of the usual keys."""
    try:
        if not beside.is_file() or beside.stat().st_size > MAX_SIDECAR:
            return None
        text = beside.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    if beside.suffix.lower() == ".json":
        return _json_licence(text)
    if beside.suffix.lower() == ".txt" and "licen" not in beside.name.lower():
        # A text beside a track may hold anything: only a line that speaks of the licence counts.
        lines = [line for line in text.splitlines() if any(word in line.lower() for word in WORDS)]
    else:
        lines = [line for line in text.splitlines() if line.strip()]
    return _text(lines[0]) if lines else None


WORDS: Final[Sequence[str]] = ("licen", "creative commons", "cc by", "cc-by", "cc0", "copyright", "public domain", "©")


def _json_licence(text: str) -> str | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    lower = {str(k).lower(): v for k, v in data.items()}
    for key in SIDECAR_KEYS:
        if isinstance(lower.get(key), str) and lower[key].strip():
            return _text(lower[key])
    return None
