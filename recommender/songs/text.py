"""How names are compared: folded for search, normalised to join sources, hashed into ids."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_ACCENTED = ("LATIN", "GREEK", "CYRILLIC")
"""Scripts whose marks are accents; elsewhere a mark makes another letter (は and ば, क and क़)."""
_GUEST = re.compile(
    r"(?<=\S)\s(?:(?:[Ff]eat|FEAT|[Ff]t|FT)\.|[Ff]eaturing|FEATURING|feat|ft)\s*(?<=[\s.])(?=\S).*", re.DOTALL
)
"""A guest at the end of a name. Without its dot only in small letters and before somebody: Little Feat is a band."""


def fold(text: str) -> str:
    """Lower case, full width as half width, accents off; Chinese, Japanese and Korean stay as they are.

    Case is folded again after signs are taken apart (ℌ is an H), so that folding twice changes nothing.
    """
    small = text.casefold()
    if small.isascii():
        return small
    kept: list[str] = []
    accents = False
    for c in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", small).casefold()):
        if unicodedata.combining(c):
            if not accents:
                kept.append(c)
            continue
        accents = c.isascii() or unicodedata.name(c, "").startswith(_ACCENTED)
        kept.append(c)
    return unicodedata.normalize("NFC", "".join(kept))


def normalise(text: str) -> str:
    """The key on which artists and titles of different sources are joined: folded, without
    bracketed remarks, guests ("feat.") and punctuation, without a leading "the".
    """
    folded = fold(text)
    bare = fold(_GUEST.sub(" ", re.sub(r"[(\[{][^)\]}]*[)\]}]", " ", text)))
    words = _words(bare.replace("&", " and ").replace("'", "").replace("’", ""))
    while len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words) or " ".join(_words(folded))


def _words(text: str) -> list[str]:
    """Runs of letters and digits. A mark belongs to its letter, though ``\\w`` does not say so."""
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text).split()


def track_id(artist: str, title: str) -> str:
    """The id of a song that no source numbers: the same for the same artist and title."""
    return "s-" + hashlib.sha256(f"{fold(artist)}\x1f{fold(title)}".encode()).hexdigest()[:12]
