"""Settings: read in one place, typed, bounded; empty is the default, and a wrong value is a sentence."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emotion import errors, settings
from emotion.face import infer as face
from emotion.media import Limits
from emotion.messages import fill, message

ROOT = Path(__file__).resolve().parent.parent
OWN = [
    p
    for place in ("app.py", "deploy", "emotion", "moodcue", "pages", "recommender")
    for p in ([ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")))
    if p != ROOT / "emotion" / "settings.py"
]
ALL = (*settings.HOSTED, *settings.DEVELOPMENT)
WRONG = {
    settings.Number: ("10 min", "200MB", "nan", "inf", "-5", "1e99", "0x10", "1,5"),
    settings.Whole: ("thirty", "3.5", "-1", "99999999999999999999", "1_0", "١٢x"),
    settings.Servers: ("not json", '{"urls": "stun:x"}', '["stun:x"]', "[", "7"),
    settings.Sources: ("'self'; script-src *", "a\nb", "a, b", "exämple.org"),
}


READERS = frozenset({"environ", "environb", "getenv", "getenvb"})


def readings(tree: ast.Module) -> Iterator[int]:
    """The lines where a module looks into the environment. Training may set what TensorFlow reads at its import."""
    told = {
        call.func.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "setdefault"
    }
    for node in ast.walk(tree):
        imported = isinstance(node, ast.ImportFrom) and node.module == "os" and {a.name for a in node.names} & READERS
        if imported or (isinstance(node, ast.Attribute) and node.attr in READERS and node not in told):
            yield node.lineno  # type: ignore[attr-defined]


def test_nothing_else_reads_the_environment() -> None:
    assert len(OWN) > 150
    found = [f"{p.relative_to(ROOT)}:{line}" for p in OWN for line in readings(ast.parse(p.read_text("utf-8")))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    ["import os\nos.environ['A']", "from os import getenv", "import os as o\no.getenv('A')", "x.environ.get(1)"],
)
def test_a_reader_of_the_environment_would_be_seen(source: str) -> None:
    assert list(readings(ast.parse(source)))


def test_every_setting_is_declared_once_and_listed() -> None:
    names = [s.name for s in ALL]
    assert len(set(names)) == len(names)
    declared = {v.name for v in vars(settings).values() if isinstance(v, settings.Setting)}
    assert declared == set(names)


def shown(setting: settings.AnySetting) -> str:
    value = setting.default  # type: ignore[attr-defined]
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def test_the_hosting_table_is_the_settings_own() -> None:
    text = (ROOT / "docs" / "hosting.md").read_text("utf-8")
    rows = re.findall(r"^\| (`(?:MOODCUE_|PORT).*?) \| (.*?) \|", text, re.MULTILINE)
    table: dict[str, str] = {}
    for names, defaults in rows:
        variables = re.findall(r"`(\w+)`", names)
        values = [v.strip(" `") for v in defaults.split(", ")] if len(variables) > 1 else [defaults.strip(" `")]
        table.update(zip(variables, values, strict=True))
    assert table.keys() == {s.name for s in settings.HOSTED}
    for setting in settings.HOSTED:
        value = setting.default  # type: ignore[attr-defined]
        if value not in (None, "", ()):
            assert table[setting.name] == shown(setting), setting.name


@pytest.mark.parametrize("setting", ALL, ids=lambda s: s.name)
@pytest.mark.parametrize("empty", ["", "  ", "\t"])
def test_an_empty_value_is_the_default(
    setting: settings.AnySetting, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(setting.name, raising=False)
    default = setting.read()
    monkeypatch.setenv(setting.name, empty)
    assert setting.read() == default


def wrong() -> Iterator[tuple[settings.AnySetting, str]]:
    for setting in ALL:
        for kind, values in WRONG.items():
            if isinstance(setting, kind):
                yield from ((setting, v) for v in values)
        if isinstance(setting, settings.Text) and setting.choices:
            yield setting, "another"


@pytest.mark.parametrize(("setting", "value"), list(wrong()))
def test_a_wrong_value_is_a_sentence_in_both_languages(
    setting: settings.AnySetting, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting.name, value)
    with pytest.raises(errors.SettingError) as caught:
        setting.read()
    for sentence in (str(caught.value), message(caught.value.key, "zh_TW", **caught.value.values)):
        assert setting.name in sentence
        assert repr(value.strip()) in sentence or isinstance(setting, settings.Servers)
        assert "{" not in sentence.replace('[{"urls"', "")
    assert caught.value in settings.faults(ALL) or len(settings.faults(ALL)) == 1


def test_passwords_of_relays_are_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_ICE_SERVERS", '[{"url": "turn:x", "credential": "hidden-word"}]')
    assert "hidden-word" not in str(settings.faults()[0])


def test_right_values_are_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (("MAX_MB", "1.5"), ("MAX_SECONDS", " 90 "), ("SHARE_DAYS", "0"), ("CACHE_DIR", str(tmp_path))):
        monkeypatch.setenv(f"MOODCUE_{name}", value)
    assert Limits.from_environment() == Limits(max_bytes=1_572_864, max_duration_s=90.0)
    assert settings.SHARE_DAYS.read() == 0
    assert settings.cache_dir() == tmp_path
    monkeypatch.setenv("MOODCUE_HOME", "~/music")
    assert settings.home_dir() == Path.home() / "music"


def test_choices_and_defaults_are_those_of_the_readers() -> None:
    assert settings.FACE_ENGINE.choices == face.ENGINES
    assert settings.FACE_ENGINE.default == face.DEFAULT_ENGINE
    assert settings.MAX_MB.default * settings.MEGABYTE == Limits().max_bytes
    assert settings.MAX_SECONDS.default == Limits().max_duration_s
    assert (ROOT / "assets" / "models" / settings.VOICE.default).is_dir()


def test_the_command_line_and_the_server_say_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCUE_MAX_SECONDS", "10 min")
    for command in (["-m", "emotion", "assets/samples/good-news.mp4"], ["-m", "deploy.server"]):
        done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "MOODCUE_MAX_SECONDS cannot be '10 min'" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_variable_for_a_library_is_set_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_LIBRARY", "users")
    assert not settings.tell_library("SOME_LIBRARY", "ours", replace=False)
    assert settings.tell_library("SOME_LIBRARY", "ours")
    assert not settings.tell_library("SOME_LIBRARY", "ours")
    assert settings.inherited()["SOME_LIBRARY"] == "ours"
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    assert "HTTPS_PROXY" not in settings.inherited(without=["_proxy"])


# Reporting a failure never fails --------------------------------------------------------------------


def every(root: type[errors.MoodCueError]) -> Iterator[type[errors.MoodCueError]]:
    yield root
    for kind in root.__subclasses__():
        yield from every(kind)


KINDS = sorted(set(every(errors.MoodCueError)), key=repr)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["a word", None, [], 1.5])
def test_an_error_without_its_values_or_with_odd_ones_still_reads(kind: type, value: object) -> None:
    assert str(kind())
    names = set(re.findall(r"{(\w+)", kind.english.replace("{{", "")))
    error = kind(**dict.fromkeys(names, value))
    assert str(error)
    for language in ("en", "zh_TW"):
        assert message(kind.key, language)
        assert "{" not in message(kind.key, language, **error.values).replace('[{"urls"', "")


def test_a_value_that_is_missing_is_named() -> None:
    assert str(errors.TooLong(name="x")) == "x is (duration_s) long; the limit is (limit_s). Cut it into shorter parts."
    assert str(errors.TooLong(name="x", duration_s=640, limit_s=7200)).startswith(
        "x is 10:40 long; the limit is 2:00:00"
    )
    assert fill("{a!r} {b.c} {d[0]} {e:>4}", {"e": 7}) == "(a) (b.c) (d[0])    7"
