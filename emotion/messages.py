"""The message catalogue: every sentence a user may meet, by key and language.

``assets/locale/<area>.<language>.json`` are flat tables of key to sentence with ``{placeholders}``;
all areas of a language are one catalogue. Pages choose the language, the command line is English.
"""

from __future__ import annotations

import functools
import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
    return fill(sentence, {k: v.within(language) if isinstance(v, Words) else v for k, v in values.items()})


@dataclass(frozen=True, slots=True)
class Words:
    """A part of a sentence that is said in the sentence's own language: a key of the catalogue, and what it quotes."""

    key: str
    values: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, key: str, **values: object) -> Words:
        return cls(key, tuple(values.items()))

    def within(self, language: str) -> str:
        return message(self.key, language, **dict(self.values))

    def __str__(self) -> str:
        return self.within("en")


CLOCK: Final = "clock"
"""A format of our own: seconds as minutes and seconds, ``{duration_s:clock}``."""


class _Filler(string.Formatter):
    """Leaves an unknown placeholder readable, whatever its format, instead of failing while reporting a failure."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        del args
        return kwargs.get(field_name, _Missing(field_name)), field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        try:
            return clock(value) if format_spec == CLOCK else format(value, format_spec)
        except (TypeError, ValueError):
            return str(value)


def clock(seconds: float) -> str:
    """A length as it is read: 0:12, 10:40, or 1:02:03 from an hour on."""
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{s:02d}" if hours else f"{minutes}:{s:02d}"


def place(seconds: float) -> str:
    """A place in a clip: 1:05, 1:02:03, and 0:01.5 where tenths matter."""
    whole, tenths = divmod(round(max(seconds, 0.0) * 10), 10)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    head = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{head}.{tenths}" if tenths else head


class _Missing:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"({self.name})"


def fill(sentence: str, values: Mapping[str, object]) -> str:
    """The sentence with its values; ``(name)`` for one that is not there, and a value as it is where its format fails.

    >>> fill("{name} lasts {seconds:.0f} s", {"name": "a.wav"})
    'a.wav lasts (seconds) s'
    """
    return _Filler().vformat(sentence, (), values)


def english(key: str, **values: object) -> str:
    return message(key, "en", **values)
