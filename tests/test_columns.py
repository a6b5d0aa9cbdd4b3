"""The columns of every catalogue are declared once, and everything that has columns goes by them."""

from __future__ import annotations

import ast
import csv
import dataclasses
from pathlib import Path

import pyarrow.parquet
import pytest

from recommender import load_catalogue, paths
from recommender.building import merge
from recommender.library import own
from recommender.library.index import OwnTrack
from recommender.library.scan import Tags
from recommender.mix.sources import OPEN
from recommender.songs import catalogue, columns, files, installed, usable

MUSIC = [c.name for c in columns.MUSIC]
REFERENCE = [c.name for c in columns.REFERENCE]


def fields(kind: type) -> list[str]:
    return [f.name for f in dataclasses.fields(kind)]


def test_each_column_is_declared_once_and_belongs_to_something() -> None:
    names = [c.name for c in columns.COLUMNS]
    assert len(set(names)) == len(names) and all(c.of for c in columns.COLUMNS)


def test_the_types_in_memory_have_exactly_these_columns() -> None:
    assert sorted(fields(usable.Usable)) == sorted(MUSIC)
    assert sorted(fields(catalogue.Track)) == sorted(REFERENCE)
    held = {*fields(catalogue.Catalogue)} - {"name", "position"} | {"valence", "arousal"}
    assert held == set(REFERENCE)
    required = [f.name for f in dataclasses.fields(usable.Usable) if f.default is dataclasses.MISSING]
    assert sorted(required) == sorted(c.name for c in columns.MUSIC if c.required)


@pytest.mark.parametrize("name", ["x.parquet", "x.csv"])
def test_a_file_of_reference_songs_has_exactly_these_columns(name: str, tmp_path: Path) -> None:
    songs = load_catalogue(paths.STARTER)
    write = files.write_parquet if name.endswith("parquet") else files.write_csv
    write(songs, tmp_path / name)
    if name.endswith("parquet"):
        assert pyarrow.parquet.read_schema(tmp_path / name).names == REFERENCE
    else:
        assert next(csv.reader((tmp_path / name).open(encoding="utf-8"))) == REFERENCE
    again = files.read(tmp_path / name)
    assert list(again) == list(songs)
    assert {*songs.columns()} == {*REFERENCE}


def test_a_file_of_music_to_use_has_these_columns_and_every_source_fills_them(tmp_path: Path) -> None:
    tags = Tags("Song", None, None, None, None, "unknown")
    tracks = [
        *(t.usable() for t in installed.tracks()),
        own.usable(OwnTrack(tmp_path / "a.mp3", "heard", tags, None, None)),
    ]
    usable.write_parquet(tracks, tmp_path / "x.parquet")
    assert pyarrow.parquet.read_schema(tmp_path / "x.parquet").names == MUSIC
    assert list(usable.read_parquet(tmp_path / "x.parquet")) == tracks
    assert {*pyarrow.parquet.read_schema(OPEN).names} <= {*MUSIC}
    for track in [*tracks, *usable.read_parquet(OPEN)]:
        for column in columns.MUSIC:
            value = getattr(track, column.name)
            assert value is not None or not column.required
            assert value is None or isinstance(value, KINDS[column.kind]), (track.id, column.name)


KINDS = {"text": str, "words": tuple, "number": (float, int), "whole": int, "yes_no": bool}


def test_what_is_not_known_is_an_empty_cell_and_none_in_a_track() -> None:
    by_name = {c.name: c for c in columns.COLUMNS}
    for name, unknown, known in [("year", 0, 1999), ("seed_rank", -1, 0), ("has_words", -1, 0), ("genre", "", "pop")]:
        assert by_name[name].cell(unknown) is None and by_name[name].cell(known) is not None
    assert by_name["has_words"].cell(0) is False and by_name["moods"].cell(("a",)) == ("a",)


def test_no_other_module_lists_columns_of_its_own() -> None:
    """Four or more of these names in one literal would be a second declaration."""
    found = []
    for module in (catalogue, usable, installed, files, merge):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                words = {e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)}
                if len(words & {*MUSIC, *REFERENCE}) >= 4:
                    found.append(f"{module.__name__}:{node.lineno}")
    assert found == []
