"""``moodcue describe FILE...``"""

from typing import Annotated, Literal

import typer


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Sound files, or folders of them.")],
    form: Annotated[Literal["csv", "json"], typer.Option("--format")] = "csv",
    together: Annotated[
        bool, typer.Option("--together", help="Read the files in the light of each other: for music of one kind.")
    ] = False,
) -> int:
    """What the sound of each track says: valence, energy, moods, tempo, key, voices, loudness; and its licence."""
    from recommender.library.rows import describe_files

    return describe_files(files, form=form, together=together)
