"""The editor's own tracks as music that may be used: what the index holds, in the one shape of all music."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.errors import MemoryUnavailable
from recommender.library import mood
from recommender.library.scan import Tags
from recommender.library.track_sound import TrackSound
from recommender.songs.licences import LICENCES, UNKNOWN, recognised
from recommender.songs.usable import Usable

if TYPE_CHECKING:
    from recommender.library.index import OwnTrack


def track_id(path: Path) -> str:
    """The same for a file wherever it is named: in a folder's listing, on the command line, in the index."""
    return "own:" + hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def usable(track: OwnTrack) -> Usable:
    """A track of the index."""
    return replace(
        of_file(track.path, track.tags), duration_s=None if track.sound is None else track.sound.duration_s
    )  # fmt: skip


def of_file(path: Path, tags: Tags) -> Usable:
    """A file of the editor's own with what its tags say; its licence is the one found, or unknown."""
    licence = recognised(tags.licence)
    title, artist = tags.title or path.stem, tags.artist or ""
    return Usable(
        id=track_id(path),
        source="own",
        title=title,
        artist=artist,
        licence=licence,
        credit=_credit(title, artist, licence),
        path=str(path),
        said=tags.said,
    )


def indexed(paths: Iterable[Path]) -> dict[str, TrackSound]:
    """What the index holds of those of these files that have not changed since, by the track's id."""
    from recommender.library import index
    from recommender.store import database

    if not database.is_there():
        return {}
    try:
        held = index.unchanged(database.open_database(), [p.resolve() for p in paths])
    except MemoryUnavailable:
        return {}
    return {track_id(path): sound for path, sound in held.items()}


def _credit(title: str, artist: str, licence: str) -> str:
    """What to print with the video: names, and the licence with its address where one is known."""
    line = f"{title}, {artist}" if artist else title
    known = LICENCES.get(licence)
    if licence == UNKNOWN:
        return line
    return f"{line} ({licence}, {known.url})" if known and known.url else f"{line} ({licence})"


def shelved(tracks: Iterable[OwnTrack]) -> tuple[list[Usable], dict[str, TrackSound]]:
    """The tracks that were heard, and their sounds by id, read in the light of each other."""
    heard = [t for t in tracks if t.sound is not None]
    found = [usable(t) for t in heard]
    sounds = mood.among([t.sound for t in heard if t.sound is not None])
    return found, {t.id: s for t, s in zip(found, sounds, strict=True)}
