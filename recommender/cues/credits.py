"""Whom a sheet's music asks to be named: the lines of the tracks that it uses, once each, in order."""

from __future__ import annotations

from emotion.messages import message
from recommender.cues.sheet import Cue, CueSheet, Song
from recommender.songs import credits
from recommender.songs.licences import REFERENCE


def of_song(song: Song, language: str) -> str | None:
    """The line of a track that may be used; None for a reference song, which is not used."""
    if song.licence == REFERENCE:
        return None
    return credits.line(song.title, song.artist, song.licence, song.credit, language)


def of_cue(cue: Cue, language: str) -> str | None:
    """The line of the track that a cue uses."""
    return None if cue.song is None or cue.direction.advice == "none" else of_song(cue.song, language)


def lines(sheet: CueSheet, language: str) -> list[str]:
    """Ready to paste."""
    found = (of_cue(cue, language) for cue in sheet.cues)
    return list(dict.fromkeys(line for line in found if line is not None))


def block(sheet: CueSheet, language: str) -> list[str]:
    """The lines under their heading; empty where the sheet uses no such track."""
    named = lines(sheet, language)
    return [message("cue.credits", language), *named] if named else []
