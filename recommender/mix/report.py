"""What came out: measured on the delivered files, never on what was planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from emotion.timeline import Notice
from recommender.messages import sentence
from recommender.mix.duck import Second
from recommender.mix.plan import MixPlan

MISSED_LU: Final = 3.0
"""A second of speech is missed where the music stands so much louder than wanted."""


OFF_LU: Final = 0.5
"""A mix is on its target where it is off by no more."""


@dataclass(frozen=True, slots=True)
class Report:
    """``integrated_lufs`` and ``true_peak_dbtp`` of the delivered mix; the meter, second by second."""

    plan: MixPlan
    integrated_lufs: float | None
    true_peak_dbtp: float
    seconds: tuple[Second, ...]
    files: tuple[str, ...]
    notes: tuple[Notice, ...] = ()
    """What came up besides; what follows from the plan or the measurement stands in :attr:`remarks`."""

    @property
    def critical(self) -> tuple[Second, ...]:
        """The seconds in which words may be lost."""
        return critical(self.seconds, self.plan.under_lu)

    @property
    def remarks(self) -> tuple[Notice, ...]:
        """All that is worth saying of the mix."""
        own = []
        aim, lufs = self.plan.target, self.integrated_lufs
        if lufs is not None and abs(lufs - aim.lufs) > OFF_LU:
            own.append(Notice("mix.note.loudness", (("lufs", lufs), ("wanted", aim.lufs))))
        if self.true_peak_dbtp > aim.true_peak_dbtp:
            own.append(Notice("mix.note.peak", (("peak", self.true_peak_dbtp), ("wanted", aim.true_peak_dbtp))))
        return (*remarks_on(self.plan), *self.notes, *own)

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
                    "why_faded": p.fit.why, "played_at": round(p.fit.rate, 5),
                    "parts": [
                        {"start": round(x.start_s * p.fit.rate, 3), "end": round(x.end_s * p.fit.rate, 3)}
                        for x in p.fit.pieces
                    ],
                }
                for p in self.plan.placements
            ],
            "effects": [{"name": e.name, "start": round(e.start_s, 3)} for e in self.plan.effects],
            "files": list(self.files),
            "notes": [sentence(n) for n in self.remarks],
        }  # fmt: skip


def critical(seconds: Sequence[Second], under_lu: float) -> tuple[Second, ...]:
    """Seconds that miss the wanted difference by more than :data:`MISSED_LU`."""
    return tuple(s for s in seconds if s.under_lu < under_lu - MISSED_LU)


def remarks_on(plan: MixPlan) -> tuple[Notice, ...]:
    """What each track had done to it that a listener may notice: faded for a reason, stretched."""
    out = []
    for p in plan.placements:
        if p.fit.why is not None:
            out.append(Notice(f"mix.note.{p.fit.why}", (("title", p.music.title),)))
        if p.fit.rate != 1:
            percent = round(100 * abs(p.fit.rate - 1), 1)
            out.append(
                Notice(
                    f"mix.note.{'faster' if p.fit.rate > 1 else 'slower'}",
                    (("title", p.music.title), ("percent", percent)),
                )
            )
    return tuple(dict.fromkeys(out))
