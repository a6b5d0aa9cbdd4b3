"""Tracks of open catalogues whose sound is asked for: fetched once, and heard, so that they have a curve too."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from emotion.errors import MoodCueError
from pages.shared.services import pools
from recommender.library.track_sound import TrackSound
from recommender.mix import command
from recommender.players import open_sound
from recommender.songs.usable import Usable

_one = threading.Lock()
"""One track is heard at a time: each takes a core."""


def hear(track: Usable) -> TrackSound | None:
    """What the sound of a fetched track says, worked out once; None where it has not been fetched."""
    path = open_sound.kept(track)
    if path is None:
        return None
    with _one:
        known = sound_of(track)
        if known is not None:
            return known
        known = command.described(path)
        _told(path).parent.mkdir(exist_ok=True)
        partial = _told(path).with_suffix(".partial")
        partial.write_text(json.dumps(known.to_dict()), encoding="utf-8")
        partial.replace(_told(path))
    return known


def hear_soon(track: Usable) -> None:
    """The same in the background: it plays meanwhile, and has its curve when it is next shown."""
    pools.in_background(lambda: hear(track))


def sound_of(track: Usable) -> TrackSound | None:
    """The same, where it was worked out before."""
    path = open_sound.kept(track)
    try:
        return None if path is None else TrackSound.from_dict(json.loads(_told(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, MoodCueError):
        return None


def _told(path: Path) -> Path:
    return path.parent / "heard" / f"{path.stem}.json"
