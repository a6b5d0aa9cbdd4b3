"""How a command is called: what its help says, and a path that is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperArgument, TyperCommand

from emotion.commands import guarded
from emotion.errors import NoFileNamed

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

PATHS: Final = frozenset({"FILE", "FOLDER", "SHEET.json", "SOURCE"})
"""What options that take a path call it; every argument is a path."""


class Command(TyperCommand):
    """As typer has it, without the names of Python's types, and with a sentence where an empty path was given.

    An empty path must be seen before it is read: as a path it would be the folder that the terminal is in.
    """

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        if any(_empty(given.get(param.name or "")) for param in self.get_params(ctx) if _takes_path(param)):
            raise typer.Exit(guarded(_refuse))
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        records = [
            (isinstance(param, TyperArgument), param, record)
            for param in self.get_params(ctx)
            if (record := param.get_help_record(ctx)) is not None
        ]
        arguments = [(param.metavar or record[0], record[1]) for named, param, record in records if named]
        options = [record for named, _, record in records if not named]
        for title, rows in (("Arguments", arguments), ("Options", options)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _takes_path(param: object) -> bool:
    return isinstance(param, TyperArgument) or getattr(param, "metavar", None) in PATHS


def _empty(given: object) -> bool:
    return given == "" or (isinstance(given, list | tuple) and "" in given)


def _refuse() -> int:
    raise NoFileNamed
