"""What has changed in the editor's folders since they were last heard: new files, copies, moved ones, lost ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.library import scan
from recommender.library.hear import MODEL
from recommender.library.scan import FoundFile

Known = dict[str, Any]
"""A row of the index: path, bytes, mtime_ns, fingerprint, model, state, same_as."""


def same(row: Known | None, file: FoundFile) -> bool:
    return row is not None and (row["bytes"], row["mtime_ns"], row["model"]) == (file.bytes, file.mtime_ns, MODEL)


def under(path: str, folders: Sequence[Path]) -> bool:
    return any(Path(path).is_relative_to(folder.resolve()) for folder in folders)


@dataclass(frozen=True, slots=True)
class Changes:
    """What there is to do, but for what is ``unchanged``: ``moved`` files and the paths they had, paths that are
    ``gone``, and each file that is a copy of another or new, with its fingerprint."""

    unchanged: int
    moved: list[tuple[FoundFile, str]]
    gone: list[str]
    copies: list[tuple[FoundFile, str]]
    new: list[tuple[FoundFile, str]]


def changes(known: dict[str, Known], found: dict[str, FoundFile], folders: Sequence[Path]) -> Changes:
    """What has changed in these folders: ``known`` is what the index holds, ``found`` what lies there, both by path."""
    gone = {p: row for p, row in known.items() if p not in found and under(p, folders)}
    changed = [f for p, f in found.items() if not same(known.get(p), f)]
    there = {p: row for p, row in known.items() if p in found and same(row, found[p])}
    lost = {row["fingerprint"]: p for p, row in gone.items() if row["model"] == MODEL}
    held = {row["fingerprint"] for row in there.values() if row["state"] == "heard"}
    moved: list[tuple[FoundFile, str]] = []
    fresh: list[tuple[FoundFile, str]] = []
    for file, print_ in _fingerprinted(changed):
        if print_ in lost and str(file.path) not in known:
            moved.append((file, lost.pop(print_)))
        else:
            fresh.append((file, print_))
    left = {old for _, old in moved}
    orphans = _orphans(there, found, {known[old]["fingerprint"] for old in left})
    copies, new = _parted([*fresh, *_fingerprinted(orphans)], held)
    unchanged = len(found) - len(changed) - len(orphans)
    return Changes(unchanged, moved, [p for p in gone if p not in left], copies, new)


def _orphans(there: dict[str, Known], found: dict[str, FoundFile], moved: set[str]) -> list[FoundFile]:
    """Unchanged copies whose original is gone: they are heard themselves."""
    originals = moved | {row["fingerprint"] for row in there.values() if row["state"] != "copy"}
    return [found[p] for p, row in there.items() if row["state"] == "copy" and row["same_as"] not in originals]


def _fingerprinted(files: Iterable[FoundFile]) -> Iterator[tuple[FoundFile, str]]:
    for file in files:
        try:
            print_ = scan.fingerprint(file)
        except OSError:
            continue  # it cannot be read now: the next run tries again
        yield file, print_


def _parted(
    fresh: Iterable[tuple[FoundFile, str]], held: set[str]
) -> tuple[list[tuple[FoundFile, str]], list[tuple[FoundFile, str]]]:
    """Copies, of files that are held or stand before them, and the rest."""
    copies: list[tuple[FoundFile, str]] = []
    new: list[tuple[FoundFile, str]] = []
    seen = set(held)
    for file, print_ in fresh:
        (copies if print_ in seen else new).append((file, print_))
        seen.add(print_)
    return copies, new
