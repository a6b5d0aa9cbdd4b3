"""``moodcue voice FILE...``"""

from typing import Annotated, Literal

import typer


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Files, or folders of them.")],
    form: Annotated[Literal["csv", "json", "table"], typer.Option("--format")] = "csv",
    together: Annotated[bool, typer.Option("--together", help="All are of one speaker or one recording.")] = False,
) -> int:
    """One row of eight probabilities for each recording, taken as one utterance."""
    from emotion.commands import score_voices

    return score_voices(files, form=form, together=together)
