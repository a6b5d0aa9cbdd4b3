"""``moodcue convert LMC.csv``"""

from pathlib import Path
from typing import Annotated, Literal

import typer


def command(
    table: Annotated[Path, typer.Argument(metavar="LMC.csv", help="A song table in LMC's own columns.")],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the songs listed: Parquet where it ends so, else CSV.")
    ] = None,
    form: Annotated[Literal["table", "json", "csv"], typer.Option("--format")] = "table",
) -> int:
    """Convert LMC's moods to the eight emotions by the seed's two rules, and print the totals."""
    from recommender.commands import convert

    convert(table, output=output, form=form)
    return 0
