"""What the music card says of voices and of pieces that no choice has seen, between marks of its own."""

from __future__ import annotations

from typing import Any, Final

BLOCK: Final = "heard"


def lines(metrics: dict[str, Any]) -> list[str]:
    """The tables, from metrics.json."""
    return [*_unseen(metrics), *_vocals(metrics)]


def _unseen(metrics: dict[str, Any]) -> list[str]:
    usual, varied = metrics.get("rendered_unseen"), metrics.get("rendered_varied")
    if usual is None or varied is None:
        return []
    rows = [f"| {name.replace('_', ' ')} | {value} | {varied[name]} |" for name, value in usual.items()]
    return [
        "| rendered pieces that nothing was picked on | a chord a bar | longer, shorter, never again |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]


def _vocals(metrics: dict[str, Any]) -> list[str]:
    if (found := metrics.get("vocals")) is None:
        return []
    before, served, counts = found["before"], found["served"], found["counts"]
    names = {
        "none_rendered": ("nobody sings in rendered pieces: called none", counts["none_rendered"]),
        "none_installed": ("nobody sings in installed music: called none", counts["none_installed"]),
        **{
            key: (f"LibriSpeech {key.split('_')[2]} dB over music: called speech", counts["speech_at_each_level"])
            for key in served
            if key.startswith("speech_at")
        },
        "sung_genres": ("4Q, genres that are sung (weak truth): called vocals", counts["sung_genres"]),
        **{
            f"{kind}_called_vocals": (f"4Q, {kind.replace('_', ' ')} by musicnn's MTT: called vocals", found[count])
            for kind in ("tagged_as_sung", "tagged_as_not_sung")
            if (count := f"{kind}_clips") in found
        },
    }
    head = f"| vocals, of every other one | at least 8 % | served: {found['served_share']:.0%} | of |"
    rows = [f"| {name} | {before[k]} | {served[k]} | {count} |" for k, (name, count) in names.items()]
    return [head, "| --- | --- | --- | --- |", *rows, "", f"`{found['command']}`"]
