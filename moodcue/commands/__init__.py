"""Every command is a module here with a function ``command``; its file's name is the command's name.

To add one, add one file::

    def command(clip: Annotated[Path, typer.Argument(metavar="CLIP")]) -> int:
        'What the help says.'
        from emotion.somewhere import something  # inside, so that the help of the others is quick

        return something(clip)

It returns the exit status; a MoodCueError becomes a sentence and status 1, or 2 where the call was wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator


def every() -> Iterator[tuple[str, Callable[..., int]]]:
    """The commands by name, in the order of the alphabet."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        yield module.name.replace("_", "-"), importlib.import_module(f"{__name__}.{module.name}").command
