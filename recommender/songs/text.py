"""How names are compared: folded for search, normalised to join sources, hashed into ids."""

from __future__ import annotations

import hashlib
import re
import unicodedata


def fold(text: str) -> str:
    """Lower case without accents; Chinese, Japanese and Korean stay as they are."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def normalise(text: str) -> str:
    """The key on which artists and titles of different sources are joined: folded, without
    bracketed remarks, guests ("feat.") and punctuation, without a leading "the".
    """
    folded = fold(text)
    bare = re.sub(r"[(\[{][^)\]}]*[)\]}]|\bfeat(\.|uring)?\b.*|\bft\..*", " ", folded)
    words = re.sub(r"[\W_]+", " ", bare.replace("&", " and ").replace("'", "").replace("’", "")).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words) or " ".join(re.sub(r"[\W_]+", " ", folded).split())


def track_id(artist: str, title: str) -> str:
    """The id of a song that no source numbers: the same for the same artist and title."""
    return "s-" + hashlib.sha256(f"{fold(artist)}\x1f{fold(title)}".encode()).hexdigest()[:12]
