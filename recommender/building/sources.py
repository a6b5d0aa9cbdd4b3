"""Where the sources lie, and how they are had: from a mirror folder, else by download.

``MOODCUE_MIRROR`` names a folder that is looked through first. Downloads go through pooch: progress,
hash, a temporary name until whole; a broken-off one resumes where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from emotion import settings
from emotion.messages import Words
from emotion.weights import sha256_of
from recommender import paths
from recommender.errors import SourceUnavailable

DEEZER_COMMIT: Final = "9c6e1c5992a5b78166f6212d5b62b86217dff17f"
DEEZER_URL: Final = f"https://raw.githubusercontent.com/deezer/deezer_mood_detection_dataset/{DEEZER_COMMIT}"
LMC_URL: Final = (
    "https://raw.githubusercontent.com/workmanjack/lyric-mood-classification/master/data/labeled_lyrics.tar.bz2"
)
log = logging.getLogger(__name__)

TIMEOUT_S: Final = 20
CHUNK_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a data set. ``sha256`` is None where nobody here has seen the file: then the hash of
    the first download is kept beside it and later ones must agree. ``places`` are where a mirror may hold it.
    """

    key: str
    url: str
    sha256: str | None
    places: tuple[str, ...]


def _deezer(name: str, sha256: str) -> Source:
    file = f"{name}.csv"
    return Source(f"deezer-{name}", f"{DEEZER_URL}/{file}", sha256, (f"deezer_mood/{file}", f"deezer/{file}", file))


DEEZER: Final[tuple[Source, ...]] = (
    _deezer("train", "7c92c7426325f41a41ff75c93087593859907517c4c84973f8db8463e6b20f3f"),
    _deezer("validation", "4bf9c5b32245c523c1d3474bebe2294a1125efc3bdd2f3edb2204b0f6008e1c2"),
    _deezer("test", "472edbdac17a398f27ade8a1b2ea952a84c8ae925e73e23cd6960d9e4aff92b6"),
)
LMC: Final = Source(
    "lmc",
    LMC_URL,
    None,
    ("labeled_lyrics.tar.bz2", "data/labeled_lyrics.tar.bz2", "lmc/labeled_lyrics.tar.bz2"),
)


def fetch(source: Source, *, mirror: Path | None = None, offline: bool = False, progress: bool = False) -> Path:
    """The path of a source's file, its hash checked.

    ``mirror`` defaults to ``MOODCUE_MIRROR``; with ``offline`` nothing is downloaded.

    Raises:
        SourceUnavailable: it is not in the mirror and cannot be downloaded, or its hash differs.
    """
    mirror = mirror or _mirror()
    if mirror is not None:
        for place in source.places:
            path = mirror / place
            if path.is_file():
                # one's own mirror may hold a newer or a cut version: it is read, and said
                if not _as_known(source, path):
                    log.warning("%s is not the file whose checksum is known; it is read all the same", path)
                return path
    kept = paths.home() / "sources" / _file_name(source)
    if kept.is_file() and _as_known(source, kept):
        return kept
    if offline:
        raise SourceUnavailable(name=source.key, detail=Words.of("fault.offline"))
    return _download(source, kept, progress)


def _mirror() -> Path | None:
    return settings.MIRROR.read()


def _file_name(source: Source) -> str:
    return f"{source.key}-{source.url.rsplit('/', 1)[1]}"


def _as_known(source: Source, path: Path) -> bool:
    return source.sha256 is None or sha256_of(path) == source.sha256


def _download(source: Source, kept: Path, progress: bool) -> Path:
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    pinned = kept.with_name(kept.name + ".sha256")
    known = source.sha256 or (pinned.read_text().strip() if pinned.is_file() else None)
    try:
        pooch.retrieve(
            source.url,
            known_hash=f"sha256:{known}" if known else None,
            fname=kept.name,
            path=kept.parent,
            downloader=cast(Any, ResumingDownloader(kept.with_name(kept.name + ".part"), progress)),
        )
    except (OSError, ValueError) as e:  # requests' errors are OSErrors; pooch's mismatch is a ValueError
        detail = Words.of("fault.checksum" if isinstance(e, ValueError) else "fault.network")
        raise SourceUnavailable(name=source.key, detail=detail, cause=type(e).__name__) from e
    if known is None:
        pinned.write_text(sha256_of(kept))
    return kept


class ResumingDownloader:
    """A downloader for pooch that keeps what it got in ``part`` and goes on from there the next time."""

    def __init__(self, part: Path, progress: bool, show: Callable[[str, int, int], None] | None = None) -> None:
        self.part = part
        self.show = show or (_show if progress else None)

    def __call__(self, url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        import requests

        have = self.part.stat().st_size if self.part.is_file() else 0
        headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {}
        with requests.get(url, stream=True, timeout=TIMEOUT_S, headers=headers) as answer:
            if answer.status_code == 416:  # what is there cannot be gone on from: begin anew
                self.part.unlink()
                return self(url, output_file, pooch)
            answer.raise_for_status()
            resumes = answer.status_code == 206
            size = int(answer.headers.get("Content-Length", 0)) + (have if resumes else 0)
            with self.part.open("ab" if resumes else "wb") as f:
                for chunk in answer.iter_content(CHUNK_BYTES):
                    f.write(chunk)
                    if self.show:
                        self.show(url, f.tell(), size)
        if size and self.part.stat().st_size < size:
            raise OSError("the connection broke off")
        self.part.replace(output_file)
        return None


def _show(url: str, done: int, size: int) -> None:
    import sys

    of = f" of {size / 1e6:.1f}" if size else ""
    end = "\n" if done >= size > 0 else ""
    print(f"\r{url.rsplit('/', 1)[1]}: {done / 1e6:.1f}{of} MB", end=end, file=sys.stderr, flush=True)
