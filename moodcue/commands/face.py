"""``moodcue face IMAGE...``"""

from typing import Annotated, Literal

import typer


def command(
    files: Annotated[list[str], typer.Argument(metavar="IMAGE", help="Files, or folders of them.")],
    form: Annotated[Literal["csv", "json", "table"], typer.Option("--format")] = "csv",
    cropped: Annotated[bool, typer.Option("--cropped", help="Each picture is already a face.")] = False,
) -> int:
    """One row of eight probabilities for the largest face of each picture."""
    from emotion.commands import score_faces

    return score_faces(files, form=form, cropped=cropped)
