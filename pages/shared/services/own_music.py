"""The host's folders of music (``MOODCUE_MUSIC``): what the index holds of them, and the run that brings it up to date.

A run belongs to nobody: it goes on when its visitor leaves, and everybody sees how far it is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

from emotion import settings
from emotion.errors import MoodCueError
from recommender.songs.collection import Collection

if TYPE_CHECKING:
    from recommender.library.index import Outcome, OwnTrack, Progress

NOTHING: Final = Collection((), {})
LOOK_EVERY_S: Final = 2.0
"""The database is asked so often at most whether the index has changed."""
LOOK_WHILE_RUNNING_S: Final = 60.0
"""While it grows with every track: a large one takes a second to read."""


def folders() -> tuple[Path, ...]:
    """The folders that the host allows, whether they are there or not."""
    return settings.MUSIC.read()


def collection() -> Collection:
    """The tracks of these folders that were heard; none where the database cannot be used."""
    try:
        return _held(folders(), stamp())[0]
    except MoodCueError:
        return NOTHING


def tracks() -> list[OwnTrack]:
    """Everything that the index holds of these folders, copies and broken files too.

    Raises:
        MemoryUnavailable
    """
    return _held(folders(), stamp())[1]


def stamp() -> str:
    """Another text whenever the index or the allowed folders change; empty where there is nothing."""
    global _asked
    allowed = folders()
    if not allowed:
        return ""
    at, text = _asked
    if time.monotonic() - at > (LOOK_WHILE_RUNNING_S if run().running else LOOK_EVERY_S):
        from recommender.library import index
        from recommender.store.database import open_database

        try:
            text = index.stamp(open_database())
        except MoodCueError:
            text = ""
        _asked = (time.monotonic(), text)
    return text and f"{text} {allowed}"


_asked = (-LOOK_WHILE_RUNNING_S, "")


@st.cache_resource(show_spinner=False, max_entries=2)
def _held(allowed: tuple[Path, ...], stamp: str) -> tuple[Collection, list[OwnTrack]]:
    """``stamp`` changes with the index."""
    if not stamp:
        return NOTHING, []
    from recommender.library import index, own
    from recommender.mix import sources
    from recommender.store.database import open_database

    held = index.tracks(open_database(), allowed)
    found, sounds = own.shelved(held)
    return Collection(tuple(sources.with_sound(found, sounds)), sounds), held


def look_again() -> None:
    """The next question asks the database, however soon it comes."""
    global _asked
    _asked = (-LOOK_WHILE_RUNNING_S, "")


# The run -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """A look at the run: over where ``outcome`` or ``error`` is there, or it was cancelled."""

    running: bool
    progress: Progress | None = None
    outcome: Outcome | None = None
    error: BaseException | None = None
    cancelled: bool = False


class _Runner:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._run = Run(running=False)

    def look(self) -> Run:
        return self._run

    def start(self, work: Callable[[Callable[[Progress], None], Callable[[], bool]], Outcome]) -> None:
        with self._lock:
            if self._run.running:
                return
            self._stop = threading.Event()
            self._run = Run(running=True)
            threading.Thread(target=self._work, args=(work, self._stop), name="index", daemon=True).start()

    def cancel(self) -> None:
        self._stop.set()

    def _work(
        self, work: Callable[[Callable[[Progress], None], Callable[[], bool]], Outcome], stop: threading.Event
    ) -> None:
        from emotion.errors import Cancelled

        def tell(progress: Progress) -> None:
            self._run = Run(running=True, progress=progress)

        try:
            self._run = Run(running=False, outcome=work(tell, stop.is_set))
        except Cancelled:
            self._run = Run(running=False, cancelled=True)
        except BaseException as e:
            self._run = Run(running=False, error=e)
            if not isinstance(e, MoodCueError):
                raise
        finally:
            look_again()


@st.cache_resource(show_spinner=False)
def _runner() -> _Runner:
    return _Runner()


def run() -> Run:
    return _runner().look()


def start(chosen: Sequence[Path]) -> None:
    """Bring the index of these folders up to date; where a run is on, that one goes on."""
    from recommender.library import index
    from recommender.store.database import open_database

    _runner().start(lambda tell, stop: index.update(open_database(), chosen, on_progress=tell, cancelled=stop))


def cancel() -> None:
    """Stop the run; what was heard stays."""
    _runner().cancel()


def forget(folder: Path) -> int:
    """Forget what the index holds of a folder; the files stay. Gives how many.

    Raises:
        MemoryUnavailable
    """
    from recommender.library import index
    from recommender.store.database import open_database

    gone = index.forget(open_database(), folder)
    look_again()
    return gone
