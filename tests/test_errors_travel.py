"""Errors cross from one process to another, as decoders, workshops and training pools need them to."""

from __future__ import annotations

import pickle
import string
from collections.abc import Iterator

import pytest

import recommender.errors  # noqa: F401 - its classes join the tree
from emotion.errors import Flaw, MoodCueError


def tree(kind: type[MoodCueError] = MoodCueError) -> Iterator[type[MoodCueError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from tree(below)


@pytest.mark.parametrize("kind", list(dict.fromkeys(tree())))
def test_an_error_says_the_same_in_another_process(kind: type[MoodCueError]) -> None:
    names = {name for _, name, _, _ in string.Formatter().parse(kind.english) if name}
    error = kind(**dict.fromkeys(names, 2.0))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error) and again.values == error.values


def test_so_does_what_is_wrong_with_a_value() -> None:
    flaw = Flaw("fault.field_missing", field="end_s")
    again = pickle.loads(pickle.dumps(flaw))
    assert (again.words, str(again)) == (flaw.words, str(flaw))
