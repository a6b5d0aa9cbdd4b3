"""Music under the player without rendering: the browser mixes by the plan that the server made.

A component of our own on Web Audio; it follows the player that is found by its key, and says on its
element how far sound and picture are apart (``data-apart-ms``), which the browser tests read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pages.shared.language import t_plain
from pages.shared.ui.components import mounted
from recommender.mix.duck import Second
from recommender.mix.music_sound import fades
from recommender.mix.plan import MixPlan
from recommender.mix.report import MISSED_LU

KEY: Final = "under"
SILENCE: Final = "silence"
POINTS_A_SECOND: Final = 5
"""Of the gain curve: its ramps are longer than that."""


Addresses = Mapping[tuple[Path, float], str]
"""A track, and how many times as fast it is played, to where the browser gets it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to hear the clip: a plan, or no music where ``plan`` is None."""

    id: str
    name: str
    note: str = ""
    plan: MixPlan | None = None
    meter: tuple[Second, ...] = ()


def show(
    choices: Sequence[Choice],
    addresses: Addresses,
    *,
    player: str,
    chosen: str,
    under_lu: float,
    key: str = KEY,
) -> None:
    """The choices as buttons; ``addresses`` says where the browser gets each track."""
    mounted(Path(__file__).with_name("under"))(
        key=key,
        data={
            "player": player,
            "chosen": chosen,
            "wanted": under_lu,
            "missed": MISSED_LU,
            "choices": [_choice(c, addresses) for c in choices],
            "strings": {name: t_plain(f"under.{name}") for name in ("group", "hint", "failed")},
        },
    )


def _choice(choice: Choice, addresses: Addresses) -> dict[str, Any]:
    plan = choice.plan
    return {
        "id": choice.id,
        "name": choice.name,
        "note": choice.note,
        "segments": [] if plan is None else segments(plan, addresses),
        "gain": [[0.0, 0.0]] if plan is None else gain(plan),
        "meter": [] if plan is None else meter(plan.duration_s, choice.meter),
        "alt": choice.note,
    }


def segments(plan: MixPlan, addresses: Addresses) -> list[dict[str, Any]]:
    """Every piece of every placement: where in the clip it begins, where in its track, how it fades."""
    out: list[dict[str, Any]] = []
    for p in plan.placements:
        at, last = p.start_s, len(p.fit.pieces) - 1
        coming, going = fades(p.fit)
        for i, piece in enumerate(p.fit.pieces):
            out.append(
                {
                    "address": addresses[p.music.path, p.fit.rate],
                    "at": round(at, 4),
                    "from": round(piece.start_s, 4),
                    "length": round(piece.length_s, 4),
                    "level": round(p.level_db, 2),
                    "fadeIn": coming if i == 0 else 0.0,
                    "fadeOut": going if i == last else 0.0,
                }
            )
            at += piece.length_s
    return out


def gain(plan: MixPlan) -> list[list[float]]:
    """The gain curve, thinned: [seconds, decibels]."""
    times, db = plan.gain.times_s, plan.gain.db
    every = max(1, round(len(times) / max(plan.duration_s, 1.0) / POINTS_A_SECOND))
    kept = [*range(0, len(times) - 1, every), len(times) - 1]
    return [[times[i], db[i]] for i in kept]


def meter(duration_s: float, seconds: Sequence[Second]) -> list[float | None]:
    """One value a second of the clip; None where nobody speaks."""
    known = {round(s.start_s): s.under_lu for s in seconds}
    return [known.get(i) for i in range(int(-(-duration_s // 1)))]
