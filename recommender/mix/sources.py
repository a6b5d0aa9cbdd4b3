"""Where the music of a mix comes from: what is installed, an open catalogue, a folder of the editor's, or one track."""

from __future__ import annotations

import functools
import gzip
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from emotion import errors, media
from emotion.many import expand
from recommender import paths
from recommender.library import own, scan
from recommender.library.track_sound import TrackSound
from recommender.songs import installed
from recommender.songs.usable import Usable, read_parquet

INSTALLED: Final = "installed"
CATALOGUE: Final = "catalogue"
SPREAD: Final = 0.8
MAKERS_WORD: Final = 0.5
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


def of_file(path: Path) -> Usable:
    """A file of the editor's own, with what its tags say; its licence is the one found there, or unknown."""
    return own.of_file(path, scan.read_tags(path))


def with_sound(found: Iterable[Usable], sounds: Mapping[str, TrackSound]) -> list[Usable]:
    """The tracks with what was measured of them in place of what their maker says."""
    out = []
    for track in found:
        sound = sounds.get(track.id)
        out.append(track if sound is None else measured(track, sound))
    return out


def known_sounds(found: Iterable[Usable], describe: Callable[[Path], TrackSound]) -> dict[str, TrackSound]:
    """What is known of the tracks' sound by id: measured before for what ships, by the index or now for files.

    A file that cannot be read as music is left out.
    """
    found = list(found)
    shipped = dict(installed_sounds())
    if any(track.source == "own" for track in found):
        shipped |= own.indexed(t.file for t in found if t.file is not None)
    out: dict[str, TrackSound] = {}
    for track in found:
        if track.id in shipped:
            out[track.id] = shipped[track.id]
        elif track.source == "own" and track.file is not None:
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


def placed(
    found: Sequence[Usable], sounds: Mapping[str, TrackSound], makers_word: float = MAKERS_WORD
) -> dict[str, TrackSound]:
    """The sounds of a small collection of one make, read beside each other and beside what their makers say.

    A network that learnt from records calls all of it quiet and pleasant. What it hears *between* the tracks
    is sound, so each axis is spread over the plane by rank. ``makers_word`` is that word's part in a track's place;
    with 0 the place is measured alone.
    """
    known = [t for t in found if t.id in sounds and t.valence is not None and t.energy is not None]
    out: dict[str, TrackSound] = {}
    ranks = {
        axis: np.argsort(np.argsort([getattr(sounds[t.id], axis) for t in known])) for axis in ("valence", "energy")
    }
    for i, track in enumerate(known):
        sound, moved = sounds[track.id], {}
        for axis in ("valence", "energy"):
            among = SPREAD * (2 * (ranks[axis][i] + 0.5) / len(known) - 1)
            place = (1 - makers_word) * float(among) + makers_word * float(getattr(track, axis))
            step = np.arctanh(np.clip(place, -0.99, 0.99)) - np.arctanh(np.clip(getattr(sound, axis), -0.99, 0.99))
            curve = np.tanh(np.arctanh(np.clip(getattr(sound, f"{axis}_curve"), -0.99, 0.99)) + step)
            moved[axis], moved[f"{axis}_curve"] = round(place, 3), tuple(np.round(curve, 3).tolist())
        out[track.id] = replace(sound, **moved)
    return out


def measured(track: Usable, sound: TrackSound) -> Usable:
    """The track as it sounds: its place, moods, tempo, key and voice are measured."""
    return replace(
        track,
        duration_s=sound.duration_s,
        valence=sound.valence,
        energy=sound.energy,
        measured=True,
        moods=tuple(sound.moods) or track.moods,
        said=track.said or track.moods,
        tempo_bpm=sound.tempo_bpm if track.tempo_bpm is None else track.tempo_bpm,
        key=track.key or sound.key,
        mode=track.mode or sound.mode,
        vocals=sound.vocals == "singing",
        loudness_lufs=sound.loudness_lufs,
    )
