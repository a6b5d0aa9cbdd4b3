"""A track that may be used, in words: what it is like, what may be done with it, and what jars in it."""

from __future__ import annotations

from typing import Final

from pages.shared.language import clock, known, t_plain
from recommender.songs.collection import contrast_of
from recommender.songs.licences import LICENCES, UNKNOWN
from recommender.songs.usable import Usable
from recommender.songs.wording import Contrast

MOST_MOODS: Final = 3


def facts(track: Usable) -> str:
    """Moods, tempo, key, length and voice, as far as they are known."""
    parts = [mood(m) for m in track.moods[:MOST_MOODS]]
    if track.tempo_bpm is not None:
        parts.append(t_plain("tracks.tempo", bpm=round(track.tempo_bpm)))
    if track.key and track.mode:
        parts.append(t_plain(f"tracks.key.{track.mode}", tonic=track.key.replace("#", "♯")))
    if track.duration_s:
        parts.append(clock(round(track.duration_s)))
    if track.vocals is not None:
        parts.append(t_plain("tracks.vocals.yes" if track.vocals else "tracks.vocals.no"))
    return " · ".join(parts)


def mood(word: str) -> str:
    """A mood word in the visitor's language; a word of somebody's own as it stands."""
    key = f"music.mood.{word}"
    return t_plain(key) if known(key) else word


def licence(track: Usable) -> str:
    """Whence it comes, and what may be done with it."""
    source = t_plain(f"tracks.source.{track.source}")
    known_one = LICENCES.get(track.licence)
    if track.licence == UNKNOWN:
        use = t_plain("tracks.licence.unknown")
    elif known_one is None:
        use = t_plain("tracks.licence.other", licence=track.licence)
    elif not known_one.uses:
        use = t_plain("tracks.licence.not", licence=track.licence)
    else:
        use = t_plain("tracks.licence.credit" if known_one.credit else "tracks.licence.free", licence=track.licence)
    return f"{source} · {use}"


def note(track: Usable) -> str:
    """Where words and sound say two things; empty where they do not."""
    return contrast_note(contrast_of(track))


def contrast_note(jars: Contrast | None) -> str:
    if jars is None:
        return ""
    return t_plain("tracks.contrast", words=t_plain(f"cue.mood.{jars.words}"), sound=t_plain(f"cue.mood.{jars.sound}"))
