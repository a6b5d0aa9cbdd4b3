"""Music that may be used, for all visitors: what there is to search and to rank, how it sounds, where it is heard."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import soundfile
import streamlit as st

from pages.shared.services import clips, own_music, visit
from recommender.library.track_sound import TrackSound
from recommender.mix import command, sources
from recommender.mix.plan import SR
from recommender.mix.score import Studio
from recommender.players import open_sound
from recommender.ranking.shelf import Shelf
from recommender.songs.collection import Collection
from recommender.songs.usable import Usable

STRETCHED: Final = "_stretched"
PLAYED: Final = frozenset({".mp3", ".m4a", ".aac", ".flac", ".ogg", ".opus", ".wav", ".webm", ".mp4"})
"""What browsers play as it is; of other files they get a copy."""
BLOCK: Final = 10 * SR

_published: dict[Path, str] = {}
_lock = threading.Lock()


@st.cache_resource(show_spinner=False)
def installed() -> Collection:
    """The installed tracks where their sound puts them, one beside the other; their mood words are their makers'."""
    found = sources.tracks(sources.INSTALLED)
    sounds = sources.placed(found, sources.installed_sounds(), makers_word=0.0)
    placed = sources.with_sound(found, sounds)
    return Collection(tuple(replace(t, moods=t.said or t.moods) for t in placed), sounds)


@st.cache_resource(show_spinner=False)
def open_catalogue() -> Collection:
    """The open catalogues, known by their makers' words; the sound is fetched when it is asked for."""
    return Collection(tuple(sources.tracks(sources.CATALOGUE)), {})


def everything() -> Collection:
    """All music to use: installed, own, open."""
    return _joined(own_music.stamp())


@st.cache_resource(show_spinner=False, max_entries=2)
def _joined(stamp: str) -> Collection:
    """``stamp`` changes with the own tracks."""
    return Collection.joined((installed(), own_music.collection(), open_catalogue()))


def shelf() -> Shelf:
    """What is ranked for cues and lies on this machine: installed and own tracks, with what their sound says."""
    return _shelf(own_music.stamp())


@st.cache_resource(show_spinner=False, max_entries=2)
def _shelf(stamp: str) -> Shelf:
    """``stamp`` changes with the own tracks."""
    found, sounds = command.installed_music()
    own = own_music.collection()
    studio().know(own.sounds)
    return Shelf.of([*found, *own.tracks], {**sounds, **own.sounds})


@st.cache_resource(show_spinner=False)
def elsewhere() -> Shelf:
    """The open catalogues, ranked by their makers' words."""
    return Shelf.of(open_catalogue().tracks)


@st.cache_resource(show_spinner=False)
def studio() -> Studio:
    return Studio(sources.installed_sounds(), command.described)


def sound_of(track: Usable) -> TrackSound | None:
    """What was measured of a track, for its curve; None where it was not heard."""
    return everything().sounds.get(track.id)


def address(path: Path, rate: float = 1.0) -> str | None:
    """Where the browser gets a track, played so many times as fast; None where the server has no such route."""
    if rate != 1 or path.suffix.lower() not in PLAYED:
        return _stretched(path, rate)
    with _lock:
        if path not in _published:
            secret = clips.publish(path)
            if secret is None:
                return None
            _published[path] = f"{clips.PREFIX}/{secret}"
        return _published[path]


def address_of(track: Usable) -> str | None:
    """The same for any track; None too where its sound is to be fetched, or a copy to be made, when it is asked for."""
    path = track.file or open_sound.kept(track)
    if path is None:
        return None
    if path.suffix.lower() in PLAYED:
        return address(path)
    known = st.session_state.get(STRETCHED, {}).get((path, 1.0))
    return None if known is None else known[1]


def for_guests(track_id: str) -> Usable | None:
    """A track that guests of a link may hear: none of the owner's folders."""
    track = everything().of(track_id)
    return None if track is None or track.source == "own" else track


def heard(track_ids: Iterable[str], *, by_guests: bool = False) -> dict[str, tuple[str, float]]:
    """Of songs of a sheet those that can be heard at once: where the browser gets each, and where it begins (s)."""
    music, found = everything(), {}
    for track_id in dict.fromkeys(track_ids):
        track = music.of(track_id)
        if track is None or (by_guests and track.source == "own"):
            continue
        path, sound = address_of(track), music.sounds.get(track_id)
        if path is not None:
            found[track_id] = path, 0.0 if sound is None else sound.start_s
    return found


def _stretched(path: Path, rate: float) -> str | None:
    """The track as it is played, in a file of the visitor's own that goes with the visit."""
    made: dict[tuple[Path, float], tuple[Path, str]] = st.session_state.setdefault(STRETCHED, {})
    known = made.get((path, rate))
    if known is not None and known[0].is_file():
        return known[1]
    visitor = visit.visitor()
    file = visitor.folder / f"stretched-{secrets.token_hex(8)}.flac"
    track = studio().load(path, rate)
    with soundfile.SoundFile(file, "w", samplerate=SR, channels=2, subtype="PCM_16") as f:
        for start in range(0, track.frames, BLOCK):
            f.write(track.part(start, min(start + BLOCK, track.frames)).T)
    secret = clips.publish(file)
    if secret is None:
        return None
    visitor.on_leave.append(lambda: clips.withdraw(secret))
    made[path, rate] = file, f"{clips.PREFIX}/{secret}"
    return made[path, rate][1]
