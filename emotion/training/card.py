"""The figures in a model card, written from metrics.json between two marks; the words around them stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

START: Final = "<!-- figures -->"
END: Final = "<!-- /figures -->"


def write(folder: Path, lines: Callable[[dict[str, Any]], Iterable[str]]) -> None:
    """Bring the folder's MODEL_CARD.md up to its metrics.json."""
    card = folder / "MODEL_CARD.md"
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    head, rest = card.read_text(encoding="utf-8").split(START)
    text = "\n".join([START, "", *lines(metrics), "", END])
    card.write_text(f"{head}{text}{rest.split(END)[-1]}", encoding="utf-8")
