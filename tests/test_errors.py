"""Every error says what to do next, in each language, and quotes nothing of another language."""

from __future__ import annotations

import ast
import errno
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import recommender.errors  # noqa: F401 - its classes join the tree
from emotion import errors, report, result, weights
from emotion.errors import MoodCueError
from emotion.messages import LANGUAGES, Words, catalogue, message
from pages.shared import language
from pages.shared.services import jobs, own_music  # noqa: F401 - their errors join the tree
from pages.shared.ui import failures
from recommender.building import lmc_archive
from recommender.cues import edits, make_sheet, saved
from recommender.ranking import intents
from recommender.songs import files, filters, lmc
from recommender.songs.catalogue import from_columns
from recommender.store import database
from tests.cue_timelines import timeline

ROOT = Path(__file__).resolve().parent.parent
VERBS = (
    "Add Ask Build Change Check Choose Convert Copy Cut Delete Download Export Fetch Install Leave Load Loosen Make "
    "Move Name Open Paste Remove Save Scale Send Start Take Try Use Wait Write"
)
NEXT = {
    "en": re.compile(rf"(?:^|[.;] )({'|'.join(VERBS.split())})\b"),
    "zh_TW": re.compile(r"請|可用此|可用這個指令|隨時可以"),
}
"""What a reader can do: in English a sentence that begins with such a verb."""
COMMANDS = re.compile(r"(python -m \w+|moodcue \w+) CLIP --format json|--output FOLDER|labeled_lyrics\S*")
ENGLISH = re.compile(r"[A-Za-z]{2,}['’]? [a-z]{2,}")
"""Two words in a row: names, units and file types stand alone in a Chinese sentence."""


def classes(root: type[MoodCueError] = MoodCueError) -> Iterator[type[MoodCueError]]:
    yield root
    for kind in root.__subclasses__():
        yield from classes(kind)


KINDS = [kind for kind in classes() if not kind.__module__.startswith("tests.")]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_error_says_what_to_do_next(tag: str) -> None:
    assert len(KINDS) > 50
    silent = {key: s for key, s in catalogue(tag).items() if key.startswith("error.") and not NEXT[tag].search(s)}
    assert silent == {}
    assert {kind.key for kind in KINDS} <= catalogue(tag).keys()


def test_no_chinese_sentence_about_a_fault_holds_english() -> None:
    for key, sentence in catalogue("zh_TW").items():
        if key.startswith(("error.", "fault.", "choice.")):
            assert not ENGLISH.search(COMMANDS.sub("", sentence)), f"{key}: {sentence}"


# What the code puts into the sentences -----------------------------------------------------------


def raised() -> Iterator[tuple[Path, int, str, ast.expr]]:
    """Each value that the code gives to an error by name."""
    names = {kind.__name__ for kind in KINDS}
    for room in ("emotion", "recommender", "pages", "moodcue", "deploy"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                for keyword in node.keywords if called in names else ():
                    if keyword.arg is not None:
                        yield path.relative_to(ROOT), node.lineno, keyword.arg, keyword.value


def test_no_error_is_given_words_of_one_language() -> None:
    """A ``detail`` is Words; what the system says is a ``cause``, which no sentence quotes."""
    given = list(raised())
    assert len(given) > 60
    for path, line, name, value in given:
        where = f"{path}:{line}: {name}"
        if name == "cause":
            continue
        literal = value.value if isinstance(value, ast.Constant) else ""
        assert not (isinstance(literal, str) and ENGLISH.search(literal)), where
        if name == "detail":
            called = value.func if isinstance(value, ast.Call) else None
            made = isinstance(called, ast.Attribute) and ast.unparse(called) == "Words.of"
            assert made or isinstance(value, ast.Name | ast.Attribute), f"{where} is no Words"
            if isinstance(value, ast.Name):
                source = (ROOT / path).read_text(encoding="utf-8")
                assert re.search(rf"\b{value.id} = Words\.of\(", source), f"{where} is no Words"
    for sentence in (s for tag in LANGUAGES for key, s in catalogue(tag).items() if key.startswith("error.")):
        assert "{cause" not in sentence


MAKERS = ("Words.of", "errors.Flaw", "_TooLarge")


def test_words_are_there_in_both_languages_with_all_that_they_quote() -> None:
    asked: set[str] = set()
    for room in ("emotion", "recommender", "pages"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                    "Words.of",
                    "errors.Flaw",
                    "Flaw",
                    "_TooLarge",
                ):
                    first = node.args[0] if node.args else None
                    for part in ast.walk(first) if first is not None else ():
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            asked.add(part.value)
    assert len(asked) > 25
    for key in asked:
        for tag in LANGUAGES:
            assert any(k == key or (key.endswith(".") and k.startswith(key)) for k in catalogue(tag)), f"{key} in {tag}"


# Real failures, as a visitor reads them ----------------------------------------------------------


def failing(run: Callable[[], object]) -> MoodCueError:
    with pytest.raises(MoodCueError) as caught:
        run()
    return caught.value


def broken_archive(folder: Path) -> Path:
    path = folder / "labeled_lyrics.tar.bz2"
    path.write_bytes(b"BZh91AY&SY nothing")
    return path


def other_table(folder: Path) -> Path:
    path = folder / "songs.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    return path


def sheet_with(**values: object) -> object:
    data = json.loads(json.dumps(saved.to_dict(make_sheet(timeline([("angry", 12)])))))
    return {**data, **values}


def unwritable(folder: Path) -> None:
    (folder / "file").write_text("x")
    report.Report("json", folder / "file", single=True)


FAILURES: dict[str, Callable[[Path], object]] = {
    "no column": lambda f: from_columns("x.csv", {"artist": ["A"]}),
    "no mood": lambda f: from_columns("x.csv", {"artist": ["A"], "title": ["b"]}),
    "no number": lambda f: from_columns("x.csv", {"artist": ["A"], "title": ["a"], "valence": ["x"], "arousal": [0]}),
    "a damaged catalogue": lambda f: files.read_parquet(other_table(f)),
    "no catalogue": lambda f: files.read(f / "gone.csv"),
    "another table": lambda f: lmc.read(other_table(f)),
    "a damaged archive": lambda f: lmc_archive.read(broken_archive(f)),
    "no weights": lambda f: weights.load("face-v8").path("gone.onnx"),
    "weights of no name": lambda f: weights.load("nonsense"),
    "no timeline": lambda f: result.read(other_table(f)),
    "a timeline of tomorrow": lambda f: result.from_dict({"schema_version": 999}),
    "half a timeline": lambda f: result.from_dict({}),
    "half a sheet": lambda f: saved.from_dict({}),
    "a sheet of tomorrow": lambda f: saved.from_dict(sheet_with(schema_version=99)),
    "a sheet with nonsense": lambda f: saved.from_dict(sheet_with(readings=[[0, 1]])),
    "a database that is none": lambda f: database.open_database(f"sqlite:///{other_table(f)}"),
    "an intent": lambda f: intents.of("destroy"),
    "a state": lambda f: edits.set_state(make_sheet(timeline([("angry", 12)])), 1, "gone"),  # pyright: ignore[reportArgumentType]
    "a genre": lambda f: filters.Filters(genres=frozenset({"x"})).mask(
        from_columns("x", {"artist": ["A"], "title": ["a"], "mood": ["sad"]})
    ),
    "a folder that is a file": unwritable,
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_real_failure_reads_well_in_both_languages(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = failing(lambda: FAILURES[name](tmp_path))
    for tag in LANGUAGES:
        monkeypatch.setattr(language, "language", lambda tag=tag: tag)
        for said in (failures.plain(error), failures.sentence(error), message(error.key, tag, **error.values)):
            assert NEXT[tag].search(said), said
            assert not re.search(r"[{}]|\(\w+_?\w*\)\.?$|Words\(", said), said
            if tag == "zh_TW":
                plain = said.replace(language.JOINER, "").replace("\\", "")
                for quoted in (str(v) for k, v in error.values.items() if k in ("name", "value", "known")):
                    plain = plain.replace(quoted, "")
                assert not ENGLISH.search(COMMANDS.sub("", plain)), said
    assert str(error).startswith(message(error.key, "en", **error.values))


def test_what_the_system_says_stands_behind_the_english_sentence_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    error = errors.ResultNotWritten(name="x.json", **errors.wrong(OSError(errno.EIO, "Input/output error")))
    assert str(error) == "x.json could not be written: the system refused. Choose another folder. (Input/output error)"
    monkeypatch.setattr(language, "language", lambda: "zh_TW")
    assert failures.plain(error) == "無法寫入 x.json：系統拒絕存取。請選擇其他資料夾。"
    known = errors.wrong(OSError(errno.ENOSPC, "No space left on device"))
    assert known == {"detail": Words.of("fault.full")}, "what has words of its own needs no others"


def test_a_failure_that_nobody_foresaw_is_no_foreign_text_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "language", lambda: "zh_TW")
    for error in (RuntimeError("a b c of some library"), MoodCueError(cause="a b c of some library")):
        assert not ENGLISH.search(failures.plain(error))
