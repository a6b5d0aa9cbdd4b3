"""``moodcue analyse CLIP...``"""

from pathlib import Path
from typing import Annotated, Literal

import typer


def command(
    clips: Annotated[list[str], typer.Argument(metavar="CLIP", help="Sound and video files, or folders of them.")],
    form: Annotated[Literal["csv", "json", "table"], typer.Option("--format")] = "table",
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="One file a clip in this folder.")] = None,
    adapt: Annotated[bool, typer.Option(help="Read each voice by what is usual for it, or all alike.")] = True,
    speaker_footage: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="More of who speaks in the clips: sound, video, or a speaker saved by the app (.npz). "
            "May be given several times.",
        ),
    ] = None,
) -> int:
    """The emotion that each clip expresses, second by second, in the voice and in the face."""
    from emotion.commands import analyse_clips

    return analyse_clips(clips, form=form, output=output, adapt=adapt, speaker_footage=speaker_footage or ())
