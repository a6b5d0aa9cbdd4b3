"""``moodcue songs TIMELINE.json`` and ``moodcue songs --emotion sad``"""

from pathlib import Path
from typing import Annotated, Literal

import typer


def command(
    timeline: Annotated[
        Path | None, typer.Argument(metavar="TIMELINE.json", help="From: moodcue analyse CLIP --format json")
    ] = None,
    emotion: Annotated[str | None, typer.Option(metavar="NAME", help="One of the eight, not a timeline.")] = None,
    count: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="At most so many songs.")] = 10,
    intent: Annotated[
        str | None,
        typer.Option(
            metavar="match|contrast|steer", help="Match the mood, contrast with it (irony), or steer it to --goal."
        ),
    ] = None,
    goal: Annotated[str | None, typer.Option(metavar="NAME", help="Where to steer; a wrong one lists all.")] = None,
    genre: Annotated[list[str] | None, typer.Option(metavar="NAME", help="May be given several times.")] = None,
    decade: Annotated[list[int] | None, typer.Option(metavar="1990", help="May be given several times.")] = None,
    energy: Annotated[list[str] | None, typer.Option(metavar="low|medium|high")] = None,
    words: Annotated[bool | None, typer.Option("--with-words/--without-words", help="Songs with a sung text.")] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="NUMBER", help="Another number, other songs.")] = 0,
    form: Annotated[Literal["table", "json", "csv"], typer.Option("--format")] = "table",
    catalogue: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV or Parquet instead of the one installed.")
    ] = None,
) -> int:
    """Songs that fit a clip's timeline, or an expressed emotion."""
    if (timeline is None) == (emotion is None):
        raise typer.BadParameter("Give a timeline, or --emotion, and not both.")
    from recommender.commands import Wish, recommend
    from recommender.ranking import intents
    from recommender.songs.filters import Filters

    filters = Filters(
        genres=frozenset(genre or ()), decades=frozenset(decade or ()), energies=frozenset(energy or ()), words=words
    )
    wish = Wish(count, None if intent is None else intents.of(intent), goal, filters, seed)
    recommend(timeline=timeline, emotion=emotion, wish=wish, form=form, catalogue=catalogue)
    return 0
