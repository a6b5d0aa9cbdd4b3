"""``moodcue cues CLIP...``"""

from pathlib import Path
from typing import Annotated, Literal

import typer


def command(
    clips: Annotated[
        list[str],
        typer.Argument(metavar="CLIP", help="Sound and video files, folders of them, or JSON made of them before."),
    ],
    form: Annotated[
        Literal["edl", "xmeml", "fcpxml", "otio", "chapters", "vtt", "csv", "text", "json"], typer.Option("--format")
    ] = "text",
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="One file a clip in this folder.")] = None,
    start_timecode: Annotated[str, typer.Option(metavar="TC", help="Where your timeline begins.")] = "01:00:00:00",
    intent: Annotated[
        str,
        typer.Option(
            metavar="match|contrast|steer", help="Match the mood, contrast with it (irony), or steer it to --goal."
        ),
    ] = "match",
    goal: Annotated[str | None, typer.Option(metavar="NAME", help="Where to steer; a wrong one lists all.")] = None,
    language: Annotated[Literal["en", "zh_TW"], typer.Option(help="Of the words in the file.")] = "en",
    catalogue: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV or Parquet instead of the one installed.")
    ] = None,
) -> int:
    """A cue sheet for each clip: where the mood turns and what music fits there, ready for your editor."""
    from recommender.cues.command import run
    from recommender.ranking import intents
    from recommender.ranking.plane import DEFAULT_GOAL

    return run(
        clips,
        form=form,
        output=output,
        start_timecode=start_timecode,
        intent=intents.of(intent),
        goal=goal or DEFAULT_GOAL,
        language=language,
        catalogue=catalogue,
    )
