"""Tables as spreadsheets write them: UTF-8, UTF-16 or Windows' Western code page; commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final


@contextmanager
def rows(stream: IO[bytes]) -> Iterator[Iterator[list[str]]]:
    """The rows of an open binary file, the header first; the file is left open.

    The delimiter is the one that the first line holds most of; UTF-16 is known by its byte order mark.
    A row that the csv module refuses raises its error, and the next one can be read.
    """
    text = io.TextIOWrapper(stream, encoding=_encoding(stream), errors=_OLD_BYTES, newline="")
    try:
        first = text.readline()
        delimiter = max(",;\t", key=first.count)  # a spreadsheet in Europe writes semicolons
        yield csv.reader(itertools.chain([first] if first else [], text), delimiter=delimiter)
    finally:
        text.detach()


def _encoding(stream: IO[bytes]) -> str:
    peek = getattr(stream, "peek", None)
    start: bytes = peek(2)[:2] if peek is not None else b""
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _as_windows_wrote(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8 are taken for Windows' Western code page: Björk keeps her name."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_OLD_BYTES: Final = "moodcue.cp1252"
codecs.register_error(_OLD_BYTES, _as_windows_wrote)
