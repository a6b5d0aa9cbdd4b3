"""Catalogue files: which one is used, and how they are read and written."""

from __future__ import annotations

import csv
import logging
from pathlib import Path

from emotion.errors import wrong
from emotion.messages import Words
from recommender import paths
from recommender.errors import CatalogueError
from recommender.songs import spreadsheet
from recommender.songs.catalogue import Catalogue, from_columns

log = logging.getLogger(__name__)


def read_csv(path: Path) -> Catalogue:
    """A catalogue from a CSV file with a header (see :func:`from_columns`)."""
    try:
        with path.open("rb") as f, spreadsheet.rows(f) as lines:
            rows = list(lines)
    except (OSError, UnicodeError, csv.Error) as e:
        raise CatalogueError(name=path.name, **wrong(e)) from e
    if not rows or any(len(r) != len(rows[0]) for r in rows):
        raise CatalogueError(name=path.name, detail=Words.of("fault.rows_differ"))
    return from_columns(path.name, {h: [r[i] for r in rows[1:]] for i, h in enumerate(rows[0])})


def read_parquet(path: Path) -> Catalogue:
    """A catalogue from a Parquet file, as :func:`write_parquet` makes it."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as e:
        raise CatalogueError(name=path.name, **wrong(e)) from e
    return from_columns(path.name, table.to_pydict())


def write_parquet(catalogue: Catalogue, path: Path) -> None:
    """Write the catalogue whole or not at all: to a temporary name first."""
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    pyarrow.parquet.write_table(pyarrow.table(catalogue.columns()), partial)
    partial.replace(path)


def write_csv(catalogue: Catalogue, path: Path) -> None:
    """Write the catalogue as CSV with the columns of :data:`COLUMNS`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = catalogue.columns()
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    partial.replace(path)


def read(path: Path) -> Catalogue:
    """A catalogue file, CSV or Parquet by what it begins with.

    Raises:
        CatalogueError: it is missing, damaged or not valid.
    """
    try:
        with path.open("rb") as f:
            parquet = f.read(4) == b"PAR1"
    except OSError as e:
        raise CatalogueError(name=path.name, **wrong(e)) from e
    try:
        return read_parquet(path) if parquet else read_csv(path)
    except (TypeError, ValueError, ArithmeticError) as e:  # cells of a kind that no column of ours has
        raise CatalogueError(name=path.name, **wrong(e)) from e


def load(path: Path | None = None) -> Catalogue:
    """The catalogue at ``path``; without one, the built one of the user's data folder, else the starter."""
    return read(path) if path is not None else built_or_starter()[0]


def built_or_starter() -> tuple[Catalogue, CatalogueError | None]:
    """The built catalogue where there is a sound one, else the starter, with what is wrong with the built one."""
    fault, built = None, paths.built_catalogue()
    try:
        catalogue = read(built) if built.exists() else read(paths.STARTER)
    except (CatalogueError, OSError) as e:
        fault = e if isinstance(e, CatalogueError) else CatalogueError(name=built.name, **wrong(e))
        log.warning("%s The shipped songs are used.", fault)
        catalogue = read(paths.STARTER)
    _ = catalogue.artist_code  # worked out once and kept: the first ranking is then as quick as the next
    return catalogue, fault
