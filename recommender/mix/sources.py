"""Where the music of a mix comes from: what is installed, an open catalogue, a folder of the editor's, or one track."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from emotion import errors, media
from emotion.many import expand
from recommender import paths
from recommender.library.track_sound import TrackSound
from recommender.songs import installed
from recommender.songs.usable import UNKNOWN, Usable, read_parquet

INSTALLED: Final = "installed"
CATALOGUE: Final = "catalogue"
SOUNDS: Final = paths.ASSETS / "music" / "installed-sounds.json.gz"
OPEN: Final = paths.ASSETS / "music" / "open.parquet"

_log = logging.getLogger(__name__)


def tracks(source: str) -> list[Usable]:
    """The tracks of a source: ``installed``, ``catalogue``, a folder, or a file.

    Raises:
        FileMissing: it is none of these.
    """
    if source == INSTALLED:
        return [t.usable() for t in installed.tracks()]
    if source == CATALOGUE:
        return list(read_parquet(OPEN))
    path = Path(source)
    if not path.exists():
        raise errors.FileMissing(name=source)
    return [of_file(p) for p in expand([str(path)], media.SUFFIXES)]


def of_file(path: Path, licence: str = UNKNOWN) -> Usable:
    """A file of the editor's own: its licence is theirs to know."""
    key = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Usable(
        id=f"own:{key}",
        source="own",
        title=path.stem,
        artist="",
        licence=licence,
        credit=path.stem,
        path=str(path),
    )


def with_sound(found: Iterable[Usable], sounds: Mapping[str, TrackSound]) -> list[Usable]:
    """The tracks with what was measured of them in place of what their maker says."""
    out = []
    for track in found:
        sound = sounds.get(track.id)
        out.append(track if sound is None else measured(track, sound))
    return out


def known_sounds(found: Iterable[Usable], describe: Callable[[Path], TrackSound]) -> dict[str, TrackSound]:
    """What is known of the tracks' sound by id: measured before for what ships, worked out now for files.

    A file that cannot be read as music is left out.
    """
    shipped = installed_sounds()
    out: dict[str, TrackSound] = {}
    for track in found:
        if track.id in shipped:
            out[track.id] = shipped[track.id]
        elif track.file is not None:
            try:
                out[track.id] = describe(track.file)
            except errors.MediaError as e:
                _log.warning("%s", e)
    return out


@functools.cache
def installed_sounds() -> Mapping[str, TrackSound]:
    """What the sound of each installed track says, by id; see :mod:`recommender.building.installed_sounds`."""
    if not SOUNDS.is_file():
        return {}
    with gzip.open(SOUNDS, "rt", encoding="utf-8") as f:
        return {key: TrackSound.from_dict(value) for key, value in json.load(f).items()}


def measured(track: Usable, sound: TrackSound) -> Usable:
    """The track as it sounds: its place, moods, tempo, key and voice are measured."""
    return replace(
        track,
        duration_s=sound.duration_s,
        valence=sound.valence,
        energy=sound.energy,
        measured=True,
        moods=tuple(sound.moods) or track.moods,
        tempo_bpm=sound.tempo_bpm if track.tempo_bpm is None else track.tempo_bpm,
        key=track.key or sound.key,
        mode=track.mode or sound.mode,
        vocals=sound.vocals == "singing",
        loudness_lufs=sound.loudness_lufs,
    )
