"""What licences allow, and how a text is recognised as one of them: by its name or its address, never by a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Use = Literal["youtube", "client", "advertising", "broadcast"]
USES: Final[tuple[Use, ...]] = get_args(Use)


@dataclass(frozen=True, slots=True)
class Licence:
    """What a licence allows. ``credit`` says whether the author must be named with the video."""

    name: str
    url: str | None
    uses: frozenset[Use]
    credit: bool


_ALL: Final = frozenset(USES)
LICENCES: Final[Mapping[str, Licence]] = {
    x.name: x
    for x in (
        Licence("MIT", "https://opensource.org/license/mit", _ALL, credit=False),
        Licence("CC0", "https://creativecommons.org/publicdomain/zero/1.0/", _ALL, credit=False),
        Licence("Public domain", None, _ALL, credit=False),
        Licence("CC BY 3.0", "https://creativecommons.org/licenses/by/3.0/", _ALL, credit=True),
        Licence("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", _ALL, credit=True),
        # Music under a moving image is an adaptation: a share-alike licence would bind the whole video,
        # and one without derivatives forbids it.
        Licence("CC BY-SA", None, frozenset(), credit=True),
        Licence("CC BY-NC", None, frozenset(), credit=True),
        Licence("CC BY-ND", None, frozenset(), credit=True),
    )
}
REFERENCE: Final = "reference only: needs a licence"
"""What a song of the catalogue is good for: to be listened to. Its row has a licence, the song has not."""
UNKNOWN: Final = "unknown"
"""Never guessed: whoever owns the file must know what it may be used for."""

_WORDS: Final = (
    ("creative commons", "cc"),
    ("attribution", "by"),
    ("non commercial", "nc"),
    ("noncommercial", "nc"),
    ("share alike", "sa"),
    ("sharealike", "sa"),
    ("no derivatives", "nd"),
    ("noderivatives", "nd"),
    ("no derivs", "nd"),
    ("noderivs", "nd"),
    ("international", ""),
    ("unported", ""),
    ("licence", ""),
    ("license", ""),
    ("the ", ""),
)
_CODE: Final = re.compile(r"cc by( nc)?( nd| sa)?( (?:[1-4])(?: 0| 5)?)?")
_ADDRESS: Final = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z-]+)(?:/(\d\.\d))?")


def recognised(text: str) -> str:
    """The name of the licence that ``text`` names and nothing beside it; else the text as it stands.

    >>> recognised("https://creativecommons.org/licenses/by/4.0/")
    'CC BY 4.0'
    >>> recognised("(c) 2019 Somebody")
    '(c) 2019 Somebody'
    """
    addresses = {m.groups() for m in _ADDRESS.finditer(text.lower())}
    if len(addresses) > 1:
        return text
    if addresses:
        kind, code, version = addresses.pop()
        if kind == "publicdomain":
            return {"zero": "CC0", "mark": "Public domain"}.get(code, text)
        return _named(code.replace("-", " "), version) or text
    plain = " ".join(re.sub(r"[-_/.,:()\s]+", " ", text.lower()).split())
    for word, short in _WORDS:
        plain = plain.replace(word, short)
    plain = " ".join(plain.split())
    simple = {"mit": "MIT", "cc0": "CC0", "cc0 1 0": "CC0", "cc zero": "CC0", "public domain": "Public domain"}
    if plain in simple:
        return simple[plain]
    match = _CODE.fullmatch(plain)
    if match is None:
        return text
    version = match[3].strip().replace(" ", ".") if match[3] else None
    return _named(plain.removeprefix("cc ").removesuffix(match[3] or "").strip(), version) or text


def _named(code: str, version: str | None) -> str | None:
    """``by``, ``by nc sa`` and so on as a name of :data:`LICENCES`; attribution alone needs its version."""
    parts = code.split()
    if parts[:1] != ["by"]:
        return None
    if len(parts) == 1:
        name = f"CC BY {version}" if version and "." in version else f"CC BY {version}.0" if version else ""
        return name if name in LICENCES else None
    return "CC BY-NC" if "nc" in parts else "CC BY-ND" if "nd" in parts else "CC BY-SA"
