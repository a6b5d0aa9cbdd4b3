"""Every sentence the visitor reads: English and zh-TW, numbers and dates the way each writes them.

Sentences lie in ``assets/locale/<area>.<language>.json``, flat JSON of key → sentence with
``{placeholders}``; all areas are merged. A sentence that changes with a number stands once for each of the
language's plural categories (CLDR), as ``key#one`` and ``key#other``, and goes by ``count``. The language
is the one in the link (``?lang=zh-TW``), else the one picked in the sidebar, else the browser's.
"""

from __future__ import annotations

import functools
import logging
import re
import string
from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime
from typing import Any, Final

import streamlit as st
from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from emotion.messages import CLOCK, Words, catalogue, place
from emotion.messages import clock as length

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "zh_TW": "繁體中文"}
CHOICE: Final = "language"
QUERY: Final = "lang"

clock: Final = place

_LANG_JS: Final = "export default ({ data }) => { document.documentElement.lang = data; }"

_log = logging.getLogger(__name__)
_SPEC = re.compile(r"(?P<sign>\+?)(?:\.(?P<digits>\d+))?(?P<kind>[f%d])")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~$:&])")
_ADDRESS = re.compile(r"(?i)(?<=http)(?=:)|(?<=https)(?=:)|(?<=www)(?=\.)|(?=@)")
"""Inside of what Streamlit makes a link of though nobody asked for one; escapes do not stop it."""
_START = re.compile(r"^(\d+(?=[.)])|(?=[-=]))")
JOINER: Final = "\u2060"
"""No width, no break: an address with it is only words."""


def supported(tag: str | None) -> str | None:
    """The language for a browser's tag such as ``zh-Hant-TW``; None where there is none for it."""
    parts = (tag or "").replace("-", "_").split("_")
    return {"en": "en", "zh": "zh_TW"}.get(parts[0].lower())


def language() -> str:
    """``en`` or ``zh_TW``, for the visitor who is asking."""
    asked = supported(st.query_params.get(QUERY))
    if asked:
        st.session_state[CHOICE] = asked
    return st.session_state.get(CHOICE) or supported(st.context.locale) or "en"


def chosen() -> str | None:
    """The language of the link or the sidebar as a browser's tag; None where the browser's own is shown."""
    picked = st.session_state.get(CHOICE)
    return picked.replace("_", "-") if picked else None


def switch() -> None:
    """The choice of language in the sidebar; the link keeps it."""

    def chosen() -> None:
        st.session_state[CHOICE] = st.session_state["_language"]
        st.query_params[QUERY] = st.session_state[CHOICE].replace("_", "-")

    st.session_state["_language"] = language()
    st.sidebar.selectbox(
        t("app.language"), list(LANGUAGES), format_func=LANGUAGES.__getitem__, key="_language", on_change=chosen
    )
    with st.sidebar:  # screen readers and fonts go by the page's language, which Streamlit fixes to English
        _page_language()(key="page_language", data=language().replace("_", "-"))


@functools.cache
def _page_language() -> ComponentRenderer:
    return component("moodcue_language", js=_LANG_JS)


def t(key: str, **values: object) -> str:
    """The sentence of ``key`` as Markdown: strings among the values are escaped, numbers localised."""
    said = {k: v.within(language()) if isinstance(v, Words) else v for k, v in values.items()}
    return _fill(key, {k: markdown(v) if isinstance(v, str) else v for k, v in said.items()})


def t_plain(key: str, **values: object) -> str:
    """The same where no Markdown is read: charts, alternative texts, file names."""
    return _fill(key, {k: v.within(language()) if isinstance(v, Words) else v for k, v in values.items()})


def known(key: str) -> bool:
    sentences = catalogue(language())
    return key in sentences or f"{key}#other" in sentences


def markdown(text: str) -> str:
    """Text from outside (a file's name, a title, an address) so that Markdown shows it as it stands, and as words."""
    words = _ADDRESS.sub(JOINER, " ".join(text.split()))
    return _START.sub(r"\1\\", _MARKDOWN.sub(r"\\\1", words))


def together(*sentences: str) -> str:
    """Sentences one after the other: Chinese puts no space behind its stops."""
    return ("" if language().startswith("zh") else " ").join(sentences)


def emotion_name(emotion: str) -> str:
    return t_plain(f"emotion.{emotion}")


def number(value: float, digits: int = 0) -> str:
    return _decimal(value, "#,##0" + ("." + "0" * digits if digits else ""))


def _decimal(value: float, pattern: str) -> str:
    from babel.numbers import format_decimal

    return format_decimal(value, format=pattern, locale=language())


def percent(value: float, digits: int = 0) -> str:
    """0.5 as 50%."""
    from babel.numbers import format_percent

    return format_percent(value, format="#,##0" + ("." + "0" * digits if digits else "") + "%", locale=language())


DATES: Final = {"en": "d MMMM y"}
"""Read alike in London and New York; other languages have one long form."""


def date(day: Date | datetime) -> str:
    from babel.dates import format_date

    return format_date(day, format=DATES.get(language(), "long"), locale=language())


def file_stem(name: str) -> str:
    """A file name for the download, from the clip's: letters, digits, dash and dot alone."""
    stem = re.sub(r"[^\w.-]+", "-", name.rsplit(".", 1)[0]).strip("-.")
    return (stem or "moodcue")[:80]


class _Localised(string.Formatter):
    """``str.format`` whose numbers follow the language; an unknown placeholder stays readable."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        return kwargs.get(str(key), f"({key})")

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        if format_spec == CLOCK:
            return length(value)
        match = _SPEC.fullmatch(format_spec)
        if match is None:
            return _decimal(value, "#,##0.##")
        digits = int(match["digits"] or 0)
        value = round(value, digits + 2 * (match["kind"] == "%")) + 0.0  # no minus before a zero
        shown = percent(value, digits) if match["kind"] == "%" else number(value, digits)
        return f"+{shown}" if match["sign"] and value > 0 else shown


def _fill(key: str, values: Mapping[str, object]) -> str:
    tag = language()
    sentence = _sentence(key, tag, values)
    if sentence is None:
        _log.error("no sentence for %s in %s", key, tag)
        sentence = _sentence(key, "en", values) or key
    return _Localised().vformat(sentence, (), values)


def _sentence(key: str, tag: str, values: Mapping[str, object]) -> str | None:
    sentences = catalogue(tag)
    count = values.get("count")
    if key in sentences or not isinstance(count, int | float):
        return sentences.get(key)
    return sentences.get(f"{key}#{plural(count, tag)}") or sentences.get(f"{key}#other")


@functools.lru_cache(maxsize=256)
def plural(count: float, tag: str) -> str:
    """The plural category of a number in a language, as CLDR has it: ``one`` or ``other`` in English."""
    from babel import Locale

    return Locale.parse(tag).plural_form(count)
