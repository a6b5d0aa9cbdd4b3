"""How the rooms hang together: no import circle, one way down, and no page that reaches into another."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("emotion", "recommender", "pages", "moodcue", "deploy")
FILES = [ROOT / "app.py", *(p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py")))]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def imported(path: Path) -> Iterator[str]:
    """Every module of ours that a file names in an import, wherever it stands in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in MODULES:
                    yield whole
                elif node.module in MODULES:
                    yield node.module


GRAPH = {name: {i for i in imported(path) if i != name} for name, path in MODULES.items()}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """One way around each circle that a walk from any module meets."""
    done: set[str] = set()
    found: list[list[str]] = []

    def walk(name: str, way: list[str]) -> None:
        if name in way:
            found.append([*way[way.index(name) :], name])
        elif name not in done:
            for following in sorted(graph[name]):
                walk(following, [*way, name])
            done.add(name)

    for name in sorted(graph):
        walk(name, [])
    return found


def test_the_walk_finds_a_circle() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c", "a"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert [" > ".join(way) for way in circles(GRAPH)] == []


def test_nothing_but_app_imports_deploy() -> None:
    above = {name for name, names in GRAPH.items() if any(n.split(".")[0] == "deploy" for n in names)}
    assert {name for name in above if not name.startswith("deploy")} == {"app"}


@pytest.mark.parametrize(
    ("room", "never"),
    [
        ("emotion", ("recommender", "pages", "deploy", "app", "emotion.training")),
        ("recommender", ("pages", "deploy", "app", "emotion.training", "recommender.training")),
        ("pages", ("deploy", "app", "emotion.training", "recommender.training")),
        ("moodcue", ("deploy", "pages", "emotion.training", "recommender.training")),
    ],
)
def test_a_room_looks_down_alone(room: str, never: tuple[str, ...]) -> None:
    reached = {
        (name, other)
        for name, names in GRAPH.items()
        if name.split(".")[0] == room and not name.startswith(f"{room}.training")
        for other in names
        if other.startswith(tuple(f"{n}." for n in never)) or other in never
    }
    assert reached == set()


def test_a_page_imports_no_other_page() -> None:
    """What two of them need stands in ``pages/shared``; ``app.py`` alone knows them all."""
    reached = {
        (name, other)
        for name, names in GRAPH.items()
        if name.startswith("pages.")
        for other in names
        if other.startswith("pages.") and other.split(".")[1] not in ("shared", name.split(".")[1])
    }
    assert reached == set()


def test_a_result_is_drawn_without_what_makes_sound_or_hears_it() -> None:
    """They take seconds to import, for which whoever brought the first clip would wait."""
    code = (
        "import sys, pages.analyse.result;"
        "heavy = {'librosa', 'pyloudnorm', 'scipy.signal', 'sklearn', 'onnxruntime'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)


def opens(path: Path, library: str) -> set[str]:
    """What a file imports of a library, by its whole name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names if a.name.split(".")[0] == library}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == library:
            names |= {f"{node.module}.{a.name}" for a in node.names}
    return names


def test_yt_dlp_runs_in_the_guarded_process_alone() -> None:
    users = {name for name, path in MODULES.items() if opens(path, "yt_dlp")}
    assert users == {"emotion.fetch.worker"}
    assert "emotion.fetch.worker" not in set().union(*GRAPH.values()), "nobody runs it in a process of theirs"
