"""Every sentence exists in both languages, says the same placeholders, and is written in its own language."""

from __future__ import annotations

import ast
import json
import re
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel import Locale

import recommender.errors  # noqa: F401 - its classes join the tree
from emotion.errors import MoodCueError
from emotion.labels import EMOTIONS
from pages.shared import language
from pages.shared.services import jobs

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "assets" / "locale"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
AREAS = sorted(p.name.split(".")[0] for p in LOCALE.glob("*.en.json"))
ROOMS = ("emotion", "recommender", "pages", "moodcue", "deploy")
ENGLISH_ON_PURPOSE = ("music.search.", "metric.")  # words to search libraries with; names of models and codecs
# What stands in a language of its own everywhere.
SAME_IN_BOTH = re.compile(r"[\s\d.,、;；:·/()%+×x*-]*(\{[^}]*\}[\s\d.,、:：·/()%？*]*(MB|Hz|BPM)?)*")


def table(area: str, tag: str) -> dict[str, str]:
    return json.loads((LOCALE / f"{area}.{tag}.json").read_text(encoding="utf-8"))


def placeholders(sentence: str) -> set[tuple[str, str]]:
    return {(name, spec or "") for _, name, spec, _ in string.Formatter().parse(sentence) if name is not None}


def base(key: str) -> str:
    """The key without its plural form."""
    return key.split("#")[0]


def everything(tag: str) -> dict[str, str]:
    return {key: s for area in AREAS for key, s in table(area, tag).items()}


@pytest.mark.parametrize("tag", ["en", "zh_TW"])
def test_only_a_list_begins_as_one(tag: str) -> None:
    """A footnote that begins with a plain star becomes an item of a list in Markdown, and loses its mark."""
    begun = {key for key, said in everything(tag).items() if re.match(r"(?:[*+-]|#+|\d+\.) ", said)}
    assert begun and all(key.endswith(".list") for key in begun)


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_hold_the_same_keys_and_placeholders(area: str) -> None:
    english, chinese = table(area, "en"), table(area, "zh_TW")
    assert {base(key) for key in english} == {base(key) for key in chinese}
    for key, sentence in english.items():
        same = placeholders(chinese.get(key) or chinese[f"{base(key)}#other"])
        spoken = {(name, spec) for name, spec in same if name != "count"} if key.endswith("#one") else same
        assert spoken <= placeholders(sentence) <= same, key


@pytest.mark.parametrize("tag", ["en", "zh_TW"])
def test_no_key_stands_twice(tag: str) -> None:
    keys: list[str] = []
    for area in AREAS:
        json.loads(
            (LOCALE / f"{area}.{tag}.json").read_text(encoding="utf-8"),
            object_pairs_hook=lambda pairs: keys.extend(key for key, _ in pairs),
        )
    assert len(keys) > 100
    assert [key for key, count in Counter(keys).items() if count > 1] == []


@pytest.mark.parametrize("tag", ["en", "zh_TW"])
def test_a_sentence_that_changes_with_a_number_has_all_forms_of_its_language(tag: str) -> None:
    forms = {*Locale.parse(tag).plural_form.tags, "other"}
    sentences = everything(tag)
    counted = {base(key) for key in sentences if "#" in key}
    assert counted
    for key in counted:
        assert {form for form in forms if f"{key}#{form}" in sentences} == forms, key
        assert key not in sentences, f"{key} stands with and without forms"
        assert "count" in {name for name, _ in placeholders(sentences[f"{key}#other"])}, key


@pytest.mark.parametrize(
    ("tag", "count", "said"), [("en", 1, "1 entry"), ("en", 0, "0 entries"), ("en", 1200, "1,200 entries")]
)
def test_a_number_has_its_form(monkeypatch: pytest.MonkeyPatch, tag: str, count: int, said: str) -> None:
    monkeypatch.setattr(language, "language", lambda: tag)
    assert language.t("picks.count", count=count) == said


@pytest.mark.parametrize("area", AREAS)
def test_no_sentence_is_empty_or_in_the_other_language(area: str) -> None:
    for key, sentence in table(area, "en").items():
        assert sentence.strip(), key
        assert not CHINESE.search(sentence) or key == "app.language", key
    for key, sentence in table(area, "zh_TW").items():
        if key.startswith(ENGLISH_ON_PURPOSE):
            continue
        translated = CHINESE.search(sentence) or SAME_IN_BOTH.fullmatch(sentence)
        assert translated or _is_name(sentence), f"{key} reads English: {sentence}"


def _is_name(sentence: str) -> bool:
    """One word with two capitals, a digit or an underscore: UAR, PrivateTest, mini_XCEPTION, macro-F1."""
    marks = sum(c.isupper() or c.isdigit() or c == "_" for c in sentence)
    return " " not in sentence and (marks >= 2 or sentence.lower() == "lo-fi")


def test_no_key_is_defined_twice() -> None:
    seen: dict[str, str] = {}
    for area in AREAS:
        for key in table(area, "en"):
            assert key not in seen, f"{key} stands in {area} and {seen[key]}"
            seen[key] = area


def classes(root: type[MoodCueError]) -> Iterator[type[MoodCueError]]:
    yield root
    for kind in root.__subclasses__():
        yield from classes(kind)


def test_every_error_has_its_sentence() -> None:
    english, chinese = everything("en"), everything("zh_TW")
    assert jobs.Busy in set(classes(MoodCueError))
    for kind in classes(MoodCueError):
        if kind.__module__.startswith("tests."):
            continue
        assert english[kind.key] == kind.english, kind
        assert kind.key in chinese, kind


def calls(path: Path) -> Iterator[tuple[str, bool]]:
    """The keys that a page asks for: (key, True), or (the part before the first value, False)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if name not in ("t", "t_plain", "words", "Notice") or not isinstance(node, ast.Call) or not node.args:
            continue
        key = node.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, True
        elif isinstance(key, ast.IfExp):
            for side in (key.body, key.orelse):
                if isinstance(side, ast.Constant):
                    yield str(side.value), True
        elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
            yield str(key.values[0].value), False


SOURCES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py")), *sorted((ROOT / "emotion").glob("*.py"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_a_page_asks_for_is_there(path: Path) -> None:
    sentences = {base(key) for key in everything("en")}
    for key, whole in calls(path):
        found = key in sentences if whole else any(k.startswith(key) for k in sentences)
        assert found, f"{path.name} asks for {key}"


PREFIX = re.compile(r"[a-z_]+\.(?:[a-z_]+\.)*")


def spoken_in_code() -> tuple[set[str], set[tuple[str, str]], str]:
    """All strings of the code; beginning and end of those with values in them; and the text of the scripts."""
    whole: set[str] = set()
    parts: set[tuple[str, str]] = set()
    for path in [ROOT / "app.py", *(p for room in ROOMS for p in (ROOT / room).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                first, last = (
                    str(n.value) if isinstance(n, ast.Constant) else "" for n in (node.values[0], node.values[-1])
                )
                if PREFIX.match(first):
                    parts.add((first, last))
    return whole, parts, "".join(p.read_text(encoding="utf-8") for p in (ROOT / "pages").rglob("*.js"))


def words_of(value: object) -> Iterator[str]:
    """The keys and texts of a JSON file."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from words_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words_of(inner)
    elif isinstance(value, str):
        yield value


def test_no_sentence_is_left_over() -> None:
    """What nothing asks for any more would be translated and reviewed for nobody."""
    whole, parts, scripts = spoken_in_code()
    whole |= set(words_of(json.loads((ROOT / "assets" / "samples" / "samples.json").read_text("utf-8"))))
    figures = {  # which the Evidence page has a word for
        f"metric.{word}"
        for path in (ROOT / "assets" / "models").glob("*/*.json")
        for word in words_of(json.loads(path.read_text(encoding="utf-8")))
    } | {f"metric.{word}" for word in whole}
    left = [
        key
        for key in sorted({base(key) for key in everything("en")})
        if key not in whole and key not in figures and key not in scripts
        if key.startswith("metric.") or not any(key.startswith(a) and key.endswith(b) for a, b in parts)
    ]
    assert left == []


def test_every_emotion_has_a_name() -> None:
    for tag in ("en", "zh_TW"):
        names = [everything(tag)[f"emotion.{e}"] for e in EMOTIONS]
        assert len(set(names)) == len(EMOTIONS)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en-GB", "en"),
        ("zh-TW", "zh_TW"),
        ("zh-Hant-HK", "zh_TW"),
        ("zh_TW", "zh_TW"),
        ("fr-FR", None),
        ("", None),
        (None, None),
    ],
)
def test_the_browsers_language_is_understood(tag: str | None, expected: str | None) -> None:
    assert language.supported(tag) == expected


def test_numbers_follow_the_format_of_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "language", lambda: "en")
    sentence = "{share:.0%} of {count}, {seconds:.1f} s, {file}, {missing}"
    monkeypatch.setattr(language, "catalogue", lambda tag: {"key": sentence})
    shown = language.t("key", share=0.256, count=12345, seconds=2.0, file="a_[b](http://x).mp4")
    assert shown.replace(language.JOINER, "") == r"26% of 12,345, 2.0 s, a\_\[b\]\(http\://x\).mp4, (missing)"
    assert language.t_plain("key", share=0, count=1, seconds=0.04, file="a_b").endswith("0.0 s, a_b, (missing)")


def test_a_clock_reads_as_players_show_it() -> None:
    assert [language.clock(s) for s in (0, 65.04, 1.5, 3723, 59.97, 119.99, 3660)] == [
        *("0:00", "1:05", "0:01.5", "1:02:03"),
        *("1:00", "2:00", "1:01:00"),
    ]


def test_sentences_are_put_together_as_their_language_does() -> None:
    """Chinese puts no space behind its stops: pages say ``language.together`` and glue no sentences themselves."""
    glued = re.compile(r"""\+ " " \+ t|\)\} \{t(?:_plain)?\(['"]""")
    for path in sorted((ROOT / "pages").rglob("*.py")):
        assert not glued.search(path.read_text("utf-8")), path
    assert glued.search('t("a.b") + " " + t("c.d")') and glued.search("{t('a.b')} {t('c.d')}")
    with pytest.MonkeyPatch.context() as patch:
        for tag, parts, said in (("en", ("A.", "B."), "A. B."), ("zh_TW", ("甲。", "乙。"), "甲。乙。")):
            patch.setattr(language, "language", lambda tag=tag: tag)
            assert language.together(*parts) == said
