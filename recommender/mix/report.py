"""What came out: measured on the delivered files, never on what was planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from recommender.mix.duck import Second
from recommender.mix.plan import MixPlan

MISSED_LU: Final = 3.0
"""A second of speech is missed where the music stands so much louder than wanted."""


@dataclass(frozen=True, slots=True)
class Report:
    """``integrated_lufs`` and ``true_peak_dbtp`` of the delivered mix; the meter, second by second."""

    plan: MixPlan
    integrated_lufs: float | None
    true_peak_dbtp: float
    seconds: tuple[Second, ...]
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def critical(self) -> tuple[Second, ...]:
        """The seconds in which words may be lost."""
        return critical(self.seconds, self.plan.under_lu)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        under = [s.under_lu for s in self.seconds]
        return {
            "schema_version": 1,
            "duration_s": round(self.plan.duration_s, 3),
            "target": {"name": self.plan.target.name, "lufs": self.plan.target.lufs,
                       "true_peak_dbtp": self.plan.target.true_peak_dbtp},
            "integrated_lufs": self.integrated_lufs,
            "true_peak_dbtp": self.true_peak_dbtp,
            "under_lu": {
                "wanted": self.plan.under_lu,
                "median": round(float(np.median(under)), 2) if under else None,
                "p05": round(float(np.percentile(under, 5)), 2) if under else None,
                "missed_share": round(len(self.critical) / len(under), 4) if under else 0.0,
                "seconds": [{"start": s.start_s, "under_lu": s.under_lu} for s in self.seconds],
            },
            "seams": [
                {"at": round(p.start_s + s.at_s, 3), "roughness": s.roughness, "track": p.music.title}
                for p in self.plan.placements
                for s in p.fit.seams
            ],
            "tracks": [
                {
                    "title": p.music.title, "artist": p.music.artist, "licence": p.music.licence,
                    "credit": p.music.credit, "isrc": p.music.isrc, "cue": p.cue,
                    "start": round(p.start_s, 3), "end": round(p.end_s, 3), "fit": p.fit.kind,
                    "parts": [{"start": round(x.start_s, 3), "end": round(x.end_s, 3)} for x in p.fit.pieces],
                }
                for p in self.plan.placements
            ],
            "effects": [{"name": e.name, "start": round(e.start_s, 3)} for e in self.plan.effects],
            "files": list(self.files),
            "notes": list(self.notes),
        }  # fmt: skip


def critical(seconds: Sequence[Second], under_lu: float) -> tuple[Second, ...]:
    """Seconds that miss the wanted difference by more than :data:`MISSED_LU`."""
    return tuple(s for s in seconds if s.under_lu < under_lu - MISSED_LU)
