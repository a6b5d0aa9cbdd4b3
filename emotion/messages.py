"""The message catalogue: every sentence a user may meet, by key and language.

``assets/locale/<area>.<language>.json`` are flat tables of key to sentence with ``{placeholders}``;
all areas of a language are one catalogue. Pages choose the language, the command line is English.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LOCALE_DIR: Final = Path(__file__).resolve().parent.parent / "assets" / "locale"
LANGUAGES: Final = ("en", "zh_TW")


@functools.cache
def catalogue(language: str) -> Mapping[str, str]:
    """Key to sentence. Two areas that define one key are an error (a test looks)."""
    sentences: dict[str, str] = {}
    for path in sorted(LOCALE_DIR.glob(f"*.{language}.json")):
        sentences.update(json.loads(path.read_text(encoding="utf-8")))
    return sentences


def message(key: str, language: str, **values: object) -> str:
    """The sentence in ``language``, else in English, else the key itself."""
    sentence = catalogue(language).get(key) or catalogue("en").get(key) or key
    try:
        return sentence.format_map(values)
    except (KeyError, ValueError, IndexError):
        return sentence


def english(key: str, **values: object) -> str:
    return message(key, "en", **values)
