"""The figures in a model card, written from metrics.json between two marks; the words around them stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

FIGURES: Final = "figures"
START: Final = f"<!-- {FIGURES} -->"
END: Final = f"<!-- /{FIGURES} -->"


def write(folder: Path, lines: Callable[[dict[str, Any]], Iterable[str]], block: str = FIGURES) -> None:
    """Bring the folder's MODEL_CARD.md up to its metrics.json, between the marks of ``block``."""
    start, end = f"<!-- {block} -->", f"<!-- /{block} -->"
    card = folder / "MODEL_CARD.md"
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    head, rest = card.read_text(encoding="utf-8").split(start)
    text = "\n".join([start, "", *lines(metrics), "", end])
    card.write_text(f"{head}{text}{rest.split(end)[-1]}", encoding="utf-8")
