"""The credit line of a track in the visitor's language, ready to paste under a video."""

from __future__ import annotations

from emotion.messages import message
from recommender.songs.licences import LICENCES, UNKNOWN


def line(title: str, artist: str, licence: str, credit: str, language: str) -> str:
    """In English the line that the track's maker asks for; else the same facts in that language."""
    if language == "en" and credit:
        return credit
    known = LICENCES.get(licence)
    form = "named" if licence == UNKNOWN or not licence else "linked" if known and known.url else "licensed"
    url = known.url if known and known.url else ""
    key = f"cue.credit.{form}" if artist else f"cue.credit.{form}.alone"
    return message(key, language, title=title, artist=artist, licence=licence, url=url)
