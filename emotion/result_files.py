"""A folder of results, a file a clip: none overwrites another, none is left half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from emotion import errors

NAME_BYTES: Final = 255
"""What file systems take for one name."""


def made(folder: Path) -> Path:
    """The folder, with those above it.

    Raises:
        ResultNotWritten: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise errors.ResultNotWritten(name=str(folder), **errors.wrong(e)) from e
    return folder


class ResultFolder:
    """Raises ResultNotWritten where the folder cannot be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = made(folder)
        self._taken: set[str] = set()

    def write(self, clip: str, suffix: str, text: str) -> Path:
        """The file of a clip of that name, whole or not at all.

        A name in it that is no Unicode is spelt with backslashes, which JSON reads back.

        Raises:
            ResultNotWritten: nothing of the file is left then.
        """
        path = self.folder / self._name(clip, suffix)
        try:
            with tempfile.NamedTemporaryFile("wb", dir=self.folder, prefix=".moodcue-", delete=False) as part:
                try:
                    part.write(text.encode("utf-8", "backslashreplace"))
                    part.close()
                    Path(part.name).chmod(0o666 & ~_umask())
                    Path(part.name).replace(path)
                except OSError:
                    Path(part.name).unlink(missing_ok=True)
                    raise
        except OSError as e:
            raise errors.ResultNotWritten(name=path.name, **errors.wrong(e)) from e
        return path

    def _name(self, clip: str, suffix: str) -> str:
        """Two clips of one name do not overwrite each other, and a long name is cut."""
        stem, n = os.fsencode(Path(clip).stem or "clip"), 1
        while True:
            ending = f"{f'-{n}' if n > 1 else ''}{suffix}"
            room = NAME_BYTES - len(ending)
            file = os.fsdecode(stem) if len(stem) <= room else stem[:room].decode("utf-8", "ignore")
            if (file := file + ending) not in self._taken:
                self._taken.add(file)
                return file
            n += 1


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
