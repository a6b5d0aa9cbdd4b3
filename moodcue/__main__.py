"""``moodcue COMMAND ...``, or ``python -m moodcue COMMAND ...``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from emotion import __version__
from emotion.commands import guarded
from moodcue import commands
from moodcue.call import Command


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 where something could not be read, 2 for a wrong call."""
    try:
        application()(args=list(sys.argv[1:] if argv is None else argv), prog_name="moodcue")
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else int(e.code is not None)
    return 0


def application() -> typer.Typer:
    """The commands of :mod:`moodcue.commands` under one name."""
    app = typer.Typer(
        help="The emotion that a speaker expresses, second by second, and music that fits.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    for name, command in commands.every():
        app.command(name, cls=Command)(_exiting(command))
    return app


def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda on: _say_version(on), help="Print the version.")
    ] = False,
) -> None:
    del version


def _say_version(on: bool) -> None:
    if on:
        typer.echo(f"moodcue {__version__}")
        raise typer.Exit


def _exiting(command: Callable[..., int]) -> Callable[..., None]:
    """The command as typer wants it: its status is an exit, its failure a sentence."""

    @functools.wraps(command)
    def run(*args: object, **values: object) -> None:
        raise typer.Exit(guarded(lambda: command(*args, **values)))

    return run


if __name__ == "__main__":
    sys.exit(main())
