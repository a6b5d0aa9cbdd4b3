"""LMC's labels out of their archive, without unpacking anything to disk."""

from __future__ import annotations

import tarfile
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Final

from recommender import lmc, moods
from recommender.errors import BadArchive, TableFileError

LARGEST_BYTES: Final = 1 << 30
"""A table larger than this is no table of songs."""
MOST_MEMBERS: Final = 10_000


def read(path: Path) -> lmc.LmcSongs:
    """The songs of the archive's table ``labeled_lyrics*.csv``, or of a bare CSV file.

    With several tables in it, the one whose counts a mood are nearest to the seed's is taken.

    Raises:
        BadArchive: it is damaged, leads out of its folder, holds something too large, or no such table.
        TableFileError: a table of another kind.
    """
    if path.suffix == ".csv":
        return lmc.read(path)
    try:
        with tarfile.open(path, mode="r:*") as archive:
            found = [lmc.read_stream(_open(archive, m), m.name) for m in _tables(archive, path.name)]
    except (tarfile.TarError, EOFError, OSError) as e:
        raise BadArchive(name=path.name, detail=f"it is damaged ({type(e).__name__})") from e
    except TableFileError as e:
        raise BadArchive(name=path.name, detail=str(e)) from e
    if not found:
        raise BadArchive(name=path.name, detail="there is no labeled_lyrics*.csv in it")
    return min(found, key=_from_seed)


def _tables(archive: tarfile.TarFile, name: str) -> list[tarfile.TarInfo]:
    tables = []
    for n, member in enumerate(archive):
        place = PurePosixPath(member.name)
        if n >= MOST_MEMBERS:
            raise BadArchive(name=name, detail=f"it holds more than {MOST_MEMBERS} files")
        if place.is_absolute() or ".." in place.parts:
            raise BadArchive(name=name, detail=f"{member.name} leads out of its folder")
        # "._" files are what macOS leaves in archives
        wanted = place.name.startswith("labeled_lyrics") and place.suffix == ".csv"
        if wanted and member.isfile():
            if member.size > LARGEST_BYTES:
                raise BadArchive(name=name, detail=f"{member.name} claims {member.size / 1e9:.1f} GB")
            tables.append(member)
    return tables


def _open(archive: tarfile.TarFile, member: tarfile.TarInfo):
    stream = archive.extractfile(member)
    if stream is None:
        raise BadArchive(name=member.name, detail="it is no file")
    return stream


def _from_seed(songs: lmc.LmcSongs) -> int:
    counts = Counter(songs.mood)
    return sum(abs(counts[m] - n) for m, n in moods.SEED_COUNTS.items())
