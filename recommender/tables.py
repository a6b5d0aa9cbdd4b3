"""Songs as text: a table for people, CSV and JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from emotion.messages import english
from emotion.result import cell
from recommender.messages import sentence
from recommender.ranking.picks import Pick
from recommender.suggestions import Suggestion

FORMATS: Final[tuple[str, ...]] = ("table", "json", "csv")


def plain(picks: Sequence[Pick], language: str = "en") -> list[dict[str, Any]]:
    """One flat dict a pick, ready for JSON or CSV."""
    return [
        {
            "rank": i,
            "artist": p.track.artist,
            "title": p.track.title,
            "year": p.track.year,
            "genre": p.track.genre,
            "mood": p.track.mood,
            "emotion": p.emotion,
            "for": p.for_modality,
            "start": None if p.segment is None else round(p.segment.start_s, 3),
            "end": None if p.segment is None else round(p.segment.end_s, 3),
            "energy": p.track.energy,
            "valence": round(p.track.valence, 4),
            "arousal": round(p.track.arousal, 4),
            "distance": round(p.distance, 4),
            "why": sentence(p.reason, language),
            "id": p.track.id,
            "source": p.track.source,
            "licence": p.track.licence,
        }
        for i, p in enumerate(picks, 1)
    ]


def render(picks: Sequence[Pick], form: str, language: str = "en") -> str:
    """The picks in one of :data:`FORMATS`, without a final newline."""
    rows = plain(picks, language)
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=2)
    if form == "csv":
        return as_csv(rows)
    shown = ("rank", "artist", "title", "year", "genre", "why")
    heads = ("#", "artist", "title", "year", "genre", "why")
    return as_table(heads, [[r[c] for c in shown] for r in rows], widest=36)


def suiting(suggestion: Suggestion) -> str:
    """What else suits, in two lines of English."""
    s = suggestion

    def names(kind: str, which: Sequence[str]) -> str:
        return ", ".join(english(f"music.{kind}.{name}") for name in which)

    slow, fast = s.bpm
    music = f"{names('genre', s.genres)}; {slow}-{fast} beats a minute, {names('key', [s.key])}"
    return (
        f"music: {music}; {names('instrument', s.instruments)}\n"
        f"sound effects: {names('effect', s.effects)}; on peaks: {names('effect', s.accents)}"
    )


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: cell(v) if isinstance(v, str) else v for k, v in row.items()} for row in rows)
    return out.getvalue().rstrip("\n")


def as_table(heads: Sequence[str], rows: Sequence[Sequence[object]], widest: int = 60) -> str:
    """Left-aligned columns; a wide (Chinese, Japanese) character takes two places. The last is never cut."""
    last = len(heads) - 1
    cells = [["" if c is None else str(c) for c in row] for row in [list(heads), *rows]]
    cells = [[c if i == last else _cut(c, widest) for i, c in enumerate(row)] for row in cells]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(heads))]
    lines = ["  ".join(c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "  ".join("-" * min(w, 72) for w in widths), *lines[1:]])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def _cut(text: str, widest: int) -> str:
    if _width(text) <= widest:
        return text
    while _width(text) > widest - 1:
        text = text[:-1]
    return text.rstrip() + "…"
