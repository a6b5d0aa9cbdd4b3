"""``moodcue index FOLDER...``"""

from pathlib import Path
from typing import Annotated

import typer

EVERY_S = 60.0


def command(
    folders: Annotated[list[str], typer.Argument(metavar="FOLDER", help="Folders of your own music.")],
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl+C.")] = False,
    every: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How often --watch looks.")] = EVERY_S,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="NUMBER", help="Tracks heard at once.")] = 2,
) -> int:
    """Hear the music in your folders once and keep what it says; only what is new or changed is heard again."""
    import time

    from emotion.commands import nothing_in
    from emotion.time_left import in_words
    from recommender.library.index import Progress, update
    from recommender.store.database import open_database

    paths = [Path(folder) for folder in folders]

    def told(p: Progress) -> None:
        left = "" if p.left_s is None else f", {in_words(p.left_s)}"
        typer.echo(f"{p.done}/{p.total}{left}: {p.problem or p.name}", err=True)

    while True:
        done = update(open_database(), paths, workers=workers, on_progress=told)
        print(  # noqa: T201
            f"{done.files} files: {done.heard} heard, {done.unchanged} unchanged, {done.moved} moved, "
            f"{done.copies} copies, {done.broken} broken, {done.removed} removed",
            flush=True,
        )
        if not watch:
            if not done.files:
                return nothing_in("sound file")
            return 1 if done.broken else 0
        time.sleep(every)
