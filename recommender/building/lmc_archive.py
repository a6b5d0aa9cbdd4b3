"""LMC's labels out of their archive, without unpacking anything to disk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from emotion.messages import Words
from recommender.errors import BadArchive, TableFileError
from recommender.songs import lmc, moods

LARGEST_BYTES: Final = 1 << 30
"""A table larger than this is no table of songs."""
MOST_MEMBERS: Final = 10_000
LARGEST_READ_BYTES: Final = 1 << 24
COMPRESSIONS: Final[dict[bytes, Any]] = {b"BZh": bz2.open, b"\x1f\x8b": gzip.open, b"\xfd7zXZ": lzma.open}


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
        with _unpacked(path) as unpacked, tarfile.open(fileobj=_Bounded(unpacked), mode="r:") as archive:
            found = [lmc.read_stream(_open(archive, m), m.name) for m in _tables(archive, path.name)]
    except _TooLarge as e:
        raise BadArchive(name=path.name, detail=e.words) from e
    except (tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error) as e:
        raise BadArchive(name=path.name, detail=Words.of("fault.damaged"), cause=type(e).__name__) from e
    except TableFileError as e:
        raise BadArchive(name=path.name, detail=Words.of("fault.archive.table"), cause=e) from e
    if not found:
        raise BadArchive(name=path.name, detail=Words.of("fault.archive.empty"))
    return min(found, key=_from_seed)


def _unpacked(path: Path) -> IO[bytes]:
    """The tar inside, by what the file begins with."""
    with path.open("rb") as f:
        begins = f.read(6)
    opener = next((o for magic, o in COMPRESSIONS.items() if begins.startswith(magic)), open)
    return opener(path, "rb")


class _TooLarge(Exception):  # no ValueError: tarfile takes those for a header that ends the archive
    def __init__(self, key: str, **values: object) -> None:
        self.words = Words.of(key, **values)
        super().__init__(str(self.words))


class _Bounded(io.RawIOBase):
    """Neither reads more at once than a header may claim nor unpacks more than a table may be long.

    ``tarfile`` reads a long name or an extended header as a whole, however large it says it is; a few
    kilobytes of bzip2 would then fill the memory.
    """

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._inner.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell()}.get(whence)
        if base is None:
            raise io.UnsupportedOperation("the end of an archive is not known")
        self._check(base + offset)
        return self._inner.seek(base + offset)

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LARGEST_READ_BYTES:
            raise _TooLarge("fault.archive.header", megabytes=size / 1e6)
        self._check(self.tell() + size)
        return self._inner.read(size)

    def _check(self, end: int) -> None:
        if end > 2 * LARGEST_BYTES:
            raise _TooLarge("fault.archive.unpacks", gigabytes=2 * LARGEST_BYTES / 1e9)


def _tables(archive: tarfile.TarFile, name: str) -> list[tarfile.TarInfo]:
    tables = []
    for n, member in enumerate(archive):
        place = PurePosixPath(member.name)
        if n >= MOST_MEMBERS:
            raise BadArchive(name=name, detail=Words.of("fault.archive.files", most=MOST_MEMBERS))
        if place.is_absolute() or ".." in place.parts:
            raise BadArchive(name=name, detail=Words.of("fault.archive.leads_out", member=member.name))
        # "._" files are what macOS leaves in archives
        wanted = place.name.startswith("labeled_lyrics") and place.suffix == ".csv"
        if wanted and member.isfile():
            if member.size > LARGEST_BYTES:
                raise BadArchive(
                    name=name, detail=Words.of("fault.archive.claims", member=member.name, gigabytes=member.size / 1e9)
                )
            tables.append(member)
    return tables


def _open(archive: tarfile.TarFile, member: tarfile.TarInfo):
    stream = archive.extractfile(member)
    if stream is None:
        raise BadArchive(name=member.name, detail=Words.of("fault.archive.no_file"))
    return stream


def _from_seed(songs: lmc.LmcSongs) -> int:
    counts = Counter(songs.mood)
    return sum(abs(counts[m] - n) for m, n in moods.SEED_COUNTS.items())
