"""``moodcue score CLIP``"""

from pathlib import Path
from typing import Annotated, Literal

import typer


def command(
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="A video or a sound file.")],
    music: Annotated[
        str, typer.Option(metavar="SOURCE", help="installed, catalogue, a folder of music, or one track.")
    ] = "installed",
    sheet: Annotated[
        Path | None, typer.Option(metavar="SHEET.json", help="A saved cue sheet instead of a new one.")
    ] = None,
    under: Annotated[
        float, typer.Option(metavar="LU", help="How far speech stands above the music: 10 forward, 14, 20 accessible.")
    ] = 14.0,
    target: Annotated[
        str, typer.Option(metavar="NAME", help="youtube, podcast, r128, atsc, or a loudness in LUFS.")
    ] = "youtube",
    stems: Annotated[
        bool, typer.Option("--stems", help="Dialogue, music and effects as files of their own too.")
    ] = False,
    effects: Annotated[bool, typer.Option("--effects", help="A sound effect on each marked moment.")] = False,
    form: Annotated[
        Literal["wav", "flac"], typer.Option("--format", help="Of the mix without picture and of the stems.")
    ] = "wav",
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Default: CLIP-score beside the clip.")] = None,
    start_timecode: Annotated[str, typer.Option(metavar="TC", help="Where your timeline begins.")] = "01:00:00:00",
    language: Annotated[Literal["en", "zh_TW"], typer.Option(help="Of the cue sheet's words.")] = "en",
) -> int:
    """Music under a clip: a mixed video, its cue sheet for your editor, credits and a report."""
    from recommender.mix.command import run

    return run(
        clip,
        music=music,
        sheet=sheet,
        under=under,
        target=target,
        stems=stems,
        effects=effects,
        form=form,
        output=output,
        start_timecode=start_timecode,
        language=language,
    )
